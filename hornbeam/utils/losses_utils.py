"""Sample weights and reductions of losses, where Keras 2.3 has them."""

from hornbeam.losses.reduction import (
    Reduction,
    broadcast_weights,
    compute_weighted_loss,
    reduce_weighted_loss,
    squeeze_or_expand_dimensions,
)

__all__ = [
    "Reduction",
    "broadcast_weights",
    "compute_weighted_loss",
    "reduce_weighted_loss",
    "squeeze_or_expand_dimensions",
]
