"""Building, training and forgetting models again and again leaves nothing behind."""

import collections
import gc

import jax
import numpy as np
import pytest
from jax import monitoring

from hornbeam import backend as K
from hornbeam.layers import LSTM, BatchNormalization, Conv2D, Dense, Reshape
from hornbeam.models import Sequential


def one_round():
    layers = [
        Conv2D(2, 3, input_shape=(6, 6, 1)),
        BatchNormalization(),
        Reshape((4, 8)),
        LSTM(3),
        Dense(1),
    ]
    model = Sequential(layers)
    model.compile("adam", "mse")
    x, y = np.ones((8, 6, 6, 1), "float32"), np.ones((8, 1), "float32")
    model.fit(x, y, batch_size=4, epochs=2, verbose=0)
    model.predict(x)
    K.clear_session()


@pytest.fixture
def events():
    """Counts JAX's events while a test runs."""
    counts = collections.Counter()

    def listen(event, duration, **details):
        counts[event] += 1

    monitoring.register_event_duration_secs_listener(listen)
    yield counts
    monitoring.unregister_event_duration_listener(listen)


def test_rounds_of_build_fit_predict_and_clear_session_leave_nothing(events):
    held = []
    for _ in range(5):
        events.clear()
        one_round()
        gc.collect()
        held.append((len(jax.live_arrays()), len(gc.get_objects()), sum(events.values())))
    arrays, objects, compiled = zip(*held[2:])
    assert len(set(arrays)) == 1
    assert max(objects) - min(objects) < 50     # a model is thousands; Python's own caches, few
    assert len(set(compiled)) == 1
