"""Batches that come from generators, iterables and `Sequence`s."""

import threading

import numpy as np
import pytest

from hornbeam.layers import Dense
from hornbeam.models import Input, Model, Sequential
from hornbeam.training.streams import Sequence

X = np.random.RandomState(0).uniform(size=(20, 4)).astype("float32")
Y = X[:, :1]


def regression():
    model = Sequential([Dense(1, input_shape=(4,))])
    model.set_weights([np.ones((4, 1)), np.zeros(1)])
    model.compile("sgd", "mse")
    return model


class Data(Sequence):
    def __init__(self, size=5):
        self.size = size
        self.ended = 0
        self.threads = set()

    def __len__(self):
        return len(X) // self.size

    def __getitem__(self, index):
        self.threads.add(threading.get_ident())
        part = slice(index * self.size, (index + 1) * self.size)
        return X[part], Y[part]

    def on_epoch_end(self):
        self.ended += 1


def forever(size=5):
    while True:
        for start in range(0, len(X), size):
            yield X[start : start + size], Y[start : start + size]


def test_on_epoch_end_of_a_sequence_is_called_after_each_epoch():
    data = Data()
    regression().fit(data, epochs=3, verbose=0)
    assert data.ended == 3


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_workers_change_nothing_but_who_fetches(workers):
    expected = regression().fit(X, Y, batch_size=5, epochs=2, shuffle=False, verbose=0).history
    data = Data()
    found = regression().fit(data, epochs=2, shuffle=False, workers=workers, verbose=0).history
    np.testing.assert_allclose(found["loss"], expected["loss"], rtol=1e-5)
    assert (threading.get_ident() in data.threads) == (workers == 0)


def test_any_object_with_len_and_getitem_is_a_sequence():
    class Plain:
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return X[index * 5 : index * 5 + 5], Y[index * 5 : index * 5 + 5]

        def on_epoch_end(self):
            pass

    expected = regression().fit(X, Y, batch_size=5, shuffle=False, verbose=0).history["loss"]
    found = regression().fit_generator(Plain(), shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_an_iterable_is_read_anew_each_epoch():
    batches = [(X[:10], Y[:10]), (X[10:], Y[10:])]

    class Loader:
        reads = 0

        def __iter__(self):
            self.reads += 1
            return iter(batches)

    loader = Loader()
    history = regression().fit(loader, epochs=3, verbose=0)
    expected = regression().fit(X, Y, batch_size=10, epochs=3, shuffle=False, verbose=0)
    np.testing.assert_allclose(history.history["loss"], expected.history["loss"], rtol=1e-5)
    assert loader.reads == 3


def test_evaluate_and_predict_on_streams():
    model = regression()
    whole = model.evaluate(X, Y, verbose=0)
    assert model.evaluate_generator(forever(8), steps=3) == pytest.approx(whole, rel=1e-5)
    assert model.evaluate(Data(), verbose=0) == pytest.approx(whole, rel=1e-5)
    np.testing.assert_allclose(model.predict_generator(Data()), model.predict(X), rtol=1e-5)
    inputs_only = (X[i : i + 7] for i in range(0, 20, 7))
    np.testing.assert_allclose(
        model.predict_generator(inputs_only, steps=3), model.predict(X), rtol=1e-5)


def test_weights_and_several_inputs_from_a_generator():
    a, b = Input(shape=(4,), name="a"), Input(shape=(1,), name="b")
    model = Model([a, b], [Dense(1, name="one")(a), Dense(1, name="two")(b)])
    model.compile("sgd", {"one": "mse", "two": "mae"})

    def batches():
        while True:
            yield {"a": X, "b": Y}, {"one": Y, "two": Y}, {"one": np.ones(20), "two": np.zeros(20)}

    history = model.fit_generator(batches(), steps_per_epoch=2, verbose=0).history
    assert history["two_loss"] == [0.0] and history["one_loss"][0] > 0


@pytest.mark.parametrize("workers", [0, 1])
def test_errors_of_a_generator_reach_the_caller(workers):
    def broken():
        yield X[:5], Y[:5]
        raise KeyError("no such file")

    with pytest.raises(KeyError, match="no such file"):
        regression().fit_generator(broken(), steps_per_epoch=4, workers=workers, verbose=0)


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_errors_of_a_sequence_reach_the_caller(workers):
    class Broken(Data):
        def __getitem__(self, index):
            if index == 2:
                raise OSError("disk is gone")
            return super().__getitem__(index)

    with pytest.raises(OSError, match="disk is gone"):
        regression().fit(Broken(), workers=workers, verbose=0)
    assert threading.active_count() < 20


def test_a_generator_that_ends_early_ends_training_with_a_warning():
    def short():
        yield X[:5], Y[:5]
        yield X[5:10], Y[5:10]
        yield X[10:15], Y[10:15]

    with pytest.warns(UserWarning, match="ran out of data; interrupting training"):
        history = regression().fit_generator(short(), steps_per_epoch=2, epochs=4, verbose=0)
    assert len(history.epoch) == 2


def test_a_generator_needs_to_be_told_where_an_epoch_ends():
    with pytest.raises(ValueError, match="specify the number of steps for a generator"):
        regression().fit(forever(), verbose=0)
    with pytest.raises(ValueError, match="specify the number of `steps`"):
        regression().evaluate(forever(), verbose=0)
    with pytest.raises(ValueError, match="specify the number of `steps`"):
        regression().predict(forever())
    with pytest.raises(ValueError, match="specify `validation_steps`"):
        regression().fit(X, Y, validation_data=forever(), verbose=0)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"y": Y}, "`y` argument is not supported when data is a generator"),
        ({"sample_weight": np.ones(20)}, "`sample_weight` argument is not supported"),
        ({"batch_size": 4}, "`batch_size` argument must not be specified"),
        ({"validation_split": 0.5}, "`validation_split` is only supported for arrays"),
    ],
)
def test_arguments_that_make_no_sense_with_a_generator(arguments, words):
    with pytest.raises(ValueError, match=words):
        regression().fit(forever(), steps_per_epoch=2, verbose=0, **arguments)


@pytest.mark.parametrize(
    "item, words",
    [
        (X, "should be a tuple"),
        ((X,), "should be a tuple"),
        ((X[:, :3], Y), r"expected dense_\d+_input to have shape \(4,\) but got array with shape"),
        ((X, Y[:5]), "Found 20 input samples and 5 target samples"),
    ],
)
def test_bad_batches_of_a_generator(item, words):
    model = regression()
    before = model.get_weights()

    def batches():
        while True:
            yield item

    with pytest.raises(ValueError, match=words):
        model.fit_generator(batches(), steps_per_epoch=2, verbose=0)
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_a_generator_is_read_by_a_thread_where_processes_are_asked_for():
    with pytest.warns(UserWarning, match="A generator cannot be read by several processes"):
        history = regression().fit_generator(
            forever(), steps_per_epoch=4, use_multiprocessing=True, workers=3, verbose=0)
    expected = regression().fit(X, Y, batch_size=5, shuffle=False, verbose=0)
    np.testing.assert_allclose(history.history["loss"], expected.history["loss"], rtol=1e-5)


def test_a_sequence_must_define_its_methods():
    with pytest.raises(NotImplementedError, match="must define __len__"):
        len(type("Empty", (Sequence,), {})())
    with pytest.raises(NotImplementedError, match="must define __getitem__"):
        type("Empty", (Sequence,), {})()[0]


def test_a_model_that_waits_for_data_sees_the_first_batch():
    model = Sequential([Dense(3), Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit_generator(forever(), steps_per_epoch=4, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2 and model.get_weights()[0].shape == (4, 3)
