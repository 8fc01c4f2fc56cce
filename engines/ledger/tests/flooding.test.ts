import { describe, expect, it } from 'vitest';
import { LedgerState, type LedgerOptions } from '../src/index.ts';
import {
  accountsBatch,
  collidingIds,
  plainAccount,
  plainTransfer,
  transfersBatch,
} from '../src/testing/index.ts';

const IDS = 2_048;
const HIGHEST = 2n ** 128n - 2n;
const KEY = Uint32Array.of(0x6b8b4567, 0x327b23c6, 0x643c9869, 0x66334873);
/** Half full, and its ids by chance: nobody comes near this. */
const WAY_MAX = 100;

/** Books to which somebody sent transfers, and accounts, with such ids. */
function flooded(options: LedgerOptions): LedgerState {
  const state = new LedgerState(options);
  const accounts = collidingIds(IDS).map((id) => plainAccount(id));
  state.createAccounts(accountsBatch(accounts), IDS, 10_000n, new Uint32Array(IDS));
  // One that is above all others, so that none of the rest comes in order.
  const transfers = [HIGHEST, ...collidingIds(IDS)].map((id) => plainTransfer(id));
  const results = new Uint32Array(IDS + 1);
  state.createTransfers(transfersBatch(transfers), IDS + 1, 20_000n, results);
  return state;
}

describe('ids that were chosen to lie in one place', () => {
  it('do so where the key is known, and nowhere else', () => {
    expect(flooded({}).memory.longestWay).toBe(IDS);
    expect(flooded({ hashKey: KEY }).memory.longestWay).toBeLessThan(WAY_MAX);
  });

  it('lie elsewhere under another key, and the books are the same', () => {
    const [one, other] = [flooded({}), flooded({ hashKey: KEY })];
    expect(other.stateHash()).toEqual(one.stateHash());
    expect(other.snapshot()).toEqual(one.snapshot());
    const again = LedgerState.restore(other.snapshot(), { hashKey: KEY });
    expect(again.memory.longestWay).toBeLessThan(WAY_MAX);
    expect(again.fork().memory.longestWay).toBeLessThan(WAY_MAX);
    expect(again.forkOf(collidingIds(IDS)).memory.longestWay).toBeLessThan(WAY_MAX);
  });
});
