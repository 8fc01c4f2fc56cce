// What a pass of a plan (engines/quantum/src/stateVector/plan.ts) becomes before it runs: operations
// whose qubits are positions in a tile, with their numbers laid out for the kernels. Plain structures of
// plain pointers: the kernels are compiled once for each instruction set, so nothing here may be a function
// that the linker could merge with that of another instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace qsv {

enum OpCode : int32_t { PASS, DENSE, DIAGONAL, ROTATE, PHASE, FLIP };

constexpr int QUBITS_MAX = 34;
/** Qubits of a tile; a pass that mixes more runs on the whole state as one tile. */
constexpr int DENSE_MAX = 4;
constexpr int DIAGONAL_MAX = 6;
constexpr int SWEEP_MAX = 4;
constexpr int LANES_LOG_MAX = 4;
constexpr int PHASE_LOW_MAX = 12;

/**
 * Where a step goes: over the vectors of a tile whose offsets (in numbers) have none of the bits of
 * `skip`, with the bits of `fixed` set; `count` of them. The operation is left out on a tile whose first
 * amplitude's index i does not fulfil (i & outerMask) == outerValue.
 */
struct Walk {
  uint64_t skip, fixed, count;
  uint64_t outerMask, outerValue;
};

/** A rotation within a sweep (ROTATE of the plan). */
struct Turn {
  int lane;  // of the vector: the bit in which the pair differs; -1 where whole vectors are the pair
  int form;
  double t;
};

/** Rotations that are done while the vectors are in registers: of at most SWEEP_MAX bits above the vector. */
struct Sweep {
  Walk walk;
  int turns;
  Turn turn[SWEEP_MAX + LANES_LOG_MAX];
  int high;                    // how many of the turns pair whole vectors; they come last
  uint64_t distance[SWEEP_MAX];
};

struct Outer {
  uint64_t mask;
  double re, im;
};

/** exp(i …) of a bit of the tile with bits that are the same in a whole tile. */
struct Cross {
  int position;
  uint64_t mask;
  double re, im;
};

/**
 * The factors of a phase that depend on a place in the tile alone. The first 2^begun of them are given; for
 * each further position there is a factor of its own, and one with each position below.
 */
struct Local {
  int begun, qubits;
  const double *first;    // complex
  const double *own;      // complex, one a position
  const double *pairs;    // complex, [position][position below]
  const int *highest;     // one a position: below which position its pairs are
};

/** Runs of 2^RUN_LOG amplitudes have one factor from all positions above. */
constexpr int RUN_LOG = 7;

struct Step {
  OpCode op;
  Walk walk;

  // DENSE: members are the settings of the targets above the vector; masks those of the targets in it.
  int members, masks;
  uint64_t offsets[1 << DENSE_MAX];
  int laneMasks[1 << DENSE_MAX];
  bool isPerLane;
  /** [row][column][re, im] numbers, or vectors of them where isPerLane; then a column is member * masks + mask. */
  const void *matrix;

  // DIAGONAL: [setting][re, im] numbers, or vectors where isPerLane.
  int settings, outerTargets;
  uint64_t outerTarget[DIAGONAL_MAX];
  const void *diagonal;

  // ROTATE
  int sweeps;
  const Sweep *sweep;

  // PHASE: `local` is what depends on the tile alone, laid out as the tile; the others on its place.
  const void *local;
  /** One a run: whether `local` is nothing but ones there. */
  const uint8_t *isLocalOne;
  int outers, crosses;
  const Outer *outer;
  const Cross *cross;
  /** Factors of single positions of the tile, complex, one a position; used where there is no `local`. */
  const double *single;

  // FLIP: lane is the bit within a vector, or -1 with a distance; flipped is a mask a lane.
  int lane;
  uint64_t distance;
  const void *flipped;
};

struct Pass {
  int qubits;  // of a tile
  uint64_t tiles;
  /** A tile is rows of so many numbers; where there is one row it is used in place. */
  uint64_t rows, rowReals;
  const uint64_t *rowOffset;
  /** Positions of the qubits that are the same in a whole tile, ascending. */
  int outerQubits;
  int outerQubit[QUBITS_MAX];
  int steps;
  const Step *step;
};

/** The kernels of one instruction set for numbers of one kind. */
template <class T>
struct KernelsOf {
  int lanesLog;
  /** Fills a table laid out as a tile, and says of each run whether it is ones; `room` has numbers for half a table. */
  void (*fill)(const Local &, T *table, uint8_t *isOne, T *room);
  void (*run)(const Pass &, T *state, T *scratch, uint64_t firstTile, uint64_t endTile);
  /** See sums.h; from the first chunk or piece to the end. */
  void (*weights)(const T *state, uint64_t reals, uint64_t first, uint64_t end, double *sums);
  void (*overlap)(const T *left, const T *right, uint64_t x, uint64_t z, uint64_t amplitudes, uint64_t first,
                  uint64_t end, double *sums);
};

/** What is compiled for one instruction set. */
struct Kernels {
  const char *name;
  /** Pairs of whole vectors that a sweep turns at most. */
  int sweepMax;
  bool (*isSupported)();
  KernelsOf<float> f32;
  KernelsOf<double> f64;
};

}  // namespace qsv
