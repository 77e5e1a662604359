// Recurrent cells over whole sequences of float32, forwards and back, for XLA's CPU client.
//
// Samples do not depend on each other: each task takes some of them through all steps, with the
// recurrent kernel in panels that its caches keep, and waits for nobody in between. The sums of a
// tile of T samples x V vectors stay in registers; those of all gates of some units stand beside
// each other, so that the activations follow at once. Arrays are (batch, steps, ...), as layers
// have them. What the gates are called and what is saved is said in hornbeam/kernels/recurrent.py.

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "common.h"

namespace {

enum Cell { SIMPLE, LSTM, GRU, GRU_AFTER, CELLS };
constexpr int GATES[CELLS] = {1, 4, 3, 3};
constexpr int SAVED[CELLS] = {0, 4, 3, 4};  // parts of `saved`, each of as many numbers as units

enum Activation { HARD_SIGMOID, LINEAR, RELU, SIGMOID, TANH, ACTIVATIONS };

// Both passes of a cell. Arrays that the cell or the pass does not have are null.
struct Sequence {
  Cell cell;
  int activation, gate;
  int64_t batch, steps, units;
  int64_t width;  // of a row of scratch: units, padded to whole vectors

  const float* panels[2];  // of the recurrent kernel
  const bool* mask;        // (batch, steps)
  const float* first[2];   // (batch, units): output and carry before the first step

  // forwards
  const float* inputs;  // (batch, steps, gates * units)
  const float* bias;    // (gates * units)
  float* passed[2];     // (batch, steps, units): output and carry
  float* saved;         // (batch, steps, parts * units)

  // back
  const float* d_outputs;  // (batch, steps, units)
  const float* d_last[2];  // (batch, units)
  float* d_inputs;         // (batch, steps, gates * units)
  float* d_recurrent;      // likewise, by the product with the kernel where that is not the same
  float* d_first[2];       // (batch, units)

  INLINE bool Counts(int64_t place) const { return !mask || mask[place]; }
};

struct Loops {
  int64_t lanes, wide;
  void (*forwards)(const Sequence&, int64_t begin, int64_t end);
  void (*back)(const Sequence&, int64_t begin, int64_t end);
};

#define LOOPS "recurrent_loops.inc"
#include "instruction_sets.inc"

using Floats = std::unique_ptr<float[]>;

constexpr int64_t WORTH_A_THREAD = 1 << 20;  // products, some 20 microseconds: to wake it takes 10
constexpr int64_t MOST_SAMPLES = 48;         // at once, so that their states stay in a cache

// Runs work(0) to work(count - 1), which are `products` in all or take as long.
void Spread(ffi::ThreadPool& pool, int64_t products, int64_t count,
            const std::function<void(int64_t)>& work) {
  if (products >= 2 * WORTH_A_THREAD) return Parallel(pool, count, work);
  for (int64_t i = 0; i < count; ++i) work(i);
}

// The columns `first`, `first + apart`, ... (`parts` of them) of a kernel (units, columns) beside
// each other, in panels of one vector of units for each part: (blocks, units, parts, lanes).
Floats ByGates(ffi::ThreadPool& pool, const float* kernel, int64_t units, int64_t columns,
               int64_t first, int64_t parts, int64_t lanes) {
  const int64_t blocks = (units + lanes - 1) / lanes;
  Floats panels(new float[blocks * units * parts * lanes]);
  Spread(pool, 4 * units * parts * units, blocks, [&](int64_t block) {
    const int64_t count = std::min(lanes, units - block * lanes);
    float* to = panels.get() + block * units * parts * lanes;
    for (int64_t row = 0; row < units; ++row)
      for (int64_t part = 0; part < parts; ++part, to += lanes) {
        const float* from = kernel + row * columns + first + part * units + block * lanes;
        std::copy(from, from + count, to);
        std::fill(to + count, to + lanes, 0.0f);
      }
  });
  return panels;
}

// The columns `first` to `last` of a kernel (units, columns), turned: for products with gradients.
// Panels of `wide` vectors of units, then of 2, then of 1: (last - first, vectors, lanes) each.
Floats Turned(ffi::ThreadPool& pool, const float* kernel, int64_t units, int64_t columns,
              int64_t first, int64_t last, const Loops& loops) {
  const int64_t lanes = loops.lanes, depth = last - first;
  const int64_t vectors = (units + lanes - 1) / lanes;
  Floats panels(new float[vectors * lanes * depth]);
  Spread(pool, 8 * units * depth, vectors, [&](int64_t vector) {
    int64_t begin = vector / loops.wide * loops.wide, panel = loops.wide;
    while (panel > vectors - begin || vector >= begin + panel) {
      if (panel > vectors - begin) {
        panel /= 2;
      } else {
        begin += panel;
      }
    }
    const int64_t count = std::min(lanes, units - vector * lanes);
    float* to = panels.get() + (begin * depth + vector - begin) * lanes;
    constexpr int64_t kBlock = 16;
    for (int64_t block = 0; block < depth; block += kBlock) {
      const int64_t end = std::min(block + kBlock, depth);
      for (int64_t lane = 0; lane < lanes; ++lane) {
        const float* from = kernel + (vector * lanes + lane) * columns + first;
        for (int64_t row = block; row < end; ++row)
          to[row * panel * lanes + lane] = lane < count ? from[row] : 0.0f;
      }
    }
  });
  return panels;
}

using Mask = ffi::Buffer<ffi::PRED>;
using Numbers = ffi::Span<const int64_t>;
using Shape = ffi::Span<const int64_t>;

bool Is(Shape shape, std::initializer_list<int64_t> wanted) {
  return shape.size() == wanted.size() && std::equal(wanted.begin(), wanted.end(), shape.begin());
}

// What is the same for both passes. Arrays that are not there have no elements.
bool Read(Sequence& s, Numbers settings, Shape inputs, Array& output, Array& carry, Array& kernel,
          Mask& mask, const Loops& loops) {
  if (settings.size() != 3 || inputs.size() != 3 || kernel.dimensions().size() != 2) return false;
  if (settings[0] < 0 || settings[0] >= CELLS) return false;
  for (int i = 1; i < 3; ++i)
    if (settings[i] < 0 || settings[i] >= ACTIVATIONS) return false;
  s = {};
  s.cell = static_cast<Cell>(settings[0]);
  s.activation = settings[1], s.gate = settings[2];
  s.batch = inputs[0], s.steps = inputs[1], s.units = kernel.dimensions()[0];
  s.width = RoundUp(s.units, loops.lanes);
  if (kernel.dimensions()[1] != GATES[s.cell] * s.units || inputs[2] != GATES[s.cell] * s.units)
    return false;
  if (!Is(output.dimensions(), {s.batch, s.units})) return false;
  s.first[0] = output.typed_data();
  if (s.cell == LSTM) {
    if (!Is(carry.dimensions(), {s.batch, s.units})) return false;
    s.first[1] = carry.typed_data();
  }
  if (mask.element_count()) {
    if (!Is(mask.dimensions(), {s.batch, s.steps})) return false;
    s.mask = mask.typed_data();
  }
  return true;
}

// As many tasks as threads, since each reads the whole kernel at every step; more for many samples.
void Share(ffi::ThreadPool& pool, const Sequence& s,
           void (*run)(const Sequence&, int64_t begin, int64_t end)) {
  const int64_t products = s.batch * s.steps * s.units * s.units * GATES[s.cell];
  const int64_t threads = products < 2 * WORTH_A_THREAD ? 1 : pool.num_threads();
  const int64_t fewest = (s.batch + MOST_SAMPLES - 1) / MOST_SAMPLES;
  const int64_t tasks = std::min(s.batch, std::max(threads, fewest));
  Spread(pool, products, tasks, [&](int64_t i) {
    run(s, s.batch * i / tasks, s.batch * (i + 1) / tasks);
  });
}

ffi::Error Forwards(ffi::ThreadPool pool, Array inputs, Array output, Array carry, Array kernel,
                    Array bias, Mask mask, Numbers settings, Result outputs, Result carries,
                    Result saved) {
  const Loops& loops = ChosenLoops();
  Sequence s;
  if (!Read(s, settings, inputs.dimensions(), output, carry, kernel, mask, loops)) return Wrong();
  if (!Is(outputs->dimensions(), {s.batch, s.steps, s.units})) return Wrong();
  s.inputs = inputs.typed_data(), s.passed[0] = outputs->typed_data();
  if (s.cell == LSTM) {
    if (!Is(carries->dimensions(), {s.batch, s.steps, s.units})) return Wrong();
    s.passed[1] = carries->typed_data();
  }
  const int64_t columns = GATES[s.cell] * s.units;
  if (bias.element_count()) {
    if (s.cell != GRU_AFTER || !Is(bias.dimensions(), {columns})) return Wrong();
    s.bias = bias.typed_data();
  }
  if (saved->element_count()) {
    if (!Is(saved->dimensions(), {s.batch, s.steps, SAVED[s.cell] * s.units})) return Wrong();
    s.saved = saved->typed_data();
  }
  const float* weights = kernel.typed_data();
  const int64_t together = s.cell == GRU ? 2 : GATES[s.cell];
  const Floats panels = ByGates(pool, weights, s.units, columns, 0, together, loops.lanes);
  s.panels[0] = panels.get();
  Floats candidate;
  if (s.cell == GRU) {
    candidate = ByGates(pool, weights, s.units, columns, 2 * s.units, 1, loops.lanes);
    s.panels[1] = candidate.get();
  }
  Share(pool, s, loops.forwards);
  return ffi::Error::Success();
}

ffi::Error Back(ffi::ThreadPool pool, Array d_outputs, Array d_output, Array d_carry, Array output,
                Array carry, Array outputs, Array carries, Array saved, Array kernel, Mask mask,
                Numbers settings, Result d_inputs, Result d_first, Result d_first_carry,
                Result d_recurrent) {
  const Loops& loops = ChosenLoops();
  Sequence s;
  if (!Read(s, settings, d_inputs->dimensions(), output, carry, kernel, mask, loops))
    return Wrong();
  if (!Is(d_outputs.dimensions(), {s.batch, s.steps, s.units})) return Wrong();
  if (!Is(outputs.dimensions(), {s.batch, s.steps, s.units})) return Wrong();
  if (!Is(d_output.dimensions(), {s.batch, s.units})) return Wrong();
  if (!Is(d_first->dimensions(), {s.batch, s.units})) return Wrong();
  s.d_outputs = d_outputs.typed_data(), s.d_last[0] = d_output.typed_data();
  s.passed[0] = outputs.typed_data();
  s.d_inputs = d_inputs->typed_data(), s.d_first[0] = d_first->typed_data();
  if (s.cell == LSTM) {
    if (!Is(carries.dimensions(), {s.batch, s.steps, s.units})) return Wrong();
    if (!Is(d_carry.dimensions(), {s.batch, s.units})) return Wrong();
    if (!Is(d_first_carry->dimensions(), {s.batch, s.units})) return Wrong();
    s.passed[1] = carries.typed_data(), s.d_last[1] = d_carry.typed_data();
    s.d_first[1] = d_first_carry->typed_data();
  }
  if (s.cell != SIMPLE) {
    if (!Is(saved.dimensions(), {s.batch, s.steps, SAVED[s.cell] * s.units})) return Wrong();
    s.saved = saved.typed_data();
  }
  const int64_t columns = GATES[s.cell] * s.units;
  if (s.cell == GRU_AFTER) {
    if (!Is(d_recurrent->dimensions(), {s.batch, s.steps, columns})) return Wrong();
    s.d_recurrent = d_recurrent->typed_data();
  }
  const float* weights = kernel.typed_data();
  const int64_t together = s.cell == GRU ? 2 * s.units : columns;
  const Floats panels = Turned(pool, weights, s.units, columns, 0, together, loops);
  s.panels[0] = panels.get();
  Floats candidate;
  if (s.cell == GRU) {
    candidate = Turned(pool, weights, s.units, columns, together, columns, loops);
    s.panels[1] = candidate.get();
  }
  Share(pool, s, loops.back);
  return ffi::Error::Success();
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(
    HornbeamRecurrentForwards, Forwards,
    ffi::Ffi::Bind().Ctx<ffi::ThreadPool>().Arg<Array>().Arg<Array>().Arg<Array>().Arg<Array>()
        .Arg<Array>().Arg<Mask>().Attr<Numbers>("settings").Ret<Array>().Ret<Array>()
        .Ret<Array>());
XLA_FFI_DEFINE_HANDLER_SYMBOL(
    HornbeamRecurrentBack, Back,
    ffi::Ffi::Bind().Ctx<ffi::ThreadPool>().Arg<Array>().Arg<Array>().Arg<Array>().Arg<Array>()
        .Arg<Array>().Arg<Array>().Arg<Array>().Arg<Array>().Arg<Array>().Arg<Mask>()
        .Attr<Numbers>("settings").Ret<Array>().Ret<Array>().Ret<Array>().Ret<Array>());
