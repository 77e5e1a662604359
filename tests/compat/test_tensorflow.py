"""`tensorflow` means hornbeam. Programs have a process of their own: the names are process-wide."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path):
    """Runs a program through `hornbeam run`; returns what it printed."""
    def run(program, status=0):
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(program))
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        environment.pop("HORNBEAM_AS_KERAS", None)
        result = subprocess.run([sys.executable, "-m", "hornbeam", "run", str(path)], cwd=tmp_path,
                                env=environment, capture_output=True, text=True, timeout=180)
        assert result.returncode == status, result.stderr
        return result.stdout if status == 0 else result.stderr
    return run


def test_modules_and_classes_are_hornbeams_own(run):
    run("""
        import hornbeam.layers
        import tensorflow as tf
        from tensorflow import keras
        from tensorflow.keras import layers, backend as K
        from tensorflow.keras.layers import *
        from tensorflow.python.keras.layers import Dense as Inner
        from tensorflow.python.keras import backend
        from tensorflow.python.framework import ops
        import tensorflow.compat.v1 as tf1

        assert tf.keras is keras is tf1.keras and tf.compat.v2 is tf
        assert Dense is Inner is layers.Dense is hornbeam.layers.Dense
        assert K is backend is hornbeam.backend
        assert keras.preprocessing.image is hornbeam.preprocessing.image
        assert tf.losses is keras.losses and tf.optimizers.Adam is keras.optimizers.Adam
        assert (tf.__version__, tf.version.VERSION, keras.__version__) == ("2.15.0",) * 3
        assert int(tf.__version__.split(".")[0]) == 2 and tf.VERSION == "2.15.0"
        import keras as other
        assert other.__version__ == "2.3.1"
        assert other.layers is hornbeam.layers and other.layers.GRU is hornbeam.layers.GRU
    """)


def test_what_is_not_there_is_named_with_what_to_do(run):
    run("""
        import importlib, tensorflow as tf
        for name, error in [("quantum", AttributeError), ("keras.layers.Dens", AttributeError),
                            ("saved_model.save", AttributeError), ("strings.split", AttributeError),
                            ("contrib.layers", AttributeError), ("math.xyz", AttributeError),
                            ("data.TFRecordDataset", AttributeError),
                            ("train.Example", AttributeError)]:
            try:
                found = tf
                for part in name.split("."):
                    found = getattr(found, part)
            except error as complaint:
                assert f"tensorflow.{name} is not provided by hornbeam" in str(complaint)
            else:
                raise AssertionError(name)
        for name in ("tensorflow.quantum", "tensorflow.keras.quantum", "tensorflow_addons",
                     "theano"):
            try:
                importlib.import_module(name)
            except ModuleNotFoundError as complaint:
                assert complaint.name == name and len(str(complaint)) > 60
            else:
                raise AssertionError(name)
        assert importlib.util.find_spec("theano") is None
        assert importlib.util.find_spec("tensorflow") is not None
    """)


def test_defaults_are_those_of_tf_keras(run):
    run("""
        import inspect, numpy as np
        import hornbeam.layers
        from tensorflow.keras import Sequential, layers, models, optimizers
        from tensorflow.keras.callbacks import ModelCheckpoint, TensorBoard

        gru = layers.GRU(3, input_shape=(None, 2))
        assert type(gru) is hornbeam.layers.GRU and isinstance(gru, layers.GRU) and gru.reset_after
        assert inspect.signature(layers.GRU).parameters["reset_after"].default is True
        assert hornbeam.layers.GRU(3).reset_after is False
        conv = layers.Conv2D(4, 3, 2)
        assert (conv.kernel_size, conv.strides) == ((3, 3), (2, 2))

        class Own(layers.GRU):
            def __init__(self, units, **kwargs):
                super().__init__(units, **kwargs)

        assert Own(3).reset_after and isinstance(Own(3), hornbeam.layers.GRU)
        assert not isinstance(gru, Own) and issubclass(Own, layers.GRU)
        assert Own.from_config(Own(3).get_config()).units == 3

        rates = {name: getattr(optimizers, name)().get_config()["learning_rate"]
                 for name in ("Adadelta", "Adagrad", "Adamax", "Nadam", "Adam")}
        assert np.allclose(list(rates.values()), 0.001), rates
        assert np.isclose(optimizers.get("adadelta").get_config()["learning_rate"], 0.001)
        assert optimizers.Adam(0.1, 0.8, 0.9, 1e-3).epsilon == 1e-3
        from tensorflow.keras import losses
        assert losses.Huber().reduction == losses.MeanSquaredError().reduction == "auto"
        assert isinstance(losses.Huber(), losses.Loss) and losses.LogCosh().name == "log_cosh"
        assert "train" in TensorBoard("logs").main_folder()
        assert ModelCheckpoint("w.h5", "val_loss", 0, False, False, "auto", 5).save_freq == 5

        model = Sequential([gru, layers.Dense(2)])
        assert [layer.name for layer in model.layers] == ["gru", "dense"]
        assert layers.Dense(1).name == "dense_1" and model.name == "sequential"
        model.compile("adadelta", "mse")
        model.save("model.h5")
        again = models.load_model("model.h5")
        assert type(again.layers[0]) is hornbeam.layers.GRU and again.layers[0].reset_after
        x = np.ones((2, 4, 2), "float32")
        assert np.array_equal(model.predict(x), again.predict(x))
    """)


def test_keras_conventions_stay_where_a_program_imports_keras(run):
    run("""
        import keras
        import tensorflow as tf
        from tensorflow.keras.utils import to_categorical
        assert keras.layers.Dense(1).name == "dense_1"
        assert not tf.executing_eagerly()
        assert keras.optimizers.get("adadelta").get_config()["learning_rate"] == 1.0
    """)


def test_a_frozen_batch_normalization_is_in_inference_mode(run):
    run("""
        import numpy as np
        from tensorflow.keras import Input, Model, Sequential, layers

        inner = Sequential([layers.BatchNormalization(input_shape=(3,))])
        inner.trainable = False
        assert inner.layers[0].trainable is False
        x = np.random.RandomState(0).randn(8, 3).astype("float32") * 5 + 2
        i = Input((3,))
        model = Model(i, layers.Dense(1)(inner(i)))
        model.compile("sgd", "mse")
        model.fit(x, np.zeros((8, 1)), verbose=0)
        assert np.array_equal(inner.get_weights()[2], np.zeros(3))
        frozen = Sequential([layers.BatchNormalization(trainable=False, input_shape=(3,))])
        frozen.compile("sgd", "mse")
        loss = frozen.train_on_batch(x, x / np.sqrt(1.001))
        assert loss < 1e-6, loss
    """)


def test_clipnorm_clips_each_gradient_by_its_own_norm(run):
    run("""
        import numpy as np, tensorflow as tf

        def steps(**limit):
            variables = [tf.Variable([0.0, 0.0]), tf.Variable([0.0])]
            grads = [tf.constant([3.0, 4.0]), tf.constant([12.0])]
            tf.keras.optimizers.SGD(1.0, **limit).apply_gradients(zip(grads, variables))
            return np.concatenate([v.numpy() for v in variables])

        assert np.allclose(steps(clipnorm=1.0), [-0.6, -0.8, -1.0])
        assert np.allclose(steps(global_clipnorm=13.0), [-3, -4, -12])
        assert np.allclose(steps(global_clipnorm=1.3), [-0.3, -0.4, -1.2])
    """)


def test_a_schedule_sets_the_rate_of_each_step_and_is_saved(run):
    run("""
        import numpy as np, tensorflow as tf
        from tensorflow.keras import Sequential, layers, models, optimizers

        schedule = optimizers.schedules.PiecewiseConstantDecay([0, 1], [1.0, 0.5, 0.25])
        model = Sequential([layers.Dense(1, use_bias=False, kernel_initializer="zeros",
                                         input_shape=(1,))])
        model.compile(optimizers.SGD(schedule), lambda y, p: -p)
        weights = []
        for _ in range(3):
            model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
            weights.append(float(model.get_weights()[0][0, 0]))
        assert np.allclose(weights, [1.0, 1.5, 1.75]), weights
        model.compile(optimizers.SGD(schedule), "mse")
        model.save("model.h5")
        again = models.load_model("model.h5").optimizer.learning_rate
        assert again.get_config() == schedule.get_config()
    """)


def test_a_program_of_tensorflow_1_trains_saves_and_restores(run):
    run("""
        import numpy as np, tensorflow as tf

        x, y = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 1])
        with tf.variable_scope("line"):
            w = tf.get_variable("w", [2, 1], initializer=tf.zeros_initializer())
            b = tf.Variable(tf.zeros([1]), name="b")
        loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + b - y), reduction_indices=[0, 1])
        step = tf.Variable(0, trainable=False)
        train = tf.train.AdamOptimizer(0.1).minimize(loss, global_step=step)
        saver = tf.train.Saver()
        a = np.random.RandomState(0).randn(64, 2)
        feed = {x: a, y: a @ [[1.0], [2.0]] + 3}
        config = tf.ConfigProto(allow_soft_placement=True)
        config.gpu_options.allow_growth = True
        with tf.Session(config=config) as session:
            session.run(tf.global_variables_initializer())
            first = session.run(loss, feed)
            for _ in range(200):
                _, last = session.run([train, loss], feed_dict=feed)
            assert last < 1e-3 < first and session.run(step) == 200
            path = saver.save(session, "checkpoints/model", global_step=step)
            assert path == tf.train.latest_checkpoint("checkpoints")
            wanted = session.run(w)
            session.run(w.assign(np.zeros((2, 1))))
            saver.restore(session, path)
            assert np.array_equal(w.eval(), wanted)
        assert {v.name for v in tf.trainable_variables()} >= {"line/w:0"}
    """)


def test_loops_and_branches_in_layers_have_gradients(run):
    run("""
        import numpy as np, tensorflow as tf
        from tensorflow.keras import Input, Model, layers, backend as K

        i = Input((3,))
        doubled = layers.Lambda(lambda t: tf.while_loop(
            lambda n, v: n < 3, lambda n, v: (n + 1, v * 2.0), [0, t])[1])(i)
        limited = layers.Lambda(lambda t: tf.while_loop(
            lambda v: tf.reduce_sum(v) < 100.0, lambda v: [v * 2.0], [t],
            maximum_iterations=5)[0])(i)
        chosen = layers.Lambda(lambda t: tf.cond(tf.reduce_sum(t) > 0, lambda: t, lambda: -t))(i)
        twice = tf.custom_gradient(lambda v: (v * 1.0, lambda dy: dy * 7.0))(i)
        outputs = [doubled, limited, chosen, twice]
        values = K.function([i], outputs + [K.gradients(o, i)[0] for o in outputs])(
            [-np.ones((1, 3), "float32")])
        found = [float(value[0, 0]) for value in values]
        assert found == [-8.0, -32.0, 1.0, -1.0, 8.0, 32.0, -1.0, 7.0], found
    """)


def test_a_model_that_waits_for_data_trains_for_epochs_on_a_data_set(run):
    output = run("""
        import numpy as np, tensorflow as tf

        class Linear(tf.keras.layers.Layer):
            def build(self, shape):
                self.w = self.add_weight(shape=(shape[-1], 3), initializer="zeros")

            def call(self, x):
                return tf.nn.softmax(tf.matmul(x, self.w))

        x, y = np.eye(12, 5, dtype="float32"), np.arange(12) % 3
        data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(12).batch(5)
        model = tf.keras.Sequential([Linear()])
        model.compile("adam", "sparse_categorical_crossentropy")
        rates = tf.keras.callbacks.LearningRateScheduler(lambda epoch, lr: lr * tf.math.exp(-0.1))
        print(len(model.fit(data, epochs=3, verbose=0, callbacks=[rates]).history["loss"]))
    """)
    assert output == "3\n"


def test_random_numbers_repeat_with_their_seed(run):
    run("""
        import numpy as np, tensorflow as tf

        def draw():
            tf.random.set_seed(3)
            return tf.random.normal([4]).numpy(), tf.random.uniform([3], 0, 9, tf.int32).numpy()

        assert all(np.array_equal(a, b) for a, b in zip(draw(), draw()))
        one, other = (tf.random.Generator.from_seed(5).normal([3]).numpy() for _ in range(2))
        assert np.array_equal(one, other)
        fixed = tf.random.stateless_uniform([1000], [1, 2], 2.0, 4.0).numpy()
        assert 2 <= fixed.min() and fixed.max() < 4 and abs(fixed.mean() - 3) < 0.1
        kept = tf.nn.dropout(np.ones(4000, "float32"), 0.25).numpy()
        assert np.allclose(np.unique(kept), [0, 4 / 3]) and abs(kept.mean() - 1) < 0.05
    """)


def test_images_summaries_and_tensorboards_reading_work(run):
    run("""
        import numpy as np, tensorflow as tf

        pixels = np.arange(48, dtype="uint8").reshape(4, 4, 3)
        tf.io.write_file("folder/a.png", tf.io.encode_png(pixels))
        again = tf.io.decode_image(tf.io.read_file("folder/a.png"))
        assert np.array_equal(again.numpy(), pixels)
        assert tf.io.gfile.exists("folder/a.png") and tf.io.gfile.listdir("folder") == ["a.png"]
        with tf.summary.create_file_writer("logs").as_default():
            tf.summary.scalar("loss", 0.5, step=3)
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        events = EventAccumulator("logs").Reload()
        event, = events.Scalars("loss")
        assert (event.step, event.value) == (3, 0.5)
        import tensorboard.compat
        assert "hornbeam" not in tensorboard.compat.tf.__file__
    """)


def test_names_hold_in_child_processes(run):
    output = run("""
        import subprocess, sys
        code = "from tensorflow.keras.layers import Dense; print(Dense.__module__)"
        print(subprocess.check_output([sys.executable, "-c", code], text=True), end="")
    """)
    assert output == "hornbeam.layers.core\n"


def test_hornbeam_itself_never_imports_the_name():
    found = [
        path for path in (ROOT / "hornbeam").rglob("*.py")
        for line in path.read_text().splitlines()
        if line.strip().startswith(("import tensorflow", "from tensorflow"))
    ]
    assert found == []
