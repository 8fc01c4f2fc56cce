import { createSealer, generateSeed } from '@anarq/crypto';
import { expect, it } from 'vitest';
import { greetingOf, Pairing } from '../src/apart/channel.ts';

const sealer = createSealer({ seed: generateSeed() });
const pair = (of = sealer, id = 'pairing', boots: readonly [string, string] = ['a', 'b']) =>
  new Pairing(of, id, boots);

it('a message opens at the other end of its pairing, once', () => {
  const sent = pair().seal(7, { step: 'hold' });
  const callee = pair();
  expect(callee.open(7, sent)).toEqual({ value: { step: 'hold' } });
  expect(callee.open(7, sent)).toBeUndefined();
});

it('a stolen message opens under no other number, pairing, start of a process, or node', () => {
  const sent = pair().seal(7, { step: 'hold' });
  expect(pair().open(8, sent)).toBeUndefined();
  expect(pair(sealer, 'another').open(7, sent)).toBeUndefined();
  expect(pair(sealer, 'pairing', ['a', 'started again']).open(7, sent)).toBeUndefined();
  expect(pair(createSealer({ seed: generateSeed() })).open(7, sent)).toBeUndefined();
});

it('a message that was changed does not open, and the true one still does', () => {
  const sent = pair().seal(0, { amount: '3' });
  const changed = Uint8Array.from(sent, (byte, at) => (at === 20 ? byte ^ 1 : byte));
  const callee = pair();
  expect(callee.open(0, changed)).toBeUndefined();
  expect(callee.open(0, sent)).toEqual({ value: { amount: '3' } });
});

it('messages may overtake each other, within a window that is also what is remembered', () => {
  const [caller, callee] = [pair(), pair()];
  const late = caller.seal(0, 'late');
  for (let number = 1; number <= 4_095; number++)
    expect(callee.open(number, caller.seal(number, number))).toEqual({ value: number });
  expect(callee.open(0, late)).toEqual({ value: 'late' });
  for (let number = 4_096; number <= 12_000; number++)
    expect(callee.open(number, caller.seal(number, number))).toEqual({ value: number });
  for (const number of [0, 1, 7_000, 7_904, 12_000])
    expect(callee.open(number, caller.seal(number, number))).toBeUndefined();
});

it('an answer answers its own question only, and is no question', () => {
  const [caller, callee] = [pair(), pair()];
  const answer = callee.sealAnswer(3, 'paid');
  expect(caller.openAnswer(3, answer)).toBe('paid');
  expect(caller.openAnswer(4, answer)).toBeUndefined();
  expect(callee.open(3, answer)).toBeUndefined();
});

it('a greeting of another node does not open', () => {
  const greeting = greetingOf(sealer).seal({ boot: 'a' }, 'greeting');
  expect(greetingOf(sealer).open(greeting, 'greeting')).toEqual({ boot: 'a' });
  const other = createSealer({ seed: generateSeed() });
  expect(greetingOf(other).open(greeting, 'greeting')).toBeUndefined();
  expect(greetingOf(sealer).open(greeting, 'welcome\nquestion')).toBeUndefined();
});
