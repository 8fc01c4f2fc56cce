// Threads that do the same work again and again, together with the one that asks.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

namespace qsv {

class Threads {
 public:
  explicit Threads(int count) {
    for (int j = 1; j < count; j++)
      others_.emplace_back([this, j] { serve(j); });
  }
  ~Threads() {
    work_ = nullptr;
    begin();
    for (std::thread &other : others_) other.join();
  }
  int count() const { return int(others_.size()) + 1; }

  /** Calls work(context, thread) once on each thread, and returns when all have returned. */
  void run(void (*work)(void *context, int thread), void *context) {
    work_ = work;
    context_ = context;
    left_.store(int(others_.size()), std::memory_order_relaxed);
    begin();
    work(context, 0);
    for (int left; (left = left_.load(std::memory_order_acquire)) != 0;)
      if (!spinUntil([&] { return left_.load(std::memory_order_acquire) == 0; })) left_.wait(left);
  }

 private:
  /** About as long as a small pass: whoever waits for less than that is not put to sleep. */
  static constexpr int SPINS = 4000;

  template <class Condition>
  static bool spinUntil(Condition isTrue) {
    for (int k = 0; k < SPINS; k++) {
      if (isTrue()) return true;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#elif defined(__aarch64__)
      asm volatile("yield");
#endif
    }
    return false;
  }

  void begin() {
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
  }

  void serve(int thread) {
    for (unsigned seen = 0;; seen++) {
      if (!spinUntil([&] { return round_.load(std::memory_order_acquire) != seen; })) {
        while (round_.load(std::memory_order_acquire) == seen) round_.wait(seen);
      }
      if (work_ == nullptr) return;
      work_(context_, thread);
      if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) left_.notify_all();
    }
  }

  std::vector<std::thread> others_;
  std::atomic<unsigned> round_{0};
  std::atomic<int> left_{0};
  void (*work_)(void *, int) = nullptr;
  void *context_ = nullptr;
};

}  // namespace qsv
