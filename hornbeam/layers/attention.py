"""Attention over the steps of a sequence: `Attention`, by products, and `AdditiveAttention`."""

import jax
import jax.numpy as jnp

from hornbeam import backend as K
from hornbeam.backend.ops import op
from hornbeam.engine.checks import ShapeError
from hornbeam.engine.layer import Layer

__all__ = ["AdditiveAttention", "Attention"]

MASKED = -1e9  # takes a score out of the softmax, in float32


class _SequenceAttention(Layer):
    """What both kinds share: masks, dropout, the weighted sum of the values."""

    uses_learning_phase = True

    def __init__(self, dropout=0.0, score_mode=None, **kwargs):
        self.causal = kwargs.pop("causal", False)  # until TensorFlow 2.10
        super().__init__(**kwargs)
        self.dropout = dropout

    def build(self, input_shape):
        self._check(input_shape)
        self.built = True

    def _check(self, shapes):
        if not isinstance(shapes, list) or len(shapes) not in (2, 3):
            raise ShapeError(
                f"{self.name} ({type(self).__name__}) must be called on a list of inputs, namely "
                f"[query, value] or [query, value, key]. Given: {shapes!r}."
            )

    def call(
        self,
        inputs,
        mask=None,
        training=None,
        return_attention_scores=False,
        use_causal_mask=False,
    ):
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        masks = mask if isinstance(mask, (list, tuple)) else [mask, None]
        scores = self._calculate_scores(query, key)  # (batch, queries, values)
        weights = _softmax(scores, masks[1], self.causal or use_causal_mask)
        if self.dropout > 0:
            weights = K.in_train_phase(
                lambda: K.dropout(weights, self.dropout), weights, training=training
            )
        result = K.batch_dot(weights, value)
        if masks[0] is not None:
            result = result * K.cast(K.expand_dims(masks[0], -1), K.dtype(result))
        return [result, weights] if return_attention_scores else result

    def compute_mask(self, inputs, mask=None):
        """The mask of the queries."""
        return None if mask is None else mask[0]

    def get_config(self):
        config = super().get_config() | {"dropout": self.dropout}
        return config | ({"causal": True} if self.causal else {})


@op
def _softmax(scores, mask, causal):
    shape = scores.shape[-2:]
    if mask is not None:
        scores = jnp.where(mask.astype(bool)[..., None, :], scores, scores + MASKED)
    if causal:
        scores = jnp.where(jnp.tril(jnp.ones(shape, bool)), scores, scores + MASKED)
    return jax.nn.softmax(scores, -1)


class Attention(_SequenceAttention):
    """Dot-product attention: each query gets a mean of the values, weighted by its match with keys.

    Called on `[query, value]` or `[query, value, key]`; the value is the key if none is given.

    Args:
        use_scale: Bool, whether to multiply the scores by a learned number.
        score_mode: `'dot'`, or `'concat'`: the sum of `tanh(query + key)`, times a learned number.
        dropout: Float, the part of the weights that is dropped in training.

    Call arguments:
        mask: List of a mask of the queries `(batch, queries)`, whose results become 0, and one of
            the values `(batch, values)`, which are left out; each may be None.
        use_causal_mask: Bool, whether a query sees only values up to its own place.
        return_attention_scores: Bool, whether to return the weights, `(batch, queries, values)`,
            as well.

    Input shape: `(batch, queries, dim)`, `(batch, values, dim)`, `(batch, values, dim)`.
    Output shape: `(batch, queries, dim)`.

    Source: Luong et al. 2015, arXiv:1508.04025, as in tf.keras.
    """

    def __init__(self, use_scale=False, score_mode="dot", dropout=0.0, **kwargs):
        super().__init__(dropout, **kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(
                f"{self.name} (Attention) got score_mode={score_mode!r}. Expected 'dot' or "
                "'concat'."
            )
        self.use_scale = use_scale
        self.score_mode = score_mode

    def build(self, input_shape):
        self._check(input_shape)
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(), initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(
                name="concat_score_weight", shape=(), initializer="ones"
            )
        self.built = True

    def _calculate_scores(self, query, key):
        if self.score_mode == "concat":
            return self.concat_score_weight * _summed_tanh(query, key, self.scale, after=False)
        scores = K.batch_dot(query, key, axes=[2, 2])
        return scores if self.scale is None else scores * self.scale

    def get_config(self):
        return super().get_config() | {
            "use_scale": self.use_scale,
            "score_mode": self.score_mode,
        }


class AdditiveAttention(_SequenceAttention):
    """Attention whose scores are `sum(tanh(query + key))`.

    Called on `[query, value]` or `[query, value, key]`, with the call arguments of `Attention`.

    Args:
        use_scale: Bool, whether to multiply each feature by a learned number before the sum.
        dropout: Float, the part of the weights that is dropped in training.

    Input shape: `(batch, queries, dim)`, `(batch, values, dim)`, `(batch, values, dim)`.
    Output shape: `(batch, queries, dim)`.

    Source: Bahdanau et al. 2014, arXiv:1409.0473, as in tf.keras.
    """

    def __init__(self, use_scale=True, dropout=0.0, **kwargs):
        super().__init__(dropout, **kwargs)
        self.use_scale = use_scale

    def build(self, input_shape):
        self._check(input_shape)
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight(
                name="scale", shape=(input_shape[0][-1],), initializer="glorot_uniform"
            )
        self.built = True

    def _calculate_scores(self, query, key):
        return _summed_tanh(query, key, self.scale, after=True)

    def get_config(self):
        return super().get_config() | {"use_scale": self.use_scale}


@op
def _summed_tanh(query, key, scale, after):
    """`sum(tanh(query + key))` for each pair; `scale` multiplies the tanh, or what goes into it."""
    total = query[:, :, None, :] + key[:, None, :, :]  # (batch, queries, values, dim)
    if scale is not None and not after:
        total = total * scale
    activated = jnp.tanh(total)
    if scale is not None and after:
        activated = activated * scale
    return jnp.sum(activated, -1)
