// PHASE of the plan: factors of the place in the tile, times factors of the tile's own place.
#pragma once

#include "vectors.h"

namespace {

constexpr int FAR_LOG_MAX = QUBITS_MAX - RUN_LOG;

/** Products of factors of the positions from `from` to `to`: entry j is that of the bits of j. */
template <class T>
bool products(const double *factors, int from, int to, T *re, T *im) {
  re[0] = T(1);
  im[0] = T(0);
  bool isOne = true;
  for (int p = from; p < to; p++) {
    const T fr = T(factors[2 * p]), fi = T(factors[2 * p + 1]);
    const size_t half = size_t(1) << (p - from);
    if (fr != T(1) || fi != T(0)) isOne = false;
    for (size_t j = 0; j < half; j++) {
      re[half + j] = re[j] * fr - im[j] * fi;
      im[half + j] = re[j] * fi + im[j] * fr;
    }
  }
  return isOne;
}

template <class T, bool LOCAL, bool NEAR>
INLINE void phaseRun(T *x, const T *local, const T *nearRe, const T *nearIm, T fr, T fi, size_t amplitudes) {
  const Vec<T> farRe = Vec<T>{} + fr, farIm = Vec<T>{} + fi;
  for (size_t i = 0; i < amplitudes; i += LANES<T>) {
    const size_t at = i + (i & -BLOCK<T>);
    Vec<T> re = farRe, im = farIm;
    if constexpr (NEAR) {
      const Vec<T> u = load(nearRe + i), w = load(nearIm + i);
      re = u * farRe - w * farIm;
      im = u * farIm + w * farRe;
    }
    if constexpr (LOCAL) {
      const Vec<T> u = load(local + at), w = load(local + at + BLOCK<T>);
      const Vec<T> r = re;
      re = u * r - w * im;
      im = u * im + w * r;
    }
    multiply<T>(x + at, re, im);
  }
}

template <class T>
INLINE void localRun(T *x, const T *local, size_t amplitudes) {
  for (size_t i = 0; i < amplitudes; i += LANES<T>) {
    const size_t at = i + (i & -BLOCK<T>);
    multiply<T>(x + at, load(local + at), load(local + at + BLOCK<T>));
  }
}

/** Of blocks of a table: to = from times a factor for all of them. */
template <class T>
void timesFactor(T *to, const T *from, uint64_t reals, T re, T im) {
  for (uint64_t block = 0; block < reals; block += 2 * BLOCK<T>)
    for (uint64_t at = block; at < block + BLOCK<T>; at += LANES<T>) {
      const Vec<T> a = load(from + at), b = load(from + at + BLOCK<T>);
      store(to + at, a * re - b * im);
      store(to + at + BLOCK<T>, a * im + b * re);
    }
}

template <class T>
void fill(const Local &local, T *table, uint8_t *isOne, T *room) {
  for (uint64_t i = 0; i < uint64_t(1) << local.begun; i++) {
    const uint64_t at = i + (i & -BLOCK<T>);
    table[at] = T(local.first[2 * i]);
    table[at + BLOCK<T>] = T(local.first[2 * i + 1]);
  }
  for (int p = local.begun; p < local.qubits; p++) {
    const uint64_t half = uint64_t(2) << p;  // numbers of the part that is there
    const T ownRe = T(local.own[2 * p]), ownIm = T(local.own[2 * p + 1]);
    if (local.highest[p] == 0) {
      timesFactor<T>(table + half, table, half, ownRe, ownIm);
      continue;
    }
    // The factors of one block one by one, of further blocks by doubling.
    const double *pairs = local.pairs + 2 * size_t(p) * size_t(local.qubits);
    const int blockLog = __builtin_ctzll(BLOCK<T>);
    const int top = local.highest[p] > blockLog ? local.highest[p] : blockLog;
    room[0] = ownRe;
    room[BLOCK<T>] = ownIm;
    for (int q = 0; q < blockLog; q++) {
      const T re = T(pairs[2 * q]), im = T(pairs[2 * q + 1]);
      for (int j = 0, n = 1 << q; j < n; j++) {
        room[n + j] = room[j] * re - room[BLOCK<T> + j] * im;
        room[BLOCK<T> + n + j] = room[j] * im + room[BLOCK<T> + j] * re;
      }
    }
    for (int q = blockLog; q < top; q++) timesFactor<T>(room + (uint64_t(2) << q), room, uint64_t(2) << q, T(pairs[2 * q]), T(pairs[2 * q + 1]));
    const uint64_t period = (uint64_t(2) << top) - 1;
    for (uint64_t block = 0; block < half; block += 2 * BLOCK<T>)
      for (uint64_t at = block; at < block + BLOCK<T>; at += LANES<T>) {
        const Vec<T> a = load(table + at), b = load(table + at + BLOCK<T>);
        const Vec<T> re = load(room + (at & period)), im = load(room + (at & period) + BLOCK<T>);
        store(table + half + at, a * re - b * im);
        store(table + half + at + BLOCK<T>, a * im + b * re);
      }
  }
  const int runLog = local.qubits < RUN_LOG ? local.qubits : RUN_LOG;
  for (uint64_t run = 0; run < uint64_t(1) << (local.qubits - runLog); run++) {
    bool is = true;
    for (uint64_t i = 0; i < uint64_t(1) << runLog && is; i++) {
      const T *at = table + (run << (runLog + 1)) + i + (i & -BLOCK<T>);
      is = at[0] == T(1) && at[BLOCK<T>] == T(0);
    }
    isOne[run] = is;
  }
}

template <class T>
void phase(const Step &step, T *x, int qubits, uint64_t first) {
  double re = 1, im = 0;
  const auto multiplyBy = [](double &ar, double &ai, double br, double bi) {
    const double r = ar * br - ai * bi;
    ai = ar * bi + ai * br;
    ar = r;
  };
  for (int k = 0; k < step.outers; k++)
    if ((first & step.outer[k].mask) == step.outer[k].mask) multiplyBy(re, im, step.outer[k].re, step.outer[k].im);
  double factors[2 * QUBITS_MAX];
  for (int p = 0; p < qubits; p++) {
    factors[2 * p] = step.single ? step.single[2 * p] : 1;
    factors[2 * p + 1] = step.single ? step.single[2 * p + 1] : 0;
  }
  for (int k = 0; k < step.crosses; k++) {
    const Cross &cross = step.cross[k];
    if (first & cross.mask) multiplyBy(factors[2 * cross.position], factors[2 * cross.position + 1], cross.re, cross.im);
  }
  const int nearLog = qubits < RUN_LOG ? qubits : RUN_LOG;
  alignas(64) T nearRe[1 << RUN_LOG], nearIm[1 << RUN_LOG];
  const bool isNearOne = products<T>(factors, 0, nearLog, nearRe, nearIm);
  // Far factors by doubling as well, but without a table of all of them: one a level of the settings' bits.
  double far[2 * (FAR_LOG_MAX + 1)];
  const int farLog = qubits - nearLog;
  far[2 * farLog] = re;
  far[2 * farLog + 1] = im;
  const size_t amplitudes = size_t(1) << nearLog;
  const T *local = static_cast<const T *>(step.local);
  uint64_t before = 0;
  for (uint64_t run = 0; run < uint64_t(1) << farLog; run++) {
    // The levels from the highest bit that changed downwards are computed anew: two of them on average.
    const uint64_t changed = run ^ before;
    before = run;
    int level = run == 0 ? farLog : 64 - __builtin_clzll(changed);
    while (level-- > 0) {
      far[2 * level] = far[2 * level + 2];
      far[2 * level + 1] = far[2 * level + 3];
      if (run >> level & 1)
        multiplyBy(far[2 * level], far[2 * level + 1], factors[2 * (nearLog + level)], factors[2 * (nearLog + level) + 1]);
    }
    const T fr = T(far[0]), fi = T(far[1]);
    T *at = x + 2 * amplitudes * run;
    const T *with = local && !step.isLocalOne[run] ? local + 2 * amplitudes * run : nullptr;
    if (with && !isNearOne) phaseRun<T, true, true>(at, with, nearRe, nearIm, fr, fi, amplitudes);
    else if (with && (fr != T(1) || fi != T(0))) phaseRun<T, true, false>(at, with, nearRe, nearIm, fr, fi, amplitudes);
    else if (with) localRun<T>(at, with, amplitudes);
    else if (!isNearOne) phaseRun<T, false, true>(at, with, nearRe, nearIm, fr, fi, amplitudes);
    else if (fr != T(1) || fi != T(0)) phaseRun<T, false, false>(at, with, nearRe, nearIm, fr, fi, amplitudes);
  }
}

}  // namespace
