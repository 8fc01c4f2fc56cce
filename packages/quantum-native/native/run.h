// Runs plans on states, and sums over states, on several threads.
#pragma once

#include "prepare.h"

namespace qsv {

template <class T>
const KernelsOf<T> &kernelsOf(const Kernels &kernels) {
  if constexpr (sizeof(T) == 4) return kernels.f32;
  else return kernels.f64;
}

/** @throws PlanError for what is no plan, std::bad_alloc */
template <class T>
void runPlan(const PlanText &plan, T *state, int threads, const Kernels &kernels);

/** The sums of squares of the 2^(qubits - chunkLog) chunks of a state. */
template <class T>
void weightsOf(const T *state, int qubits, int chunkLog, int threads, const Kernels &kernels, double *sums);

/** The sum of conj(left[i ^ x]) (-1)^(bits of i & z) right[i], the same to the bit with any number of threads. */
template <class T>
void overlapOf(const T *left, const T *right, int qubits, uint64_t x, uint64_t z, int threads, const Kernels &kernels, double sum[2]);

}  // namespace qsv
