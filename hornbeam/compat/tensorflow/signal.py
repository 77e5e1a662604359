"""`tf.signal`: Fourier transforms and frames."""

import jax.numpy as jnp
import numpy as np

from hornbeam.compat.tensorflow.absent import teller
from hornbeam.compat.tensorflow.wrapping import exported, function


def _fourier(name, compute, axes):
    def body(input):
        return compute(jnp.asarray(input), axes=axes)

    body.__name__ = body.__qualname__ = name
    body.__doc__ = f"`{name}` over the last {len(axes)} axes."
    return function(body)


def _real(name, compute, axes):
    def body(input_tensor, fft_length=None):
        sizes = None if fft_length is None else [int(n) for n in np.ravel(fft_length)]
        return compute(jnp.asarray(input_tensor), sizes, axes=axes)

    body.__name__ = body.__qualname__ = name
    body.__doc__ = f"`{name}` over the last {len(axes)} axes; `fft_length` cuts or fills them."
    return function(body)


fft = _fourier("fft", jnp.fft.fftn, (-1,))
fft2d = _fourier("fft2d", jnp.fft.fftn, (-2, -1))
fft3d = _fourier("fft3d", jnp.fft.fftn, (-3, -2, -1))
ifft = _fourier("ifft", jnp.fft.ifftn, (-1,))
ifft2d = _fourier("ifft2d", jnp.fft.ifftn, (-2, -1))
ifft3d = _fourier("ifft3d", jnp.fft.ifftn, (-3, -2, -1))
rfft = _real("rfft", jnp.fft.rfftn, (-1,))
rfft2d = _real("rfft2d", jnp.fft.rfftn, (-2, -1))
irfft = _real("irfft", jnp.fft.irfftn, (-1,))
irfft2d = _real("irfft2d", jnp.fft.irfftn, (-2, -1))


@function
def fftshift(x, axes=None):
    """Moves the zero frequency to the middle."""
    return jnp.fft.fftshift(jnp.asarray(x), axes)


@function
def ifftshift(x, axes=None):
    """Undoes `fftshift`."""
    return jnp.fft.ifftshift(jnp.asarray(x), axes)


def _window(name, terms):
    def body(window_length, periodic=True, dtype="float32"):
        size = int(window_length)
        if size == 1:
            return jnp.ones(1, str(dtype))
        count = size + (1 if periodic and size % 2 == 0 else 0) - 1
        count = size if periodic and size % 2 == 0 else count
        angle = 2 * np.pi * np.arange(size) / count
        values = terms[0] - terms[1] * np.cos(angle)
        return jnp.asarray(values.astype(str(dtype)))

    body.__name__ = body.__qualname__ = name
    body.__doc__ = f"The window `{terms[0]} - {terms[1]} * cos`."
    return function(body, source=True)


hann_window = _window("hann_window", (0.5, 0.5))
hamming_window = _window("hamming_window", (0.54, 0.46))


def _frames(signal, frame_length, frame_step, pad_end, pad_value, axis):
    x = jnp.moveaxis(jnp.asarray(signal), axis, -1)
    length, step, size = int(frame_length), int(frame_step), x.shape[-1]
    count = -(-size // step) if pad_end else max((size - length) // step + 1, 0)
    missing = (count - 1) * step + length - size if count else 0
    if pad_end and missing > 0:
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, missing)], constant_values=pad_value)
    places = np.arange(count)[:, None] * step + np.arange(length)[None]
    return x[..., places]


@function
def frame(signal, frame_length, frame_step, pad_end=False, pad_value=0, axis=-1):
    """Cuts a signal into frames that may overlap: a new axis after `axis`."""
    x = _frames(signal, frame_length, frame_step, pad_end, pad_value, axis)
    where = axis % np.ndim(signal)
    return jnp.moveaxis(x, (-2, -1), (where, where + 1))


@function
def overlap_and_add(signal, frame_step):
    """Adds up frames `(..., frames, length)`, each `frame_step` after the one before."""
    x = jnp.asarray(signal)
    count, length = x.shape[-2:]
    step = int(frame_step)
    places = np.arange(count)[:, None] * step + np.arange(length)[None]
    result = jnp.zeros((*x.shape[:-2], (count - 1) * step + length), x.dtype)
    return result.at[..., places].add(x)


@function
def _stft(signals, frame_length, frame_step, fft_length, window, pad_end):
    x = _frames(signals, frame_length, frame_step, pad_end, 0, -1)
    return jnp.fft.rfft(x if window is None else x * window, fft_length)


def _size(frame_length, fft_length):
    return int(fft_length or 2 ** int(np.ceil(np.log2(int(frame_length)))))


def stft(signals, frame_length, frame_step, fft_length=None, window_fn=hann_window,
         pad_end=False, name=None):
    """The Fourier transforms of the frames of a signal: `(..., frames, fft_length // 2 + 1)`.

    Args:
        signals: Tensor `(..., samples)`.
        frame_length, frame_step: Integers.
        fft_length: Integer; the next power of 2 by default.
        window_fn: Function `(length, dtype=)` of the window, or None.
        pad_end: Bool, whether zeros fill the last frames.
        name: String, of the result.
    """
    window = None if window_fn is None else window_fn(frame_length, dtype=signals.dtype)
    size = _size(frame_length, fft_length)
    return _stft(signals, frame_length, frame_step, size, window, bool(pad_end), name=name)


@function
def _unframed(stfts, frame_length, fft_length, window):
    frames = jnp.fft.irfft(jnp.asarray(stfts), fft_length)[..., : int(frame_length)]
    missing = int(frame_length) - frames.shape[-1]
    frames = jnp.pad(frames, [(0, 0)] * (frames.ndim - 1) + [(0, max(missing, 0))])
    return frames if window is None else frames * window


def inverse_stft(stfts, frame_length, frame_step, fft_length=None, window_fn=hann_window,
                 name=None):
    """Adds up the inverse transforms of frames; see `stft` and `inverse_stft_window_fn`."""
    window = None if window_fn is None else window_fn(frame_length, dtype="float32")
    size = _size(frame_length, fft_length)
    return overlap_and_add(_unframed(stfts, frame_length, size, window), frame_step, name=name)


def inverse_stft_window_fn(frame_step, forward_window_fn=hann_window, name=None):
    """Returns the window for `inverse_stft` that gives back what `stft` took."""

    def window(frame_length, dtype="float32"):
        forward = np.asarray(forward_window_fn(frame_length, dtype=dtype))
        step, length = int(frame_step), int(frame_length)
        rounds = -(-length // step)
        total = np.pad(np.square(forward), (0, rounds * step - length)).reshape(rounds, step)
        total = np.tile(total.sum(0), rounds)[:length]
        return jnp.asarray(forward / total)

    return window


@function
def linear_to_mel_weight_matrix(num_mel_bins=20, num_spectrogram_bins=129, sample_rate=8000,
                                lower_edge_hertz=125.0, upper_edge_hertz=3800.0, dtype="float32"):
    """The matrix from linear to mel frequencies."""

    def mel(hertz):
        return 1127.0 * np.log1p(np.asarray(hertz, "float64") / 700.0)

    frequencies = mel(np.linspace(0, sample_rate / 2, int(num_spectrogram_bins))[1:])[:, None]
    edges = np.linspace(mel(lower_edge_hertz), mel(upper_edge_hertz), int(num_mel_bins) + 2)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (frequencies - low) / (middle - low)
    falling = (high - frequencies) / (high - middle)
    found = np.pad(np.maximum(0, np.minimum(rising, falling)), [(1, 0), (0, 0)])
    return jnp.asarray(found.astype(str(dtype)))


@function
def dct(input, type=2, n=None, axis=-1, norm=None):
    """The discrete cosine transform of type 2 (or 3, its inverse) over the last axis."""
    from jax.scipy import fft as scipy_fft

    x = jnp.asarray(input)
    if type == 2:
        return scipy_fft.dct(x, 2, n, axis, norm)
    if type == 3 and norm == "ortho":
        return scipy_fft.idct(x, 2, n, axis, norm)
    raise ValueError(f"tf.signal.dct: type={type}, norm={norm!r} is not provided; type 2 is, and "
                     "type 3 with norm='ortho'.")


@function
def mfccs_from_log_mel_spectrograms(log_mel_spectrograms):
    """Cepstral coefficients of logarithmic mel spectra."""
    from jax.scipy import fft as scipy_fft

    x = jnp.asarray(log_mel_spectrograms)
    return scipy_fft.dct(x, 2) / np.sqrt(2.0 * x.shape[-1]).astype("float32")


__all__ = exported(globals())


__getattr__ = teller("signal")
