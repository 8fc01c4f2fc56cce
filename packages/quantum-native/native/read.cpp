#include "prepare.h"

#include <string>

namespace qsv {
namespace {

[[noreturn]] void refuse(size_t at, const char *why) {
  throw PlanError("word " + std::to_string(at) + " of the plan: " + why);
}

/** Walks over one record's operands, and knows which qubits it saw. */
class Record {
 public:
  Record(const PlanText &plan, size_t at) : plan_(plan), at_(at) {
    if (plan.words - at < 3) refuse(at, "a record has three words at least");
    const int32_t words = plan.code[at + 1];
    if (words < 3 || size_t(words) > plan.words - at) refuse(at, "a record goes beyond the plan");
    end_ = at + size_t(words);
    next_ = at + 3;
  }

  int32_t op() const { return plan_.code[at_]; }
  size_t end() const { return end_; }

  int32_t number(int32_t least, int32_t most) {
    if (next_ >= end_) refuse(at_, "an operand is missing");
    const int32_t value = plan_.code[next_++];
    if (value < least || value > most) refuse(at_, "an operand is outside its range");
    return value;
  }
  /** Qubits of a record differ from each other. */
  int32_t qubit() { return fresh(number(0, plan_.qubits - 1)); }
  void controls(int32_t count) {
    for (int32_t k = 0; k < count; k++) fresh(number(0, 2 * plan_.qubits - 1) >> 1);
  }
  const double *data(size_t count) const {
    const int32_t from = plan_.code[at_ + 2];
    if (from < 0 || size_t(from) > plan_.numbers || count > plan_.numbers - size_t(from))
      refuse(at_, "its numbers go beyond the data");
    return plan_.data + from;
  }
  Operation operation(const double *data) const {
    if (next_ != end_) refuse(at_, "a record has more operands than its kind");
    return {OpCode(op()), plan_.code + at_ + 3, end_ - at_ - 3, data};
  }
  uint64_t seen() const { return seen_; }
  [[noreturn]] void refuseHere(const char *why) const { refuse(at_, why); }

 private:
  int32_t fresh(int32_t qubit) {
    if (seen_ >> qubit & 1) refuse(at_, "a qubit stands twice in a record");
    seen_ |= uint64_t(1) << qubit;
    return qubit;
  }

  const PlanText &plan_;
  size_t at_, end_, next_;
  uint64_t seen_ = 0;
};

void ascending(Record &record, int32_t count) {
  int32_t before = -1;
  for (int32_t k = 0; k < count; k++) {
    const int32_t qubit = record.qubit();
    if (qubit <= before) record.refuseHere("qubits do not ascend");
    before = qubit;
  }
}

/** A record other than PASS, and the qubits that it mixes. */
Operation readOperation(Record &record, const PlanText &plan, uint64_t &mixes) {
  const int32_t n = plan.qubits;
  mixes = 0;
  switch (record.op()) {
    case DENSE:
    case DIAGONAL: {
      const bool isDense = record.op() == DENSE;
      const int32_t k = isDense ? record.number(1, DENSE_MAX) : record.number(0, DIAGONAL_MAX);
      const int32_t c = record.number(0, n);
      ascending(record, k);
      if (isDense) mixes = record.seen();
      record.controls(c);
      return record.operation(record.data(size_t(2) << (isDense ? 2 * k : k)));
    }
    case ROTATE: {
      const int32_t m = record.number(1, n);
      for (int32_t k = 0; k < m; k++) {
        record.qubit();
        record.number(0, 1);
      }
      mixes = record.seen();
      return record.operation(record.data(size_t(m)));
    }
    case PHASE: {
      const int32_t low = record.number(0, n < PHASE_LOW_MAX ? n : PHASE_LOW_MAX);
      const int32_t singles = record.number(0, n);
      const int32_t pairs = record.number(0, n * n);
      for (int32_t k = 0; k < singles; k++) record.number(low, n - 1);
      for (int32_t k = 0; k < pairs; k++) {
        const int32_t q = record.number(0, n - 1);
        record.number(q + 1 > low ? q + 1 : low, n - 1);
      }
      return record.operation(record.data((size_t(2) << low) + 2 * size_t(singles + pairs)));
    }
    case FLIP: {
      record.number(1, 1);
      const int32_t c = record.number(0, n);
      mixes = uint64_t(1) << record.qubit();
      record.controls(c);
      return record.operation(nullptr);
    }
    default: record.refuseHere("there is no such operation");
  }
}

}  // namespace

std::vector<PassText> readPlan(const PlanText &plan) {
  std::vector<PassText> passes;
  for (size_t at = 0; at < plan.words;) {
    Record record(plan, at);
    at = record.end();
    if (record.op() == PASS) {
      ascending(record, record.number(0, plan.qubits));
      record.operation(nullptr);
      passes.push_back({record.seen(), {}});
      continue;
    }
    uint64_t mixes;
    const Operation operation = readOperation(record, plan, mixes);
    if (passes.empty()) record.refuseHere("a plan begins with a pass");
    if (mixes & ~passes.back().mixes) record.refuseHere("it mixes qubits that its pass does not name");
    passes.back().operations.push_back(operation);
  }
  return passes;
}

}  // namespace qsv
