"""Layers that make one tensor of several."""

from hornbeam import backend as K
from hornbeam.engine.checks import ShapeError, is_shape_list
from hornbeam.engine.layer import Layer

__all__ = [
    "Add",
    "Average",
    "Concatenate",
    "Dot",
    "Maximum",
    "Minimum",
    "Multiply",
    "Subtract",
    "add",
    "average",
    "concatenate",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
]


class _Merge(Layer):
    """What merges of a list of tensors, element by element, share.

    Axes of size 1 are repeated. A tensor with fewer axes gets axes of size 1 after the batch.
    """

    supports_masking = True
    exact_count = None  # how many inputs there must be; None for two or more

    def _merge_function(self, inputs):
        raise NotImplementedError

    def build(self, input_shape):
        self.compute_output_shape(input_shape)
        self.built = True

    def call(self, inputs):
        rank = max(K.ndim(x) for x in inputs)
        expanded = []
        for x in inputs:
            for _ in range(rank - K.ndim(x)):
                x = K.expand_dims(x, 1)
            expanded.append(x)
        return self._merge_function(expanded)

    def _checked_shapes(self, input_shape):
        name = f"{self.name} ({type(self).__name__})"
        if not is_shape_list(input_shape):
            raise ShapeError(
                f"A merge layer should be called on a list of inputs: {name} got one input of "
                f"shape {tuple(input_shape)}."
            )
        count = len(input_shape)
        if self.exact_count is not None and count != self.exact_count:
            raise ShapeError(
                f"A `{type(self).__name__}` layer should be called on exactly "
                f"{self.exact_count} inputs; {name} got {count}."
            )
        if count < 2:
            raise ShapeError(
                "A merge layer should be called on a list of at least 2 inputs. "
                f"{name} got {count} inputs."
            )
        batches = {shape[0] for shape in input_shape} - {None}
        if len(batches) > 1:
            raise ShapeError(
                f"Can not merge tensors with different batch sizes: {name} got tensors with "
                f"shapes {[tuple(shape) for shape in input_shape]}."
            )
        return [tuple(shape) for shape in input_shape]

    def compute_output_shape(self, input_shape):
        shapes = self._checked_shapes(input_shape)
        rank = max(len(shape) for shape in shapes)
        result = []
        for sizes in zip(*((1,) * (rank - len(s)) + s[1:] for s in shapes)):
            known = {size for size in sizes if size not in (1, None)}
            if len(known) > 1:
                raise ShapeError(
                    f"Operands could not be broadcast together with shapes {shapes}: {self.name} "
                    f"({type(self).__name__}) expects equal sizes, or 1, on each axis."
                )
            result.append(known.pop() if known else None if None in sizes else 1)
        batches = {shape[0] for shape in shapes} - {None}
        return (batches.pop() if batches else None, *result)

    def compute_mask(self, inputs, mask=None):
        """Returns where all of the masks that there are say "present"."""
        masks = [m for m in mask if m is not None] if isinstance(mask, list) else []
        if isinstance(mask, list) and len(mask) != len(inputs):
            raise ValueError(f"{self.name} got {len(inputs)} inputs and {len(mask)} masks.")
        if not masks:
            return None
        return K.all(K.stack(masks), axis=0)


class Add(_Merge):
    """The sum of the inputs.

    Input shape: a list of two or more shapes that broadcast.
    Output shape: what they broadcast to.
    """

    def _merge_function(self, inputs):
        return sum(inputs[1:], inputs[0])


class Subtract(_Merge):
    """The first input minus the second.

    Input shape: a list of two shapes that broadcast.
    Output shape: what they broadcast to.
    """

    exact_count = 2

    def _merge_function(self, inputs):
        return inputs[0] - inputs[1]


class Multiply(_Merge):
    """The product of the inputs, element by element.

    Input shape: a list of two or more shapes that broadcast.
    Output shape: what they broadcast to.
    """

    def _merge_function(self, inputs):
        output = inputs[0]
        for x in inputs[1:]:
            output = output * x
        return output


class Average(_Merge):
    """The mean of the inputs, element by element.

    Input shape: a list of two or more shapes that broadcast.
    Output shape: what they broadcast to.
    """

    def _merge_function(self, inputs):
        return sum(inputs[1:], inputs[0]) / len(inputs)


class Maximum(_Merge):
    """The greatest of the inputs, element by element.

    Input shape: a list of two or more shapes that broadcast.
    Output shape: what they broadcast to.
    """

    def _merge_function(self, inputs):
        output = inputs[0]
        for x in inputs[1:]:
            output = K.maximum(output, x)
        return output


class Minimum(_Merge):
    """The smallest of the inputs, element by element.

    Input shape: a list of two or more shapes that broadcast.
    Output shape: what they broadcast to.
    """

    def _merge_function(self, inputs):
        output = inputs[0]
        for x in inputs[1:]:
            output = K.minimum(output, x)
        return output


class Concatenate(_Merge):
    """Joins the inputs along an axis.

    Args:
        axis: Integer; not the batch.

    Input shape: a list of two or more shapes that are equal but for `axis`.
    Output shape: the same with the sum of the sizes at `axis`.

    Raises:
        ShapeError: if another axis differs.
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs):
        return K.concatenate(inputs, axis=self.axis)

    def _merge_function(self, inputs):
        return K.concatenate(inputs, axis=self.axis)

    def compute_output_shape(self, input_shape):
        shapes = self._checked_shapes(input_shape)
        rank = len(shapes[0])
        axis = self.axis % rank
        result = []
        fits = all(len(shape) == rank for shape in shapes) and -rank <= self.axis < rank
        for place, sizes in enumerate(zip(*shapes) if fits else ()):
            if place == axis:
                result.append(None if None in sizes else sum(sizes))
                continue
            known = set(sizes) - {None}
            fits = fits and len(known) <= 1
            result.append(known.pop() if known else None)
        if not fits:
            raise ShapeError(
                "A `Concatenate` layer requires inputs with matching shapes except for the "
                f"concat axis: {self.name} with axis={self.axis} got inputs of shapes {shapes}."
            )
        return tuple(result)

    def compute_mask(self, inputs, mask=None):
        if not isinstance(mask, list) or all(m is None for m in mask):
            return None
        masks = []
        for x, own in zip(inputs, mask):
            if own is None:  # everything is present
                masks.append(K.ones_like(x, dtype="bool"))
                continue
            while K.ndim(own) < K.ndim(x):
                own = K.expand_dims(own, -1)
            # Broadcast, so that masks join along any axis.
            masks.append(K.minimum(K.cast(own, "int32"), K.ones_like(x, dtype="int32")) > 0)
        return K.all(K.concatenate(masks, axis=self.axis), axis=-1)

    def get_config(self):
        return super().get_config() | {"axis": self.axis}


class Dot(_Merge):
    """The dot product of samples in two tensors.

    Args:
        axes: Integer, or a pair of them: the axes to sum over, in each tensor.
        normalize: Bool, whether to divide by the lengths first; the result is then the cosine.

    Input shape: a list of two shapes, of equal size on `axes`.
    Output shape: the axes of both that are left; at least `(batch, 1)`.

    Raises:
        ShapeError: if the sizes differ.
    """

    exact_count = 2

    def __init__(self, axes, normalize=False, **kwargs):
        super().__init__(**kwargs)
        pair = (axes, axes) if isinstance(axes, int) else axes
        if not isinstance(pair, (list, tuple)):
            raise TypeError(f"{self.name} got axes={axes!r}. It should be a list or an int.")
        if len(pair) != 2 or not all(isinstance(axis, int) for axis in pair):
            raise ValueError(f"{self.name} got axes={axes!r}. It should contain two integers.")
        self.axes = axes
        self.normalize = normalize

    def _axes_for(self, ranks):
        pair = (self.axes,) * 2 if isinstance(self.axes, int) else self.axes
        if any(not -rank <= axis < rank for axis, rank in zip(pair, ranks)):
            raise ShapeError(
                f"{self.name} (Dot) got inputs of ranks {ranks}, which have no axes {pair}."
            )
        return [axis % rank for axis, rank in zip(pair, ranks)]

    def call(self, inputs):
        return self._merge_function(inputs)

    def _merge_function(self, inputs):
        first, second = inputs
        axes = self._axes_for([K.ndim(first), K.ndim(second)])
        if self.normalize:
            first = K.l2_normalize(first, axis=axes[0])
            second = K.l2_normalize(second, axis=axes[1])
        return K.batch_dot(first, second, axes)

    def compute_output_shape(self, input_shape):
        shapes = self._checked_shapes(input_shape)
        axes = self._axes_for([len(shape) for shape in shapes])
        first, second = ([*shape] for shape in shapes)
        sizes = first.pop(axes[0]), second.pop(axes[1])
        if 0 in axes or (None not in sizes and sizes[0] != sizes[1]):
            raise ShapeError(
                f"Dimension incompatibility {sizes[0]} != {sizes[1]}: {self.name} (Dot) with "
                f"axes={self.axes} got inputs of shapes {shapes}; the sizes of the axes must be "
                "equal, and the batch axis cannot be summed over."
            )
        shape = (*first, *second[1:])
        return shape if len(shape) > 1 else (*shape, 1)

    def compute_mask(self, inputs, mask=None):
        return None

    def get_config(self):
        return super().get_config() | {"axes": self.axes, "normalize": self.normalize}


def add(inputs, **kwargs):
    """Returns the sum of a list of tensors. See `Add`."""
    return Add(**kwargs)(inputs)


def subtract(inputs, **kwargs):
    """Returns the first of two tensors minus the second. See `Subtract`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs, **kwargs):
    """Returns the product of a list of tensors. See `Multiply`."""
    return Multiply(**kwargs)(inputs)


def average(inputs, **kwargs):
    """Returns the mean of a list of tensors. See `Average`."""
    return Average(**kwargs)(inputs)


def maximum(inputs, **kwargs):
    """Returns the greatest elements of a list of tensors. See `Maximum`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs, **kwargs):
    """Returns the smallest elements of a list of tensors. See `Minimum`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs, axis=-1, **kwargs):
    """Returns a list of tensors joined along an axis. See `Concatenate`."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs, axes, normalize=False, **kwargs):
    """Returns the dot product of the samples of two tensors. See `Dot`."""
    return Dot(axes=axes, normalize=normalize, **kwargs)(inputs)
