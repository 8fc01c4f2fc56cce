#include "prepare.h"

#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <new>

namespace qsv {

constexpr size_t CHUNK_BYTES = size_t(1) << 20;

void *Arena::bytes(size_t size) {
  const size_t rounded = (size + 127) / 64 * 64;
  // A chunk that is too short for what is wanted is passed over.
  for (; chunk_ < chunks_.size(); chunk_++, used_ = 0)
    if (chunks_[chunk_].size - used_ >= rounded) break;
  if (chunk_ == chunks_.size()) {
    const size_t bytes = rounded > CHUNK_BYTES ? (rounded + 4095) / 4096 * 4096 : CHUNK_BYTES;
    char *memory = static_cast<char *>(aligned_alloc(4096, bytes));
    if (memory == nullptr) throw std::bad_alloc();
    chunks_.push_back({memory, bytes});
  }
  used_ += rounded;
  return chunks_[chunk_].memory + used_ - rounded;
}

void Arena::reset() { chunk_ = used_ = 0; }

Arena::~Arena() {
  for (const Chunk &chunk : chunks_) free(chunk.memory);
}

namespace {

/** Rows of a tile are at least so long: 512 bytes, eight lines of the cache in a stream. */
constexpr int ROW_BYTES_LOG = 9;

class Preparing {
 public:
  Preparing(const PassText &text, const Shape &shape, Arena &arena) : text_(text), shape_(shape), arena_(arena) {}

  Pass pass() {
    Pass pass{};
    chooseTile(pass);
    Step *steps = arena_.take<Step>(text_.operations.size());
    for (const Operation &operation : text_.operations) {
      Step &step = steps[pass.steps];
      memset(&step, 0, sizeof step);
      step.op = operation.op;
      prepareStep(operation, step);
      pass.steps++;
    }
    pass.step = steps;
    return pass;
  }

 private:
  // -- the tile

  void chooseTile(Pass &pass) {
    uint64_t tile = text_.mixes;
    const int rowLog = ROW_BYTES_LOG - (shape_.isF64 ? 4 : 3);
    for (int q = 0; q < rowLog && q < shape_.qubits; q++) tile |= uint64_t(1) << q;
    // A table of a phase is read along with the tile where the tile has all of its qubits.
    for (const Operation &operation : text_.operations)
      if (operation.op == PHASE) tile |= (uint64_t(1) << operation.operands[0]) - 1;
    qubits_ = 0;
    for (int q = 0; q < shape_.qubits; q++) {
      position_[q] = tile >> q & 1 ? qubits_++ : -1;
      if (position_[q] < 0) pass.outerQubit[pass.outerQubits++] = q;
    }
    pass.qubits = qubits_;
    pass.tiles = uint64_t(1) << (shape_.qubits - qubits_);
    int run = 0;
    while (run < qubits_ && position_[run] == run) run++;
    pass.rows = uint64_t(1) << (qubits_ - run);
    pass.rowReals = uint64_t(2) << run;
    uint64_t *offsets = arena_.take<uint64_t>(pass.rows);
    offsets[0] = 0;
    for (int q = run, done = 0; done < qubits_ - run; q++) {
      if (position_[q] < 0) continue;
      const uint64_t half = uint64_t(1) << done++;
      for (uint64_t j = 0; j < half; j++) offsets[half + j] = offsets[j] + (uint64_t(2) << q);
    }
    pass.rowOffset = offsets;
  }

  bool isOuter(int qubit) const { return position_[qubit] < 0; }
  bool isLane(int qubit) const { return position_[qubit] >= 0 && position_[qubit] < shape_.lanesLog(); }
  /** The bit of an offset within the tile in which a position's two settings differ. */
  uint64_t offsetOf(int position) const {
    return uint64_t(1) << (position < shape_.blockLog() ? position : position + 1);
  }
  uint64_t reals() const { return uint64_t(2) << qubits_; }
  size_t lanes() const { return size_t(1) << shape_.lanesLog(); }
  size_t realBytes() const { return shape_.isF64 ? 8 : 4; }

  void *numbers(size_t count) { return arena_.take<double>(shape_.isF64 ? count : (count + 1) / 2); }
  void put(void *to, size_t at, double value) const {
    if (shape_.isF64) static_cast<double *>(to)[at] = value;
    else static_cast<float *>(to)[at] = float(value);
  }

  // -- walks

  /** Over all vectors but those bits; `isComplex` where the imaginary parts are found beside the real ones. */
  Walk walkWithout(uint64_t skip, bool isComplex) const {
    Walk walk{};
    if (isComplex) skip |= uint64_t(1) << shape_.blockLog();
    walk.skip = skip;
    walk.count = reals() / lanes();
    for (uint64_t rest = skip; rest; rest &= rest - 1) walk.count /= 2;
    return walk;
  }

  struct Controls {
    uint64_t skip = 0, fixed = 0, outerMask = 0, outerValue = 0;
    uint64_t laneMask = 0, laneValue = 0;
  };

  Controls controlsOf(const int32_t *controls, int count) const {
    Controls result;
    for (int k = 0; k < count; k++) {
      const int qubit = controls[k] >> 1;
      const uint64_t value = controls[k] & 1;
      if (isOuter(qubit)) {
        result.outerMask |= uint64_t(1) << qubit;
        result.outerValue |= value << qubit;
      } else if (isLane(qubit)) {
        result.laneMask |= uint64_t(1) << position_[qubit];
        result.laneValue |= value << position_[qubit];
      } else {
        result.skip |= offsetOf(position_[qubit]);
        result.fixed |= value ? offsetOf(position_[qubit]) : 0;
      }
    }
    return result;
  }

  void walkUnder(Step &step, const Controls &controls, uint64_t skip) const {
    step.walk = walkWithout(skip | controls.skip, true);
    step.walk.fixed = controls.fixed;
    step.walk.outerMask = controls.outerMask;
    step.walk.outerValue = controls.outerValue;
  }

  // -- steps

  void prepareStep(const Operation &operation, Step &step) {
    const int32_t *operands = operation.operands;
    switch (operation.op) {
      case DENSE: return dense(step, operands[0], operands + 2, operands + 2 + operands[0], operands[1], operation.data);
      case DIAGONAL: return diagonal(step, operands, operation.data);
      case ROTATE: return rotate(step, operands, operation.data);
      case PHASE: return phase(step, operands, operation.data);
      case FLIP: return flip(step, operands);
      default: return;
    }
  }

  void dense(Step &step, int k, const int32_t *qubits, const int32_t *controlled, int c, const double *matrix) {
    const Controls controls = controlsOf(controlled, c);
    int low = 0;
    while (low < k && isLane(qubits[low])) low++;
    uint64_t skip = 0;
    step.members = 1;
    for (int j = low; j < k; j++, step.members *= 2) {
      const uint64_t distance = offsetOf(position_[qubits[j]]);
      skip |= distance;
      for (int i = 0; i < step.members; i++) step.offsets[step.members + i] = step.offsets[i] + distance;
    }
    step.masks = 1;
    for (int j = 0; j < low; j++, step.masks *= 2)
      for (int i = 0; i < step.masks; i++) step.laneMasks[step.masks + i] = step.laneMasks[i] | 1 << position_[qubits[j]];
    walkUnder(step, controls, skip);
    step.isPerLane = low > 0 || controls.laneMask != 0;
    const size_t size = size_t(1) << k;
    const size_t width = step.isPerLane ? lanes() : 1;
    void *to = numbers(2 * size * size_t(step.members) * width);
    size_t at = 0;
    for (size_t r = 0; r < size_t(step.members); r++)
      for (size_t i = 0; i < size_t(step.members); i++)
        for (size_t m = 0; m < size_t(step.masks); m++)
          for (int part = 0; part < 2; part++)
            for (size_t lane = 0; lane < width; lane++)
              put(to, at++, entryOf(matrix, size, low, r, i, m, lane, qubits, controls, part));
    step.matrix = to;
  }

  /** What the lane's amplitude of row r takes from member i's amplitude in the lane that mask m leads to. */
  double entryOf(const double *matrix, size_t size, int low, size_t r, size_t i, size_t m, size_t lane,
                 const int32_t *qubits, const Controls &controls, int part) const {
    if ((lane & controls.laneMask) != controls.laneValue) return r == i && m == 0 && part == 0 ? 1 : 0;
    size_t own = 0;
    for (int j = 0; j < low; j++) own |= (lane >> position_[qubits[j]] & 1) << j;
    const size_t row = r << low | own, column = i << low | (own ^ m);
    return matrix[2 * (row * size + column) + size_t(part)];
  }

  void diagonal(Step &step, const int32_t *operands, const double *factors) {
    const int k = operands[0];
    const int32_t *qubits = operands + 2;
    const Controls controls = controlsOf(qubits + k, operands[1]);
    // Targets ascend, but which are lanes, in the tile and outside of it may alternate.
    int lane[DIAGONAL_MAX], inner[DIAGONAL_MAX], lanesIn = 0, inners = 0, outer[DIAGONAL_MAX];
    uint64_t skip = 0;
    for (int j = 0; j < k; j++) {
      if (isOuter(qubits[j])) {
        outer[step.outerTargets] = j;
        step.outerTarget[step.outerTargets++] = uint64_t(1) << qubits[j];
      } else if (isLane(qubits[j])) {
        lane[lanesIn++] = j;
      } else {
        skip |= step.offsets[inners] = offsetOf(position_[qubits[j]]);
        inner[inners++] = j;
      }
    }
    step.members = 1 << inners;
    walkUnder(step, controls, skip);
    step.isPerLane = lanesIn > 0 || controls.laneMask != 0;
    const size_t width = step.isPerLane ? lanes() : 1;
    const size_t tables = size_t(1) << (inners + step.outerTargets);
    void *to = numbers(2 * tables * width);
    for (size_t table = 0, at = 0; table < tables; table++)
      for (int part = 0; part < 2; part++)
        for (size_t l = 0; l < width; l++) {
          size_t setting = 0;
          for (int j = 0; j < inners; j++) setting |= (table >> j & 1) << inner[j];
          for (int j = 0; j < step.outerTargets; j++) setting |= (table >> (inners + j) & 1) << outer[j];
          for (int j = 0; j < lanesIn; j++) setting |= (l >> position_[qubits[lane[j]]] & 1) << lane[j];
          const bool acts = (l & controls.laneMask) == controls.laneValue;
          put(to, at++, acts ? factors[2 * setting + size_t(part)] : part == 0 ? 1 : 0);
        }
    step.diagonal = to;
  }

  void rotate(Step &step, const int32_t *operands, const double *t) {
    const int m = operands[0];
    struct Wanted {
      uint64_t distance;
      Turn turn;
    };
    std::vector<Wanted> inVector, high;
    for (int k = 0; k < m; k++) {
      const int position = position_[operands[1 + 2 * k]];
      const int form = operands[2 + 2 * k];
      if (position < shape_.lanesLog()) inVector.push_back({0, {position, form, t[k]}});
      else high.push_back({offsetOf(position), {-1, form, t[k]}});
    }
    std::sort(high.begin(), high.end(), [](const Wanted &a, const Wanted &b) { return a.distance < b.distance; });
    const size_t most = size_t(shape_.kernels->sweepMax);
    const size_t count = std::max<size_t>(1, (high.size() + most - 1) / most);
    Sweep *sweeps = arena_.take<Sweep>(count);
    step.sweeps = int(count);
    step.sweep = sweeps;
    size_t next = 0;
    for (size_t s = 0; s < count; s++) {
      Sweep &sweep = sweeps[s];
      memset(&sweep, 0, sizeof sweep);
      if (s == 0)
        for (const Wanted &wanted : inVector) sweep.turn[sweep.turns++] = wanted.turn;
      const size_t share = (high.size() - next + (count - s) - 1) / (count - s);
      uint64_t skip = 0;
      for (size_t k = 0; k < share; k++, next++) {
        skip |= sweep.distance[sweep.high++] = high[next].distance;
        sweep.turn[sweep.turns++] = high[next].turn;
      }
      sweep.walk = walkWithout(skip, false);
    }
  }

  void flip(Step &step, const int32_t *operands) {
    const int position = position_[operands[2]];
    const Controls controls = controlsOf(operands + 3, operands[1]);
    step.lane = position < shape_.lanesLog() ? position : -1;
    step.distance = step.lane < 0 ? offsetOf(position) : 0;
    walkUnder(step, controls, step.distance);
    // Real and imaginary parts are exchanged alike.
    const uint64_t imaginary = uint64_t(1) << shape_.blockLog();
    step.walk.skip &= ~imaginary;
    step.walk.count *= 2;
    void *mask = numbers(lanes());
    for (size_t lane = 0; lane < lanes(); lane++) {
      const int64_t isFlipped = (lane & controls.laneMask) == controls.laneValue ? -1 : 0;
      if (shape_.isF64) static_cast<int64_t *>(mask)[lane] = isFlipped;
      else static_cast<int32_t *>(mask)[lane] = int32_t(isFlipped);
    }
    step.flipped = mask;
  }

  // -- PHASE

  void phase(Step &step, const int32_t *operands, const double *data) {
    const int low = operands[0], singles = operands[1], pairs = operands[2];
    const int32_t *single = operands + 3, *pair = single + singles;
    const double *table = data, *singleFactor = data + (size_t(2) << low), *pairFactor = singleFactor + 2 * singles;
    Outer *outer = arena_.take<Outer>(size_t(singles + pairs));
    Cross *cross = arena_.take<Cross>(size_t(pairs));
    double *own = arena_.take<double>(2 * size_t(qubits_));
    for (int p = 0; p < qubits_; p++) own[2 * p] = 1, own[2 * p + 1] = 0;
    for (int k = 0; k < singles; k++) {
      const double re = singleFactor[2 * k], im = singleFactor[2 * k + 1];
      if (isOuter(single[k])) outer[step.outers++] = {uint64_t(1) << single[k], re, im};
      else multiplyBy(own + 2 * position_[single[k]], re, im);
    }
    const size_t n = size_t(qubits_);
    double *inner = arena_.take<double>(2 * n * n);
    int *highest = arena_.take<int>(n);
    for (size_t k = 0; k < n * n; k++) inner[2 * k] = 1, inner[2 * k + 1] = 0;
    for (size_t p = 0; p < n; p++) highest[p] = 0;
    bool isLocal = false;
    for (int k = 0; k < pairs; k++) {
      const int q = pair[2 * k], r = pair[2 * k + 1];
      const double re = pairFactor[2 * k], im = pairFactor[2 * k + 1];
      if (isOuter(q) && isOuter(r)) outer[step.outers++] = {uint64_t(1) << q | uint64_t(1) << r, re, im};
      else if (isOuter(r)) cross[step.crosses++] = {position_[q], uint64_t(1) << r, re, im};
      else if (isOuter(q)) cross[step.crosses++] = {position_[r], uint64_t(1) << q, re, im};
      else {
        multiplyBy(inner + 2 * (size_t(position_[r]) * n + size_t(position_[q])), re, im);
        highest[position_[r]] = std::max(highest[position_[r]], position_[q] + 1);
        isLocal = true;
      }
    }
    step.outer = outer;
    step.cross = cross;
    for (size_t j = 0; j < size_t(1) << low; j++) isLocal |= table[2 * j] != 1 || table[2 * j + 1] != 0;
    if (isLocal) fillLocal(step, low, table, {0, qubits_, nullptr, own, inner, highest});
    else step.single = own;
  }

  static void multiplyBy(double *to, double re, double im) {
    const double r = to[0] * re - to[1] * im;
    to[1] = to[0] * im + to[1] * re;
    to[0] = r;
  }

  /** The table of what depends on the place in the tile: its first block here, the others by the kernels. */
  void fillLocal(Step &step, int low, const double *table, Local local) {
    local.begun = std::max(low, shape_.blockLog());
    double *first = arena_.take<double>(size_t(2) << local.begun);
    for (size_t j = 0; j < size_t(2) << low; j++) first[j] = table[j];
    for (int p = low; p < local.begun; p++)
      for (size_t j = 0, half = size_t(1) << p; j < half; j++) {
        double *to = first + 2 * (half + j);
        to[0] = first[2 * j];
        to[1] = first[2 * j + 1];
        multiplyBy(to, local.own[2 * p], local.own[2 * p + 1]);
        for (int q = 0; q < p; q++) {
          const double *factor = local.pairs + 2 * (size_t(p) * size_t(qubits_) + size_t(q));
          if (j >> q & 1) multiplyBy(to, factor[0], factor[1]);
        }
      }
    local.first = first;
    const size_t size = size_t(2) << qubits_;
    void *to = numbers(size);
    uint8_t *isOne = arena_.take<uint8_t>(std::max(size >> (RUN_LOG + 1), size_t(1)));
    if (room_ == nullptr) room_ = numbers(size);
    if (shape_.isF64) shape_.kernels->f64.fill(local, static_cast<double *>(to), isOne, static_cast<double *>(room_));
    else shape_.kernels->f32.fill(local, static_cast<float *>(to), isOne, static_cast<float *>(room_));
    step.local = to;
    step.isLocalOne = isOne;
  }

  const PassText &text_;
  const Shape &shape_;
  Arena &arena_;
  int qubits_ = 0;
  void *room_ = nullptr;  // for half a table of a phase
  int position_[QUBITS_MAX];
};

}  // namespace

Pass prepare(const PassText &text, const Shape &shape, Arena &arena) { return Preparing(text, shape, arena).pass(); }

}  // namespace qsv
