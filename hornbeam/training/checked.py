"""What users give as data, checked against what a model takes, as lists of arrays."""

import numpy as np

from hornbeam.engine.input_layer import Input
from hornbeam.engine.node import to_list
from hornbeam.training import standardize
from hornbeam.training.data import Arrays, Stream, narrow

DEFAULT_BATCH = 32
_NUMBERS = frozenset("fdbBhHiIlLqQ?eE")


class CheckedData:
    """The part of `Trainer` that takes data, by its model, objective, dtype and placement."""

    def ensure_built(self, x):
        """Builds a model that waits for data to know its inputs."""
        model = self.model
        if model.outputs:
            return
        arrays = [standardize.as_array(item) for item in _several(x)]
        shapes = [(None, *array.shape[1:]) for array in arrays]
        if hasattr(model, "add"):
            model.build(shapes[0])
            return
        inputs = [Input(batch_shape=shape) for shape in shapes]
        for number, tensor in enumerate(inputs, 1):
            tensor._keras_history[0].name = f"input_{number}"
        outputs = model._call_symbolically(
            inputs if isinstance(x, (list, tuple)) else inputs[0], {}
        )
        model.inputs, model.outputs = inputs, to_list(outputs)
        model.input_names = [f"input_{i}" for i in range(1, len(inputs) + 1)]
        model.output_names = [f"output_{i}" for i in range(1, len(model.outputs) + 1)]
        model.built = True

    def inputs(self, x):
        """Checks input data and returns it as a list of arrays."""
        self.ensure_built(x)
        model = self.model
        fed = model._feed_inputs
        if x is None and not fed:
            return []
        if len(fed) == 1 and type(x) is np.ndarray:  # the usual case, without detours
            shape = fed[0].shape
            if x.dtype.char in _NUMBERS and x.shape[1:] == shape[1:] and x.ndim == len(shape):
                return [x]
        names = [t._keras_history[0].name for t in fed]
        arrays = standardize.to_arrays(x, names, "input")
        return standardize.check_shapes(arrays, names, [tuple(t.shape) for t in fed], "input")

    def samples(self, x, y, sample_weight=None, class_weight=None):
        """Checks inputs, targets and weights; returns `(inputs, targets, weights, count)`."""
        inputs = self.inputs(x)
        outputs = self.objective.with_loss
        fed = [output for output in outputs if output.target_is_fed]
        targets = []
        if fed:
            if y is None:
                raise ValueError(
                    f"The model needs targets for {[o.name for o in fed]}; y is None. Pass y, or "
                    "compile with loss=None and add_loss."
                )
            names = [output.name for output in fed]
            if isinstance(y, dict):
                y = {name: y[name] for name in names if name in y}
            targets = standardize.to_arrays(y, names, "target")
            shapes = [_expected(output) for output in fed]
            standardize.check_one_hot(targets, fed)
            targets = standardize.check_shapes(targets, names, shapes, "target")
            standardize.check_targets(targets, fed)
        elif y is not None and _several(y) and not (isinstance(y, list) and not y):
            if self.objective.outputs and not outputs and np.size(y[0] if len(y) else ()) > 0:
                raise ValueError(
                    "The model was compiled without a loss on its outputs, so it takes no "
                    "targets; pass y=None."
                )
        weights = standardize.to_weights(sample_weight, outputs, "sample_weight")
        classes = standardize.to_weights(class_weight, outputs, "class_weight")
        if sample_weight is not None or class_weight is not None:
            weights = [
                standardize.combine_weights(t, w, c, o)
                for t, w, c, o in zip(targets, weights, classes, outputs)
            ]
        count = standardize.check_counts(inputs, targets, weights)
        return inputs, targets, weights, count

    def batch(self, x, y, sample_weight=None, class_weight=None):
        """Checks the data of one batch; returns `(inputs, targets, weights)` in 32 bits."""
        inputs, targets, weights, _ = self.samples(x, y, sample_weight, class_weight)
        return self.narrowed(inputs), self.narrowed(targets), self.narrowed(weights)

    def narrowed(self, arrays):
        """Returns arrays, or None, in 32 bits where the model computes in no more."""
        wide = self.wide
        return [narrow(a if a is None else np.asarray(a), wide) for a in arrays]

    def arrays(self, x, y, sample_weight=None, class_weight=None, batch_size=None):
        """Checks data in memory; returns `Arrays`."""
        inputs, targets, weights, count = self.samples(x, y, sample_weight, class_weight)
        size = self.batch_size(batch_size)
        if self.model.stateful and count is not None and count % size:
            raise ValueError(
                "In a stateful network, you should only pass inputs with a number of samples that "
                f"can be divided by the batch size. Found: {count} samples, batches of {size}."
            )
        return self.in_memory(inputs, targets, weights, size)

    def in_memory(self, inputs, targets, weights, size):
        """Returns `Arrays` of checked data."""
        data = Arrays(inputs, targets, weights, size, self.wide)
        data.place_on(self.placement)
        return data

    def batch_size(self, batch_size):
        """Returns the batch size that was asked for, or the model's own, or 32."""
        fixed = [t.shape[0] for t in self.model._feed_inputs if t.shape and t.shape[0]]
        if batch_size is None:
            return fixed[0] if fixed else DEFAULT_BATCH
        if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ValueError(f"batch_size must be an integer of at least 1; got {batch_size!r}.")
        if fixed and fixed[0] != batch_size:
            raise ValueError(
                f"The `batch_size` argument value {batch_size} is incompatible with the specified "
                f"batch size of your Input Layer: {fixed[0]}."
            )
        return int(batch_size)

    def stream(self, source, class_weight=None, **options):
        """Returns a `Stream` of checked training batches."""

        def prepare(item):
            if not isinstance(item, (tuple, list)) or len(item) not in (2, 3):
                if self.objective.with_loss:
                    raise ValueError(
                        "Output of generator should be a tuple `(x, y, sample_weight)` or "
                        f"`(x, y)`. Found: {type(item).__name__}."
                    )
                item = (item, None)
            x, y, sample_weight = (*item, None)[:3]
            return self.batch(x, y, sample_weight, class_weight)

        return Stream(source, prepare, **options)


def _several(x):
    if isinstance(x, dict):
        return list(x.values())
    return list(x) if isinstance(x, (list, tuple)) else [x]


def _expected(output):
    """The shape that targets must have, or None if the loss may mean anything."""
    shape = tuple(output.target.shape)
    return None if all(dim is None for dim in shape) and len(shape) == 0 else shape
