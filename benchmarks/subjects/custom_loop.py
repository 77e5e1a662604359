"""A training loop written with `tf.GradientTape`: eagerly, in `tf.function`, as `train_step`."""

from benchmarks import nets, peers
from benchmarks.race import Case, Goal
from benchmarks.worker import Timed

TITLE = "dense 13-64-64-1, Adam, batch 32: a loop with tf.GradientTape"

PEERS = ["hornbeam", "tf_keras"]

CASES = [
    Case("eager", "eager loop, a step", "µs", PEERS, [Goal("tf_keras", at_least=5)]),
    Case("function", "in `tf.function`, a step", "µs", PEERS, [Goal("tf_keras", at_least=2)]),
    Case("train_step", "`fit` with a `train_step`, a step", "µs", PEERS, []),
]


def measure(bench):
    return bench.race("custom_loop", TITLE, CASES)


def prepare(case, peer):
    keras = peers.import_keras(peer)
    if peer.name == "hornbeam":
        import hornbeam.as_keras  # noqa: F401  tensorflow is hornbeam from here on
    import tensorflow as tf

    if peer.name == "hornbeam":
        keras = tf.keras
    x, y = nets.dense_data()
    steps = len(x) // nets.DENSE_BATCH
    if case == "train_step":
        return _fit(tf, keras, x, y, steps)
    model, optimizer = nets.dense(keras), keras.optimizers.Adam()
    loss_fn, metric = keras.losses.MeanSquaredError(), keras.metrics.MeanAbsoluteError()
    batches = [
        (tf.constant(x[at : at + nets.DENSE_BATCH]), tf.constant(y[at : at + nets.DENSE_BATCH]))
        for at in range(0, steps * nets.DENSE_BATCH, nets.DENSE_BATCH)
    ]
    logs = {}

    def step(x, y):
        with tf.GradientTape() as tape:
            predicted = model(x, training=True)
            loss = loss_fn(y, predicted)
        grads = tape.gradient(loss, model.trainable_weights)
        optimizer.apply_gradients(zip(grads, model.trainable_weights))
        metric.update_state(y, predicted)
        return loss

    one = tf.function(step) if case == "function" else step

    def run():
        for batch in batches:
            logs["loss"] = one(*batch)

    return Timed(run, steps, finish=lambda: float(logs["loss"]), check=lambda: float(logs["loss"]))


def _fit(tf, keras, x, y, steps):
    class Model(keras.Model):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                predicted = self(x, training=True)
                loss = self.compiled_loss(y, predicted)
            grads = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
            return {"loss": loss}

    inner = nets.dense(keras)
    model = Model(inner.inputs, inner.outputs)
    model.compile("adam", "mse")
    logs = {}

    def run():
        history = model.fit(x, y, batch_size=nets.DENSE_BATCH, epochs=1, verbose=0)
        logs["loss"] = history.history["loss"][-1]

    return Timed(run, steps, check=lambda: logs["loss"])
