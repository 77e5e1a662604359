"""Boxes of `tf.image`: keeping the best of those that overlap."""

import collections

import jax
import jax.numpy as jnp
from jax import lax

from hornbeam.backend.ops import op
from hornbeam.compat.tensorflow.wrapping import function

__all__ = ["combined_non_max_suppression", "non_max_suppression", "non_max_suppression_padded",
           "non_max_suppression_with_scores", "sample_distorted_bounding_box"]


def _overlaps(boxes, box):
    """Intersection over union of boxes `(n, 4)` with one; corners in any order."""
    low, high = jnp.minimum(boxes[:, :2], boxes[:, 2:]), jnp.maximum(boxes[:, :2], boxes[:, 2:])
    first, last = jnp.minimum(box[:2], box[2:]), jnp.maximum(box[:2], box[2:])
    shared = jnp.prod(jnp.clip(jnp.minimum(high, last) - jnp.maximum(low, first), 0), -1)
    areas, area = jnp.prod(high - low, -1), jnp.prod(last - first)
    union = areas + area - shared
    return jnp.where(union > 0, shared / jnp.where(union > 0, union, 1), 0)


def _suppressed(boxes, scores, count, overlap, least, sigma=0.0):
    """Picks `count` boxes: `(places, scores, how many)`; what is missing is place 0, score 0."""

    def step(left, _):
        best = jnp.argmax(left)
        score = left[best]
        near = _overlaps(boxes, boxes[best])
        if sigma > 0:
            rest = left * jnp.exp(-jnp.square(near) / (2 * sigma))  # Bodla et al. 2017
        else:
            rest = jnp.where(near > overlap, -jnp.inf, left)
        rest = jnp.where(rest > least, rest, -jnp.inf).at[best].set(-jnp.inf)
        found = score > -jnp.inf
        return rest, (jnp.where(found, best, 0), jnp.where(found, score, 0), found)

    start = jnp.where(scores > least, scores, -jnp.inf)
    _, (places, values, found) = lax.scan(step, start, None, count)
    return places.astype("int32"), values, jnp.sum(found)


@op
def _chosen(boxes, scores, count, overlap, least, sigma):
    boxes, scores = jnp.asarray(boxes), jnp.asarray(scores)
    if isinstance(boxes, jax.core.Tracer) or isinstance(scores, jax.core.Tracer):
        raise TypeError(
            "tf.image.non_max_suppression makes a tensor whose size depends on the scores, which "
            "are not known when the program is compiled. Use non_max_suppression_padded or "
            "combined_non_max_suppression, or call it on values."
        )
    count = min(int(count), scores.shape[0])
    places, values, found = _suppressed(boxes, scores, count, overlap, least, sigma)
    return [places[: int(found)], values[: int(found)]]


def non_max_suppression(boxes, scores, max_output_size, iou_threshold=0.5,
                        score_threshold=float("-inf"), name=None):
    """Keeps the best boxes that do not overlap better ones.

    Args:
        boxes: Tensor `(n, 4)` of two opposite corners.
        scores: Tensor `(n,)`.
        max_output_size: Integer, how many at most.
        iou_threshold: Float; those that overlap a better one more than this are left out.
        score_threshold: Float; those that have no more are left out.
        name: String, of the result.

    Returns:
        Int32 tensor of the places of the kept boxes, the best first.

    Raises:
        TypeError: in compiled code, where their number is not known.
    """
    return _chosen(boxes, scores, max_output_size, iou_threshold, score_threshold, 0.0)[0]


def non_max_suppression_with_scores(boxes, scores, max_output_size, iou_threshold=0.5,
                                    score_threshold=float("-inf"), soft_nms_sigma=0.0, name=None):
    """Like `non_max_suppression`; `soft_nms_sigma` > 0 lowers scores instead.

    Returns:
        The pair of the places and their scores.
    """
    sigma = float(soft_nms_sigma)
    return tuple(_chosen(boxes, scores, max_output_size, iou_threshold, score_threshold, sigma))


@function
def _padded(boxes, scores, count, overlap, least):
    places, _, found = _suppressed(jnp.asarray(boxes), jnp.asarray(scores), count, overlap, least)
    return [places, found.astype("int32")]


def non_max_suppression_padded(boxes, scores, max_output_size, iou_threshold=0.5,
                               score_threshold=float("-inf"), pad_to_max_output_size=False,
                               name=None, sorted_input=False, canonicalized_coordinates=False,
                               tile_size=512):
    """Like `non_max_suppression`; with `pad_to_max_output_size` of one length in any case.

    Args:
        boxes, scores, max_output_size, iou_threshold, score_threshold: As there.
        pad_to_max_output_size: Bool; zeros are added to the places.
        name: String.
        sorted_input, canonicalized_coordinates, tile_size: TensorFlow's hints of speed.

    Returns:
        The pair of the places and their number.
    """
    if not pad_to_max_output_size:
        places = non_max_suppression(boxes, scores, max_output_size, iou_threshold,
                                     score_threshold)
        return places, places.shape[0]
    return tuple(_padded(boxes, scores, int(max_output_size), iou_threshold, score_threshold))


Combined = collections.namedtuple(
    "CombinedNonMaxSuppression",
    ["nmsed_boxes", "nmsed_scores", "nmsed_classes", "valid_detections"],
)


@function
def _combined(boxes, scores, per_class, total, overlap, least, pad_per_class, clip_boxes):
    boxes, scores = jnp.asarray(boxes), jnp.asarray(scores)
    classes = scores.shape[-1]
    per_class = min(per_class, boxes.shape[1])
    size = min(total, per_class * classes) if pad_per_class else total

    def one(boxes, scores):
        def of_class(index):
            own = boxes[:, index if boxes.shape[1] > 1 else 0]
            places, values, found = _suppressed(own, scores[:, index], per_class, overlap, least)
            valid = jnp.arange(per_class) < found
            return own[places], jnp.where(valid, values, -jnp.inf)

        found = [of_class(index) for index in range(classes)]
        all_boxes = jnp.concatenate([b for b, _ in found])
        all_scores = jnp.concatenate([s for _, s in found])
        names = jnp.repeat(jnp.arange(classes, dtype="float32"), per_class)
        best, places = lax.top_k(all_scores, min(size, all_scores.shape[0]))
        valid = best > -jnp.inf
        kept = jnp.where(valid[:, None], all_boxes[places], 0)
        kept = jnp.clip(kept, 0, 1) if clip_boxes else kept
        results = [kept, jnp.where(valid, best, 0), jnp.where(valid, names[places], 0)]
        extra = size - best.shape[0]
        results = [jnp.pad(r, [(0, extra)] + [(0, 0)] * (r.ndim - 1)) for r in results]
        return (*results, jnp.sum(valid).astype("int32"))

    return list(jax.vmap(one)(boxes, scores))


def combined_non_max_suppression(boxes, scores, max_output_size_per_class, max_total_size,
                                 iou_threshold=0.5, score_threshold=float("-inf"),
                                 pad_per_class=False, clip_boxes=True, name=None):
    """`non_max_suppression` of each class of each image, then the best of all classes.

    Args:
        boxes: Tensor `(batch, n, classes or 1, 4)`.
        scores: Tensor `(batch, n, classes)`.
        max_output_size_per_class, max_total_size: Integers.
        iou_threshold, score_threshold: As in `non_max_suppression`.
        pad_per_class: Bool, whether the result is no longer than all classes can fill.
        clip_boxes: Bool, whether boxes are cut at 0 and 1.
        name: String.

    Returns:
        `nmsed_boxes` `(batch, total, 4)`, `nmsed_scores`, `nmsed_classes` `(batch, total)`, both
        float32, and `valid_detections` `(batch,)`, int32.
    """
    return Combined(*_combined(
        boxes, scores, int(max_output_size_per_class), int(max_total_size), float(iou_threshold),
        float(score_threshold), bool(pad_per_class), bool(clip_boxes),
    ))


def sample_distorted_bounding_box(*args, **kwargs):
    """Raises NotImplementedError: use `tf.image.random_crop`."""
    raise NotImplementedError(
        "tf.image.sample_distorted_bounding_box is not provided; use tf.image.random_crop."
    )


