"""Connectionist temporal classification: the loss of a labelling without alignment, and decoding.

The blank is the last class.

Source: Graves et al. 2006, "Connectionist temporal classification"; the layout of arguments and
results is that of Keras 2.3.1.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hornbeam.backend.config import epsilon
from hornbeam.backend.errors import ShapeError
from hornbeam.backend.ops import op
from hornbeam.backend.tensors import Operand
from hornbeam.backend.variables import int_shape, ndim

_NEVER = -1e30  # the logarithm of an impossible path, finite so that gradients are


def _check_predictions(name, y_pred):
    if ndim(y_pred) != 3:
        raise ShapeError(
            f"{name} got y_pred of shape {int_shape(y_pred)}. "
            "It expects rank 3: (batch, steps, classes), with the blank as the last class."
        )


@op
def ctc_batch_cost(y_true, y_pred, input_length, label_length):
    """Returns the CTC loss of each sample: minus the log probability of its labels.

    Args:
        y_true: Integer tensor `(batch, longest)` of class numbers.
        y_pred: Tensor `(batch, steps, classes)` of probabilities; the blank is the last class.
        input_length: Integer tensor `(batch, 1)`, how many steps of `y_pred` count.
        label_length: Integer tensor `(batch, 1)`, how many numbers of `y_true` count.

    Returns:
        A tensor `(batch, 1)`; infinite where the labels do not fit into the steps.

    Source: Graves et al. 2006, equations 5 to 8, in logarithms.
    """
    _check_predictions("K.ctc_batch_cost", y_pred)
    logits = jnp.log(jnp.asarray(y_pred) + epsilon())
    labels = jnp.asarray(y_true).astype("int32")
    steps = jnp.asarray(input_length).astype("int32").reshape(-1)
    count = jnp.asarray(label_length).astype("int32").reshape(-1)
    blank = logits.shape[-1] - 1

    # The labels with a blank before, between and behind: (batch, 2 * longest + 1).
    batch, longest = labels.shape
    states = jnp.full((batch, 2 * longest + 1), blank, "int32").at[:, 1::2].set(labels)
    # From a label to the next without a blank between, if they differ.
    before = jnp.pad(states[:, :-2], ((0, 0), (2, 0)), constant_values=blank)
    may_skip = (states != blank) & (states != before)

    logits = jax.nn.log_softmax(logits, -1)
    emitted = jnp.take_along_axis(logits, states[:, None, :], -1, mode="clip")
    emitted = jnp.swapaxes(emitted, 0, 1)  # (steps, batch, state)

    def shifted(paths, places):
        return jnp.pad(paths[:, :-places], ((0, 0), (places, 0)), constant_values=_NEVER)

    def step(paths, item):
        index, emitted = item
        stay = jnp.logaddexp(paths, shifted(paths, 1))
        new = jnp.logaddexp(stay, jnp.where(may_skip, shifted(paths, 2), _NEVER)) + emitted
        return jnp.where((index < steps)[:, None], new, paths), None

    start = jnp.full(states.shape, _NEVER, logits.dtype)
    start = start.at[:, :2].set(emitted[0, :, :2])
    start = jnp.where((jnp.arange(2 * longest + 1) < 2 * count[:, None] + 1), start, _NEVER)
    times = jnp.arange(1, emitted.shape[0], dtype="int32")
    paths, _ = lax.scan(step, start, (times, emitted[1:]))
    last_blank = jnp.take_along_axis(paths, 2 * count[:, None], 1, mode="clip")
    last_label = jnp.take_along_axis(paths, jnp.maximum(2 * count - 1, 0)[:, None], 1, mode="clip")
    last_label = jnp.where(count[:, None] > 0, last_label, _NEVER)
    total = jnp.logaddexp(last_blank, last_label)
    return jnp.where(total > _NEVER / 2, -total, jnp.inf)


# ---- decoding


@op
def _greedy(y_pred, input_length):
    logits = jnp.log(jnp.asarray(y_pred) + epsilon())
    batch, steps, classes = logits.shape
    valid = jnp.arange(steps, dtype="int32") < jnp.asarray(input_length).reshape(-1, 1)
    best = jnp.argmax(logits, -1).astype("int32")
    before = jnp.pad(best[:, :-1], ((0, 0), (1, 0)), constant_values=-1)
    kept = valid & (best != classes - 1) & (best != before)
    places = jnp.where(kept, jnp.cumsum(kept, 1, dtype="int32") - 1, steps)
    rows = jnp.arange(batch, dtype="int32")[:, None]
    decoded = jnp.full((batch, steps), -1, "int32").at[rows, places].set(best, mode="drop")
    score = -jnp.sum(jnp.where(valid, jnp.max(logits, -1), 0), 1, keepdims=True)
    return [_trimmed(decoded), score]


@op
def _beam(y_pred, input_length, beam_width, top_paths, merge_repeated):
    y_pred, input_length = jnp.asarray(y_pred), jnp.asarray(input_length).reshape(-1)
    batch, steps, _ = y_pred.shape
    dtype = y_pred.dtype

    def search(y_pred, input_length):
        logits = np.log(np.asarray(y_pred, "float64") + epsilon())
        logits = logits - np.logaddexp.reduce(logits, -1, keepdims=True)
        decoded = np.full((top_paths, batch, steps), -1, "int32")
        scores = np.full((batch, top_paths), -np.inf, dtype)
        for row, length in enumerate(np.asarray(input_length)):
            found = beam_search(logits[row, :length], beam_width)[:top_paths]
            for path, (labels, score) in enumerate(found):
                if merge_repeated:
                    labels = [x for i, x in enumerate(labels) if i == 0 or x != labels[i - 1]]
                decoded[path, row, : len(labels)] = labels
                scores[row, path] = score
        return decoded, scores

    decoded, scores = jax.pure_callback(
        search,
        (
            jax.ShapeDtypeStruct((top_paths, batch, steps), "int32"),
            jax.ShapeDtypeStruct((batch, top_paths), dtype),
        ),
        y_pred,
        input_length,
    )
    return [*(_trimmed(path) for path in decoded), scores]


def _trimmed(decoded):
    """Cuts off the columns that hold no label; in compiled code all steps stay."""
    if isinstance(decoded, jax.core.Tracer):
        return decoded
    return decoded[:, : int(np.max(np.sum(np.asarray(decoded) >= 0, 1), initial=0))]


def beam_search(logits, width):
    """Finds the most probable labellings of one sample.

    Args:
        logits: NumPy array `(steps, classes)` of log probabilities; the blank is the last class.
        width: Integer, how many beginnings are followed at a time.

    Returns:
        A list of `(labels, log probability)`, the best first.
    """
    blank = logits.shape[1] - 1
    prefixes = [()]
    with_blank, with_label = np.zeros(1), np.full(1, -np.inf)  # by what the path ends with
    for now in logits:
        last = np.array([prefix[-1] if prefix else blank for prefix in prefixes])
        total = np.logaddexp(with_blank, with_label)
        longer = total[:, None] + now[None, :blank]  # (prefix, label)
        rows = np.flatnonzero(last != blank)
        longer[rows, last[rows]] = with_blank[rows] + now[last[rows]]
        same_blank = total + now[blank]
        same_label = np.where(last != blank, with_label + now[last], -np.inf)
        places = {prefix: place for place, prefix in enumerate(prefixes)}
        for place, prefix in enumerate(prefixes):  # a longer prefix may be there already
            parent = places.get(prefix[:-1]) if prefix else None
            if parent is not None:
                same_label[place] = np.logaddexp(same_label[place], longer[parent, prefix[-1]])
                longer[parent, prefix[-1]] = -np.inf
        scores = np.concatenate([np.logaddexp(same_blank, same_label), longer.reshape(-1)])
        chosen = np.argsort(-scores, kind="stable")[:width]
        chosen = chosen[scores[chosen] > -np.inf]
        count, new_prefixes = len(prefixes), []
        new_blank, new_label = np.full(len(chosen), -np.inf), np.full(len(chosen), -np.inf)
        for place, index in enumerate(chosen):
            if index < count:
                new_prefixes.append(prefixes[index])
                new_blank[place], new_label[place] = same_blank[index], same_label[index]
            else:
                parent, label = divmod(int(index) - count, blank)
                new_prefixes.append((*prefixes[parent], label))
                new_label[place] = longer[parent, label]
        prefixes, with_blank, with_label = new_prefixes, new_blank, new_label
    scores = np.logaddexp(with_blank, with_label)
    return [(list(prefixes[i]), float(scores[i])) for i in np.argsort(-scores, kind="stable")]


def ctc_decode(
    y_pred, input_length, greedy=True, beam_width=100, top_paths=1, merge_repeated=False
):
    """Finds the labels that predictions stand for.

    Args:
        y_pred: Tensor `(batch, steps, classes)` of probabilities; the blank is the last class.
        input_length: Integer tensor `(batch,)`, how many steps count.
        greedy: Bool: the most probable class of each step, repetitions merged and blanks removed.
            Otherwise a beam search, which runs on the host.
        beam_width: Integer, how many beginnings the beam search follows.
        top_paths: Integer, how many labellings the beam search returns.
        merge_repeated: Bool, whether equal neighbours in results of the beam search are merged.

    Returns:
        A tuple: the list of integer tensors `(batch, longest)`, -1 behind the labels; and the
        scores: `(batch, top_paths)` log probabilities, or, if greedy, `(batch, 1)`, minus the sum
        of the greatest log probabilities. In compiled code `longest` is the number of steps.
    """
    _check_predictions("K.ctc_decode", y_pred)
    if greedy:
        decoded, scores = _greedy(y_pred, input_length)
        return [decoded], scores
    if not 1 <= top_paths <= beam_width:
        raise ValueError(
            f"K.ctc_decode got top_paths={top_paths}; expected 1 to beam_width={beam_width}."
        )
    *decoded, scores = _beam(y_pred, input_length, beam_width, top_paths, merge_repeated)
    return decoded, scores


@op
def _within(labels, label_lengths):
    labels = jnp.asarray(labels)
    places = jnp.arange(labels.shape[1], dtype="int32")
    return jnp.where(places < jnp.asarray(label_lengths).reshape(-1, 1), labels, 0)


def ctc_label_dense_to_sparse(labels, label_lengths):
    """Returns labels as a sparse tensor, which is stored densely: 0 behind the labels.

    Args:
        labels: Tensor `(batch, longest)`.
        label_lengths: Integer tensor `(batch,)`.
    """
    sparse = _within(labels, label_lengths)
    if isinstance(sparse, Operand):
        sparse.sparse = True
    return sparse
