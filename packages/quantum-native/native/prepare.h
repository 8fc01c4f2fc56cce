// Reads a plan, refuses what it must not hold, and prepares its passes one after the other.
#pragma once

#include "prepared.h"

#include <memory>
#include <stdexcept>
#include <vector>

namespace qsv {

/** What is wrong with a plan, for whoever wrote it. */
struct PlanError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct PlanText {
  int qubits;
  const int32_t *code;
  size_t words;
  const double *data;
  size_t numbers;
};

/** Memory of one pass, aligned as vectors want it, and used again for the next. */
class Arena {
 public:
  template <class T>
  T *take(size_t count) {
    return static_cast<T *>(bytes(count * sizeof(T)));
  }
  /** Everything that was taken is free again. */
  void reset();
  ~Arena();

 private:
  struct Chunk {
    char *memory;
    size_t size;
  };
  void *bytes(size_t size);
  std::vector<Chunk> chunks_;
  size_t chunk_ = 0, used_ = 0;
};

struct Operation {
  OpCode op;
  const int32_t *operands;
  size_t operandCount;
  const double *data;
};

/** A pass before it is prepared: what it mixes, and its operations. */
struct PassText {
  uint64_t mixes;
  std::vector<Operation> operations;
};

/** @throws PlanError for a record that plan.ts does not allow */
std::vector<PassText> readPlan(const PlanText &plan);

/** What the kernels need to know of the numbers. */
struct Shape {
  int qubits;
  bool isF64;
  const Kernels *kernels;
  int lanesLog() const { return isF64 ? kernels->f64.lanesLog : kernels->f32.lanesLog; }
  int blockLog() const { return isF64 ? 3 : 4; }
};

/** The pass's pointers are into the arena. */
Pass prepare(const PassText &text, const Shape &shape, Arena &arena);

}  // namespace qsv
