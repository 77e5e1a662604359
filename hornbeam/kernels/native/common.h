// What the native kernels share: threads, rounding, and code for the processor that runs it.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

#define INLINE inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define UNROLL _Pragma("GCC unroll 16")

// Around functions for one instruction set; see instruction_sets.inc.
#if defined(__clang__)
#define BEGIN_TARGET(FEATURES) \
  _Pragma(STRING(clang attribute push(__attribute__((target(FEATURES))), apply_to = function)))
#define END_TARGET _Pragma("clang attribute pop")
#else
#define BEGIN_TARGET(FEATURES) _Pragma("GCC push_options") _Pragma(STRING(GCC target(FEATURES)))
#define END_TARGET _Pragma("GCC pop_options")
#endif
#define STRING(...) #__VA_ARGS__

namespace {

using Array = ffi::Buffer<ffi::F32>;
using Result = ffi::ResultBuffer<ffi::F32>;

// Runs work(0) to work(count - 1) on the pool's threads and on this one; returns when all is done.
// This thread never waits for work that has not begun, so a full pool cannot stop it.
void Parallel(ffi::ThreadPool& pool, int64_t count, const std::function<void(int64_t)>& work) {
  struct State {
    std::function<void(int64_t)> work;
    std::atomic<int64_t> next{0}, done{0};
    int64_t count;
    std::mutex mutex;
    std::condition_variable finished;

    void Run() {
      int64_t mine = 0;
      for (int64_t i; (i = next.fetch_add(1)) < count; ++mine) work(i);
      if (mine && done.fetch_add(mine) + mine == count) {
        std::lock_guard<std::mutex> lock(mutex);
        finished.notify_all();
      }
    }
  };
  auto state = std::make_shared<State>();
  state->work = work;
  state->count = count;
  const int64_t helpers = std::min(pool.num_threads(), count) - 1;
  for (int64_t i = 0; i < helpers; ++i) pool.Schedule([state] { state->Run(); });
  state->Run();
  std::unique_lock<std::mutex> lock(state->mutex);
  state->finished.wait(lock, [&] { return state->done.load() == count; });
}

int64_t RoundUp(int64_t number, int64_t multiple) {
  return (number + multiple - 1) / multiple * multiple;
}

ffi::Error Wrong() {
  return ffi::Error(ffi::ErrorCode::kInvalidArgument, "hornbeam: shapes that do not fit");
}

}  // namespace
