// Vectors of the instruction set that this is compiled for, and steps through a tile. Included once, by
// kernels.cpp, as are the other headers of kernels: what they define is that file's alone.
#pragma once

#include "prepared.h"

#include <string.h>

#include <utility>

namespace {

using namespace qsv;

#if defined(__AVX512F__)
constexpr size_t WIDTH = 64;
constexpr int SWEEP = 4;
#elif defined(__AVX__)
constexpr size_t WIDTH = 32;
constexpr int SWEEP = 3;
#else
constexpr size_t WIDTH = 16;
constexpr int SWEEP = 3;
#endif

#define INLINE inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")

template <class T>
struct Types;
template <>
struct Types<float> {
  typedef float Vector __attribute__((vector_size(WIDTH)));
  typedef int32_t Mask __attribute__((vector_size(WIDTH)));
};
template <>
struct Types<double> {
  typedef double Vector __attribute__((vector_size(WIDTH)));
  typedef int64_t Mask __attribute__((vector_size(WIDTH)));
};
template <class T>
using Vec = typename Types<T>::Vector;

template <class T>
constexpr size_t LANES = WIDTH / sizeof(T);
/** From a real part to the imaginary part of the same amplitude. */
template <class T>
constexpr size_t BLOCK = 64 / sizeof(T);

template <class T>
INLINE Vec<T> load(const T *from) {
  return *reinterpret_cast<const Vec<T> *>(from);
}
template <class T>
INLINE void store(T *to, Vec<T> value) {
  *reinterpret_cast<Vec<T> *>(to) = value;
}

template <class T, size_t M, size_t... I>
INLINE Vec<T> exchanged(Vec<T> v, std::index_sequence<I...>) {
  return __builtin_shufflevector(v, v, (I ^ M)...);
}
/** Every lane gets what stood in the lane whose number differs from its own in the bits of M. */
template <class T, size_t M>
INLINE Vec<T> exchange(Vec<T> v) {
  if constexpr (M == 0 || M >= LANES<T>) return v;
  else return exchanged<T, M>(v, std::make_index_sequence<LANES<T>>{});
}

template <class T, size_t M>
INLINE Vec<T> exchangeFrom(Vec<T> v, int mask) {
  if constexpr (M + 1 >= LANES<T>) return exchange<T, M>(v);
  else return mask == M ? exchange<T, M>(v) : exchangeFrom<T, M + 1>(v, mask);
}
template <class T>
INLINE Vec<T> exchangeBy(Vec<T> v, int mask) {
  return exchangeFrom<T, 0>(v, mask);
}

/** The next offset that has none of the skipped bits, in steps of a vector. */
template <class T>
INLINE uint64_t following(uint64_t at, uint64_t skip) {
  return ((at | skip) + LANES<T>) & ~skip;
}

/** Multiplies a vector of amplitudes. */
template <class T>
INLINE void multiply(T *x, Vec<T> re, Vec<T> im) {
  const Vec<T> a = load(x), b = load(x + BLOCK<T>);
  store(x, a * re - b * im);
  store(x + BLOCK<T>, a * im + b * re);
}

}  // namespace
