// ROTATE of the plan: while vectors are in registers, as many rotations as registers allow.
#pragma once

#include "vectors.h"

namespace {

template <class T, int COUNT, size_t M>
INLINE void turnLanes(Vec<T> *v, int form, Vec<T> t) {
  // In the lanes where the bit is 0 the pair's other number is subtracted, in the others added.
  Vec<T> signedT;
  for (size_t lane = 0; lane < LANES<T>; lane++) signedT[lane] = lane & M ? t[lane] : -t[lane];
  if (form == 0) {
    UNROLL for (int i = 0; i < COUNT; i++) v[i] += signedT * exchange<T, M>(v[i]);
  } else {
    UNROLL for (int i = 0; i < COUNT; i++) v[i] = signedT * v[i] + exchange<T, M>(v[i]);
  }
}

template <class T, int COUNT>
INLINE void turnInVector(Vec<T> *v, const Turn &turn) {
  const Vec<T> t = Vec<T>{} + T(turn.t);
  switch (turn.lane) {
    case 0: return turnLanes<T, COUNT, 1>(v, turn.form, t);
    case 1: if constexpr (LANES<T> > 2) return turnLanes<T, COUNT, 2>(v, turn.form, t); break;
    case 2: if constexpr (LANES<T> > 4) return turnLanes<T, COUNT, 4>(v, turn.form, t); break;
    case 3: if constexpr (LANES<T> > 8) return turnLanes<T, COUNT, 8>(v, turn.form, t); break;
  }
}

template <class T, int COUNT, int BIT>
INLINE void turnVectors(Vec<T> *v, const Turn &turn) {
  const Vec<T> t = Vec<T>{} + T(turn.t);
  if (turn.form == 0) {
    UNROLL for (int i = 0; i < COUNT; i++) if (!(i & BIT)) {
      const Vec<T> a = v[i], b = v[i | BIT];
      v[i] = a - t * b;
      v[i | BIT] = b + t * a;
    }
  } else {
    UNROLL for (int i = 0; i < COUNT; i++) if (!(i & BIT)) {
      const Vec<T> a = v[i], b = v[i | BIT];
      v[i] = b - t * a;
      v[i | BIT] = a + t * b;
    }
  }
}

template <class T, int HIGH>
void sweepOver(const Sweep &sweep, T *x) {
  constexpr int COUNT = 1 << HIGH;
  uint64_t offsets[COUNT];
  offsets[0] = 0;
  for (int j = 0; j < HIGH; j++)
    for (int i = 0; i < 1 << j; i++) offsets[(1 << j) + i] = offsets[i] + sweep.distance[j];
  const int lanes = sweep.turns - HIGH;
  uint64_t at = 0;
  for (uint64_t n = 0; n < sweep.walk.count; n++, at = following<T>(at, sweep.walk.skip)) {
    Vec<T> v[COUNT];
    UNROLL for (int i = 0; i < COUNT; i++) v[i] = load(x + at + offsets[i]);
    for (int j = 0; j < lanes; j++) turnInVector<T, COUNT>(v, sweep.turn[j]);
    if constexpr (HIGH > 0) turnVectors<T, COUNT, 1>(v, sweep.turn[lanes]);
    if constexpr (HIGH > 1) turnVectors<T, COUNT, 2>(v, sweep.turn[lanes + 1]);
    if constexpr (HIGH > 2) turnVectors<T, COUNT, 4>(v, sweep.turn[lanes + 2]);
    if constexpr (HIGH > 3) turnVectors<T, COUNT, 8>(v, sweep.turn[lanes + 3]);
    UNROLL for (int i = 0; i < COUNT; i++) store(x + at + offsets[i], v[i]);
  }
}

template <class T>
void rotate(const Step &step, T *x) {
  for (int j = 0; j < step.sweeps; j++) {
    const Sweep &sweep = step.sweep[j];
    switch (sweep.high) {
      case 0: sweepOver<T, 0>(sweep, x); break;
      case 1: sweepOver<T, 1>(sweep, x); break;
      case 2: sweepOver<T, 2>(sweep, x); break;
      case 3: sweepOver<T, 3>(sweep, x); break;
      case 4: if constexpr (SWEEP > 3) sweepOver<T, 4>(sweep, x); break;
    }
  }
}

}  // namespace
