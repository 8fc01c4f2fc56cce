// DENSE, DIAGONAL and FLIP of the plan.
#pragma once

#include "vectors.h"

namespace {

template <class T, int SIZE>
void denseOver(const Step &step, T *x) {
  const T *matrix = static_cast<const T *>(step.matrix);
  uint64_t at = step.walk.fixed;
  for (uint64_t n = 0; n < step.walk.count; n++, at = following<T>(at, step.walk.skip) | step.walk.fixed) {
    Vec<T> re[SIZE], im[SIZE];
    UNROLL for (int i = 0; i < SIZE; i++) {
      re[i] = load(x + at + step.offsets[i]);
      im[i] = load(x + at + step.offsets[i] + BLOCK<T>);
    }
    const T *row = matrix;
    for (int r = 0; r < SIZE; r++, row += 2 * SIZE) {
      // Two sums each, so that one multiplication need not wait for the one before.
      Vec<T> a = row[0] * re[0], b = row[0] * im[0];
      Vec<T> c = row[1] * im[0], d = row[1] * re[0];
      UNROLL for (int i = 1; i < SIZE; i++) {
        a += row[2 * i] * re[i];
        b += row[2 * i] * im[i];
        c += row[2 * i + 1] * im[i];
        d += row[2 * i + 1] * re[i];
      }
      store(x + at + step.offsets[r], a - c);
      store(x + at + step.offsets[r] + BLOCK<T>, b + d);
    }
  }
}

/** Some targets or controls are lanes: every lane has its own numbers, for each exchange of lanes. */
template <class T>
void densePerLane(const Step &step, T *x) {
  const T *matrix = static_cast<const T *>(step.matrix);
  const int columns = step.members * step.masks;
  uint64_t at = step.walk.fixed;
  for (uint64_t n = 0; n < step.walk.count; n++, at = following<T>(at, step.walk.skip) | step.walk.fixed) {
    Vec<T> re[1 << DENSE_MAX], im[1 << DENSE_MAX];
    for (int i = 0, column = 0; i < step.members; i++) {
      const Vec<T> r = load(x + at + step.offsets[i]);
      const Vec<T> s = load(x + at + step.offsets[i] + BLOCK<T>);
      for (int m = 0; m < step.masks; m++, column++) {
        re[column] = exchangeBy<T>(r, step.laneMasks[m]);
        im[column] = exchangeBy<T>(s, step.laneMasks[m]);
      }
    }
    const T *row = matrix;
    for (int r = 0; r < step.members; r++) {
      Vec<T> a{}, b{}, c{}, d{};
      for (int i = 0; i < columns; i++, row += 2 * LANES<T>) {
        const Vec<T> u = load(row), w = load(row + LANES<T>);
        a += u * re[i];
        b += u * im[i];
        c += w * im[i];
        d += w * re[i];
      }
      store(x + at + step.offsets[r], a - c);
      store(x + at + step.offsets[r] + BLOCK<T>, b + d);
    }
  }
}

template <class T>
void dense(const Step &step, T *x) {
  if (step.isPerLane) return densePerLane<T>(step, x);
  switch (step.members) {
    case 2: return denseOver<T, 2>(step, x);
    case 4: return denseOver<T, 4>(step, x);
    case 8: return denseOver<T, 8>(step, x);
    case 16: return denseOver<T, 16>(step, x);
  }
}

template <class T>
void diagonal(const Step &step, T *x, uint64_t first) {
  const size_t words = step.isPerLane ? 2 * LANES<T> : 2;
  const T *numbers = static_cast<const T *>(step.diagonal);
  // The outer targets choose one of the tables; within it the members are the targets in the tile.
  for (int k = 0; k < step.outerTargets; k++)
    if (first & step.outerTarget[k]) numbers += (size_t(step.members) << k) * words;
  for (int s = 0; s < step.members; s++, numbers += words) {
    if (!step.isPerLane && numbers[0] == T(1) && numbers[1] == T(0)) continue;
    const Vec<T> re = step.isPerLane ? load(numbers) : Vec<T>{} + numbers[0];
    const Vec<T> im = step.isPerLane ? load(numbers + LANES<T>) : Vec<T>{} + numbers[1];
    uint64_t offset = 0;
    for (int k = 0; 1 << k < step.members; k++)
      if (s >> k & 1) offset |= step.offsets[k];
    const uint64_t fixed = step.walk.fixed | offset;
    uint64_t at = fixed;
    for (uint64_t n = 0; n < step.walk.count; n++, at = following<T>(at, step.walk.skip) | fixed)
      multiply<T>(x + at, re, im);
  }
}

template <class T>
void flip(const Step &step, T *x) {
  typedef typename Types<T>::Mask Mask;
  const Mask flipped = *static_cast<const Mask *>(step.flipped);
  uint64_t at = step.walk.fixed;
  for (uint64_t n = 0; n < step.walk.count; n++, at = following<T>(at, step.walk.skip) | step.walk.fixed) {
    const Vec<T> a = load(x + at);
    if (step.lane >= 0) {
      store(x + at, flipped ? exchangeBy<T>(a, 1 << step.lane) : a);
    } else {
      const Vec<T> b = load(x + at + step.distance);
      store(x + at, flipped ? b : a);
      store(x + at + step.distance, flipped ? a : b);
    }
  }
}

}  // namespace
