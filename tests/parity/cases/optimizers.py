"""Optimizers: twenty steps of trajectory, their own weights, configurations, the symbolic forms."""

import functools

import numpy as np

from . import KERAS, Case, Judge
from .support import array, is_tf_keras, normal, optimizers, set_random_weights


def network(keras, random, **settings):
    """A small network, its weights set; settings go to the first layer."""
    model = keras.models.Sequential(
        [
            keras.layers.Dense(4, activation="tanh", input_shape=(3,), **settings),
            keras.layers.Dense(2),
        ]
    )
    set_random_weights(model, random)
    return model


def make(keras, name, **settings):
    """The optimizer; where tf_keras has another default, with that of Keras 2.3.1."""
    if is_tf_keras(keras) and name == "Adagrad":
        settings["initial_accumulator_value"] = 0.0
    return getattr(optimizers(keras), name)(**settings)


def trajectory(keras, random, name, **settings):
    """Weights of model and optimizer after 1, 5 and 20 steps, and the loss of every step."""
    optimizer = make(keras, name, **settings)
    model = network(keras, random)
    model.compile(optimizer=optimizer, loss="mse")
    batches = [(normal(random, 5, 3), normal(random, 5, 2)) for _ in range(3)]
    results, losses = {}, []
    for step in range(1, 21):
        losses.append(model.train_on_batch(*batches[step % 3]))
        if step in (1, 5, 20):
            for index, weight in enumerate(model.get_weights()):
                results[f"step {step}: weight {index}"] = weight
        if step in (1, 20):
            for index, weight in enumerate(optimizer.get_weights()):
                results[f"step {step}: slot {index}"] = array(weight)
    results["losses"] = array(losses)
    results["slot shapes"] = [list(np.shape(weight)) for weight in optimizer.get_weights()]
    results["config"] = optimizer.get_config()
    results["second config"] = type(optimizer).from_config(optimizer.get_config()).get_config()
    return results


def embedding(keras, random, name, **settings):
    """Rows that a batch does not use: their moments still decay, and still move them."""
    optimizer = make(keras, name, **settings)
    model = keras.models.Sequential(
        [
            keras.layers.Embedding(6, 2, input_length=3),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    set_random_weights(model, random)
    model.compile(optimizer=optimizer, loss="mse")
    for low, high in ((0, 3), (2, 5), (0, 3), (0, 2)):  # the last row is never used
        x = array(random.randint(low, high, size=(4, 3)))
        model.train_on_batch(x, normal(random, 4, 1))
    return {f"weight {index}": weight for index, weight in enumerate(model.get_weights())}


def resumed(keras, random, name, **settings):
    """get_weights of one optimizer, given to another, continues the same trajectory."""
    batches = [(normal(random, 5, 3), normal(random, 5, 2)) for _ in range(4)]
    first, second = network(keras, random), network(keras, random)
    first.compile(optimizer=make(keras, name, **settings), loss="mse")
    for batch in batches[:2]:
        first.train_on_batch(*batch)
    second.compile(optimizer=make(keras, name, **settings), loss="mse")
    second.train_on_batch(*batches[0])  # makes the slots
    second.set_weights(first.get_weights())
    second.optimizer.set_weights(first.optimizer.get_weights())
    results = {}
    for batch in batches[2:]:
        first.train_on_batch(*batch)
        second.train_on_batch(*batch)
    for index, pair in enumerate(zip(first.get_weights(), second.get_weights())):
        results[f"weight {index}"] = pair[1]
        results[f"weight {index} continues"] = bool(np.allclose(pair[0], pair[1], atol=1e-6))
    return results


def constrained(keras, random):
    """Constraints act after the update, regularizers on the gradient."""
    model = network(
        keras,
        random,
        kernel_constraint=keras.constraints.MaxNorm(0.7),
        bias_constraint=keras.constraints.NonNeg(),
        kernel_regularizer=keras.regularizers.l2(0.05),
    )
    model.compile(optimizer=optimizers(keras).SGD(0.2, momentum=0.5), loss="mse")
    batch = normal(random, 5, 3), normal(random, 5, 2)
    losses = [model.train_on_batch(*batch) for _ in range(4)]
    results = {f"weight {index}": weight for index, weight in enumerate(model.get_weights())}
    results["losses"] = array(losses)
    return results


def settings_change(keras, random):
    """The learning rate set between steps, read by both of its names; iterations counted."""
    K = keras.backend
    model = network(keras, random)
    optimizer = optimizers(keras).SGD(lr=0.3, momentum=0.9)
    model.compile(optimizer=optimizer, loss="mse")
    batch = normal(random, 5, 3), normal(random, 5, 2)
    results = {"lr": float(K.get_value(optimizer.lr))}
    model.train_on_batch(*batch)
    K.set_value(optimizer.lr, 0.01)
    model.train_on_batch(*batch)
    results["learning_rate"] = float(K.get_value(optimizer.learning_rate))
    results["iterations"] = int(K.get_value(optimizer.iterations))
    for index, weight in enumerate(model.get_weights()):
        results[f"weight {index}"] = weight
    return results


def by_name(keras, random):
    """`optimizers.get`: every name, in any case; configurations of the defaults."""
    results = {}
    for name in ("sgd", "rmsprop", "adagrad", "adadelta", "adam", "adamax", "nadam"):
        found = keras.optimizers.get(name)
        results[name + " class"] = type(found).__name__
        results[name + " config"] = found.get_config()
        upper = keras.optimizers.get(name.upper())
        results[name + " upper"] = type(upper) is type(found)
    instance = keras.optimizers.SGD(lr=0.125, momentum=0.5, nesterov=True)
    results["serialized config"] = keras.optimizers.serialize(instance)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(instance))
    results["deserialized config"] = again.get_config()
    from_dict = keras.optimizers.get({"class_name": "Adam", "config": {"lr": 0.5, "beta_1": 0.8}})
    results["from dict config"] = from_dict.get_config()
    return results


def updates(keras, random, name, **settings):
    """A training loop of K.function with `updates=optimizer.get_updates(loss, params)`."""
    K = keras.backend
    model = network(keras, random)
    target = K.placeholder(shape=(None, 2))
    loss = K.mean(K.square(model.output - target))
    optimizer = getattr(keras.optimizers, name)(**settings)
    changes = optimizer.get_updates(loss=loss, params=model.trainable_weights)
    gradients = optimizer.get_gradients(loss, model.trainable_weights)
    step = K.function([model.input, target], [loss] + gradients, updates=changes)
    results = {"losses": []}
    for _ in range(4):
        found = step([normal(random, 5, 3), normal(random, 5, 2)])
        results["losses"].append(float(found[0]))
    results["losses"] = array(results["losses"])
    for index, gradient in enumerate(found[1:]):
        results[f"gradient {index}"] = gradient
    for index, weight in enumerate(model.get_weights()):
        results[f"weight {index}"] = weight
    for index, weight in enumerate(optimizer.get_weights()):
        results[f"slot {index}"] = array(weight)
    return results


def written_by_hand(keras, random):
    """A user's subclass of Optimizer, written with get_updates."""
    K = keras.backend

    class Signed(keras.optimizers.Optimizer):
        def __init__(self, learning_rate=0.05, memory=0.5, **kwargs):
            super().__init__(**kwargs)
            with K.name_scope(self.__class__.__name__):
                self.learning_rate = K.variable(learning_rate, name="learning_rate")
                self.memory = K.variable(memory, name="memory")
                self.iterations = K.variable(0, dtype="int64", name="iterations")

        def get_updates(self, loss, params):
            gradients = self.get_gradients(loss, params)
            self.updates = [K.update_add(self.iterations, 1)]
            averages = [K.zeros(K.int_shape(p), dtype=K.dtype(p)) for p in params]
            self.weights = [self.iterations] + averages
            for p, g, a in zip(params, gradients, averages):
                average = self.memory * a + (1.0 - self.memory) * g
                self.updates.append(K.update(a, average))
                new = p - self.learning_rate * K.sign(average)
                if getattr(p, "constraint", None) is not None:
                    new = p.constraint(new)
                self.updates.append(K.update(p, new))
            return self.updates

        def get_config(self):
            config = {
                "learning_rate": float(K.get_value(self.learning_rate)),
                "memory": float(K.get_value(self.memory)),
            }
            return dict(list(super().get_config().items()) + list(config.items()))

    model = network(keras, random)
    optimizer = Signed(clipvalue=0.5)
    model.compile(optimizer=optimizer, loss="mse")
    x, y = normal(random, 10, 3), normal(random, 10, 2)
    history = model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
    results = {"loss": array(history.history["loss"]), "config": optimizer.get_config()}
    for index, weight in enumerate(model.get_weights()):
        results[f"weight {index}"] = weight
    for index, weight in enumerate(optimizer.get_weights()):
        results[f"slot {index}"] = array(weight)
    return results


CLIP = "Keras 2.3.1 clips by the norm of all gradients together, tf_keras each by its own"
VARIANTS = {
    "SGD": {},
    "SGD lr": {"lr": 0.3},
    "SGD decay": {"learning_rate": 0.2, "decay": 0.1},
    "SGD momentum": {"learning_rate": 0.05, "momentum": 0.9},
    "SGD nesterov": {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True},
    "SGD clipnorm": {"learning_rate": 0.1, "clipnorm": 0.3},
    "SGD clipvalue": {"learning_rate": 0.1, "clipvalue": 0.1},
    "SGD clipnorm clipvalue": {"learning_rate": 0.1, "clipnorm": 0.5, "clipvalue": 0.1},
    "RMSprop": {},
    "RMSprop decay": {"learning_rate": 0.01, "rho": 0.8, "decay": 0.05},
    "RMSprop clipnorm": {"learning_rate": 0.01, "clipnorm": 0.3},
    "Adagrad": {"learning_rate": 0.05},
    "Adagrad decay": {"learning_rate": 0.05, "decay": 0.1},
    "Adadelta": {"learning_rate": 1.0},
    "Adadelta decay": {"learning_rate": 0.5, "rho": 0.9, "decay": 0.1},
    "Adam": {},
    "Adam amsgrad": {"learning_rate": 0.05, "amsgrad": True, "beta_2": 0.9},
    "Adam decay": {"learning_rate": 0.05, "beta_1": 0.8, "decay": 0.1},
    "Adam clipvalue": {"learning_rate": 0.05, "clipvalue": 0.05},
    "Adamax": {"learning_rate": 0.002},
    "Adamax decay": {"learning_rate": 0.05, "decay": 0.1},
    "Nadam": {"learning_rate": 0.002},
    "Nadam settings": {"learning_rate": 0.05, "beta_1": 0.8, "schedule_decay": 0.01},
}
SLOTS = "tf_keras makes no slots that stay zero"
SPARSE = "tf_keras leaves the moments of rows alone that a batch does not use"
NO_SLOTS = [Judge(KERAS, SLOTS, "*slot*")]
JUDGES = {
    "SGD": NO_SLOTS,
    "SGD lr": NO_SLOTS,
    "SGD decay": NO_SLOTS,
    "SGD clipvalue": NO_SLOTS,
    "Adam": NO_SLOTS,
    "Adam decay": NO_SLOTS,
    "Adam clipvalue": NO_SLOTS,
    "embedding SGD": [Judge(KERAS, SPARSE)],
    "embedding Adamax": [Judge(KERAS, SPARSE)],
    "embedding Nadam": [Judge(KERAS, SPARSE)],
    "SGD clipnorm": [Judge(KERAS, CLIP)],
    "SGD clipnorm clipvalue": [Judge(KERAS, CLIP)],
    "RMSprop clipnorm": [Judge(KERAS, CLIP)],
}


def table():
    cases = {}
    for name, settings in VARIANTS.items():
        run = functools.partial(trajectory, name=name.split()[0], **settings)
        cases[name] = Case(run, judges=JUDGES.get(name, ()))
    for name in ("SGD", "RMSprop", "Adam", "Adagrad", "Adadelta", "Adamax", "Nadam"):
        settings = {"learning_rate": 0.05}
        if name == "SGD":
            settings["momentum"] = 0.9
        cases["embedding " + name] = Case(
            functools.partial(embedding, name=name, **settings),
            judges=JUDGES.get("embedding " + name, ()),
        )
        cases["resumed " + name] = functools.partial(resumed, name=name, **settings)
        cases["get_updates " + name] = Case(
            functools.partial(updates, name=name, **settings),
            oracles=(KERAS,),
            why="tf_keras' optimizers have other symbolic forms",
        )
    cases["constrained"] = constrained
    cases["settings change"] = settings_change
    cases["by name"] = Case(by_name, oracles=(KERAS,), why="tf_keras has other defaults")
    cases["written by hand"] = Case(
        written_by_hand, oracles=(KERAS,), why="tf_keras' base class has other methods"
    )
    return cases


CASES = table()
