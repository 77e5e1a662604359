"""Features made ready for a model, in the model: `Normalization`, `CategoryEncoding`, ..."""

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam import backend as K
from hornbeam.backend.ops import op
from hornbeam.engine.checks import ShapeError
from hornbeam.engine.layer import Layer
from hornbeam.layers.arguments import known_axis

__all__ = ["CategoryEncoding", "Discretization", "IntegerLookup", "Normalization"]


def _all_of(data, batch_size=None, steps=None):
    """Data of `adapt` as one array: an array, or an iterable of batches."""
    if hasattr(data, "__array__") or isinstance(data, (list, tuple)):
        return np.asarray(data)
    batches = []
    for number, batch in enumerate(data):
        if steps is not None and number >= steps:
            break
        batches.append(np.asarray(batch[0] if isinstance(batch, (list, tuple)) else batch))
    if not batches:
        raise ValueError("adapt() got no data.")
    return np.concatenate(batches)


class Normalization(Layer):
    """Shifts and scales features to mean 0 and variance 1, by numbers learned before training.

    Call `adapt(data)` before the model is built or trained; or give `mean` and `variance`.

    Args:
        axis: Integer, tuple of integers, or None: the axes that have means and variances of their
            own; None means one of each for all values.
        mean, variance: Numbers or arrays, instead of `adapt`.
        invert: Bool, whether to undo the normalization instead.

    Input shape: any; the sizes of `axis` must be known. Integers become `floatx()`.
    Output shape: that of the input.

    Raises:
        ValueError: if one of `mean` and `variance` is given without the other.
    """

    _declares_shape = False

    def __init__(self, axis=-1, mean=None, variance=None, invert=False, **kwargs):
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            raise ValueError(
                f"{self.name} (Normalization): when setting values directly, both `mean` and "
                f"`variance` must be set. Got mean={mean} and variance={variance}."
            )
        self.axis = axis
        self._axes = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.input_mean = None if mean is None else np.asarray(mean, "float32")
        self.input_variance = None if variance is None else np.asarray(variance, "float32")
        self.invert = invert
        self.mean = self.variance = None

    def build(self, input_shape):
        rank = len(input_shape)
        if any(not -rank <= axis < rank for axis in self._axes):
            raise ShapeError(
                f"{self.name} (Normalization) got axis={self.axis} and an input of shape "
                f"{tuple(input_shape)}, which has no such axis."
            )
        kept = sorted(axis % rank for axis in self._axes)
        self._reduced = tuple(axis for axis in range(rank) if axis not in kept)
        sizes = tuple(known_axis(self, input_shape, axis) for axis in kept)
        self._places = tuple(input_shape[i] if i in kept else 1 for i in range(rank))
        if self.input_mean is None:
            options = {"shape": sizes, "trainable": False}
            options["autocast"] = False  # as exact as they are, until the deviations are known
            self.mean = self.add_weight(name="mean", initializer="zeros", **options)
            self.variance = self.add_weight(name="variance", initializer="ones", **options)
            self.count = self.add_weight(
                name="count", shape=(), dtype="int32", initializer="zeros", trainable=False
            )
        self.built = True

    def adapt(self, data, batch_size=None, steps=None):
        """Computes mean and variance of data, anew.

        Args:
            data: Array, or an iterable of batches.
            batch_size: Has no meaning here: an array is read as a whole.
            steps: Integer, how many batches of an iterable to read; None means all.
        """
        if self.input_mean is not None:
            raise ValueError(
                f"{self.name} (Normalization) cannot adapt: it was given `mean` and `variance`."
            )
        values = np.asarray(_all_of(data, batch_size, steps), "float32")
        if values.ndim == 1:
            values = values[:, None]
        if not self.built:
            self._build((None, *values.shape[1:]))
        self.mean.set_value(values.mean(self._reduced, "float64").astype("float32"))
        self.variance.set_value(values.var(self._reduced, dtype="float64").astype("float32"))
        self.count.set_value(np.int32(np.prod([values.shape[i] for i in self._reduced])))

    def call(self, inputs):
        if self.input_mean is not None:
            mean, variance = self.input_mean, self.input_variance
        else:
            mean, variance = (K.reshape(w, self._places) for w in (self.mean, self.variance))
        return _normalize(inputs, mean, variance, self.compute_dtype, self.invert)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        listed = (
            None if given is None else given.tolist()
            for given in (self.input_mean, self.input_variance)
        )
        return super().get_config() | {
            "axis": self.axis,
            "invert": self.invert,
            "mean": next(listed),
            "variance": next(listed),
        }


@op
def _normalize(x, mean, variance, dtype, invert):
    x = jnp.asarray(x, dtype)
    deviation = jnp.maximum(jnp.sqrt(variance), K.epsilon())
    return (mean + x * deviation if invert else (x - mean) / deviation).astype(dtype)


@op
def _encoded(indices, weights, size, mode, dtype):
    """`'one_hot'`, `'multi_hot'` or `'count'` vectors of integers."""
    if indices.ndim == 0:
        indices = indices[None]
    if mode == "one_hot":
        if indices.shape[-1] == 1:
            indices = indices[..., 0]
        return jax.nn.one_hot(indices, size, dtype=dtype)
    if indices.ndim == 1:
        indices = indices[:, None]
    hot = jax.nn.one_hot(indices, size, dtype=dtype)  # (..., n, size)
    if mode == "multi_hot":
        return jnp.max(hot, -2)
    if weights is not None:
        hot = hot * jnp.asarray(weights, dtype).reshape(indices.shape)[..., None]
    return jnp.sum(hot, -2)


def _encoded_shape(shape, size, mode):
    if mode == "one_hot":
        return (*(shape[:-1] if len(shape) and shape[-1] == 1 else shape), size)
    return (*(shape[:-1] if len(shape) > 1 else shape), size)


def _check_mode(layer, mode, allowed, sparse):
    if mode not in allowed:
        raise ValueError(
            f"{layer.name} ({type(layer).__name__}) got output_mode={mode!r}. Expected one of "
            f"{allowed}."
        )
    if sparse:
        raise ValueError(
            f"{layer.name} ({type(layer).__name__}) got sparse=True. Only dense tensors exist "
            "here; leave it False."
        )


class CategoryEncoding(Layer):
    """Makes vectors of integers.

    Args:
        num_tokens: Integer, the size of a vector; inputs are from 0 to `num_tokens - 1`.
        output_mode: `'one_hot'`: a vector for each integer; `'multi_hot'`: a vector for each
            sample, with ones for the integers that it contains; `'count'`: with their numbers.
        sparse: Must be False.

    Call arguments:
        count_weights: Array of the input's shape, weights for `'count'`.

    Input shape: `(batch, n)` or `(batch,)`, integers.
    Output shape: `(batch, num_tokens)`; for `'one_hot'` `(batch, n, num_tokens)` if n is not 1.
    """

    _declares_shape = False

    def __init__(self, num_tokens=None, output_mode="multi_hot", sparse=False, **kwargs):
        super().__init__(**kwargs)
        if not num_tokens or num_tokens < 1:
            raise ValueError(
                f"{self.name} (CategoryEncoding) got num_tokens={num_tokens!r}. Expected an "
                "integer of at least 1."
            )
        _check_mode(self, output_mode, ("one_hot", "multi_hot", "count"), sparse)
        self.num_tokens = num_tokens
        self.output_mode = output_mode

    def call(self, inputs, count_weights=None):
        if count_weights is not None and self.output_mode != "count":
            raise ValueError(
                f"{self.name} (CategoryEncoding) got count_weights, which need "
                f"output_mode='count'; it is {self.output_mode!r}."
            )
        indices = K.cast(inputs, "int32")
        dtype = self.dtype or K.floatx()
        return _encoded(indices, count_weights, self.num_tokens, self.output_mode, dtype)

    def compute_output_shape(self, input_shape):
        return _encoded_shape(tuple(input_shape), self.num_tokens, self.output_mode)

    def get_config(self):
        return super().get_config() | {
            "num_tokens": self.num_tokens,
            "output_mode": self.output_mode,
            "sparse": False,
        }


class Discretization(Layer):
    """Sorts numbers into ranges: the output is the number of the range.

    Args:
        bin_boundaries: List of floats in rising order; `[0, 1]` makes three ranges, and a number
            that equals a boundary belongs to the upper one.
        num_bins: Integer, how many ranges `adapt` makes, each with as many numbers of the data.
        epsilon: Has no meaning here: quantiles are exact.
        output_mode: `'int'`, or `'one_hot'`, `'multi_hot'`, `'count'` as for `CategoryEncoding`.
        sparse: Must be False.

    Input shape: any.
    Output shape: that of the input, integers; vectors in the other modes.
    """

    _declares_shape = False

    def __init__(
        self,
        bin_boundaries=None,
        num_bins=None,
        epsilon=0.01,
        output_mode="int",
        sparse=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if (bin_boundaries is None) == (num_bins is None):
            raise ValueError(
                f"{self.name} (Discretization): both `num_bins` and `bin_boundaries` should not be "
                f"set, and one must be. Got {num_bins} and {bin_boundaries}."
            )
        _check_mode(self, output_mode, ("int", "one_hot", "multi_hot", "count"), sparse)
        self.bin_boundaries = None if bin_boundaries is None else [float(b) for b in bin_boundaries]
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.output_mode = output_mode

    def adapt(self, data, batch_size=None, steps=None):
        """Finds the boundaries between `num_bins` ranges with equally many numbers of the data.

        Args:
            data, batch_size, steps: As for `Normalization.adapt`.
        """
        if self.num_bins is None:
            raise ValueError(
                f"{self.name} (Discretization) cannot adapt: it was given `bin_boundaries`."
            )
        values = np.asarray(_all_of(data, batch_size, steps), "float64").ravel()
        parts = np.arange(1, self.num_bins) / self.num_bins
        self.bin_boundaries = np.quantile(values, parts).tolist()

    def call(self, inputs):
        if self.bin_boundaries is None:
            raise ValueError(
                f"{self.name} (Discretization) has no boundaries: call adapt(data) first."
            )
        indices = _ranges(inputs, tuple(self.bin_boundaries))
        if self.output_mode == "int":
            return indices
        size = len(self.bin_boundaries) + 1
        return _encoded(indices, None, size, self.output_mode, K.floatx())

    def get_config(self):
        return super().get_config() | {
            "bin_boundaries": self.bin_boundaries,
            "num_bins": None if self.bin_boundaries else self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": False,
        }


@op
def _ranges(x, boundaries):
    x = jnp.asarray(x, "float32")
    return jnp.searchsorted(jnp.asarray(boundaries, "float32"), x, side="right").astype("int32")


class IntegerLookup(Layer):
    """Gives whole numbers their places in a vocabulary.

    The first places are for the mask token, if there is one, and for numbers that the vocabulary
    lacks; then come those of the vocabulary, in its order.

    Args:
        max_tokens: Integer, the most places; `adapt` keeps the most frequent numbers. None means
            no limit.
        num_oov_indices: Integer, places for numbers that the vocabulary lacks, which are shared
            out by the remainder; 0 gives them -1.
        mask_token: Integer that gets place 0; None means none.
        oov_token: Integer that stands for unknown ones when `invert` is True.
        vocabulary: List of integers, instead of `adapt`.
        invert: Bool, whether to give numbers for places instead.
        output_mode: `'int'`, or `'one_hot'`, `'multi_hot'`, `'count'` as for `CategoryEncoding`.
        pad_to_max_tokens: Bool, whether vectors have `max_tokens` places in any case.
        sparse: Must be False.

    Input shape: any.
    Output shape: that of the input, integers; vectors in the other modes.
    """

    _declares_shape = False

    def __init__(
        self,
        max_tokens=None,
        num_oov_indices=1,
        mask_token=None,
        oov_token=-1,
        vocabulary=None,
        invert=False,
        output_mode="int",
        pad_to_max_tokens=False,
        sparse=False,
        **kwargs,
    ):
        kwargs.pop("vocabulary_dtype", None)
        super().__init__(**kwargs)
        _check_mode(self, output_mode, ("int", "one_hot", "multi_hot", "count"), sparse)
        if invert and output_mode != "int":
            raise ValueError(
                f"{self.name} (IntegerLookup) got invert=True and output_mode={output_mode!r}. "
                "Expected 'int' then."
            )
        self.max_tokens = max_tokens
        self.num_oov_indices = num_oov_indices
        self.mask_token = mask_token
        self.oov_token = oov_token
        self.invert = invert
        self.output_mode = output_mode
        self.pad_to_max_tokens = pad_to_max_tokens
        self.vocabulary = None
        if vocabulary is not None:
            self.set_vocabulary(vocabulary)

    @property
    def _before(self):
        """How many places stand before the vocabulary's."""
        return self.num_oov_indices + (self.mask_token is not None)

    def set_vocabulary(self, vocabulary):
        """Sets the vocabulary: a list of integers, the special ones first or left out."""
        tokens = [int(token) for token in np.asarray(vocabulary).ravel()]
        special = self.get_special_tokens()
        if tokens[: len(special)] == special:
            tokens = tokens[len(special) :]
        if len(set(tokens)) != len(tokens):
            raise ValueError(
                f"{self.name} (IntegerLookup) got a vocabulary with repeated numbers: {tokens}."
            )
        if self.max_tokens is not None and len(tokens) + self._before > self.max_tokens:
            raise ValueError(
                f"{self.name} (IntegerLookup) got {len(tokens)} numbers beside {self._before} "
                f"special ones, but max_tokens={self.max_tokens}."
            )
        self.vocabulary = tokens

    def get_special_tokens(self):
        """The tokens before the vocabulary's own."""
        masks = [] if self.mask_token is None else [self.mask_token]
        return masks + [self.oov_token] * self.num_oov_indices

    def get_vocabulary(self, include_special_tokens=True):
        """Returns the list of numbers by place."""
        special = self.get_special_tokens() if include_special_tokens else []
        return special + list(self.vocabulary or ())

    def vocabulary_size(self):
        """Returns the number of places."""
        return self._before + len(self.vocabulary or ())

    def adapt(self, data, batch_size=None, steps=None):
        """Makes the vocabulary of data: the most frequent numbers first, of equals the largest.

        Args:
            data, batch_size, steps: As for `Normalization.adapt`.
        """
        values, counts = np.unique(_all_of(data, batch_size, steps), return_counts=True)
        kept = [
            (count, value) for value, count in zip(values.tolist(), counts.tolist())
            if value not in (self.mask_token, self.oov_token)
        ]
        tokens = [value for _, value in sorted(kept, reverse=True)]
        most = None if self.max_tokens is None else self.max_tokens - self._before
        self.vocabulary = tokens[:most]

    def call(self, inputs):
        if self.vocabulary is None:
            raise ValueError(
                f"{self.name} (IntegerLookup) has no vocabulary: call adapt(data) or "
                "set_vocabulary(list) first."
            )
        indices = K.cast(inputs, "int32")
        if self.invert:
            return _at_places(indices, tuple(self.get_vocabulary()), self.oov_token)
        places = _places_of(
            indices, tuple(self.vocabulary), self._before, self.num_oov_indices, self.mask_token
        )
        if self.output_mode == "int":
            return places
        size = self.max_tokens if self.pad_to_max_tokens else self.vocabulary_size()
        return _encoded(places, None, size, self.output_mode, K.floatx())

    def get_config(self):
        return super().get_config() | {
            "max_tokens": self.max_tokens,
            "num_oov_indices": self.num_oov_indices,
            "mask_token": self.mask_token,
            "oov_token": self.oov_token,
            "vocabulary": self.vocabulary,
            "invert": self.invert,
            "output_mode": self.output_mode,
            "pad_to_max_tokens": self.pad_to_max_tokens,
            "sparse": False,
        }


@op
def _places_of(x, vocabulary, before, spare, mask_token):
    order = np.argsort(vocabulary, kind="stable")
    known = jnp.asarray(np.asarray(vocabulary, "int32")[order])
    at = jnp.clip(jnp.searchsorted(known, x), 0, len(vocabulary) - 1)
    found = known[at] == x
    places = jnp.asarray(order.astype("int32"))[at] + before
    first = before - spare
    unknown = x % spare + first if spare > 1 else jnp.full_like(x, first if spare else -1)
    places = jnp.where(found, places, unknown)
    return places if mask_token is None else jnp.where(x == mask_token, 0, places)


@op
def _at_places(places, tokens, unknown):
    inside = (places >= 0) & (places < len(tokens))
    found = jnp.asarray(tokens, "int32")[jnp.clip(places, 0, len(tokens) - 1)]
    return jnp.where(inside, found, unknown)
