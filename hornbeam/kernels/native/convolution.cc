// Convolutions of float32 arrays with channels last, and their gradients, for XLA's CPU client.
//
// Called through XLA's foreign function interface (docs.jax.dev/en/latest/ffi.html). Every sum
// stays in registers: a tile of T positions x V vectors of filters takes one channel of one place
// of the window after the other, as in Georganas et al., "Anatomy of High-Performance Deep
// Learning Convolutions on SIMD Architectures" (2018). Results do not depend on how many threads
// there are.

#include "common.h"

namespace {

constexpr int64_t CACHED_WEIGHTS = 40 * 1024;  // floats that stay in the second-level cache
constexpr int64_t CACHED_ROWS = 64 * 1024;
constexpr int64_t MOST_ROWS = 256;  // of a window

INLINE int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0); }
INLINE int64_t FloorMod(int64_t a, int64_t b) { return a % b + (a % b < 0 ? b : 0); }

// Where the values come from: (position * multiplier + tap * step + offset) / divisor.
struct Axis {
  int64_t in, out, taps, multiplier, step, offset, divisor;

  // The source of a position at a place of the window; -1 if there is none.
  INLINE int64_t Source(int64_t position, int64_t tap) const {
    const int64_t at = position * multiplier + tap * step + offset;
    if (divisor > 1 && FloorMod(at, divisor)) return -1;
    const int64_t source = divisor > 1 ? FloorDiv(at, divisor) : at;
    return source >= 0 && source < in ? source : -1;
  }
};

// out[position] = sum over the window of in[source] @ kernel[tap]
struct Gather {
  Axis axes[3];
  int64_t channels, filters, padded_filters, rows;
  const float* in;
  const float* kernel;  // (taps, channels, padded_filters)
  const float* zeros;   // as many as channels
  float* out;
};

// A row of positions, and the rows and taps that it is made of.
struct Row {
  float* out;
  int64_t count = 0;
  const float* in[MOST_ROWS];
  int64_t taps[MOST_ROWS];

  Row(const Gather& g, int64_t index) {
    const Axis &depth = g.axes[0], &height = g.axes[1], &width = g.axes[2];
    out = g.out + index * width.out * g.filters;
    const int64_t y = index % height.out, z = index / height.out % depth.out;
    const int64_t image = index / height.out / depth.out;
    for (int64_t i = 0; i < depth.taps; ++i) {
      const int64_t from_z = depth.Source(z, i);
      if (from_z < 0) continue;
      for (int64_t j = 0; j < height.taps; ++j) {
        const int64_t from_y = height.Source(y, j);
        if (from_y < 0) continue;
        const int64_t row = (image * depth.in + from_z) * height.in + from_y;
        in[count] = g.in + row * width.in * g.channels;
        taps[count++] = i * height.taps + j;
      }
    }
  }
};

// kernel[tap] = sum over positions of in[source]^T @ gradient[position]
struct Scatter {
  Axis axes[3];
  int64_t channels, padded_filters, rows, rows_at_once;
  const float* in;
  const float* gradient;  // (rows, positions, padded_filters)

  INLINE const float* SourceRow(int64_t index, const int64_t (&tap)[3]) const {
    const Axis &depth = axes[0], &height = axes[1];
    const int64_t y = height.Source(index % height.out, tap[1]);
    const int64_t z = depth.Source(index / height.out % depth.out, tap[0]);
    if (y < 0 || z < 0) return nullptr;
    const int64_t image = index / height.out / depth.out;
    return in + ((image * depth.in + z) * height.in + y) * axes[2].in * channels;
  }
};

struct Loops {
  int64_t lanes, filters_at_once;
  void (*gather)(const Gather&, int64_t begin, int64_t end, int64_t f0, int64_t f1);
  void (*kernel)(const Scatter&, float* sums, int64_t begin, int64_t end, int64_t first,
                 int64_t last);
};

#define LOOPS "convolution_loops.inc"
#include "instruction_sets.inc"

// Rows of filters, each padded with zeros to whole vectors.
std::unique_ptr<float[]> Padded(ffi::ThreadPool& pool, const float* from, int64_t rows,
                                int64_t filters, int64_t width) {
  std::unique_ptr<float[]> padded(new float[rows * width]);
  const int64_t at_once = std::max<int64_t>(1, 16384 / width);
  Parallel(pool, (rows + at_once - 1) / at_once, [&](int64_t i) {
    for (int64_t row = i * at_once; row < std::min(rows, (i + 1) * at_once); ++row) {
      float* to = padded.get() + row * width;
      std::memcpy(to, from + row * filters, sizeof(float) * filters);
      std::fill(to + filters, to + width, 0.0f);
    }
  });
  return padded;
}

// (taps, channels, filters) to (taps, filters, width), where width is that of the channels, padded.
std::unique_ptr<float[]> Exchanged(ffi::ThreadPool& pool, const float* kernel, int64_t taps,
                                   int64_t channels, int64_t filters, int64_t width) {
  constexpr int64_t kBlock = 16;
  const int64_t blocks = (filters + kBlock - 1) / kBlock;
  std::unique_ptr<float[]> exchanged(new float[taps * filters * width]);
  Parallel(pool, taps * blocks, [&](int64_t i) {
    const int64_t tap = i / blocks, first = i % blocks * kBlock;
    const int64_t last = std::min(first + kBlock, filters);
    const float* from = kernel + tap * channels * filters;
    float* to = exchanged.get() + tap * filters * width;
    for (int64_t f = first; f < last; ++f)
      std::fill(to + f * width + channels, to + (f + 1) * width, 0.0f);
    for (int64_t c0 = 0; c0 < channels; c0 += kBlock)
      for (int64_t f = first; f < last; ++f)
        for (int64_t c = c0; c < std::min(c0 + kBlock, channels); ++c)
          to[f * width + c] = from[c * filters + f];
  });
  return exchanged;
}

using Numbers = ffi::Span<const int64_t>;

// strides, dilation and padding before the first element, each for three axes
bool Read(Numbers geometry, ffi::Span<const int64_t> image, ffi::Span<const int64_t> window,
          ffi::Span<const int64_t> positions, Axis (&axes)[3]) {
  if (geometry.size() != 9 || image.size() != 5 || window.size() != 5 || positions.size() != 5)
    return false;
  if (image[4] != window[3] || positions[4] != window[4] || image[0] != positions[0]) return false;
  if (window[0] * window[1] > MOST_ROWS) return false;
  for (int i = 0; i < 3; ++i) {
    if (geometry[i] < 1 || geometry[3 + i] < 1) return false;
    axes[i] = {image[i + 1], positions[i + 1], window[i], geometry[i], geometry[3 + i],
               -geometry[6 + i], 1};
  }
  return true;
}

void RunGather(ffi::ThreadPool& pool, Gather& g, const Loops& loops) {
  std::vector<float> zeros(g.channels);
  g.zeros = zeros.data();
  const int64_t taps = g.axes[0].taps * g.axes[1].taps * g.axes[2].taps;
  const int64_t row_size = g.axes[2].out * g.filters + g.axes[2].in * g.channels;
  // Each task reads the kernel of its filters once: where that is the larger part, tasks take
  // some filters of many rows, else all filters of some rows.
  const bool by_filters = taps * g.channels * g.padded_filters > g.rows * row_size;
  const int64_t filters = by_filters ? loops.filters_at_once : RoundUp(g.filters, loops.lanes);
  const int64_t groups = (g.filters + filters - 1) / filters;
  const int64_t tasks = 4 * pool.num_threads();
  const int64_t fair = (g.rows * groups + tasks - 1) / tasks;
  const int64_t most = by_filters ? g.rows : CACHED_ROWS / row_size;
  const int64_t rows = std::clamp<int64_t>(most, 1, std::max<int64_t>(1, fair));
  Parallel(pool, (g.rows + rows - 1) / rows * groups, [&](int64_t i) {
    const int64_t begin = i / groups * rows, f0 = i % groups * filters;
    loops.gather(g, begin, std::min(g.rows, begin + rows), f0, std::min(g.filters, f0 + filters));
  });
}

ffi::Error Convolve(ffi::ThreadPool pool, Array x, Array kernel, Numbers geometry, Result y) {
  Gather g;
  if (!Read(geometry, x.dimensions(), kernel.dimensions(), y->dimensions(), g.axes)) return Wrong();
  const auto window = kernel.dimensions();
  const Loops& loops = ChosenLoops();
  g.channels = window[3], g.filters = window[4];
  g.padded_filters = RoundUp(g.filters, loops.lanes);
  g.rows = y->dimensions()[0] * y->dimensions()[1] * y->dimensions()[2];
  g.in = x.typed_data(), g.out = y->typed_data(), g.kernel = kernel.typed_data();
  std::unique_ptr<float[]> padded;
  if (g.padded_filters != g.filters) {
    padded = Padded(pool, g.kernel, window[0] * window[1] * window[2] * g.channels, g.filters,
                    g.padded_filters);
    g.kernel = padded.get();
  }
  RunGather(pool, g, loops);
  return ffi::Error::Success();
}

ffi::Error InputGradient(ffi::ThreadPool pool, Array gradient, Array kernel, Numbers geometry,
                         Result dx) {
  Gather g;
  if (!Read(geometry, dx->dimensions(), kernel.dimensions(), gradient.dimensions(), g.axes))
    return Wrong();
  for (Axis& axis : g.axes)
    axis = {axis.out, axis.in, axis.taps, 1, -axis.step, -axis.offset, axis.multiplier};
  const auto window = kernel.dimensions();
  const Loops& loops = ChosenLoops();
  g.channels = window[4], g.filters = window[3];
  g.padded_filters = RoundUp(g.filters, loops.lanes);
  g.rows = dx->dimensions()[0] * dx->dimensions()[1] * dx->dimensions()[2];
  const std::unique_ptr<float[]> exchanged =
      Exchanged(pool, kernel.typed_data(), window[0] * window[1] * window[2], window[3], window[4],
                g.padded_filters);
  g.in = gradient.typed_data(), g.out = dx->typed_data(), g.kernel = exchanged.get();
  RunGather(pool, g, loops);
  return ffi::Error::Success();
}

ffi::Error KernelGradient(ffi::ThreadPool pool, Array x, Array gradient, Numbers geometry,
                          Result dw) {
  Scatter s;
  if (!Read(geometry, x.dimensions(), dw->dimensions(), gradient.dimensions(), s.axes))
    return Wrong();
  const auto window = dw->dimensions();
  const Loops& loops = ChosenLoops();
  const int64_t filters = window[4], taps = window[0] * window[1] * window[2];
  s.channels = window[3];
  s.padded_filters = RoundUp(filters, loops.lanes);
  const auto positions = gradient.dimensions();
  s.rows = positions[0] * positions[1] * positions[2];
  s.in = x.typed_data(), s.gradient = gradient.typed_data();
  const int64_t width = s.axes[2].out;
  s.rows_at_once = std::max<int64_t>(
      1, CACHED_ROWS / (width * s.padded_filters + s.axes[2].in * s.channels));
  std::unique_ptr<float[]> padded;
  if (filters != s.padded_filters) {
    padded = Padded(pool, s.gradient, s.rows * width, filters, s.padded_filters);
    s.gradient = padded.get();
  }
  // Parts of the rows have sums of their own; groups of channels share them.
  const int64_t size = taps * s.channels * s.padded_filters;
  const int64_t most_parts = size <= 65536 ? 16 : size <= 524288 ? 4 : 1;
  const int64_t parts = std::max<int64_t>(1, std::min(s.rows, most_parts));
  const int64_t wanted = (4 * pool.num_threads() + parts - 1) / parts;
  const int64_t groups = std::min(wanted, (s.channels + 11) / 12);
  std::unique_ptr<float[]> own;
  float* sums = dw->typed_data();
  if (parts > 1 || filters != s.padded_filters) {
    own.reset(new float[parts * size]);
    sums = own.get();
  }
  Parallel(pool, parts * groups, [&](int64_t i) {
    const int64_t part = i / groups, group = i % groups;
    const int64_t first = s.channels * group / groups, last = s.channels * (group + 1) / groups;
    float* mine = sums + part * size;
    for (int64_t tap = 0; tap < taps; ++tap)
      std::fill(mine + (tap * s.channels + first) * s.padded_filters,
                mine + (tap * s.channels + last) * s.padded_filters, 0.0f);
    loops.kernel(s, mine, s.rows * part / parts, s.rows * (part + 1) / parts, first, last);
  });
  if (own == nullptr) return ffi::Error::Success();
  const int64_t all = taps * s.channels, at_once = std::max<int64_t>(1, 16384 / filters);
  Parallel(pool, (all + at_once - 1) / at_once, [&](int64_t i) {
    for (int64_t row = i * at_once; row < std::min(all, (i + 1) * at_once); ++row) {
      float* to = dw->typed_data() + row * filters;
      std::memcpy(to, sums + row * s.padded_filters, sizeof(float) * filters);
      for (int64_t part = 1; part < parts; ++part) {
        const float* from = sums + part * size + row * s.padded_filters;
        for (int64_t f = 0; f < filters; ++f) to[f] += from[f];
      }
    }
  });
  return ffi::Error::Success();
}

auto Binding() {
  return ffi::Ffi::Bind().Ctx<ffi::ThreadPool>().Arg<Array>().Arg<Array>()
      .Attr<Numbers>("geometry").Ret<Array>();
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(HornbeamConvolve, Convolve, Binding());
XLA_FFI_DEFINE_HANDLER_SYMBOL(HornbeamInputGradient, InputGradient, Binding());
XLA_FFI_DEFINE_HANDLER_SYMBOL(HornbeamKernelGradient, KernelGradient, Binding());
