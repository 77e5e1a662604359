"""Models: configurations, weight order and names, summaries, rewiring, restoring."""

import functools
import json

from . import KERAS, Case, Judge
from .layers import as_lists
from .support import array, compute_named, normal, set_random_weights, uniform

# --- the models -----------------------------------------------------------------------------------


def sequential(keras):
    L = keras.layers
    return keras.models.Sequential(
        [
            L.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1), name="convolution"),
            L.MaxPooling2D(name="pool"),
            L.BatchNormalization(name="normal"),
            L.Flatten(name="flat"),
            L.Dropout(0.25, name="drop"),
            L.Dense(3, activation="softmax", kernel_regularizer="l2", name="top"),
        ],
        name="digits",
    )


def sequential_added(keras):
    L = keras.layers
    model = keras.models.Sequential()
    model.add(L.Dense(4, input_dim=3))
    model.add(L.Activation("relu"))
    model.add(L.Dense(2))
    return model


def sequential_words(keras):
    L = keras.layers
    return keras.models.Sequential(
        [
            L.Embedding(20, 4, mask_zero=True, input_length=6, name="words"),
            L.LSTM(5, return_sequences=True, name="reader"),
            L.GRU(3, reset_after=False, name="summary"),
            L.Dense(1, activation="sigmoid", name="verdict"),
        ],
        name="reviews",
    )


def functional(keras):
    L = keras.layers
    a, b = L.Input((3,), name="a"), L.Input((4,), name="b")
    left = L.Dense(4, activation="tanh", name="left")(a)
    total = L.Add(name="total")([left, b])
    both = L.Concatenate(name="both")([total, a])
    return keras.models.Model(
        [a, b], [L.Dense(2, name="first")(both), L.Dense(1, name="second")(total)], name="fork"
    )


def shared(keras):
    """A siamese network: one tower, a model itself, called twice."""
    L = keras.layers
    tower = keras.models.Sequential(
        [L.Dense(4, activation="relu", input_shape=(3,), name="t1"), L.Dense(2, name="t2")],
        name="tower",
    )
    a, b = L.Input((3,), name="a"), L.Input((3,), name="b")
    difference = L.Lambda(lambda pair: pair[0] - pair[1], name="difference")
    y = L.Dense(1, activation="sigmoid", name="same")(difference([tower(a), tower(b)]))
    return keras.models.Model([a, b], y, name="siamese")


def shared_plain(keras):
    """The same without the Lambda, which configurations hold as bytecode."""
    L = keras.layers
    dense = L.Dense(4, name="shared")
    a, b = L.Input((3,), name="a"), L.Input((3,), name="b")
    joined = L.Concatenate(name="joined")([dense(a), dense(b)])
    return keras.models.Model([a, b], L.Dense(1, name="top")(joined), name="pairs")


def nested(keras):
    L = keras.layers
    x = L.Input((5,), name="inner_input")
    inner = keras.models.Model(x, [L.Dense(3, name="u")(x), L.Dense(2, name="v")(x)], name="inner")
    z = L.Input((5,), name="outer_input")
    u, v = inner(z)
    y = L.Concatenate(name="uv")([u, v])
    return keras.models.Model(z, L.Dense(1, name="end")(y), name="outer")


def automatic_names(keras):
    L = keras.layers
    x = L.Input((4, 4, 2))
    y = L.Conv2D(2, 3)(x)
    y = L.Conv2D(2, 1)(y)
    y = L.BatchNormalization()(y)
    y = L.Activation("relu")(y)
    y = L.GlobalAveragePooling2D()(y)
    y = L.Add()([L.Dense(2)(y), L.Dense(2)(y)])
    return keras.models.Model(x, y)


def frozen(keras):
    model = sequential(keras)
    for layer in model.layers[:3]:
        layer.trainable = False
    return model


MODELS = {
    "sequential": sequential,
    "sequential added": sequential_added,
    "sequential words": sequential_words,
    "functional": functional,
    "shared": shared,
    "shared plain": shared_plain,
    "nested": nested,
    "automatic names": automatic_names,
    "frozen": frozen,
}


# --- routines -------------------------------------------------------------------------------------


def feeds(model, random, batch=3):
    """Arrays for the model's inputs; small integers where words are expected."""
    arrays = []
    for x in model.inputs:
        shape = (batch,) + tuple(int(size) for size in tuple(x.shape)[1:])
        if any("embedding" in type(layer).__name__.lower() for layer in model.layers):
            arrays.append(array(random.randint(0, 9, size=shape)))
        else:
            arrays.append(normal(random, *shape))
    return arrays if len(arrays) > 1 else arrays[0]


def described(keras, random, build):
    """Names, order, counts, shapes; the summary's lines."""
    model = build(keras)
    lines, wide = [], []
    model.summary(print_fn=lines.append)
    model.summary(line_length=90, positions=[0.4, 0.7, 0.85, 1.0], print_fn=wide.append)
    return {
        "name": model.name,
        "layers": [[type(layer).__name__, layer.name] for layer in model.layers],
        "weights": [weight.name for weight in model.weights],
        "trainable weights": [weight.name for weight in model.trainable_weights],
        "non-trainable weights": [weight.name for weight in model.non_trainable_weights],
        "weight shapes": [list(weight.shape) for weight in model.get_weights()],
        "params": model.count_params(),
        "inputs": [as_lists(keras.backend.int_shape(x)) for x in model.inputs],
        "outputs": [as_lists(keras.backend.int_shape(y)) for y in model.outputs],
        "input_shape": as_lists(model.input_shape),
        "output_shape": as_lists(model.output_shape),
        "input_names": model.input_names,
        "output_names": model.output_names,
        "losses": len(model.losses),
        "updates": len(model.updates),
        "summary": "\n".join(lines).splitlines(),
        "summary wide": "\n".join(wide).splitlines(),
    }


def configured(keras, random, build):
    """get_config and to_json, without what names the library."""
    model = build(keras)
    stored = json.loads(model.to_json())
    for key in ("keras_version", "backend"):
        stored.pop(key, None)
    return {"config": model.get_config(), "json config": stored}


def restored(keras, random, build):
    """from_config, model_from_json and clone_model: the same function, given the same weights."""
    model = build(keras)
    set_random_weights(model, random)
    x = feeds(model, random)
    results = predictions("original", model, x)
    copies = {
        "from_config": type(model).from_config(model.get_config()),
        "from_json": keras.models.model_from_json(model.to_json()),
        "clone": keras.models.clone_model(model),
    }
    for name, copy in copies.items():
        copy.set_weights(model.get_weights())
        results.update(predictions(name, copy, x))
        results[name + " layers"] = [layer.name for layer in copy.layers]
        results[name + " trainable"] = len(copy.trainable_weights)
    return results


def predictions(name, model, x):
    found = model.predict(x)
    found = found if isinstance(found, list) else [found]
    return {f"{name} {index}": values for index, values in enumerate(found)}


def computed(keras, random, build):
    """Outputs and gradients with respect to inputs and weights; predict in batches."""
    K = keras.backend
    model = build(keras)
    set_random_weights(model, random)
    x = feeds(model, random)
    values = x if isinstance(x, list) else [x]
    total = sum(K.sum(K.square(y)) for y in model.outputs)
    weights = list(model.trainable_weights)
    gradients = K.gradients(total, weights)
    outputs = {f"output {index}": y for index, y in enumerate(model.outputs)}
    for weight, gradient in zip(weights, gradients):
        outputs["gradient " + str(len(outputs))] = K.reshape(gradient, K.int_shape(weight))
    results = compute_named(keras, list(zip(model.inputs, values)), outputs, training=0)
    found = model.predict(x, batch_size=2)
    for index, one in enumerate(found if isinstance(found, list) else [found]):
        results[f"predicted {index}"] = one
    return results


# --- single facts ---------------------------------------------------------------------------------


def rewired(keras, random):
    """A sub-model from input to a hidden layer's output, and one from the middle on."""
    model = functional(keras)
    set_random_weights(model, random)
    M = keras.models.Model
    hidden = M(model.inputs, model.get_layer("total").output)
    values = [normal(random, 2, 3), normal(random, 2, 4)]
    results = {"hidden": hidden.predict(values)}
    x = keras.layers.Input((4,))
    top = M(x, model.get_layer("second")(x))
    results["second"] = top.predict(results["hidden"])
    results["layer by index"] = model.get_layer(index=2).name
    results["layers"] = [layer.name for layer in hidden.layers]
    return results


def called(keras, random):
    """A model called as a layer: shared weights, its own nodes."""
    K, L = keras.backend, keras.layers
    inner = sequential_added(keras)
    set_random_weights(inner, random)
    x = L.Input((3,))
    y = inner(x)
    z = inner(L.Lambda(lambda value: 2 * value)(x))
    values = normal(random, 2, 3)
    outputs = {"y": y, "z": z, "gradient": K.gradients(K.sum(z), [x])[0]}
    results = compute_named(keras, [(x, values)], outputs)
    outer = keras.models.Model(x, [y, z])
    results["weights"] = len(outer.weights)
    results["shape"] = as_lists(inner.get_output_shape_at(0))
    return results


def deferred(keras, random):
    """A Sequential without an input shape is built by its first data."""
    model = keras.models.Sequential([keras.layers.Dense(2), keras.layers.Dense(1)])
    results = {"built before": model.built}
    model.build((None, 3))
    results["built"] = model.built
    results["weight shapes"] = [list(weight.shape) for weight in model.get_weights()]
    set_random_weights(model, random)
    results["predicted"] = model.predict(normal(random, 2, 3))
    return results


def popped(keras, random):
    """pop takes the last layer away; another can be added."""
    model = sequential_added(keras)
    model.pop()
    results = {"layers": len(model.layers), "output_shape": as_lists(model.output_shape)}
    model.add(keras.layers.Dense(5))
    set_random_weights(model, random)
    results["predicted"] = model.predict(normal(random, 2, 3))
    return results


def subclassed(keras, random):
    """A subclass of Model with a `call` of its own."""

    class Residual(keras.models.Model):
        def __init__(self):
            super().__init__(name="residual")
            self.inner = keras.layers.Dense(3, activation="tanh")
            self.top = keras.layers.Dense(2)

        def call(self, inputs):
            return self.top(self.inner(inputs) + inputs)

    model = Residual()
    model.compile(optimizer="sgd", loss="mse")
    x, y = normal(random, 5, 3), normal(random, 5, 2)
    model.train_on_batch(x, y)  # builds it
    weights = [normal(random, *weight.shape) for weight in model.get_weights()]
    model.set_weights(weights)
    results = {"predicted": model.predict(x), "loss": float(model.test_on_batch(x, y))}
    results["shapes"] = [list(weight.shape) for weight in weights]
    return results


def k_function(keras, random):
    """K.function of a model's input, and the learning phase, to a layer's output."""
    K = keras.backend
    model = sequential(keras)
    set_random_weights(model, random)
    hidden = K.function([model.input, K.learning_phase()], [model.get_layer("normal").output])
    x = normal(random, 2, 8, 8, 1)
    return {"test": hidden([x, 0])[0], "train": hidden([x, 1])[0]}


def saliency(keras, random):
    """The gradient of a class with respect to the picture."""
    K = keras.backend
    model = sequential(keras)
    set_random_weights(model, random)
    gradient = K.gradients(model.output[:, 1], model.input)[0]
    values = K.function([model.input], [gradient])([normal(random, 2, 8, 8, 1)])
    return {"saliency": values[0]}


def with_regularizers(keras, random):
    """model.losses of a nested model, once for each shared layer."""
    L = keras.layers
    dense = L.Dense(2, kernel_regularizer=keras.regularizers.l2(0.5), name="d")
    inner = keras.models.Sequential(
        [L.Dense(3, input_shape=(2,), name="e", bias_regularizer="l1"), dense]
    )
    x = L.Input((2,))
    model = keras.models.Model(x, inner(inner(x)))
    set_random_weights(model, random)
    model.compile(optimizer="sgd", loss="mse")
    values = normal(random, 3, 2)
    results = {"penalties": len(model.losses)}
    results["loss"] = float(model.test_on_batch(values, uniform(random, 0, 1, 3, 2)))
    return results


TEXT = "tf_keras prints another table"
ORDER = "tf_keras counts automatic names from `dense`, Keras 2.3.1 from `dense_1`"
FIRST = "Keras 2.3.1 lists a model's trainable weights first, tf_keras goes layer by layer"
JUDGES = [
    Judge(KERAS, TEXT, "summary*"),
    Judge(KERAS, FIRST, "weights"),
    Judge(KERAS, "tf_keras calls functional models Functional", "layers"),
    Judge(KERAS, "tf_keras puts a recurrent cell's name before a weight's", "trainable weights"),
]
AUTOMATIC = [Judge(KERAS, ORDER)]


def table():
    rows = {}
    for name, build in MODELS.items():
        unnamed = name in ("sequential added", "automatic names")
        judges = JUDGES + (AUTOMATIC if unnamed else [])
        rows[name + " described"] = Case(functools.partial(described, build=build), judges=judges)
        rows[name + " computed"] = functools.partial(computed, build=build)
        if name not in ("shared", "frozen"):
            run = functools.partial(configured, build=build)
            rows[name + " configured"] = Case(
                run, oracles=(KERAS,), why="tf_keras 2.21 writes configurations in Keras 3's layout"
            )
        if name != "shared":
            rows[name + " restored"] = Case(
                functools.partial(restored, build=build), judges=AUTOMATIC if unnamed else []
            )
    rows["rewired"] = rewired
    rows["called"] = called
    rows["deferred"] = deferred
    rows["popped"] = popped
    rows["subclassed"] = subclassed
    rows["K.function"] = k_function
    rows["saliency"] = saliency
    rows["regularized"] = with_regularizers
    return rows


CASES = table()
