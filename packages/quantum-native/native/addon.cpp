// The face of the addon to Node; src/executor.ts says what each function does.
#include "run.h"

#include <node_api.h>
#include <sys/mman.h>

#include <string>

namespace qsv {
#if defined(__x86_64__)
extern const Kernels avx512, avx2, sse2;
static const Kernels *const ALL[] = {&avx512, &avx2, &sse2};
#else
extern const Kernels neon;
static const Kernels *const ALL[] = {&neon};
#endif
}  // namespace qsv

namespace {

using namespace qsv;

constexpr int THREADS_MAX = 256;
constexpr int QUBITS_MIN = 6;
constexpr size_t LARGE_PAGE = size_t(2) << 20;

/** Rounded up to 64 KiB, the largest ordinary page of the systems that this is built for. */
constexpr size_t wholePages(size_t bytes) {
  return (bytes + 65535) & ~size_t(65535);
}

struct State {
  void *numbers;
  int qubits;
  bool isF64;
};

napi_value raise(napi_env env, const char *message) {
  napi_throw_range_error(env, nullptr, message);
  return nullptr;
}

/** What is wrong with what was given; becomes a RangeError. */
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/** The best that this processor has, or the one of that name; nullptr where there is none. */
const Kernels *kernelsNamed(const std::string &name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
#endif
  for (const Kernels *one : ALL)
    if (one->isSupported() && (name.empty() || name == one->name)) return one;
  return nullptr;
}

/** The arguments of a call, read one after the other. */
class Given {
 public:
  Given(napi_env env, napi_callback_info info) : env_(env) {
    napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr);
  }

  int64_t integer(int64_t least, int64_t most, const char *what) {
    int64_t value;
    if (napi_get_value_int64(env_, next(), &value) != napi_ok || value < least || value > most) throw Refused(what);
    return value;
  }

  State state() {
    State state{};
    napi_typedarray_type type;
    size_t length;
    array(type, length, state.numbers);
    if (type != napi_float32_array && type != napi_float64_array) throw Refused("a state is a Float32Array or a Float64Array");
    state.isF64 = type == napi_float64_array;
    state.qubits = QUBITS_MIN;
    while (state.qubits < QUBITS_MAX && length != size_t(2) << state.qubits) state.qubits++;
    if (length != size_t(2) << state.qubits) throw Refused("a state has 2^(n + 1) numbers for n qubits, 6 to 34 of them");
    if (reinterpret_cast<uintptr_t>(state.numbers) % 64 != 0) throw Refused("the state does not begin at a multiple of 64 bytes");
    return state;
  }

  template <class T>
  T *numbers(napi_typedarray_type wanted, size_t &length, const char *what) {
    napi_typedarray_type type;
    void *data;
    array(type, length, data);
    if (type != wanted) throw Refused(what);
    return static_cast<T *>(data);
  }

  int threads() { return int(integer(1, THREADS_MAX, "1 to 256 threads")); }

  const Kernels &kernels() {
    char name[16] = "";
    napi_get_value_string_utf8(env_, next(), name, sizeof name, nullptr);
    const Kernels *found = kernelsNamed(name);
    if (found == nullptr) throw Refused("this processor has no such kernels");
    return *found;
  }

 private:
  napi_value next() {
    if (at_ >= count_) throw Refused("an argument is missing");
    return values_[at_++];
  }
  void array(napi_typedarray_type &type, size_t &length, void *&data) {
    const napi_value value = next();
    bool is = false;
    if (napi_is_typedarray(env_, value, &is) != napi_ok || !is ||
        napi_get_typedarray_info(env_, value, &type, &length, &data, nullptr, nullptr) != napi_ok)
      throw Refused("a typed array is missing");
  }

  napi_env env_;
  size_t count_ = 8, at_ = 0;
  napi_value values_[8];
};

/** Calls what may throw, and throws it on to JavaScript. */
template <void (*CALL)(Given &)>
napi_value guarded(napi_env env, napi_callback_info info) {
  try {
    Given given(env, info);
    CALL(given);
  } catch (const std::exception &error) {
    return raise(env, error.what());
  }
  return nullptr;
}

/** run(state, qubits, code, data, threads, kernels) */
void run(Given &given) {
  const State state = given.state();
  PlanText plan{};
  plan.qubits = int(given.integer(QUBITS_MIN, QUBITS_MAX, "a plan is for 6 to 34 qubits"));
  if (plan.qubits != state.qubits) throw Refused("the plan is for another number of qubits than the state has");
  plan.code = given.numbers<int32_t>(napi_int32_array, plan.words, "the code is an Int32Array");
  plan.data = given.numbers<double>(napi_float64_array, plan.numbers, "the data are a Float64Array");
  const int threads = given.threads();
  const Kernels &kernels = given.kernels();
  if (state.isF64) runPlan(plan, static_cast<double *>(state.numbers), threads, kernels);
  else runPlan(plan, static_cast<float *>(state.numbers), threads, kernels);
}

/** weights(state, chunk, sums, threads, kernels) */
void weights(Given &given) {
  const State state = given.state();
  const int chunk = int(given.integer(QUBITS_MIN, state.qubits, "a chunk has at least 6 qubits, and at most all"));
  size_t length;
  double *sums = given.numbers<double>(napi_float64_array, length, "the sums are a Float64Array");
  if (length != size_t(1) << (state.qubits - chunk)) throw Refused("there is one sum a chunk");
  const int threads = given.threads();
  const Kernels &kernels = given.kernels();
  if (state.isF64) weightsOf(static_cast<double *>(state.numbers), state.qubits, chunk, threads, kernels, sums);
  else weightsOf(static_cast<float *>(state.numbers), state.qubits, chunk, threads, kernels, sums);
}

/** overlap(left, right, x, z, sum, threads, kernels) */
void overlap(Given &given) {
  const State left = given.state(), right = given.state();
  if (left.qubits != right.qubits || left.isF64 != right.isF64) throw Refused("the two states are of different kinds");
  const int64_t all = (int64_t(1) << left.qubits) - 1;
  const uint64_t x = uint64_t(given.integer(0, all, "x has a bit for each qubit"));
  const uint64_t z = uint64_t(given.integer(0, all, "z has a bit for each qubit"));
  size_t length;
  double *sum = given.numbers<double>(napi_float64_array, length, "the sum is a Float64Array");
  if (length != 2) throw Refused("the sum is two numbers");
  const int threads = given.threads();
  const Kernels &kernels = given.kernels();
  if (left.isF64) overlapOf(static_cast<double *>(left.numbers), static_cast<double *>(right.numbers), left.qubits, x, z, threads, kernels, sum);
  else overlapOf(static_cast<float *>(left.numbers), static_cast<float *>(right.numbers), left.qubits, x, z, threads, kernels, sum);
}

/** release(state): its pages go at once; its addresses when Node has seen that nothing refers to them. */
void release(Given &given) {
  const State state = given.state();
  const size_t bytes = (size_t(2) << state.qubits) * (state.isF64 ? 8 : 4);
  // Only whole pages are, and those of `allocate` begin with one.
  if (reinterpret_cast<uintptr_t>(state.numbers) % LARGE_PAGE == 0) madvise(state.numbers, bytes, MADV_DONTNEED);
}

/** Names of the kernels that this processor can run, the fastest first. */
napi_value kernels(napi_env env, napi_callback_info) {
  napi_value names;
  napi_create_array(env, &names);
  uint32_t at = 0;
  for (const Kernels *one : ALL) {
    if (kernelsNamed(one->name) == nullptr) continue;
    napi_value name;
    napi_create_string_utf8(env, one->name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, at++, name);
  }
  return names;
}

/**
 * Memory for a state, zeroed, in large pages where the system has them: fewer misses of the translation
 * buffer where the rows of a tile lie far apart. Pages are taken when they are first written to.
 */
napi_value allocate(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value given[1], buffer;
  int64_t bytes;
  if (napi_get_cb_info(env, info, &count, given, nullptr, nullptr) != napi_ok || count < 1 ||
      napi_get_value_int64(env, given[0], &bytes) != napi_ok || bytes < 64 || bytes > int64_t(1) << 42)
    return raise(env, "allocate(bytes)");
  // What is taken and what is given back are the same whole pages; a part of one more would be a neighbour's.
  const size_t size = wholePages(size_t(bytes)), taken = size + LARGE_PAGE;
  char *memory = static_cast<char *>(mmap(nullptr, taken, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (memory == MAP_FAILED) return raise(env, "there is not so much memory");
  char *aligned = reinterpret_cast<char *>((reinterpret_cast<uintptr_t>(memory) + LARGE_PAGE - 1) & ~uintptr_t(LARGE_PAGE - 1));
  char *end = aligned + size;
  if (aligned > memory) munmap(memory, size_t(aligned - memory));
  if (end < memory + taken) munmap(end, size_t(memory + taken - end));
#if defined(MADV_HUGEPAGE)
  // Advice: where the system does not take it, nothing is lost.
  if (size >= LARGE_PAGE) madvise(aligned, size, MADV_HUGEPAGE);
#endif
  const auto release = [](napi_env, void *data, void *hint) { munmap(data, reinterpret_cast<uintptr_t>(hint)); };
  if (napi_create_external_arraybuffer(env, aligned, size_t(bytes), release, reinterpret_cast<void *>(size), &buffer) != napi_ok) {
    release(env, aligned, reinterpret_cast<void *>(size));
    return raise(env, "this runtime takes no memory from outside");
  }
  return buffer;
}

}  // namespace

NAPI_MODULE_INIT() {
  const struct {
    const char *name;
    napi_callback call;
  } functions[] = {{"run", guarded<run>}, {"weights", guarded<weights>}, {"overlap", guarded<overlap>}, {"release", guarded<release>}, {"kernels", kernels}, {"allocate", allocate}};
  for (const auto &[name, call] : functions) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function);
    napi_set_named_property(env, exports, name, function);
  }
  return exports;
}
