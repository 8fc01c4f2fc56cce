import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Turns, type Waiting } from '../src/work/turns.ts';

interface Run extends Waiting {
  readonly name: string;
}

const run = (owner: string, name: string, priority = 5): Run => ({ owner, name, priority });

function takenOf(turns: Turns<Run>): string[] {
  const names: string[] = [];
  for (let one = turns.take(); one !== undefined; one = turns.take()) names.push(one.name);
  return names;
}

describe('turns', () => {
  it('are taken by owners one after another, whoever came with how many', () => {
    const turns = new Turns<Run>();
    for (const name of ['a1', 'a2', 'a3', 'a4']) turns.add(run('ana', name));
    turns.add(run('ben', 'b1'));
    turns.add(run('cem', 'c1'));
    turns.add(run('ben', 'b2'));
    expect(takenOf(turns)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  });

  it('go by priority among the runs of one owner, and pass nobody else', () => {
    const turns = new Turns<Run>();
    turns.add(run('ben', 'b low', 0));
    turns.add(run('ana', 'a first', 5));
    turns.add(run('ana', 'a high', 9));
    turns.add(run('ana', 'a second', 5));
    expect(takenOf(turns)).toEqual(['b low', 'a high', 'a first', 'a second']);
  });

  it('come to a low run, although higher ones of the same owner never end', () => {
    const turns = new Turns<Run>();
    turns.add(run('ana', 'low', 0));
    let taken = 0;
    for (let one = ''; one !== 'low'; taken += 1) {
      turns.add(run('ana', 'high', 9));
      one = turns.take()?.name ?? '';
    }
    expect(taken).toBe(33);
  });

  it('come to everybody, although there are ever new owners who had none', () => {
    const turns = new Turns<Run>();
    turns.add(run('ana', 'first'));
    expect(turns.take()?.name).toBe('first');
    turns.add(run('ana', 'patient'));
    let taken = 0;
    for (let one = ''; one !== 'patient'; taken += 1) {
      turns.add(run(`new ${taken}`, 'new'));
      one = turns.take()?.name ?? '';
    }
    expect(taken).toBe(33);
  });

  it('take each run once, and pass none more than 32 times', () => {
    const step = fc.oneof(
      fc.constant('take' as const),
      fc.record({
        owner: fc.constantFrom('ana', 'ben', 'cem'),
        priority: fc.integer({ min: 0, max: 9 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const turns = new Turns<Run>();
        const waiting = new Map<string, number>();
        let came = 0;
        const take = (): void => {
          const next = turns.next();
          const taken = turns.take();
          expect(taken).toBe(next);
          if (taken === undefined) return expect(waiting.size).toBe(0);
          expect(waiting.delete(taken.name)).toBe(true);
          for (const [name, passed] of waiting)
            if (Number(name) < Number(taken.name)) waiting.set(name, passed + 1);
          for (const passed of waiting.values()) expect(passed).toBeLessThanOrEqual(32);
        };
        for (const one of steps) {
          if (one === 'take') take();
          else {
            const name = String((came += 1));
            turns.add({ ...one, name });
            waiting.set(name, 0);
          }
          expect(turns.size).toBe(waiting.size);
        }
        while (waiting.size > 0) take();
        expect(turns.take()).toBeUndefined();
      }),
    );
  });
});
