import type { WriteStream } from 'node:tty';
import { expect, it } from 'vitest';
import { ProgressLine } from '../src/quantum/progressLine.ts';

/** A terminal of 20 columns that keeps what it is given. */
function terminal(isTTY: boolean) {
  const written: string[] = [];
  const stream: Pick<WriteStream, 'isTTY' | 'columns' | 'write'> = {
    isTTY,
    columns: 20,
    write: (text: unknown) => written.push(String(text)) > 0,
  };
  return { stream, written };
}

it('says on a terminal how far a long run is, in one line that is gone in the end', () => {
  const { stream, written } = terminal(true);
  let now_ms = 0;
  const line = new ProgressLine(stream, () => now_ms);
  line.show('1 of 9 passes');
  expect(written).toEqual([]);
  now_ms = 1_500;
  line.show('2 of 9 passes');
  line.show('a text that is far longer than the terminal');
  line.end();
  expect(written).toHaveLength(3);
  expect(written[0]).toContain('2 of 9 passes');
  expect(written[1]).toContain('a text that is f');
  expect(written[1]).not.toContain('a text that is fa');
  expect(written[2]).toBe('\r\u001B[2K');
});

it('says nothing where nobody watches', () => {
  const { stream, written } = terminal(false);
  let now_ms = 0;
  const line = new ProgressLine(stream, () => (now_ms += 2_000));
  line.show('2 of 9 passes');
  line.end();
  expect(written).toEqual([]);
});
