"""Training: what fit, evaluate, predict and the *_on_batch methods return, and what they change."""

import functools

import numpy as np

from . import KERAS, TF_KERAS, Case, Departure, Judge
from .support import array, is_tf_keras, normal, one_hot, optimizers, set_random_weights, uniform

# --- models and what is told about them -----------------------------------------------------------


def classifier(keras, random, classes=3, **settings):
    layers = keras.layers
    model = keras.models.Sequential(
        [
            layers.Dense(4, activation="tanh", input_shape=(5,), name="hidden", **settings),
            layers.Dense(classes, activation="softmax", name="top"),
        ]
    )
    set_random_weights(model, random)
    return model


def classes(random, count, number=3):
    return normal(random, count, 5), one_hot(random.randint(0, number, size=count), number)


def told(history, model=None):
    """A History as results: its keys in order, a row of values for each, the epochs."""
    results = {"keys": list(history.history), "epochs": list(history.epoch)}
    for key, values in history.history.items():
        results["history " + key] = array(values)
    if model is not None:
        for index, weight in enumerate(model.get_weights()):
            results[f"weight {index}"] = weight
    return results


def sgd(keras, learning_rate=0.1):
    return optimizers(keras).SGD(learning_rate)


# --- fit ------------------------------------------------------------------------------------------


def fit(keras, random, compile_with=None, count=11, **options):
    """Three epochs with a smaller last batch, not shuffled."""
    model = classifier(keras, random)
    settings = {"loss": "categorical_crossentropy", "metrics": ["accuracy"]}
    settings.update(compile_with or {})
    model.compile(optimizer=sgd(keras), **settings)
    x, y = classes(random, count)
    for key in ("sample_weight", "validation_data"):
        if callable(options.get(key)):
            options[key] = options[key](random)
    history = model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0, **options)
    results = told(history, model)
    results["metrics_names"] = model.metrics_names
    return results


def fit_sparse_and_aliases(keras, random):
    """'acc' stays 'acc' in the logs, and picks the accuracy by loss and output."""
    model = classifier(keras, random)
    model.compile(
        optimizer=sgd(keras),
        loss="sparse_categorical_crossentropy",
        metrics=["acc", "sparse_top_k_categorical_accuracy", "mae"],
    )
    x = normal(random, 10, 5)
    y = array(random.randint(0, 3, size=(10, 1)))
    history = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    return told(history)


def fit_binary(keras, random):
    """One sigmoid unit: 'accuracy' means binary accuracy; a function and objects as metrics."""
    K = keras.backend

    def bias(y_true, y_pred):
        return K.mean(y_pred - y_true)

    model = keras.models.Sequential([keras.layers.Dense(1, activation="sigmoid", input_shape=(5,))])
    set_random_weights(model, random)
    model.compile(
        optimizer=sgd(keras),
        loss="binary_crossentropy",
        metrics=["accuracy", bias, keras.metrics.AUC(name="auc"), keras.metrics.Precision()],
    )
    x, y = normal(random, 10, 5), array(random.randint(0, 2, size=10))
    history = model.fit(
        x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, validation_split=0.3
    )
    results = told(history, model)
    results["metrics_names"] = model.metrics_names
    return results


def continued(keras, random):
    """initial_epoch, and a second fit that goes on with the optimizer's state."""
    model = classifier(keras, random)
    model.compile(optimizer=optimizers(keras).SGD(0.1, momentum=0.9), loss="mse")
    x, y = classes(random, 6)
    settings = {"batch_size": 4, "shuffle": False, "verbose": 0}
    first = told(model.fit(x, y, epochs=2, **settings))
    second = told(model.fit(x, y, initial_epoch=2, epochs=4, **settings), model)
    results = {"first " + key: value for key, value in first.items()}
    results.update(second)
    return results


def validation_freq(keras, random, freq):
    """Validation after some epochs only."""
    model = classifier(keras, random)
    model.compile(optimizer=sgd(keras), loss="mse")
    x, y = classes(random, 6)
    history = model.fit(
        x,
        y,
        validation_data=(x[:3], y[:3]),
        validation_freq=freq,
        epochs=5,
        shuffle=False,
        verbose=0,
    )
    return told(history)


def steps(keras, random):
    """A generator with steps_per_epoch and validation_steps."""
    model = classifier(keras, random)
    model.compile(optimizer=sgd(keras), loss="mse", metrics=["mae"])
    x, y = classes(random, 12)

    def batches():
        while True:
            for start in (0, 5, 8):
                yield x[start : start + 4], y[start : start + 4]

    history = model.fit_generator(
        batches(),
        steps_per_epoch=2,
        epochs=3,
        verbose=0,
        validation_data=batches(),
        validation_steps=2,
        workers=0,
    )
    results = told(history, model)
    results["evaluated"] = array(model.evaluate_generator(batches(), steps=3, workers=0))
    results["predicted"] = model.predict_generator(batches(), steps=2, workers=0)
    return results


def shuffled(keras, random):
    """Shuffling neither loses nor repeats a sample."""
    seen = []
    model = keras.models.Sequential([keras.layers.Dense(1, input_shape=(1,), use_bias=False)])
    model.compile(optimizer=optimizers(keras).SGD(1.0), loss=lambda t, p: t - p)
    x = array(2.0 ** np.arange(10))[:, None]
    model.set_weights([np.zeros((1, 1), "float32")])
    results = {}
    for shuffle in (True, "batch"):
        model.set_weights([np.zeros((1, 1), "float32")])
        history = model.fit(x, x, batch_size=1, epochs=1, shuffle=shuffle, verbose=0)
        seen.append(history)
        # each step adds its sample to the weight: a sum of distinct powers of two
        results[f"sum {shuffle}"] = model.get_weights()[0]
    return results


# --- several outputs, weights, masks --------------------------------------------------------------


def two_outputs(keras, random, loss, loss_weights=None, metrics=None, weights=None, **options):
    """Two inputs, two outputs."""
    layers = keras.layers
    a, b = layers.Input((3,), name="a"), layers.Input((2,), name="b")
    joined = layers.concatenate([layers.Dense(3, name="left")(a), b])
    first = layers.Dense(2, name="first")(joined)
    second = layers.Dense(3, activation="softmax", name="second")(joined)
    model = keras.models.Model([a, b], [first, second])
    set_random_weights(model, random)
    model.compile(
        optimizer=sgd(keras), loss=loss, loss_weights=loss_weights, metrics=metrics, **options
    )
    x = {"a": normal(random, 7, 3), "b": normal(random, 7, 2)}
    y = [normal(random, 7, 2), one_hot(random.randint(0, 3, size=7), 3)]
    sample_weight = None
    if weights is not None:
        names = {"first": uniform(random, 0, 2, 7), "second": uniform(random, 0, 2, 7)}
        sample_weight = {name: names[name] for name in weights}
    history = model.fit(
        x, y, batch_size=3, epochs=2, shuffle=False, verbose=0,
        sample_weight=sample_weight, validation_split=0.3,
    )  # fmt: skip
    results = told(history, model)
    results["metrics_names"] = model.metrics_names
    evaluated = model.evaluate([x["a"], x["b"]], y, batch_size=3, verbose=0)
    for name, value in zip(model.metrics_names, evaluated):
        results["evaluated " + name] = float(value)
    model.reset_metrics()
    results["train_on_batch"] = array(model.train_on_batch(x, {"first": y[0], "second": y[1]}))
    results["test_on_batch"] = array(model.test_on_batch([x["a"], x["b"]], y))
    predicted = model.predict(x, batch_size=2)
    results["predicted first"], results["predicted second"] = predicted
    return results


def on_batch(keras, random):
    """What the *_on_batch methods return, with weights and class weights."""
    model = classifier(keras, random)
    model.compile(
        optimizer=sgd(keras), loss="categorical_crossentropy", metrics=["accuracy", "mse"]
    )
    x, y = classes(random, 6)
    weight = uniform(random, 0, 2, 6)
    results = {
        "metrics_names": model.metrics_names,
        "train": array(model.train_on_batch(x, y)),
        "train weighted": array(model.train_on_batch(x, y, sample_weight=weight)),
        "train class_weight": array(
            model.train_on_batch(x, y, class_weight={0: 1.0, 1: 3.0, 2: 0.5})
        ),
        "test": array(model.test_on_batch(x, y)),
        "test weighted": array(model.test_on_batch(x, y, sample_weight=weight)),
        "predict": model.predict_on_batch(x),
        "kept": array(
            [model.train_on_batch(x[i : i + 2], y[i : i + 2], reset_metrics=False) for i in (0, 2)]
        ),
    }
    alone = classifier(keras, random)
    alone.compile(optimizer=sgd(keras), loss="mse")
    results["a single number"] = np.ndim(alone.train_on_batch(x, y)) == 0
    results["alone"] = float(alone.test_on_batch(x, y))
    return results


def evaluate(keras, random):
    """evaluate over batches that do not divide the samples: loss and metrics are exact."""
    model = classifier(keras, random)
    model.compile(
        optimizer=sgd(keras), loss="categorical_crossentropy", metrics=["accuracy", "mae"]
    )
    x, y = classes(random, 11)
    weight = uniform(random, 0, 2, 11)
    return {
        "one batch": array(model.evaluate(x, y, batch_size=11, verbose=0)),
        "three batches": array(model.evaluate(x, y, batch_size=4, verbose=0)),
        "weighted": array(model.evaluate(x, y, batch_size=4, verbose=0, sample_weight=weight)),
        "steps": array(model.evaluate(x[:4], y[:4], batch_size=4, steps=None, verbose=0)),
        "predicted": model.predict(x, batch_size=4),
    }


def weighted_metrics(keras, random):
    """metrics ignore sample weights, weighted_metrics do not."""
    model = classifier(keras, random)
    model.compile(
        optimizer=sgd(keras),
        loss="mse",
        metrics=["mae"],
        weighted_metrics=["mae", "accuracy"],
    )
    x, y = classes(random, 11)
    weight = uniform(random, 0, 2, 11)
    history = model.fit(
        x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, sample_weight=weight
    )
    results = told(history)
    results["metrics_names"] = model.metrics_names
    results["evaluated"] = array(model.evaluate(x, y, sample_weight=weight, verbose=0))
    return results


def sequence_model(keras, random, masked, **compile_with):
    layers = keras.layers
    first = (
        layers.Embedding(6, 3, mask_zero=masked, input_length=4)
        if masked is not None
        else layers.Masking(input_shape=(4, 2))
    )
    model = keras.models.Sequential(
        [
            first,
            layers.SimpleRNN(3, return_sequences=True),
            layers.TimeDistributed(layers.Dense(2, activation="softmax")),
        ]
    )
    set_random_weights(model, random)
    model.compile(optimizer=sgd(keras), **compile_with)
    return model


def words(random, count=7):
    x = array(random.randint(1, 6, size=(count, 4)))
    x[0, 2:] = 0
    x[3, 1:] = 0
    x[4, 3] = 0
    return x, one_hot(random.randint(0, 2, size=(count, 4)), 2)


def masked_loss(keras, random, masked=True, loss="categorical_crossentropy", weight=None):
    """An embedding's mask reaches the loss and the metrics."""
    options = {"sample_weight_mode": "temporal"} if weight == "temporal" else {}
    model = sequence_model(
        keras, random, masked, loss=loss, metrics=["accuracy"], weighted_metrics=["mae"], **options
    )
    x, y = words(random)
    if masked is None:
        x = np.stack([x, x * 0.5], axis=-1)
    sample_weight = None
    if weight is not None:
        sample_weight = uniform(random, 0, 2, *((7, 4) if weight == "temporal" else (7,)))
    history = model.fit(
        x, y, batch_size=3, epochs=2, shuffle=False, verbose=0, sample_weight=sample_weight
    )
    results = told(history, model)
    evaluated = model.evaluate(x, y, batch_size=3, verbose=0, sample_weight=sample_weight)
    results["evaluated"] = array(evaluated)
    return results


def regularized(keras, random):
    """Penalties count in the loss, and in validation; activity penalties too."""
    model = classifier(
        keras,
        random,
        kernel_regularizer=keras.regularizers.l2(0.1),
        bias_regularizer=keras.regularizers.l1(0.05),
    )
    model.compile(optimizer=sgd(keras), loss="mse", metrics=["mse"])
    x, y = classes(random, 11)
    history = model.fit(
        x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, validation_split=0.2
    )
    results = told(history, model)
    results["evaluated"] = array(model.evaluate(x, y, batch_size=4, verbose=0))
    return results


def added_loss(keras, random):
    """compile(loss=None) with add_loss, fit(y=None)."""
    K, layers = keras.backend, keras.layers
    x = layers.Input((3,))
    code = layers.Dense(2, name="code")(x)
    y = layers.Dense(3, name="decoded")(code)
    model = keras.models.Model(x, y)
    set_random_weights(model, random)
    model.add_loss(K.mean(K.square(x - y)) + 0.1 * K.mean(K.abs(code)))
    model.compile(optimizer=sgd(keras), loss=None)
    values = normal(random, 7, 3)
    history = model.fit(values, batch_size=3, epochs=2, shuffle=False, verbose=0)
    results = told(history, model)
    results["evaluated"] = float(model.evaluate(values, batch_size=3, verbose=0))
    return results


def closed_over(keras, random):
    """A loss function that closes over symbolic tensors, as in a variational autoencoder."""
    K, layers = keras.backend, keras.layers
    x = layers.Input((3,))
    mean, log_variance = layers.Dense(2, name="mean")(x), layers.Dense(2, name="log")(x)
    code = layers.Lambda(lambda pair: pair[0] + 0.3 * K.exp(pair[1] / 2))([mean, log_variance])
    y = layers.Dense(3, name="decoded")(code)
    model = keras.models.Model(x, y)
    set_random_weights(model, random)

    def loss(y_true, y_pred):
        divergence = 1 + log_variance - K.square(mean) - K.exp(log_variance)
        return K.sum(K.square(y_true - y_pred), axis=-1) - 0.5 * K.sum(divergence, axis=-1)

    model.compile(optimizer=sgd(keras, 0.05), loss=loss)
    values = normal(random, 7, 3)
    return told(model.fit(values, values, batch_size=3, epochs=2, shuffle=False, verbose=0), model)


def adversaries(keras, random):
    """A discriminator that is frozen inside the pair, and still trains alone."""
    layers = keras.layers
    discriminator = keras.models.Sequential(
        [
            layers.Dense(4, activation="tanh", input_shape=(2,), name="d1"),
            layers.Dense(1, activation="sigmoid", name="d2"),
        ],
        name="discriminator",
    )
    generator = keras.models.Sequential(
        [layers.Dense(2, input_shape=(3,), name="g1")], name="generator"
    )
    set_random_weights(discriminator, random)
    set_random_weights(generator, random)
    discriminator.compile(optimizer=sgd(keras), loss="binary_crossentropy")
    discriminator.trainable = False
    noise = layers.Input((3,))
    pair = keras.models.Model(noise, discriminator(generator(noise)))
    pair.compile(optimizer=sgd(keras), loss="binary_crossentropy")
    results, losses = {}, []
    for _ in range(3):
        real, z = normal(random, 4, 2), normal(random, 4, 3)
        fake = generator.predict(z)
        x, y = np.concatenate([real, fake]), array([[1]] * 4 + [[0]] * 4)
        alone = discriminator.train_on_batch(x, y)
        together = pair.train_on_batch(z, np.ones((4, 1), "float32"))
        losses.append([alone, together])
    results["losses"] = array(losses)
    for index, weight in enumerate(discriminator.get_weights() + generator.get_weights()):
        results[f"weight {index}"] = weight
    results["trainable"] = [
        len(model.trainable_weights) for model in (discriminator, generator, pair)
    ]
    return results


def frozen_layer(keras, random):
    """trainable=False before compile freezes; changed afterwards, it waits for the next compile."""
    model = classifier(keras, random)
    model.get_layer("hidden").trainable = False
    model.compile(optimizer=sgd(keras), loss="mse")
    batch = classes(random, 6)
    results = {"frozen": float(model.train_on_batch(*batch))}
    for index, weight in enumerate(model.get_weights()):
        results[f"frozen {index}"] = weight
    model.get_layer("hidden").trainable = True
    model.compile(optimizer=sgd(keras), loss="mse")
    results["thawed"] = float(model.train_on_batch(*batch))
    for index, weight in enumerate(model.get_weights()):
        results[f"thawed {index}"] = weight
    results["order"] = [weight.name for weight in model.weights]
    return results


def callbacks(keras, random):
    """Which hooks are called, in which order, with which logs."""
    calls = []

    class Listener(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            calls.append(["train begin"])

        def on_epoch_begin(self, epoch, logs=None):
            calls.append(["epoch begin", epoch])

        def on_batch_begin(self, batch, logs=None):
            calls.append(["batch begin", batch])

        def on_batch_end(self, batch, logs=None):
            calls.append(["batch end", batch, "loss" in logs, "mae" in logs])
            losses.append(logs["loss"])

        def on_epoch_end(self, epoch, logs=None):
            calls.append(["epoch end", epoch, sorted(logs)])

        def on_train_end(self, logs=None):
            calls.append(["train end"])

    losses = []
    model = classifier(keras, random)
    model.compile(optimizer=sgd(keras), loss="mse", metrics=["mae"])
    x, y = classes(random, 7)
    history = model.fit(
        x, y, batch_size=3, epochs=2, shuffle=False, verbose=0,
        validation_data=(x[:2], y[:2]), callbacks=[Listener()],
    )  # fmt: skip
    results = told(history)
    results["calls"] = calls
    results["batch losses"] = array(losses)
    return results


def early_stopping(keras, random):
    """EarlyStopping with patience, restoring the best weights."""
    model = classifier(keras, random)
    model.compile(optimizer=sgd(keras, 3.0), loss="mse")
    x, y = classes(random, 6)
    stop = keras.callbacks.EarlyStopping(
        monitor="loss", patience=2, restore_best_weights=True, min_delta=0.001
    )
    history = model.fit(x, y, epochs=30, shuffle=False, verbose=0, callbacks=[stop])
    results = told(history, model)
    results["stopped"] = int(stop.stopped_epoch)
    return results


def scheduled(keras, random):
    """LearningRateScheduler writes the rate of every epoch, and `lr` into the logs."""
    model = classifier(keras, random)
    model.compile(optimizer=sgd(keras, 0.5), loss="mse")
    x, y = classes(random, 6)
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 0.2 / (epoch + 1))
    history = model.fit(x, y, epochs=3, shuffle=False, verbose=0, callbacks=[schedule])
    return told(history, model)


def metric_layer(keras, random):
    """model.add_metric of a tensor: its name and its mean over the epoch."""
    K, layers = keras.backend, keras.layers
    x = layers.Input((3,))
    hidden = layers.Dense(2, activation="tanh")(x)
    y = layers.Dense(1)(hidden)
    model = keras.models.Model(x, y)
    set_random_weights(model, random)
    aggregation = {"aggregation": "mean"} if is_tf_keras(keras) else {}
    model.add_metric(K.mean(K.abs(hidden)), name="activity", **aggregation)
    model.compile(optimizer=sgd(keras), loss="mse", metrics=["mae"])
    values, targets = normal(random, 7, 3), normal(random, 7, 1)
    history = model.fit(values, targets, batch_size=3, epochs=2, shuffle=False, verbose=0)
    results = told(history)
    results["metrics_names"] = model.metrics_names
    return results


def class_weight_of_labels(keras, random, sparse):
    """class_weight with integer labels; validation does without it."""
    model = classifier(keras, random, classes=3 if sparse else 1)
    loss = "sparse_categorical_crossentropy" if sparse else "mse"
    model.compile(optimizer=sgd(keras), loss=loss, metrics=["accuracy"])
    x, y = normal(random, 9, 5), array(random.randint(0, 3 if sparse else 2, size=(9, 1)))
    history = model.fit(
        x, y, batch_size=4, epochs=2, shuffle=False, verbose=0,
        class_weight={0: 0.5, 1: 2.0, 2: 1.5}, validation_data=(x[:4], y[:4]),
    )  # fmt: skip
    return told(history, model)


def loss_of_rank(keras, random, rank, weighted=False):
    """A user's loss that returns a value for each element, for each sample, or only one."""
    K = keras.backend

    def loss(y_true, y_pred):
        error = K.square(y_true - y_pred)
        return error if rank == 2 else K.mean(error, axis=-1) if rank == 1 else K.mean(error)

    model = classifier(keras, random)
    model.compile(optimizer=sgd(keras), loss=loss)
    x, y = classes(random, 7)
    weight = uniform(random, 0, 2, 7) if weighted else None
    history = model.fit(
        x, y, batch_size=3, epochs=2, shuffle=False, verbose=0, sample_weight=weight
    )
    return told(history, model)


def loss_object(keras, random, reduction, weighted=False):
    """A loss object with a reduction of its own, over uneven batches."""
    model = classifier(keras, random)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1, reduction=reduction)
    model.compile(optimizer=sgd(keras), loss=loss, metrics=["mse"])
    x, y = classes(random, 7)
    weight = uniform(random, 0, 2, 7) if weighted else None
    history = model.fit(
        x, y, batch_size=3, epochs=2, shuffle=False, verbose=0, sample_weight=weight
    )
    return told(history, model)


def sparse_sequences(keras, random):
    """Integer labels for every step: targets (batch, time, 1)."""
    layers = keras.layers
    model = keras.models.Sequential(
        [
            layers.SimpleRNN(3, return_sequences=True, input_shape=(4, 2)),
            layers.Dense(3, activation="softmax"),
        ]
    )
    set_random_weights(model, random)
    model.compile(
        optimizer=sgd(keras), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    x, y = normal(random, 7, 4, 2), array(random.randint(0, 3, size=(7, 4, 1)))
    return told(model.fit(x, y, batch_size=3, epochs=2, shuffle=False, verbose=0), model)


def stateful_training(keras, random):
    """A stateful layer trains across batches, and begins anew after reset_states."""
    layers = keras.layers
    model = keras.models.Sequential(
        [layers.LSTM(3, stateful=True, batch_input_shape=(2, 3, 2)), layers.Dense(1)]
    )
    set_random_weights(model, random)
    model.compile(optimizer=sgd(keras), loss="mse")
    x, y = normal(random, 6, 3, 2), normal(random, 6, 1)
    results = {"losses": []}
    for _ in range(2):
        history = model.fit(x, y, batch_size=2, epochs=1, shuffle=False, verbose=0)
        results["losses"].append(history.history["loss"][0])
        model.reset_states()
    results["losses"] = array(results["losses"])
    for index, weight in enumerate(model.get_weights()):
        results[f"weight {index}"] = weight
    results["predicted"] = model.predict(x, batch_size=2)
    return results


def from_sequence(keras, random):
    """A Sequence: its batches in order, its on_epoch_end, its own sample weights."""
    x, y = classes(random, 7)
    weight = uniform(random, 0, 2, 7)

    class Batches(keras.utils.Sequence):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            part = slice(3 * index, 3 * index + 3)
            return x[part], y[part], weight[part]

    model = classifier(keras, random)
    model.compile(optimizer=sgd(keras), loss="mse", metrics=["mae"])
    history = model.fit_generator(Batches(), epochs=2, shuffle=False, verbose=0, workers=0)
    results = told(history, model)
    results["predicted"] = model.predict_generator(Batches(), workers=0)
    return results


def bits(random, count):
    return array(random.randint(0, 2, size=(count, 3)))


def one_hots(random, count):
    return one_hot(random.randint(0, 3, size=count), 3)


def labels(random, count):
    return array(random.randint(0, 3, size=(count, 1)))


def saturated(keras, random, activation, loss, targets):
    """Outputs that round to 0 and 1: the loss is computed from what went into the activation."""
    layers = keras.layers
    model = keras.models.Sequential([layers.Dense(3, activation=activation, input_shape=(4,))])
    if activation is None:
        model.add(layers.Activation("sigmoid"))
    set_random_weights(model, random, 12.0)
    loss = loss(keras.losses) if callable(loss) else loss
    model.compile(optimizer=sgd(keras), loss=loss, metrics=["accuracy"])
    x, y = normal(random, 8, 4) * 2, targets(random, 8)
    results = {"tested": array(model.test_on_batch(x, y))}
    history = model.fit(x, y, batch_size=3, epochs=2, shuffle=False, verbose=0)
    results.update(told(history, model))
    return results


def zero_weights(keras, random):
    """A network that begins with zeros: corners of relu, of the loss and of the penalties."""
    layers = keras.layers
    settings = {"kernel_initializer": "zeros", "bias_regularizer": "l1"}
    model = keras.models.Sequential(
        [
            layers.Dense(3, activation="relu", input_shape=(4,), **settings),
            layers.Dense(2, activation="sigmoid", **settings),
        ]
    )
    model.compile(optimizer=sgd(keras), loss="binary_crossentropy")
    x, y = normal(random, 8, 4), array(random.randint(0, 2, size=(8, 2)))
    return told(model.fit(x, y, batch_size=3, epochs=2, shuffle=False, verbose=0), model)


def convolutional(keras, random):
    """A small convolutional classifier with batch normalization and pooling."""
    layers = keras.layers
    model = keras.models.Sequential(
        [
            layers.Conv2D(3, 3, padding="same", input_shape=(6, 6, 1)),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    set_random_weights(model, random)
    model.compile(
        optimizer=optimizers(keras).SGD(0.05, momentum=0.9),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    x, y = normal(random, 11, 6, 6, 1), one_hot(random.randint(0, 3, size=11), 3)
    return told(model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0), model)


CASES = {
    "fit": fit,
    "fit mse": functools.partial(fit, compile_with={"loss": "mse", "metrics": ["mae", "mape"]}),
    "fit validation_data": functools.partial(
        fit, validation_data=lambda random: classes(random, 5)
    ),
    "fit validation_data weighted": functools.partial(
        fit, validation_data=lambda random: classes(random, 5) + (uniform(random, 0, 2, 5),)
    ),
    "fit validation_split": functools.partial(fit, validation_split=0.3),
    "fit class_weight": functools.partial(fit, class_weight={0: 1.0, 1: 2.5, 2: 0.25}),
    "fit sample_weight": functools.partial(
        fit, sample_weight=lambda random: uniform(random, 0, 2, 11)
    ),
    "fit sample_weight validation_split": functools.partial(
        fit, sample_weight=lambda random: uniform(random, 0, 2, 11), validation_split=0.4
    ),
    "fit sample_weight class_weight": functools.partial(
        fit,
        sample_weight=lambda random: uniform(random, 0, 2, 11),
        class_weight={0: 1.0, 1: 2.5, 2: 0.25},
    ),
    "fit sparse and aliases": fit_sparse_and_aliases,
    "fit binary": fit_binary,
    "fit continued": continued,
    "fit validation_freq": functools.partial(validation_freq, freq=2),
    "fit validation_freq list": functools.partial(validation_freq, freq=[1, 4]),
    "fit steps": steps,
    "fit shuffled": shuffled,
    "two outputs": functools.partial(two_outputs, loss=["mse", "categorical_crossentropy"]),
    "two outputs one loss": functools.partial(two_outputs, loss="mse", metrics=["mae"]),
    "two outputs dicts": functools.partial(
        two_outputs,
        loss={"first": "mae", "second": "categorical_crossentropy"},
        loss_weights={"first": 0.3, "second": 2.0},
        metrics={"second": "accuracy", "first": ["mse", "mae"]},
        weights=("first", "second"),
    ),
    "two outputs lists": functools.partial(
        two_outputs,
        loss=["mse", "categorical_crossentropy"],
        loss_weights=[2.0, 0.5],
        metrics=[["mae"], ["accuracy"]],
        weights=("second",),
    ),
    "on batch": on_batch,
    "evaluate": evaluate,
    "weighted_metrics": weighted_metrics,
    "mask": masked_loss,
    "mask mse": functools.partial(masked_loss, loss="mse"),
    "mask none": functools.partial(masked_loss, masked=False),
    "mask of Masking": functools.partial(masked_loss, masked=None),
    "mask temporal weights": functools.partial(masked_loss, weight="temporal"),
    "mask sample weights": functools.partial(masked_loss, weight="samples"),
    "temporal weights": functools.partial(masked_loss, masked=False, weight="temporal"),
    "regularized": regularized,
    "add_loss": added_loss,
    "loss closes over tensors": closed_over,
    "adversaries": adversaries,
    "frozen layer": frozen_layer,
    "callbacks": callbacks,
    "EarlyStopping": early_stopping,
    "LearningRateScheduler": scheduled,
    "add_metric": metric_layer,
    "convolutional": convolutional,
    "saturated sigmoid": functools.partial(
        saturated, activation="sigmoid", loss="binary_crossentropy", targets=bits
    ),
    "saturated softmax": functools.partial(
        saturated, activation="softmax", loss="categorical_crossentropy", targets=one_hots
    ),
    "saturated softmax sparse": functools.partial(
        saturated, activation="softmax", loss="sparse_categorical_crossentropy", targets=labels
    ),
    "saturated Activation": functools.partial(
        saturated, activation=None, loss="binary_crossentropy", targets=bits
    ),
    "saturated class": functools.partial(
        saturated,
        activation="softmax",
        loss=lambda losses: losses.CategoricalCrossentropy(),
        targets=one_hots,
    ),
    "zero weights": zero_weights,
    "class_weight of labels": functools.partial(class_weight_of_labels, sparse=True),
    "class_weight of bits": functools.partial(class_weight_of_labels, sparse=False),
    "loss of elements": functools.partial(loss_of_rank, rank=2),
    "loss of samples": functools.partial(loss_of_rank, rank=1),
    "loss of samples weighted": functools.partial(loss_of_rank, rank=1, weighted=True),
    "loss of a batch": functools.partial(loss_of_rank, rank=0),
    "loss object sum": functools.partial(loss_object, reduction="sum"),
    "loss object sum weighted": functools.partial(loss_object, reduction="sum", weighted=True),
    "loss object mean weighted": functools.partial(
        loss_object, reduction="sum_over_batch_size", weighted=True
    ),
    "sparse sequences": sparse_sequences,
    "stateful": stateful_training,
    "from a Sequence": from_sequence,
}
KEYS = Judge(KERAS, "Keras 2.3.1 puts the validation's logs before the training's", "*keys")
MASK = Judge(KERAS, "tf_keras divides a masked loss by the unmasked steps, Keras 2.3.1 by all")
PARTIAL = Judge(
    KERAS, "tf_keras splits off validation data without the sample weights if some lack"
)
UNIQUE = "tf_keras counts automatic names from `precision`, Keras 2.3.1 from `precision_1`"
LAST = "the loss of Keras 2.3.1's evaluate_generator is that of the last batch alone"
VARIANCE = "the moving variance of Keras 2.3.1 is that of the population, estimated from the batch"
JUDGES = {
    "fit binary": [Judge(KERAS, UNIQUE, "*precision*"), Judge(KERAS, UNIQUE, "metrics_names")],
    "fit steps": [Judge(TF_KERAS, LAST, "history val_loss"), Judge(TF_KERAS, LAST, "evaluated")],
    "mask": [MASK],
    "mask mse": [MASK],
    "mask of Masking": [MASK],
    "mask temporal weights": [MASK],
    "mask sample weights": [MASK],
    "two outputs lists": [PARTIAL],
    "convolutional": [Judge(KERAS, VARIANCE, "weight 5")],
}
EXACT = (
    "each output's loss is exact over an epoch, as the total is; the originals take the plain mean "
    "over batches, in which a sample of a smaller last batch counts more"
)
DEPARTURES = [Departure(EXACT, "* *first_loss"), Departure(EXACT, "* *second_loss")]


def case_row(name, run):
    departures = DEPARTURES if name.startswith("two outputs") else []
    return Case(run, judges=JUDGES.get(name, []) + [KEYS], departures=departures)


CASES = {name: case_row(name, run) for name, run in CASES.items()}
CASES["loss of a batch weighted"] = Case(
    functools.partial(loss_of_rank, rank=0, weighted=True),
    judges=[KEYS],
    oracles=(KERAS,),
    why="tf_keras does not weight a loss that is one number for the batch",
)
