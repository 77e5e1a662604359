"""`Lambda`: a function as a layer."""

import types

import numpy as np

from hornbeam import backend as K
from hornbeam import bytecode
from hornbeam.backend.ops import infer
from hornbeam.engine import checks
from hornbeam.engine.layer import Layer
from hornbeam.engine.node import from_list
from hornbeam.layers.known_functions import KNOWN
from hornbeam.registry import deserialize_keras_object, has_arg

__all__ = ["Lambda"]


class Lambda(Layer):
    """Makes a layer of a function of tensors.

    Args:
        function: Function of the input (a tensor or a list of tensors). If it has parameters named
            `mask` or `training`, it gets those too. It may hold on to tensors and variables.
        output_shape: Not needed: shapes are found by running the function on shapes. A tuple
            without the batch axis (or a function of the input shape) names sizes that cannot be
            found so.
        mask: None (the output has no mask), a mask, or a function `(inputs, mask) -> mask`.
        arguments: Dict of further keyword arguments for the function.

    Input shape: any.
    Output shape: what the function returns.

    Source: Keras 2.3.1. A config holds the code of the function; it is run again only if this
    process made it or the user allows it.
    """

    _declares_shape = False
    hides_sources = True

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(f"{self.name} (Lambda) got {function!r}. Expected a function.")
        if output_shape is not None and not callable(output_shape):
            if not isinstance(output_shape, (tuple, list)):
                raise TypeError(
                    f"In Lambda, `output_shape` must be a list, a tuple, or a function; "
                    f"{self.name} got {output_shape!r}."
                )
            output_shape = tuple(output_shape)
        self.function = function
        self.arguments = dict(arguments or {})
        self.mask = mask
        self.supports_masking = mask is not None
        self._output_shape = output_shape
        self._takes = {name for name in ("mask", "training") if has_arg(function, name)}

    def call(self, inputs, mask=None, training=None):
        arguments = dict(self.arguments)
        given = {"mask": mask, "training": training}
        for name in self._takes:
            arguments.setdefault(name, given[name])
        return self.function(inputs, **arguments)

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def declared_outputs(self, node):
        if self._output_shape is None:
            return None
        specs = infer(node.run, [*node.sources, *self.weights], node.wide, varies=True)
        stated = self._stated_shape(node.input_shapes if isinstance(node.inputs, list)
                                    else node.input_shapes[0])
        if len(specs) != len(stated):
            return specs
        return [
            (_completed(shape, known), dtype, static)
            for (shape, dtype, static), known in zip(specs, stated)
        ]

    def _stated_shape(self, input_shape):
        """Returns the list of output shapes that the user stated."""
        if callable(self._output_shape):
            shape = self._output_shape(input_shape)
            return list(shape) if checks.is_shape_list(shape) else [tuple(shape)]
        batch = input_shape[0][0] if checks.is_shape_list(input_shape) else input_shape[0]
        if checks.is_shape_list(self._output_shape):
            return [(batch, *shape) for shape in self._output_shape]
        return [(batch, *self._output_shape)]

    def compute_output_shape(self, input_shape):
        if self._output_shape is None:
            return Layer.compute_output_shape(self, input_shape)
        return from_list(self._stated_shape(input_shape))

    def get_config(self):
        function, function_type = stored(self.function)
        output_shape, output_shape_type = self._output_shape, "raw"
        if callable(output_shape):
            output_shape, output_shape_type = stored(output_shape)
        return super().get_config() | {
            "function": function,
            "function_type": function_type,
            "output_shape": output_shape,
            "output_shape_type": output_shape_type,
            "arguments": self.arguments,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes the layer from what `get_config` returned.

        Args:
            config: Dict.
            custom_objects: Dict from name to function, also the global names of stored code.

        Raises:
            ValueError: if the config holds code of unknown origin and it is not allowed to run.
        """
        config = dict(config)
        what = f"The Lambda layer {config.get('name', 'lambda')!r}"
        function_type = config.pop("function_type", "lambda")
        config["function"] = restored(config["function"], function_type, custom_objects, what)
        shape_type = config.pop("output_shape_type", "raw")
        if shape_type != "raw":
            config["output_shape"] = restored(
                config["output_shape"], shape_type, custom_objects, what
            )
        arguments = dict(config.get("arguments") or {})
        for key, value in arguments.items():
            if isinstance(value, dict) and value.get("type") == "ndarray":  # as JSON stores it
                arguments[key] = np.array(value["value"])
        config["arguments"] = arguments
        for unused in ("module", "output_shape_module"):  # tf.keras writes them
            config.pop(unused, None)
        return cls(**config)


def _completed(shape, stated):
    """Fills unknown sizes of a shape with those that the user stated."""
    if len(shape) != len(stated):
        return shape
    return tuple(want if size is None else size for size, want in zip(shape, stated))


def stored(function):
    """Returns how a config holds a function: its code, or the name of one that has none."""
    if KNOWN.get(getattr(function, "__name__", None)) is function:
        return function.__name__, "function"
    if isinstance(function, types.FunctionType):
        return bytecode.func_dump(function), "lambda"
    return getattr(function, "__name__", type(function).__name__), "function"


def restored(kept, kind, custom_objects, what):
    """Returns the function that a config holds.

    Args:
        kept: What `stored` returned.
        kind: `'lambda'` for code, `'function'` for a name.
        custom_objects: Dict from name to function, also the global names of stored code.
        what: String; whose function it is, for errors.

    Raises:
        ValueError: for an unknown name, or code of unknown origin that is not allowed to run.
    """
    if kind == "function":
        return deserialize_keras_object(
            kept,
            KNOWN,
            custom_objects=custom_objects,
            printable_module_name=f"function of {what[0].lower()}{what[1:]}",
        )
    if kind != "lambda":
        raise ValueError(f"{what} has a function of the unknown type {kind!r} in its config.")
    names = {"K": K, "np": np} | (custom_objects or {})
    return bytecode.trusted_load(kept, names, what)
