// The kernels of one instruction set. This file is compiled once for each of them, with the namespace in
// KERNELS and the compiler's flags for it; vectors are those of GCC and clang, as wide as the set has them.
//
// Numbers of a tile lie as in a state (engines/quantum/src/stateVector/layout.ts): 64 bytes of real parts,
// 64 bytes of imaginary parts. An offset counts numbers; amplitude i, a multiple of the lanes, has its real
// parts at offset i + (i & -block).
#include "matrices.h"
#include "phases.h"
#include "rotations.h"
#include "sums.h"

namespace {

template <class T>
void runStep(const Step &step, T *x, int qubits, uint64_t first) {
  if ((first & step.walk.outerMask) != step.walk.outerValue) return;
  switch (step.op) {
    case DENSE: return dense<T>(step, x);
    case DIAGONAL: return diagonal<T>(step, x, first);
    case ROTATE: return rotate<T>(step, x);
    case PHASE: return phase<T>(step, x, qubits, first);
    case FLIP: return flip<T>(step, x);
    default: return;
  }
}

/** In rows that may be far from each other: those to come are asked for before they are needed. */
template <class T, bool IN>
void copyRows(const Pass &pass, T *state, T *scratch) {
  constexpr uint64_t AHEAD = 4;
  for (uint64_t row = 0; row < pass.rows; row++) {
    T *far = state + pass.rowOffset[row];
    T *near = scratch + row * pass.rowReals;
    const char *next = row + AHEAD < pass.rows ? reinterpret_cast<const char *>(state + pass.rowOffset[row + AHEAD]) : nullptr;
    for (uint64_t at = 0; at < pass.rowReals; at += BLOCK<T>) {
      if (next) __builtin_prefetch(next + at * sizeof(T), !IN);
      for (uint64_t i = at; i < at + BLOCK<T>; i += LANES<T>)
        if constexpr (IN) store(near + i, load(far + i));
        else store(far + i, load(near + i));
    }
  }
}

template <class T>
void runTiles(const Pass &pass, T *state, T *scratch, uint64_t firstTile, uint64_t endTile) {
  for (uint64_t tile = firstTile; tile < endTile; tile++) {
    uint64_t first = 0;
    for (int k = 0; k < pass.outerQubits; k++) first |= (tile >> k & 1) << pass.outerQubit[k];
    T *place = state + 2 * first;
    T *x = pass.rows == 1 ? place : scratch;
    if (pass.rows > 1) copyRows<T, true>(pass, place, scratch);
    for (int s = 0; s < pass.steps; s++) runStep<T>(pass.step[s], x, pass.qubits, first);
    if (pass.rows > 1) copyRows<T, false>(pass, place, scratch);
  }
}

bool isSupported() {
#if defined(__AVX512F__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl");
#elif defined(__AVX2__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return true;
#endif
}

constexpr int log2Of(size_t value) { return value < 2 ? 0 : 1 + log2Of(value / 2); }

template <class T>
constexpr KernelsOf<T> KERNELS_OF = {log2Of(LANES<T>), fill<T>, runTiles<T>, weights<T>, overlap<T>};

}  // namespace

#define STRING_OF(name) #name
#define NAME_OF(name) STRING_OF(name)
namespace qsv {
extern const Kernels KERNELS;
const Kernels KERNELS = {NAME_OF(KERNELS), SWEEP, isSupported, KERNELS_OF<float>, KERNELS_OF<double>};
}  // namespace qsv
