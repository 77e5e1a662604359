"""`EinsumDense`, a dense layer along any axes, and `MultiHeadAttention`, which is made of it."""

import math
import re
import string

import jax
import jax.numpy as jnp

from hornbeam import activations, constraints, initializers, regularizers
from hornbeam import backend as K
from hornbeam.backend.ops import op
from hornbeam.engine.checks import ShapeError
from hornbeam.engine.layer import Layer

__all__ = ["EinsumDense", "MultiHeadAttention"]

_MASKED = -1e9
_EQUATION = re.compile(r"(\.\.\.)?(\w+)(\.\.\.)?,(\w+)->(\.\.\.)?(\w+)(\.\.\.)?")
_PARTS = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}


@op
def _einsum(equation, x, kernel):
    return jnp.einsum(equation, x, kernel, preferred_element_type=jnp.result_type(x, kernel))


class EinsumDense(Layer):
    """A product of the input and a kernel in Einstein's notation, a bias and an activation.

    Args:
        equation: String such as `'abc,cd->abd'`: the axes of the input, of the kernel and of the
            output. `...` at the beginning or the end of the input and the output stands for any
            number of axes.
        output_shape: Integer or tuple, the shape of the output without the batch axis (and without
            the axes of `...`); None for an axis that has the input's size.
        activation: Name or function; None means linear.
        bias_axes: String, the output's axes that the bias has, such as `'d'`; None means no bias.
        kernel_initializer, bias_initializer: Name, function of a shape, or `Initializer`.
        kernel_regularizer, bias_regularizer, activity_regularizer: Regularizer or None.
        kernel_constraint, bias_constraint: Constraint or None.

    Input shape, output shape: as the equation says.

    Raises:
        ValueError: for an equation that cannot be read, or does not fit the shapes.

    Example:
        >>> layer = EinsumDense("abc,cd->abd", output_shape=(None, 64), bias_axes="d")
    """

    supports_masking = True

    def __init__(
        self,
        equation,
        output_shape,
        activation=None,
        bias_axes=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=regularizers.get(activity_regularizer), **kwargs)
        self.equation = equation
        single = isinstance(output_shape, int) or output_shape is None
        self.partial_output_shape = (output_shape,) if single else tuple(output_shape)
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def _axes(self, rank):
        """Letters of the input's, kernel's and output's axes, those of `...` spelled out."""
        found = _EQUATION.fullmatch(self.equation.replace(" ", ""))
        if found is None or found[1] != found[5] or found[3] != found[7]:
            raise ValueError(
                f"{self.name} (EinsumDense) got equation={self.equation!r}. Expected the form "
                "'ab,bc->ac', '...ab,bc->...ac' or 'ab...,bc->ac...'."
            )
        _, inputs, _, kernel, _, outputs, _ = found.groups()
        if found[1] or found[3]:
            used = {*inputs, *kernel, *outputs}
            free = [letter for letter in string.ascii_letters if letter not in used]
            more = "".join(free[: rank - len(inputs)])
            inputs = more + inputs if found[1] else inputs + more
            outputs = more + outputs if found[1] else outputs + more
        if len(inputs) != rank:
            raise ShapeError(
                f"{self.name} (EinsumDense) got an input of rank {rank}; its equation "
                f"{self.equation!r} says {len(inputs)}."
            )
        return inputs, kernel, outputs

    def _sizes(self, input_shape):
        inputs, kernel, outputs = self._axes(len(input_shape))
        sizes = dict(zip(inputs, input_shape))
        wanted = list(self.partial_output_shape)
        if "..." in self.equation:
            at_end = self.equation.replace(" ", "").endswith("...")
            axes = outputs[1 : 1 + len(wanted)] if at_end else outputs[-len(wanted) :]
        else:
            axes = outputs[1:]
        if len(axes) != len(wanted):
            raise ValueError(
                f"{self.name} (EinsumDense) got output_shape={self.partial_output_shape}; its "
                f"equation {self.equation!r} asks for {len(axes)} sizes."
            )
        for letter, size in zip(axes, wanted):
            if size is None:
                continue
            if sizes.get(letter) not in (None, size):
                raise ValueError(
                    f"{self.name} (EinsumDense): the axis {letter!r} of {self.equation!r} has the "
                    f"size {sizes[letter]} in the input and {size} in output_shape."
                )
            sizes[letter] = size
        for letter in (*kernel, *(self.bias_axes or "")):
            if sizes.get(letter) is None:
                raise ShapeError(
                    f"{self.name} (EinsumDense) cannot tell the size of the axis {letter!r} of "
                    f"{self.equation!r} from the input's shape {tuple(input_shape)} and "
                    f"output_shape={self.partial_output_shape}."
                )
        return sizes, kernel, outputs

    def build(self, input_shape):
        sizes, kernel, outputs = self._sizes(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=tuple(sizes[letter] for letter in kernel),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.bias_axes:
            first = min(outputs.index(letter) for letter in self.bias_axes)
            self.bias = self.add_weight(
                name="bias",
                shape=tuple(
                    sizes[letter] if letter in self.bias_axes else 1 for letter in outputs[first:]
                ),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.built = True

    def call(self, inputs):
        rank = K.ndim(inputs)
        letters = self._axes(rank)
        y = _einsum("{},{}->{}".format(*letters), inputs, self.kernel)
        if self.bias is not None:
            missing = (1,) * (len(letters[2]) - 1 - len(self.bias.shape))
            bias = K.reshape(self.bias, (*missing, *self.bias.shape))
            whole = K.ndim(bias) == len(letters[2])  # the batch, too, is among its axes
            y = y + bias if whole else K.bias_add(y, bias, "channels_last")
        return self.activation(y)

    def compute_output_shape(self, input_shape):
        sizes, _, outputs = self._sizes(input_shape)
        return tuple(sizes.get(letter) for letter in outputs)

    def get_config(self):
        config = {
            "equation": self.equation,
            "output_shape": self.partial_output_shape,
            "activation": activations.serialize(self.activation),
            "bias_axes": self.bias_axes,
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
        }
        for name in ("kernel", "bias"):
            for kind, module in _PARTS.items():
                config[f"{name}_{kind}"] = module.serialize(getattr(self, f"{name}_{kind}"))
        return super().get_config() | config


class MultiHeadAttention(Layer):
    """Attention by several heads, each with projections of its own (the Transformer's).

    Called as `layer(query, value, key=None)`; the value is the key if none is given.

    Args:
        num_heads: Integer, the number of heads.
        key_dim: Integer, size of each head for queries and keys.
        value_dim: Integer, the same for values; None means `key_dim`.
        dropout: Float, the part of the weights that is dropped in training.
        use_bias: Bool, whether the projections have biases.
        output_shape: Integer or tuple, the last axes of the output; None means the query's.
        attention_axes: Integer or tuple, the axes over which is attended; None means all but the
            batch, the heads and the features.
        kernel_initializer, bias_initializer: Name, function of a shape, or `Initializer`.
        kernel_regularizer, bias_regularizer, activity_regularizer: Regularizer or None.
        kernel_constraint, bias_constraint: Constraint or None.

    Call arguments:
        query: `(batch, queries, dim)`, or with more axes between.
        value: `(batch, values, dim)`.
        key: `(batch, values, dim)`.
        attention_mask: `(batch, queries, values)`, True where a query may see a value.
        return_attention_scores: Bool, whether to return the weights, `(batch, heads, queries,
            values)`, as well.
        use_causal_mask: Bool, whether a query sees only values up to its own place.

    Output shape: `(batch, queries, dim of the query)`, or with `output_shape` as the last axes.

    Source: Vaswani et al. 2017, arXiv:1706.03762, as in tf.keras.
    """

    supports_masking = True
    uses_learning_phase = True

    def __init__(
        self,
        num_heads,
        key_dim,
        value_dim=None,
        dropout=0.0,
        use_bias=True,
        output_shape=None,
        attention_axes=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=regularizers.get(activity_regularizer), **kwargs)
        self.num_heads = num_heads
        self.key_dim = key_dim
        self.value_dim = value_dim or key_dim
        self.dropout = dropout
        self.use_bias = use_bias
        single = isinstance(output_shape, int)
        self._wanted = (output_shape,) if single else output_shape and tuple(output_shape)
        axes = (attention_axes,) if isinstance(attention_axes, int) else attention_axes
        self.attention_axes = axes and tuple(axes)
        self._projection_options = {
            "kernel_initializer": initializers.get(kernel_initializer),
            "bias_initializer": initializers.get(bias_initializer),
            "kernel_regularizer": regularizers.get(kernel_regularizer),
            "bias_regularizer": regularizers.get(bias_regularizer),
            "activity_regularizer": regularizers.get(activity_regularizer),
            "kernel_constraint": constraints.get(kernel_constraint),
            "bias_constraint": constraints.get(bias_constraint),
        }

    def __call__(self, query, value=None, key=None, **kwargs):
        inputs = list(query) if value is None and isinstance(query, (list, tuple)) else [query]
        inputs += [x for x in (value, key) if x is not None]
        if len(inputs) not in (2, 3):
            raise ValueError(
                f"{self.name} (MultiHeadAttention) must be called as layer(query, value) or "
                f"layer(query, value, key); got {len(inputs)} inputs."
            )
        return super().__call__(inputs, **kwargs)

    def build(self, input_shape):
        query, value = input_shape[0], input_shape[1]
        key = input_shape[2] if len(input_shape) > 2 else value
        last = self._wanted or (query[-1],)
        self._query_dense = self._into_heads("query", query, self.key_dim)
        self._key_dense = self._into_heads("key", key, self.key_dim)
        self._value_dense = self._into_heads("value", value, self.value_dim)
        self._output_dense = self._out_of_heads("attention_output", query, last)
        self.built = True

    def _into_heads(self, name, shape, size):
        """A projection `(..., dim) -> (..., heads, size)`."""
        axes = string.ascii_lowercase[: len(shape) - 1]
        return self._projection(
            name,
            f"{axes}x,xyz->{axes}yz",
            (*(None,) * (len(shape) - 2), self.num_heads, size),
            "yz",
            shape,
        )

    def _out_of_heads(self, name, shape, last):
        """A projection `(..., heads, size) -> (..., *last)`."""
        axes = string.ascii_lowercase[: len(shape) - 1]
        new = string.ascii_uppercase[: len(last)]
        return self._projection(
            name,
            f"{axes}yz,yz{new}->{axes}{new}",
            (*(None,) * (len(shape) - 2), *last),
            new,
            (*shape[:-1], self.num_heads, self.value_dim),
        )

    def _projection(self, name, equation, output_shape, bias_axes, input_shape):
        layer = EinsumDense(
            equation,
            output_shape,
            bias_axes=bias_axes if self.use_bias else None,
            name=name,
            dtype=self.dtype_policy,
            **self._projection_options,
        )
        layer._build(input_shape)
        return layer

    def call(
        self,
        inputs,
        mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        masks = list(mask) if isinstance(mask, (list, tuple)) else [mask, None]
        masks += [None] * (3 - len(masks))
        query, key = self._query_dense(query), self._key_dense(key)
        value = self._value_dense(value)
        rank = K.ndim(query)  # (batch, axes.., heads, size)
        axes = self.attention_axes or tuple(range(1, rank - 2))
        axes = tuple(axis % (rank - 1) if axis < 0 else axis for axis in axes)
        weights = _head_weights(
            query, key, masks[0], masks[1], masks[2], attention_mask, axes, use_causal_mask
        )
        dropped = weights
        if self.dropout > 0:
            dropped = K.in_train_phase(
                lambda: K.dropout(weights, self.dropout), weights, training=training
            )
        result = self._output_dense(_head_values(dropped, value, axes))
        return [result, weights] if return_attention_scores else result

    def compute_mask(self, inputs, mask=None):
        """The mask of the queries."""
        return mask[0] if isinstance(mask, (list, tuple)) else mask

    @classmethod
    def from_config(cls, config):
        """Makes the layer from what `get_config`, tf.keras's too, returned."""
        shapes = ("query_shape", "key_shape", "value_shape", "softmax_robust_masking")
        return cls(**{name: value for name, value in config.items() if name not in shapes})

    def get_config(self):
        config = {
            name: _PARTS[name.rpartition("_")[2]].serialize(value)
            for name, value in self._projection_options.items()
        }
        return super().get_config() | config | {
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "value_dim": self.value_dim,
            "dropout": self.dropout,
            "use_bias": self.use_bias,
            "output_shape": self._wanted,
            "attention_axes": self.attention_axes,
        }


def _letters(rank, axes):
    """Letters of the queries', the keys' and the weights' axes; attended ones differ."""
    rank -= 2
    shared = [string.ascii_lowercase[i] for i in range(rank)]
    keys = [string.ascii_uppercase[i] if i in axes else shared[i] for i in range(rank)]
    kept = [shared[i] for i in range(rank) if i not in axes]
    seen = [shared[i] for i in axes], [string.ascii_uppercase[i] for i in axes]
    weights = "".join([*kept, "y", *seen[0], *seen[1]])  # (batch, .., heads, queries.., values..)
    return "".join(shared) + "yz", "".join(keys) + "yz", weights


@op
def _head_weights(
    query, key, query_mask, value_mask, key_mask, attention_mask, axes, causal
):
    """Weights of all heads, `(batch, other axes, heads, queries, values)`."""
    left, right, out = _letters(query.ndim, axes)
    query = query * (1 / math.sqrt(query.shape[-1]))
    scores = jnp.einsum(f"{right},{left}->{out}", key, query)
    allowed = None if attention_mask is None else jnp.asarray(attention_mask).astype(bool)

    def both(mask):
        return mask if allowed is None else allowed & mask

    if query_mask is not None:
        allowed = both(query_mask.astype(bool)[:, :, None])
    for one in (value_mask, key_mask):
        if one is not None:
            allowed = both(one.astype(bool)[:, None, :])
    if causal:
        allowed = both(jnp.tril(jnp.ones((1, query.shape[1], key.shape[1]), bool)))
    if allowed is None:
        return _softmax_over(scores, len(axes))
    missing = scores.ndim - allowed.ndim
    allowed = allowed.reshape(allowed.shape[0], *(1,) * missing, *allowed.shape[1:])
    return _softmax_over(jnp.where(allowed, scores, scores + _MASKED), len(axes))


def _softmax_over(scores, count):
    return jax.nn.softmax(scores, tuple(range(-count, 0)))


@op
def _head_values(weights, value, axes):
    left, right, out = _letters(value.ndim, axes)
    return jnp.einsum(f"{out},{right}->{left}", weights, value)
