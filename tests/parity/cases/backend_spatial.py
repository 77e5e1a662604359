"""The backend's functions of pictures, volumes and sequences, and what `backend` leaves out.

Each is called on placeholders and on constants; gradients are with respect to every array.
"""

import functools

import numpy as np

from . import KERAS, Case
from .backend import GROUPS
from .layers import as_lists
from .support import array, compute_named, normal, softmax, uniform, weighted_sum

FIRST = "channels_first"
WHY = "several of these functions are missing, or have no channels_first, in tf_keras 2.21"


def check(keras, random, call, shapes):
    """A function of some arrays: value, static shape, gradients; the same on constants."""
    K = keras.backend
    values = [normal(random, *shape) for shape in shapes]
    symbols = [K.placeholder(shape=shape) for shape in shapes]
    y = call(K, *symbols)
    total = weighted_sum(keras, y + K.square(y), uniform(random, 0.5, 1.5, *K.int_shape(y)))
    outputs = {"value": y}
    for index, gradient in enumerate(K.gradients(total, symbols)):
        outputs["gradient {}".format(index)] = gradient
    outputs["constants"] = call(K, *[K.constant(value) for value in values])
    results = compute_named(keras, list(zip(symbols, values)), outputs)
    constants = results.pop("constants")
    results["same on constants"] = bool(
        np.allclose(constants, results["value"], rtol=1e-4, atol=1e-5)
    )
    results["shape"] = as_lists(K.int_shape(y))
    return results


def options(name, *positions, **settings):
    """A call of K's function `name`: arrays first, then what else it takes."""
    return lambda K, *arrays: getattr(K, name)(*(arrays + positions), **settings)


CHECKS = {
    "conv1d same dilation": (
        options("conv1d", padding="same", dilation_rate=2), (2, 6, 2), (3, 2, 3),
    ),
    "conv1d channels_first": (options("conv1d", data_format=FIRST), (2, 2, 6), (3, 2, 3)),
    "conv2d channels_first": (
        options("conv2d", strides=(2, 1), padding="same", data_format=FIRST),
        (2, 2, 5, 4), (3, 2, 2, 3),
    ),
    "conv2d_transpose": (
        options("conv2d_transpose", (2, 7, 6, 2), strides=(2, 2)), (2, 3, 3, 3), (3, 2, 2, 3),
    ),
    "conv2d_transpose same": (
        options("conv2d_transpose", (2, 6, 5, 2), strides=(2, 2), padding="same"),
        (2, 3, 3, 3), (3, 2, 2, 3),
    ),
    "conv2d_transpose dilation": (
        options("conv2d_transpose", (2, 7, 5, 2), dilation_rate=(2, 2)),
        (2, 3, 3, 3), (3, 2, 2, 3),
    ),
    "conv2d_transpose channels_first": (
        options("conv2d_transpose", (2, 2, 7, 6), strides=(2, 2), data_format=FIRST),
        (2, 3, 3, 3), (3, 2, 2, 3),
    ),
    "conv3d": (options("conv3d"), (2, 4, 3, 4, 2), (2, 2, 3, 2, 3)),
    "conv3d same": (
        options("conv3d", strides=(1, 2, 2), padding="same"), (2, 3, 4, 3, 2), (2, 3, 2, 2, 2),
    ),
    "conv3d_transpose": (
        options("conv3d_transpose", (2, 4, 4, 6, 2), strides=(2, 2, 2)),
        (2, 2, 2, 3, 2), (2, 2, 2, 2, 2),
    ),
    "conv3d_transpose same": (
        options("conv3d_transpose", (2, 4, 3, 6, 2), strides=(2, 2, 2), padding="same"),
        (2, 2, 2, 3, 2), (2, 3, 2, 2, 2),
    ),
    "depthwise_conv2d": (options("depthwise_conv2d"), (2, 4, 5, 2), (2, 3, 2, 2)),
    "depthwise_conv2d same": (
        options("depthwise_conv2d", strides=(2, 2), padding="same"), (2, 5, 4, 2), (3, 2, 2, 1),
    ),
    "depthwise_conv2d dilation": (
        options("depthwise_conv2d", dilation_rate=(2, 1)), (2, 5, 4, 2), (2, 2, 2, 2),
    ),
    "depthwise_conv2d channels_first": (
        options("depthwise_conv2d", data_format=FIRST), (2, 2, 4, 5), (2, 3, 2, 2),
    ),
    "separable_conv1d": (
        options("separable_conv1d", strides=2, padding="same"),
        (2, 6, 2), (3, 2, 2), (1, 4, 3),
    ),
    "separable_conv1d dilation": (
        options("separable_conv1d", dilation_rate=2), (2, 6, 2), (2, 2, 1), (1, 2, 3),
    ),
    "separable_conv2d": (
        options("separable_conv2d"), (2, 4, 5, 2), (2, 3, 2, 2), (1, 1, 4, 3),
    ),
    "separable_conv2d same": (
        options("separable_conv2d", strides=(2, 2), padding="same"),
        (2, 5, 4, 2), (3, 2, 2, 1), (1, 1, 2, 3),
    ),
    "separable_conv2d channels_first": (
        options("separable_conv2d", data_format=FIRST),
        (2, 2, 4, 5), (2, 3, 2, 2), (1, 1, 4, 3),
    ),
    "local_conv1d": (options("local_conv1d", (3,), (2,)), (2, 7, 2), (3, 6, 4)),
    "local_conv2d": (
        options("local_conv2d", (2, 3), (1, 2), (3, 2)), (2, 4, 5, 2), (6, 12, 3),
    ),
    "local_conv2d channels_first": (
        options("local_conv2d", (2, 3), (1, 2), (3, 2), data_format=FIRST),
        (2, 2, 4, 5), (6, 12, 3),
    ),
    "pool2d max channels_first": (
        options("pool2d", (2, 3), strides=(2, 1), padding="same", data_format=FIRST),
        (2, 2, 5, 4),
    ),
    "pool2d avg channels_first": (
        options("pool2d", (2, 2), data_format=FIRST, pool_mode="avg"), (2, 2, 4, 3),
    ),
    "pool3d max": (options("pool3d", (2, 2, 3), strides=(1, 2, 1)), (2, 3, 4, 4, 2)),
    "pool3d avg same": (
        options("pool3d", (2, 2, 2), strides=(2, 2, 2), padding="same", pool_mode="avg"),
        (2, 3, 4, 3, 2),
    ),
    "pool3d max channels_first": (
        options("pool3d", (2, 2, 2), data_format=FIRST), (2, 2, 3, 3, 4),
    ),
    "resize_images nearest channels_first": (
        options("resize_images", 2, 3, FIRST), (2, 2, 3, 2),
    ),
    "resize_images bilinear": (
        options("resize_images", 2, 3, "channels_last", interpolation="bilinear"), (2, 3, 2, 2),
    ),
    "resize_volumes": (options("resize_volumes", 2, 1, 3, "channels_last"), (2, 2, 2, 2, 2)),
    "resize_volumes channels_first": (options("resize_volumes", 1, 2, 2, FIRST), (2, 2, 2, 2, 2)),
    "spatial_2d_padding channels_first": (
        options("spatial_2d_padding", ((1, 0), (2, 1)), FIRST), (2, 2, 3, 2),
    ),
    "spatial_3d_padding": (
        options("spatial_3d_padding", ((1, 0), (0, 2), (1, 1))), (2, 2, 1, 2, 2),
    ),
    "spatial_3d_padding channels_first": (
        options("spatial_3d_padding", ((1, 0), (0, 2), (1, 1)), FIRST), (2, 2, 2, 1, 2),
    ),
    "bias_add rank 3": (options("bias_add"), (2, 4, 3), (3,)),
    "bias_add rank 3 whole": (options("bias_add"), (2, 4, 3), (4, 3)),
    "bias_add rank 3 first": (options("bias_add", data_format=FIRST), (2, 3, 4), (3,)),
    "bias_add rank 4 first": (options("bias_add", data_format=FIRST), (2, 3, 4, 2), (3,)),
    "bias_add rank 4 whole": (options("bias_add"), (2, 3, 2, 3), (3, 2, 3)),
    "bias_add rank 5": (options("bias_add"), (2, 2, 2, 2, 3), (3,)),
    "bias_add rank 5 first": (options("bias_add", data_format=FIRST), (2, 3, 2, 2, 2), (3,)),
    "arange of a size": (
        lambda K, x: x * K.cast(K.arange(K.shape(x)[1]), "float32"), (2, 3),
    ),
    "foldl with a start": (
        lambda K, x, y: K.foldl(lambda total, row: total * 0.5 + row, x, initializer=y),
        (4, 3), (3,),
    ),
    "identity": (options("identity"), (2, 3)),
    "print_tensor": (lambda K, x: 2 * K.print_tensor(x, message="x is "), (2, 2)),
    "repeat_elements of channels": (options("repeat_elements", 2, 3), (2, 2, 2, 2)),
    "tile of a number": (options("tile", (2, 1)), (2, 3)),
    "slice to the end": (lambda K, x: K.slice(x, (0, 1), (-1, 2)), (2, 4)),
    "concatenate first axis": (lambda K, x, y: K.concatenate([x, y], axis=0), (2, 3), (1, 3)),
    "stack last": (lambda K, x, y: K.stack([x, y], axis=-1), (2, 3), (2, 3)),
}  # fmt: skip


def ctc(keras, random):
    """The cost of labels of unequal lengths, its gradient, and both ways to decode."""
    K = keras.backend
    logits = K.placeholder(shape=(3, 6, 4))
    labels, steps, lengths = (K.placeholder(shape=(3, size), dtype="int32") for size in (3, 1, 1))
    feeds = [
        (logits, 2 * normal(random, 3, 6, 4)),
        (labels, np.array([[0, 1, 2], [2, 2, 0], [1, 0, 0]], "int32")),
        (steps, np.array([[6], [6], [4]], "int32")),
        (lengths, np.array([[3], [2], [1]], "int32")),
    ]
    probabilities = K.softmax(logits)
    cost = K.ctc_batch_cost(labels, probabilities, steps, lengths)
    outputs = {"cost": cost, "gradient": K.gradients(K.sum(cost), [logits])[0]}
    flat = K.flatten(steps)
    greedy, greedy_score = K.ctc_decode(probabilities, flat, greedy=True)
    outputs["greedy"], outputs["greedy score"] = greedy[0], greedy_score
    beams, scores = K.ctc_decode(probabilities, flat, greedy=False, beam_width=64, top_paths=2)
    outputs["best"], outputs["scores"] = beams[0], scores
    sparse = K.ctc_label_dense_to_sparse(labels, K.flatten(lengths))
    outputs["dense again"] = K.to_dense(sparse)
    results = compute_named(keras, feeds, outputs)
    for name in ("greedy", "best"):  # as many columns as the longest label has, or as steps
        used = (results[name] != -1).any(axis=0)
        results[name] = results[name][:, used]
    results["sparse"] = [K.is_sparse(sparse), K.is_sparse(logits)]
    return results


def kinds(keras, random):
    """What is a tensor, a variable, a placeholder; sizes; names."""
    K = keras.backend
    x, v = K.placeholder(shape=(2, 3)), K.variable(normal(random, 2, 3), name="weights")
    c = K.constant([1.0, 2.0])
    with K.name_scope("scope"):
        y = K.identity(x + v)
    with K.control_dependencies([y]):
        z = y * 2
    outputs = {"z": z, "size": K.size(x), "size of a variable": K.size(v)}
    results = compute_named(keras, [(x, normal(random, 2, 3))], outputs)
    made = K.random_uniform_variable((30, 20), low=-1.0, high=2.0)
    drawn = K.get_value(made)
    results["uniform"] = bool(drawn.min() >= -1 and drawn.max() <= 2 and drawn.std() > 0.7)
    results["is_tensor"] = [bool(K.is_tensor(item)) for item in (x, y, c, np.zeros(2), 3)]
    results["is_variable"] = [bool(K.is_variable(item)) for item in (v, x, c, np.zeros(2))]
    results["is_placeholder"] = [bool(K.is_placeholder(item)) for item in (x, v, y)]
    results["is_sparse"] = [bool(K.is_sparse(item)) for item in (x, v)]
    results["int_shape"] = [as_lists(K.int_shape(item)) for item in (v, y, z, made)]
    results["shape of a variable"] = as_lists(K.int_shape(v))
    results["count"] = [int(K.count_params(v)), int(K.count_params(made))]
    return results


def settings(keras, random):
    """What can be set: epsilon, the data format, the learning phase; and is put back."""
    K = keras.backend
    found = {"before": [K.epsilon(), K.image_data_format(), K.floatx()]}
    epsilon = K.epsilon()
    try:
        K.set_epsilon(1e-3)
        x = K.constant(array([[0.0, 1.0]]))
        loss = K.categorical_crossentropy(K.constant(array([[1.0, 0.0]])), x)
        found["loss by epsilon"] = K.eval(loss)
        K.set_image_data_format("channels_first")
        pooled = keras.layers.MaxPooling2D()(keras.layers.Input((2, 4, 6)))
        found["channels_first"] = [as_lists(K.int_shape(pooled)), K.image_data_format()]
    finally:
        K.set_epsilon(epsilon)
        K.set_image_data_format("channels_last")
    K.clear_session()
    try:
        for phase in (0, 1):
            K.set_learning_phase(phase)
            x = K.placeholder(shape=(2,))
            chosen = K.in_train_phase(x * 2, x + 0)
            found["phase {}".format(phase)] = K.function([x], [chosen])([array([1, 2])])[0]
            found["phase value {}".format(phase)] = int(K.learning_phase())
    finally:
        K.clear_session()
    return found


def on_constants(keras, random, rows, arrays):
    """Expressions of a group on constants and on variables equal those on placeholders."""
    K = keras.backend
    values = arrays(random)
    symbols = [K.placeholder(shape=value.shape) for value in values]
    outputs = {name: expression(K, *symbols) for name, expression in rows.items()}
    expected = compute_named(keras, list(zip(symbols, values)), outputs)
    results = {}
    for kind in ("constant", "variable"):
        fixed = [getattr(K, kind)(value) for value in values]
        outputs = {name: expression(K, *fixed) for name, expression in rows.items()}
        found = compute_named(keras, [], outputs)
        results["different on a " + kind] = [
            name
            for name in sorted(rows)
            if not np.allclose(found[name], expected[name], rtol=1e-4, atol=1e-5, equal_nan=True)
        ]
    return results


def random_by_arguments(keras, random):
    """Random tensors of a dynamic shape and another dtype; a seeded one; a mask by the phase."""
    K = keras.backend
    x = K.placeholder(shape=(None, 50))
    like = K.random_uniform(K.shape(x), 2.0, 3.0)
    kept = K.in_train_phase(K.dropout(x, 0.5), x)
    wide = K.random_normal((4,), dtype="float64")
    rows = K.dropout(x, 0.5, noise_shape=(40, 1))
    outputs = {"like": like, "kept": kept, "wide": wide, "rows": rows}
    feeds = [(x, np.ones((40, 50), "float32"))]
    train, test = (compute_named(keras, feeds, outputs, training=phase) for phase in (1, 0))
    return {
        "shape": list(train["like"].shape),
        "bounds": bool(train["like"].min() >= 2 and train["like"].max() <= 3),
        "train": sorted(set(np.unique(train["kept"]).tolist())),
        "share": bool(abs((train["kept"] == 0).mean() - 0.5) < 0.06),
        "test": bool((test["kept"] == 1).all()),
        "rows are dropped whole": bool((train["rows"] == train["rows"][:, :1]).all()),
        "dtype": train["wide"].dtype.name,
    }


def control(keras, random):
    """Several sequences in map_fn, folds from a start, switches of other ranks."""
    K = keras.backend
    x, y = K.placeholder(shape=(4, 3)), K.placeholder(shape=(4, 3))
    flag = K.placeholder(shape=(4, 1))
    outputs = {
        "map of two": K.map_fn(lambda rows: rows[0] * K.sum(rows[1]), (x, y), dtype="float32"),
        "map to integers": K.map_fn(lambda row: K.argmax(row), x, dtype="int64"),
        "foldr from": K.foldr(lambda total, row: total * row, x, initializer=K.ones((3,))),
        "switch": K.switch(K.greater(flag, 0), x, y),
        "nested": K.switch(
            K.greater(K.sum(x), K.sum(y)), lambda: K.maximum(x, y), lambda: K.minimum(x, y)
        ),
    }
    outputs["gradient"] = K.gradients(K.sum(outputs["map of two"]) * K.sum(x), [x])[0]
    feeds = [
        (x, normal(random, 4, 3)), (y, normal(random, 4, 3)), (flag, array([[1], [0], [-1], [2]])),
    ]  # fmt: skip
    return compute_named(keras, feeds, outputs)


def gathers(keras, random):
    """Rows by integers of any rank; reversed axes; classes as rows of zeros and one."""
    K = keras.backend
    table, rows = K.placeholder(shape=(5, 3)), K.placeholder(shape=(2, 2), dtype="int32")
    found = K.gather(table, rows)
    outputs = {
        "gathered": found,
        "gradient": K.reshape(K.gradients(K.sum(found * found), [table])[0], (5, 3)),
        "one_hot": K.one_hot(rows, 5),
        "probabilities": K.eval(K.constant(softmax(normal(random, 2, 3)))),
    }
    probabilities = outputs.pop("probabilities")
    feeds = [(table, normal(random, 5, 3)), (rows, np.array([[1, 4], [1, 0]], "int32"))]
    results = compute_named(keras, feeds, outputs)
    results["shape"] = as_lists(K.int_shape(found))
    results["constant"] = probabilities
    return results


def table():
    rows = {
        name: functools.partial(check, call=row[0], shapes=row[1:]) for name, row in CHECKS.items()
    }
    for name, (arrays, expressions) in GROUPS.items():
        rows["constants: " + name] = functools.partial(
            on_constants, rows=expressions, arrays=arrays
        )
    own = (ctc, kinds, settings, random_by_arguments, control, gathers)
    rows.update({run.__name__.replace("_", " "): run for run in own})
    return {name: Case(run, oracles=(KERAS,), why=WHY) for name, run in rows.items()}


CASES = table()
