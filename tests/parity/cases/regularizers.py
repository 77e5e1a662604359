"""Regularizers: penalties and their gradients, names, configurations."""

from . import KERAS, Case
from .support import array, compute_named, normal


def penalty(make):
    def case(keras, random):
        K = keras.backend
        regularizer = make(keras.regularizers)
        values = normal(random, 3, 4)
        x = K.placeholder(shape=values.shape)
        y = regularizer(x)
        outputs = {"penalty": y, "gradient": K.gradients(y, [x])[0]}
        results = compute_named(keras, [(x, values)], outputs)
        results["config"] = regularizer.get_config()
        results["again config"] = (
            type(regularizer).from_config(regularizer.get_config()).get_config()
        )
        return results

    return case


def zeros(make):
    """The penalty of a weight that is partly zero, such as a fresh bias."""

    def case(keras, random):
        K = keras.backend
        x = K.placeholder(shape=(2, 3))
        y = make(keras.regularizers)(x)
        outputs = {"penalty": y, "gradient": K.gradients(y, [x])[0]}
        return compute_named(keras, [(x, array([[0, 1, 0], [0, -2, 0]]))], outputs)

    return case


def by_name(keras, random):
    """Names, dictionaries and None."""
    R = keras.regularizers
    names = ("l1", "l2", "l1_l2")
    return {
        "config": {name: R.get(name).get_config() for name in names},
        "serialized config": R.serialize(R.l1_l2(l1=0.5, l2=0.25)),
        "from dict config": R.get(
            {"class_name": "L1L2", "config": {"l1": 0.5, "l2": 0.0}}
        ).get_config(),
        "none": R.get(None),
    }


def callable_(keras, random):
    """Any function of a weight is a regularizer."""
    K = keras.backend
    layer = keras.layers.Dense(
        2, kernel_regularizer=lambda w: 0.5 * K.sum(K.abs(w[0])), input_shape=(3,)
    )
    model = keras.models.Sequential([layer])
    layer.set_weights([normal(random, 3, 2), normal(random, 2)])
    model.compile(optimizer="sgd", loss="mse")
    return {"loss": float(model.test_on_batch(normal(random, 2, 3), normal(random, 2, 2)))}


CASES = {
    "l1": penalty(lambda R: R.l1(0.3)),
    "l1 default": penalty(lambda R: R.l1()),
    "l2": penalty(lambda R: R.l2(0.3)),
    "l2 default": penalty(lambda R: R.l2()),
    "l1_l2": penalty(lambda R: R.l1_l2(l1=0.1, l2=0.2)),
    "l1_l2 default": penalty(lambda R: R.l1_l2()),
    "L1L2": penalty(lambda R: R.L1L2(l1=0.1, l2=0.2)),
    "L1L2 one": penalty(lambda R: R.L1L2(l1=0.1)),
    "l1 zeros": zeros(lambda R: R.l1(0.3)),
    "l1_l2 zeros": zeros(lambda R: R.l1_l2(0.3, 0.1)),
    "by name": Case(by_name, oracles=(KERAS,), why="tf_keras gives l1 and l2 classes of their own"),
    "callable": callable_,
}
