// Sums over a state: of squared amplitudes, and of a state's overlap with another.
#pragma once

#include "vectors.h"

namespace {

/** Numbers are added up in vectors for so many vectors, then in a double: f32 keeps its digits. */
constexpr uint64_t TOGETHER = 32;

template <class T>
INLINE double sumOf(Vec<T> v) {
  double sum = 0;
  for (size_t lane = 0; lane < LANES<T>; lane++) sum += double(v[lane]);
  return sum;
}

/** The sums of squares of chunks of `reals` numbers. */
template <class T>
void weights(const T *state, uint64_t reals, uint64_t first, uint64_t end, double *sums) {
  for (uint64_t chunk = first; chunk < end; chunk++) {
    double sum = 0;
    const T *at = state + chunk * reals, *last = at + reals;
    while (at < last) {
      Vec<T> together{};
      for (uint64_t k = 0; k < TOGETHER && at < last; k++, at += LANES<T>) together += load(at) * load(at);
      sum += sumOf<T>(together);
    }
    sums[chunk] = sum;
  }
}

/** Of pieces of `amplitudes` amplitudes: the sum of conj(left[i ^ x]) (-1)^(bits of i & z) right[i]. */
template <class T>
void overlap(const T *left, const T *right, uint64_t x, uint64_t z, uint64_t amplitudes, uint64_t first, uint64_t end, double *sums) {
  const uint64_t lanes = LANES<T> - 1;
  Vec<T> laneSign;
  for (size_t lane = 0; lane < LANES<T>; lane++) laneSign[lane] = __builtin_parityll(lane & z) ? T(-1) : T(1);
  for (uint64_t piece = first; piece < end; piece++) {
    double re = 0, im = 0;
    for (uint64_t i = piece * amplitudes; i < (piece + 1) * amplitudes;) {
      Vec<T> togetherRe{}, togetherIm{};
      for (uint64_t k = 0; k < TOGETHER && i < (piece + 1) * amplitudes; k++, i += LANES<T>) {
        const uint64_t j = (i ^ x) & ~lanes;
        const T *l = left + j + (j & -BLOCK<T>), *r = right + i + (i & -BLOCK<T>);
        const Vec<T> a = exchangeBy<T>(load(l), int(x & lanes)), b = exchangeBy<T>(load(l + BLOCK<T>), int(x & lanes));
        const Vec<T> sign = __builtin_parityll(i & z & ~lanes) ? -laneSign : laneSign;
        const Vec<T> c = sign * load(r), d = sign * load(r + BLOCK<T>);
        togetherRe += a * c + b * d;
        togetherIm += a * d - b * c;
      }
      re += sumOf<T>(togetherRe);
      im += sumOf<T>(togetherIm);
    }
    sums[2 * piece] = re;
    sums[2 * piece + 1] = im;
  }
}

}  // namespace
