import { applyDense, applyDiagonal, applyFlip } from './matrices';
import { applyPhase } from './phases';
import { rotateLanes, rotateOne, rotateThree, rotateTwo } from './rotations';
import { opened, SIZE_BITS } from './simd';
import { overlap, weights } from './sums';

// Runs a tape, which tape.ts writes: passes, one after the other, with a barrier after each. The words of a
// pass are [kind, words, …]. All numbers are little-endian words of 32 bits; addresses are bytes of the memory.

/** What a thread needs for itself, before the amplitudes of a tile. */
const THREAD_BYTES: usize = 8192;

const TILES: u32 = 0;
const WEIGHTS: u32 = 1;
const OVERLAP: u32 = 2;

const ROTATE_ONE: u32 = 1;
const ROTATE_TWO: u32 = 2;
const ROTATE_THREE: u32 = 3;
const ROTATE_LANES: u32 = 4;
const DENSE: u32 = 5;
const DIAGONAL: u32 = 6;
const FLIP: u32 = 7;
const PHASE: u32 = 8;
/** Before an operation that looks at qubits outside of the tile: skip it where they differ. */
const ONLY_WHERE: u32 = 9;

/**
 * @param scratch of this thread: THREAD_BYTES, then a tile
 * @param barrier two words that are 0 before the first run
 */
export function run(
  tape: usize,
  end: usize,
  scratch: usize,
  thread: u32,
  threads: u32,
  barrier: usize,
): void {
  for (let at = tape; at < end; at += <usize>load<u32>(at, 4) << 2) {
    const kind = load<u32>(at);
    const count = load<u32>(at, 8);
    const from = <u32>((<u64>count * thread) / threads);
    const to = <u32>((<u64>count * (thread + 1)) / threads);
    if (kind == TILES) tiles(at, from, to, scratch);
    else if (kind == WEIGHTS) weights(load<u32>(at, 12), load<u32>(at, 16), from, to, load<u32>(at, 20));
    else
      overlap(
        load<u32>(at, 12),
        load<u32>(at, 16),
        load<u32>(at, 20),
        load<u32>(at, 24),
        load<u32>(at, 28),
        from,
        to,
        load<u32>(at, 32),
      );
    if (threads > 1) meet(barrier, threads);
  }
}

/** Pass: [TILES, words, count, state, low positions, high positions h, their numbers, offsets of 2^h rows, operations]. */
function tiles(at: usize, from: u32, to: u32, scratch: usize): void {
  const state = <usize>load<u32>(at, 12);
  const low = load<u32>(at, 16);
  const high = load<u32>(at, 20);
  const rows: u32 = high == 0 ? 0 : 1 << high;
  const positions = at + 24;
  const offsets = positions + (high << 2);
  const operations = offsets + (rows << 2);
  const end = at + (<usize>load<u32>(at, 4) << 2);
  const rowBytes: u32 = 2 << (low + SIZE_BITS);
  const bytes = rowBytes << high;
  const gathered = scratch + THREAD_BYTES;
  for (let tile = from; tile < to; tile += 1) {
    let index = tile << low;
    for (let k: u32 = 0; k < high; k += 1) index = opened(index, load<u32>(positions + (k << 2)));
    const start = state + ((<usize>index) << (SIZE_BITS + 1));
    if (high == 0) {
      operate(operations, end, start, bytes, index, scratch);
      continue;
    }
    for (let row: u32 = 0; row < rows; row += 1)
      memory.copy(gathered + row * rowBytes, start + load<u32>(offsets + (row << 2)), rowBytes);
    operate(operations, end, gathered, bytes, index, scratch);
    for (let row: u32 = 0; row < rows; row += 1)
      memory.copy(start + load<u32>(offsets + (row << 2)), gathered + row * rowBytes, rowBytes);
  }
}

function operate(
  operations: usize,
  end: usize,
  tile: usize,
  bytes: u32,
  index: u32,
  scratch: usize,
): void {
  for (let at = operations; at < end; at += <usize>load<u32>(at, 4) << 2) {
    const op = load<u32>(at);
    if (op == ONLY_WHERE) {
      // Its words: mask, value. To skip is to stand on the next operation, and go on from there.
      if ((index & load<u32>(at, 8)) != load<u32>(at, 12)) at += <usize>load<u32>(at, 4) << 2;
    } else if (op == ROTATE_THREE) rotateThree(tile, bytes, at);
    else if (op == ROTATE_TWO) rotateTwo(tile, bytes, at);
    else if (op == ROTATE_ONE) rotateOne(tile, bytes, at);
    else if (op == ROTATE_LANES) rotateLanes(tile, bytes, at);
    else if (op == PHASE) applyPhase(tile, at, index, scratch);
    else if (op == DENSE) applyDense(tile, bytes, at, scratch);
    else if (op == DIAGONAL) applyDiagonal(tile, bytes, at, settingOf(at, index));
    else applyFlip(tile, bytes, at);
  }
}

/** The setting of the qubits of a diagonal that are outside of the tile; their positions end its record. */
function settingOf(at: usize, index: u32): u32 {
  const count = load<u32>(at, 24);
  const positions = at + (<usize>load<u32>(at, 4) << 2) - (count << 2);
  let setting: u32 = 0;
  for (let k: u32 = 0; k < count; k += 1)
    setting |= ((index >> load<u32>(positions + (k << 2))) & 1) << k;
  return setting;
}

/** How often a thread looks for the others before it lets the machine have its core. */
const SPINS: u32 = 4096;

/** Waits until all threads are here. */
function meet(barrier: usize, threads: u32): void {
  const round = atomic.load<i32>(barrier, 4);
  if (atomic.add<i32>(barrier, 1) == <i32>threads - 1) {
    atomic.store<i32>(barrier, 0);
    atomic.add<i32>(barrier, 1, 4);
    atomic.notify(barrier + 4, threads);
    return;
  }
  for (let spin: u32 = 0; spin < SPINS; spin += 1)
    if (atomic.load<i32>(barrier, 4) != round) return;
  while (atomic.load<i32>(barrier, 4) == round) atomic.wait<i32>(barrier + 4, round, -1);
}
