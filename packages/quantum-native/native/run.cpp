#include "run.h"

#include "threads.h"

#include <stdlib.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <new>

namespace qsv {
namespace {

struct FreeMemory {
  void operator()(void *memory) const { free(memory); }
};
using Memory = std::unique_ptr<void, FreeMemory>;

/** Memory that a run needs beside the state; kept for the next run, which need not have it zeroed again. */
struct Workspace {
  Arena arena;
  std::vector<Memory> scratch;  // one a thread
  size_t scratchBytes = 0;

  void take(size_t bytes, int threads) {
    if (bytes <= scratchBytes && size_t(threads) <= scratch.size()) return;
    scratchBytes = bytes > scratchBytes ? bytes : scratchBytes;
    scratch.clear();
    for (int j = 0; j < threads; j++) {
      scratch.emplace_back(aligned_alloc(4096, (scratchBytes + 4095) / 4096 * 4096));
      if (!scratch.back()) throw std::bad_alloc();
    }
  }
};

/** More than usual tiles need is given back. */
constexpr size_t KEPT_BYTES_MAX = size_t(16) << 20;

/** Runs at the same time, of several threads of Node, have a workspace each; one is kept. */
class Workspaces {
 public:
  std::unique_ptr<Workspace> take() {
    const std::lock_guard<std::mutex> guard(mutex_);
    return kept_ ? std::move(kept_) : std::make_unique<Workspace>();
  }
  void giveBack(std::unique_ptr<Workspace> workspace) {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (workspace->scratchBytes * workspace->scratch.size() <= KEPT_BYTES_MAX) kept_ = std::move(workspace);
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<Workspace> kept_;
};
Workspaces workspaces;

/** What the threads of a run share: a pass at a time, from which each takes tiles until none is left. */
template <class T>
struct Round {
  const Kernels *kernels;
  T *state;
  const Pass *pass;
  std::atomic<uint64_t> nextTile;
  uint64_t tilesAtOnce;
  Workspace *workspace;
};

template <class T>
void takeTiles(void *context, int thread) {
  Round<T> &round = *static_cast<Round<T> *>(context);
  const Pass &pass = *round.pass;
  T *scratch = static_cast<T *>(round.workspace->scratch[size_t(thread)].get());
  for (;;) {
    const uint64_t first = round.nextTile.fetch_add(round.tilesAtOnce, std::memory_order_relaxed);
    if (first >= pass.tiles) return;
    const uint64_t end = first + round.tilesAtOnce < pass.tiles ? first + round.tilesAtOnce : pass.tiles;
    kernelsOf<T>(*round.kernels).run(pass, round.state, scratch, first, end);
  }
}

template <class T>
void runPasses(const std::vector<PassText> &texts, const Shape &shape, T *state, int threads, Workspace &workspace) {
  Threads team(threads);
  Round<T> round{shape.kernels, state, nullptr, {0}, 1, &workspace};
  for (const PassText &text : texts) {
    if (text.operations.empty()) continue;
    workspace.arena.reset();
    const Pass pass = prepare(text, shape, workspace.arena);
    workspace.take(pass.rows == 1 ? 64 : (size_t(2) << pass.qubits) * sizeof(T), threads);
    round.pass = &pass;
    round.nextTile.store(0, std::memory_order_relaxed);
    const uint64_t shares = uint64_t(threads) * 8;
    round.tilesAtOnce = pass.tiles > shares ? pass.tiles / shares : 1;
    team.run(takeTiles<T>, &round);
  }
}

/** Calls work(first, end) for a share of the parts on each thread. */
template <class Work>
void inShares(uint64_t parts, int threads, const Work &work) {
  struct Context {
    uint64_t parts;
    int threads;
    const Work &work;
  } context{parts, threads, work};
  Threads(threads).run(
      [](void *given, int thread) {
        const Context &all = *static_cast<Context *>(given);
        const uint64_t t = uint64_t(thread), n = uint64_t(all.threads);
        all.work(all.parts * t / n, all.parts * (t + 1) / n);
      },
      &context);
}

/** Amplitudes of an overlap that are added up before they are added to others. */
constexpr int PIECE_LOG = 12;

}  // namespace

template <class T>
void runPlan(const PlanText &plan, T *state, int threads, const Kernels &kernels) {
  const std::vector<PassText> texts = readPlan(plan);
  std::unique_ptr<Workspace> workspace = workspaces.take();
  runPasses(texts, {plan.qubits, sizeof(T) == 8, &kernels}, state, threads, *workspace);
  workspaces.giveBack(std::move(workspace));
}

template <class T>
void weightsOf(const T *state, int qubits, int chunkLog, int threads, const Kernels &kernels, double *sums) {
  inShares(uint64_t(1) << (qubits - chunkLog), threads, [&](uint64_t first, uint64_t end) {
    kernelsOf<T>(kernels).weights(state, uint64_t(2) << chunkLog, first, end, sums);
  });
}

template <class T>
void overlapOf(const T *left, const T *right, int qubits, uint64_t x, uint64_t z, int threads, const Kernels &kernels, double sum[2]) {
  const int pieceLog = qubits < PIECE_LOG ? qubits : PIECE_LOG;
  const uint64_t pieces = uint64_t(1) << (qubits - pieceLog);
  std::vector<double> sums(2 * pieces);
  inShares(pieces, threads, [&](uint64_t first, uint64_t end) {
    kernelsOf<T>(kernels).overlap(left, right, x, z, uint64_t(1) << pieceLog, first, end, sums.data());
  });
  sum[0] = sum[1] = 0;
  for (uint64_t piece = 0; piece < pieces; piece++) {
    sum[0] += sums[2 * piece];
    sum[1] += sums[2 * piece + 1];
  }
}

template void runPlan(const PlanText &, float *, int, const Kernels &);
template void runPlan(const PlanText &, double *, int, const Kernels &);
template void weightsOf(const float *, int, int, int, const Kernels &, double *);
template void weightsOf(const double *, int, int, int, const Kernels &, double *);
template void overlapOf(const float *, const float *, int, uint64_t, uint64_t, int, const Kernels &, double *);
template void overlapOf(const double *, const double *, int, uint64_t, uint64_t, int, const Kernels &, double *);

}  // namespace qsv
