"""What programs for TensorFlow 2 do eagerly, as they stand in tutorials; results go to a file.

Run by the tests with `hornbeam run`. The expected file is what TensorFlow wrote:

    TF_USE_LEGACY_KERAS=1 $HORNBEAM_TF_KERAS_PYTHON tests/compat/eager_programs.py \
        tests/compat/golden/eager.json
"""

import json
import sys

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

PROGRAMS = {}


def program(function):
    PROGRAMS[function.__name__] = function
    return function


class Numbers:
    """Random arrays, the same for everybody."""

    def __init__(self, seed):
        self.state = np.random.RandomState(seed)

    def __call__(self, *shape):
        return self.state.randn(*shape).astype("float32")

    def set(self, model):
        for weight in model.trainable_weights:
            weight.assign(self(*weight.shape) * 0.3)


def classifier(numbers):
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, activation="relu", kernel_regularizer=keras.regularizers.l2(0.01)),
            layers.BatchNormalization(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    numbers.set(model)
    labels = numbers.state.randint(0, 3, 40)
    return model, tf.data.Dataset.from_tensor_slices((numbers(40, 4), labels)).batch(16)


@program
def linear_regression(numbers):
    w, b = tf.Variable(numbers(3, 1)), tf.Variable(0.0)
    x = numbers(20, 3)
    y = x @ numbers(3, 1) + 1
    for _ in range(20):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.matmul(x, w) + b - y) ** 2)
        grad_w, grad_b = tape.gradient(loss, [w, b])
        w.assign_sub(0.1 * grad_w)
        b.assign_sub(0.1 * grad_b)
    return loss, w, b


@program
def custom_loop(numbers):
    model, data = classifier(numbers)
    loss_fn = keras.losses.SparseCategoricalCrossentropy()
    optimizer = keras.optimizers.Adam(0.01)
    accuracy = keras.metrics.SparseCategoricalAccuracy()
    for _ in range(2):
        for x, y in data:
            with tf.GradientTape() as tape:
                predicted = model(x, training=True)
                loss = loss_fn(y, predicted) + sum(model.losses)
            grads = tape.gradient(loss, model.trainable_weights)
            grads, norm = tf.clip_by_global_norm(grads, 1.0)
            optimizer.apply_gradients(zip(grads, model.trainable_weights))
            accuracy.update_state(y, predicted)
    float_loss = float(loss), loss.numpy(), float(accuracy.result())
    return *float_loss, norm, model.trainable_weights[0], model.layers[1].moving_mean


@program
def custom_loop_in_a_function(numbers):
    model, data = classifier(numbers)
    loss_fn = keras.losses.SparseCategoricalCrossentropy()
    optimizer = keras.optimizers.Adam(0.01)
    accuracy = keras.metrics.SparseCategoricalAccuracy()
    traced = []

    @tf.function
    def step(x, y):
        traced.append(x.shape)
        with tf.GradientTape() as tape:
            predicted = model(x, training=True)
            loss = loss_fn(y, predicted) + sum(model.losses)
        grads = tape.gradient(loss, model.trainable_weights)
        optimizer.apply_gradients(zip(grads, model.trainable_weights))
        accuracy.update_state(y, predicted)
        return loss

    losses = [step(x, y) for _ in range(2) for x, y in data]
    moving = model.layers[1].moving_mean, model.layers[1].moving_variance
    assert len(traced) < 4  # once for each shape; TensorFlow once more, to make variables
    return *losses, accuracy.result(), model.trainable_weights[0], *moving


@program
def wasserstein_gan_with_gradient_penalty(numbers):
    generator = keras.Sequential([keras.Input((2,)), layers.Dense(4, "tanh"), layers.Dense(3)])
    critic = keras.Sequential([keras.Input((3,)), layers.Dense(5, "tanh"), layers.Dense(1)])
    numbers.set(generator)
    numbers.set(critic)
    for_generator, for_critic = keras.optimizers.Adam(0.01), keras.optimizers.SGD(0.05)
    real, noise, mix = numbers(6, 3), numbers(6, 2), np.abs(numbers(6, 1))
    for _ in range(3):
        with tf.GradientTape() as of_generator, tf.GradientTape() as of_critic:
            fake = generator(noise, training=True)
            between = real + mix * (fake - real)
            with tf.GradientTape() as inner:
                inner.watch(between)
                judged = critic(between, training=True)
            slope = inner.gradient(judged, [between])[0]
            norm = tf.sqrt(tf.reduce_sum(tf.square(slope), axis=[1]))
            penalty = tf.reduce_mean((norm - 1.0) ** 2)
            critic_loss = tf.reduce_mean(critic(fake)) - tf.reduce_mean(critic(real)) + penalty
            generator_loss = -tf.reduce_mean(critic(fake))
        grads = of_critic.gradient(critic_loss, critic.trainable_variables)
        for_critic.apply_gradients(zip(grads, critic.trainable_variables))
        grads = of_generator.gradient(generator_loss, generator.trainable_variables)
        for_generator.apply_gradients(zip(grads, generator.trainable_variables))
    weights = generator.trainable_variables[0], critic.trainable_variables[0]
    return critic_loss, generator_loss, penalty, *weights


@program
def grad_cam_deep_dream_and_fgsm(numbers):
    inputs = keras.Input((6, 6, 1))
    features = layers.Conv2D(2, 3, activation="relu", name="features")(inputs)
    pooled = layers.GlobalAveragePooling2D()(features)
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(pooled))
    numbers.set(model)
    both = keras.Model([model.inputs], [model.get_layer("features").output, model.output])
    image = numbers(1, 6, 6, 1)
    with tf.GradientTape() as tape:
        found, predicted = both(image)
        index = tf.argmax(predicted[0])
        channel = predicted[:, index]
    weights = tf.reduce_mean(tape.gradient(channel, found), axis=(0, 1, 2))
    heat = tf.squeeze(found[0] @ weights[..., tf.newaxis])
    heat = tf.maximum(heat, 0) / tf.math.reduce_max(tf.abs(heat))

    dream = tf.Variable(image)
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(dream)[:, 0])
        grads = tape.gradient(loss, dream)
        grads /= tf.math.reduce_std(grads) + 1e-8
        dream.assign_add(grads * 0.1)

    attacked = tf.convert_to_tensor(image)
    with tf.GradientTape() as tape:
        tape.watch(attacked)
        target = tf.one_hot([1], 3)
        harm = keras.losses.categorical_crossentropy(target, model(attacked))
    return int(index), heat, loss, dream, tf.sign(tape.gradient(harm, attacked)), harm


@program
def what_a_tape_can_do(numbers):
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x**2
        z = tf.reduce_sum(y * x)
        with tape.stop_recording():
            aside = z * 2
    found = [tape.gradient(z, x), tape.gradient(z, y), tape.jacobian(y, x), aside]
    other = tf.Variable(1.0)
    found.append(tape.gradient(z, other) is None)
    found.append(tape.gradient(aside, x) is None)
    found.append(tape.gradient(z, other, unconnected_gradients="zero"))
    found.append(tape.gradient(y, x, output_gradients=tf.constant([1.0, 0.0, 2.0])))
    rows = tf.constant(numbers(2, 3))
    with tf.GradientTape() as tape:
        tape.watch(rows)
        waves = tf.sin(rows) * rows
    found.append(tape.batch_jacobian(waves, rows))
    v = tf.Variable([1.0, 2.0])
    fixed = tf.Variable([3.0, 4.0], trainable=False)
    with tf.GradientTape() as tape:
        before = v * 2
        v.assign_add([1.0, 1.0])
        product = tf.reduce_sum(before * v * fixed)
    names = [w is v for w in tape.watched_variables()]
    grads = tape.gradient(product, {"v": v, "fixed": fixed})
    found += [names, grads["v"], grads["fixed"] is None]
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            cube = tf.reduce_sum(v**3)
        first = inner.gradient(cube, v)
    return *found, outer.gradient(first, v)


@program
def variables_change_and_values_do_not(numbers):
    v = tf.Variable([1.0, 2.0])
    doubled, old = v * 2, v.value()
    v.assign([9.0, 9.0])
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    for _ in range(3):
        optimizer.minimize(lambda: tf.reduce_sum(v**2), [v])
    total = [tf.zeros_like(v)]
    for number in range(2):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(v**3) * (number + 1)
        total = [a + b for a, b in zip(total, tape.gradient(loss, [v]))]
    optimizer.apply_gradients(zip(total, [v]))
    mean = keras.metrics.Mean()
    mean(3.0)
    return doubled, old, v, int(optimizer.iterations), mean(tf.constant([5.0, 7.0]))


@program
def own_layers_losses_and_metrics(numbers):
    class Linear(layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.units = units

        def build(self, shape):
            self.w = self.add_weight(name="w", shape=(shape[-1], self.units), initializer="ones")
            self.b = tf.Variable(tf.zeros(self.units))
            self.calls = tf.Variable(0.0, trainable=False)

        def call(self, inputs):
            self.calls.assign_add(1.0)
            self.add_loss(0.01 * tf.reduce_sum(inputs))
            return tf.matmul(inputs, self.w) + self.b

    class Squared(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return tf.reduce_mean(tf.math.squared_difference(y_pred, y_true), -1)

    class Sum(keras.metrics.Metric):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.total = self.add_weight(name="total", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign_add(tf.reduce_sum(y_pred))

        def result(self):
            return self.total

    layer, loss_fn, metric = Linear(2), Squared(), Sum()
    optimizer = keras.optimizers.SGD(0.01)
    x, y = tf.constant(numbers(8, 4)), tf.ones((8, 2))
    for _ in range(3):
        with tf.GradientTape() as tape:
            predicted = layer(x)
            loss = loss_fn(y, predicted) + sum(layer.losses)
        grads = tape.gradient(loss, layer.trainable_variables)
        optimizer.apply_gradients(zip(grads, layer.trainable_variables))
        metric.update_state(y, predicted)
    found = [loss, layer.w, layer.b, layer.calls, metric.result(), len(layer.losses)]
    metric.reset_state()
    optimizer.learning_rate.assign(0.5)
    return *found, metric.result(), optimizer.learning_rate


@program
def masks_travel(numbers):
    embedding, lstm, dense = layers.Embedding(5, 3, mask_zero=True), layers.LSTM(4), layers.Dense(1)
    ids = np.array([[1, 2, 0], [3, 0, 0]])
    dense(lstm(embedding(ids)))
    for weight in embedding.weights + lstm.weights + dense.weights:
        weight.assign(numbers(*weight.shape) * 0.3)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(dense(lstm(embedding(ids))))
    grads = tape.gradient(loss, embedding.weights + dense.weights)
    return loss, *(tf.convert_to_tensor(grad) for grad in grads)


@program
def functions(numbers):
    class Counter:
        def __init__(self):
            self.v = None

        @tf.function
        def __call__(self, x):
            if self.v is None:
                self.v = tf.Variable(tf.ones_like(x)[0] * 2)
            self.v.assign_add(x[0])
            return self.v * x

    counter, traced = Counter(), []
    found = [counter(tf.constant([1.0, 2.0])), counter(tf.constant([1.0, 3.0])), counter.v]

    @tf.function
    def times(x, n=2):
        traced.append(1)
        return x * n

    found += [times(tf.constant(1.0)), times(tf.constant(2.0)), times(tf.constant([1.0, 2.0]))]
    found += [times(tf.constant(2.0), 3), len(traced)]

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def sums(x):
        return {"sum": tf.reduce_sum(x, axis=1), "none": None}

    found += [sums(tf.ones((3, 2)))["sum"], sums(tf.ones((1, 2)))["sum"]]

    @tf.function
    def power(x):
        return tf.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s * x), [0, tf.ones(())])[1]

    choose = tf.function(lambda x: tf.cond(x > 0, lambda: x * 2, lambda: x - 1))
    found += [power(tf.constant(3.0)), choose(tf.constant(-3.0)), choose(tf.constant(3.0))]

    @tf.function
    def random():
        return tf.random.normal((3,))

    found += [random().shape.as_list(), bool(np.any(random().numpy() != random().numpy()))]
    return found


@program
def autoencoder_with_a_train_step(numbers):
    class Autoencoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner, self.mean = layers.Dense(5, activation="tanh"), layers.Dense(2)
            self.decoder = layers.Dense(8, kernel_regularizer="l2")
            self.total = keras.metrics.Mean(name="total")
            self.kl = keras.metrics.Mean(name="kl")

        @property
        def metrics(self):
            return [self.total, self.kl]

        def call(self, x):
            mean = self.mean(self.inner(x))
            return mean, self.decoder(mean)

        def parts(self, x):
            mean, again = self(x)
            rebuilt = tf.reduce_mean(tf.reduce_sum(tf.square(x - again), axis=1))
            kl = tf.reduce_mean(tf.reduce_sum(tf.square(mean), axis=1))
            return rebuilt + kl + sum(self.losses), kl

        def train_step(self, data):
            with tf.GradientTape() as tape:
                total, kl = self.parts(data)
            grads = tape.gradient(total, self.trainable_weights)
            self.optimizer.apply_gradients(zip(grads, self.trainable_weights))
            self.total.update_state(total)
            self.kl.update_state(kl)
            return {"total": self.total.result(), "kl": self.kl.result()}

        def test_step(self, data):
            total, kl = self.parts(data)
            self.total.update_state(total)
            self.kl.update_state(kl)
            return {metric.name: metric.result() for metric in self.metrics}

    x, model = np.abs(numbers(100, 8)), Autoencoder()
    model(x[:1])
    numbers.set(model)
    model.compile(optimizer=keras.optimizers.Adam(0.01))
    history = model.fit(
        x, epochs=3, batch_size=32, shuffle=False, verbose=0, validation_data=(x[:20],)
    ).history
    return *(history[k] for k in sorted(history)), model.evaluate(x, verbose=0)


@program
def train_step_with_what_compile_was_given(numbers):
    class Custom(keras.Model):
        def train_step(self, data):
            x, y, sample_weight = data if len(data) == 3 else (*data, None)
            with tf.GradientTape() as tape:
                predicted = self(x, training=True)
                loss = self.compiled_loss(
                    y, predicted, sample_weight=sample_weight, regularization_losses=self.losses
                )
            self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
            self.compiled_metrics.update_state(y, predicted, sample_weight)
            return {metric.name: metric.result() for metric in self.metrics}

    class Watched(keras.Model):
        def train_step(self, data):
            logs = super().train_step(data)
            return {**logs, "twice": logs["loss"] * 2}

    found = []
    for kind in (Custom, Watched):
        inputs = keras.Input((8,))
        hidden = layers.Dense(6, activation="relu", kernel_regularizer="l2")(inputs)
        model = kind(inputs, layers.Dense(3, activation="softmax")(hidden))
        numbers.set(model)
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        x, y = numbers(100, 8), numbers.state.randint(0, 3, 100)
        options = {"batch_size": 32, "shuffle": False, "verbose": 0}
        history = model.fit(x, y, epochs=2, validation_data=(x[:20], y[:20]), **options).history
        found += [history[k] for k in sorted(history)]
        found += [model.evaluate(x, y, verbose=0), model.predict(x[:3], verbose=0)]
        weights = np.linspace(0, 1, 100).astype("float32")
        history = model.fit(x, y, sample_weight=weights, **options).history
        found += [history[k] for k in sorted(history)]
    return found


@program
def gan_with_a_train_step_on_a_data_set(numbers):
    noise = numbers(4, 4)

    class Gan(keras.Model):
        def __init__(self, critic, generator):
            super().__init__()
            self.critic, self.generator = critic, generator

        def compile(self, for_critic, for_generator, loss_fn):
            super().compile()
            self.for_critic, self.for_generator = for_critic, for_generator
            self.loss_fn = loss_fn

        def train_step(self, real):
            count = tf.shape(real)[0]
            mixed = tf.concat([self.generator(noise), real], axis=0)
            labels = tf.concat([tf.ones((4, 1)), tf.zeros((count, 1))], axis=0)
            with tf.GradientTape() as tape:
                loss = self.loss_fn(labels, self.critic(mixed))
            grads = tape.gradient(loss, self.critic.trainable_weights)
            self.for_critic.apply_gradients(zip(grads, self.critic.trainable_weights))
            with tf.GradientTape() as tape:
                fooled = self.loss_fn(tf.zeros((4, 1)), self.critic(self.generator(noise)))
            grads = tape.gradient(fooled, self.generator.trainable_weights)
            self.for_generator.apply_gradients(zip(grads, self.generator.trainable_weights))
            return {"d_loss": loss, "g_loss": fooled}

    generator = keras.Sequential([keras.Input((4,)), layers.Dense(8), layers.LeakyReLU()])
    critic = keras.Sequential([keras.Input((8,)), layers.Dense(3), layers.Dense(1)])
    numbers.set(generator)
    numbers.set(critic)
    gan = Gan(critic, generator)
    loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)
    gan.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.01), loss_fn)
    data = tf.data.Dataset.from_tensor_slices(numbers(10, 8)).batch(4, drop_remainder=True)
    history = gan.fit(data.prefetch(1), epochs=2, verbose=0).history
    return *(history[k] for k in sorted(history)), generator.trainable_weights[0]


@program
def fit_on_data_sets(numbers):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    numbers.set(model)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    labels = numbers.state.randint(0, 3, 20)
    data = tf.data.Dataset.from_tensor_slices((numbers(20, 4), labels))
    first = model.fit(data.batch(6), epochs=2, validation_data=data.batch(10), verbose=0).history
    second = model.fit(data.batch(6).repeat(), epochs=2, steps_per_epoch=2, verbose=0).history
    found = [history[k] for history in (first, second) for k in sorted(history)]
    found.append(model.evaluate(data.batch(7), verbose=0))
    found.append(model.predict(data.batch(7).map(lambda x, y: x), verbose=0))
    found.append(model.train_on_batch(*next(iter(data.batch(4)))))
    x, y = tf.constant(numbers(8, 4)), tf.constant([0, 1, 2, 0, 1, 2, 0, 1])
    found += model.fit(x, y, verbose=0, shuffle=False).history["loss"]
    return *found, model(x), model.predict(x, verbose=0)


@program
def data_sets(numbers):
    dataset = tf.data.Dataset
    ten = dataset.range(10)
    ragged = dataset.from_generator(
        lambda: ((i, [i] * i) for i in range(1, 4)), output_types=(tf.int32, tf.float32)
    )
    made = [
        dataset.range(3, 9, 2),
        ten.batch(3).map(lambda v: v * 2),
        dataset.from_tensor_slices((np.arange(10), np.arange(10) * 1.5)).batch(4, True),
        dataset.from_tensor_slices({"a": [1, 2, 3], "b": [1.0, 2.0, 3.0]}),
        dataset.range(5).concatenate(dataset.range(2)),
        dataset.zip((dataset.range(3), dataset.range(10, 14))),
        ten.window(4, shift=2, drop_remainder=True).flat_map(lambda w: w.batch(4)),
        ten.window(3, shift=4, stride=2).flat_map(lambda w: w.batch(3)),
        dataset.range(1, 6).interleave(
            lambda v: dataset.from_tensors(v).repeat(4), cycle_length=2, block_length=3
        ),
        dataset.range(1, 5).interleave(lambda v: dataset.range(v), cycle_length=3),
        dataset.range(4).enumerate(5),
        dataset.range(8).filter(lambda v: v % 3 == 1),
        ten.shard(3, 1),
        dataset.range(4).repeat(2).skip(3).take(3),
        dataset.range(6).batch(4).unbatch(),
        ragged.padded_batch(3, padded_shapes=((), (None,))),
        dataset.range(3).map(lambda v: (v, tf.cast(v, tf.float32) / 2)).batch(2),
        dataset.range(3).apply(lambda d: d.map(lambda v: -v)).cache().prefetch(tf.data.AUTOTUNE),
    ]
    found = [np.asarray(int(d.cardinality())) for d in made]
    for one in made:
        for element in one:
            found += [np.asarray(part) for part in tf.nest.flatten(element)]
    found.append(int(dataset.range(6).reduce(np.int64(0), lambda s, v: s + v)))
    found.append([s.decode() for s in dataset.from_tensor_slices(["a", "bc"]).as_numpy_iterator()])
    return found


def plain(value):
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], str):
        return list(value)
    found = np.asarray(value)
    return found.tolist() if found.dtype.kind in "iub" else found.astype("float64").tolist()


def main(path):
    results = {
        name: [plain(value) for value in function(Numbers(7))]
        for name, function in PROGRAMS.items()
    }
    with open(path, "w") as file:
        json.dump(results, file)


if __name__ == "__main__":
    main(sys.argv[1])
