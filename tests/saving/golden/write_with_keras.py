"""Writes the files beside it with Keras 2.3.1: `python write_with_keras.py`, in its environment.

Each model is trained a little, saved, asked for predictions, and trained on: what it says then
stands in `expected.json`.
"""

import json
import os

import keras.backend as K
import numpy as np
from keras.layers import LSTM, Conv2D, Dense, Dropout, Embedding, Flatten, Input, MaxPooling2D
from keras.models import Model, Sequential
from keras.optimizers import SGD, Nadam

HERE = os.path.dirname(os.path.abspath(__file__))


def numbers(*shape):
    """Numbers that look random and are the same everywhere."""
    count = int(np.prod(shape))
    return np.sin(np.arange(1, count + 1) * 1.7).reshape(shape).astype("float32")


def sequential():
    model = Sequential([Dense(3, input_shape=(4,), activation="relu"), Dense(2)])
    model.compile("adam", "mse", metrics=["mae", "accuracy"])
    return model, numbers(8, 4), numbers(8, 2)


def convolutional():
    model = Sequential(name="pictures")
    model.add(Conv2D(2, 3, input_shape=(6, 6, 1), padding="same", activation="relu"))
    model.add(MaxPooling2D())
    model.add(Flatten())
    model.add(Dense(3, activation="softmax", name="classes"))
    model.compile(
        SGD(0.1, momentum=0.9, nesterov=True, clipnorm=1.0), "sparse_categorical_crossentropy"
    )
    return model, numbers(5, 6, 6, 1), np.array([0, 1, 2, 1, 0])


def functional():
    """A shared layer, a model inside that is called twice, an initial state, two outputs."""
    first, second, words = Input((4,), name="first"), Input((4,)), Input((5,), dtype="int32")
    shared = Dense(3, activation="tanh", name="shared")
    inside_in = Input((3,))
    inside = Model(inside_in, [Dense(2)(inside_in), Dense(3)(inside_in)], name="inside")
    left, state = inside(shared(first))
    right, _ = inside(Dropout(0.5)(shared(second), training=False))
    steps = LSTM(3)(Embedding(6, 2)(words), initial_state=[state, state])
    model = Model([first, second, words], [left, right, steps])
    model.compile(Nadam(), ["mse", "mae", "mse"], loss_weights=[1.0, 0.5, 2.0])
    inputs = [numbers(4, 4), numbers(4, 4) * 2, np.arange(20).reshape(4, 5) % 6]
    return model, inputs, [numbers(4, 2), numbers(4, 2), numbers(4, 3)]


def main():
    expected = {}
    for make in (sequential, convolutional, functional):
        K.clear_session()
        model, x, y = make()
        for place, weight in enumerate(model.weights):
            K.set_value(weight, numbers(*K.int_shape(weight)) * (0.3 + 0.1 * place))
        for _ in range(3):
            model.train_on_batch(x, y)
        model.save(os.path.join(HERE, make.__name__ + ".h5"))
        lines = []
        model.summary(print_fn=lines.append)
        predicted = model.predict(x)
        expected[make.__name__] = {
            "predicted": [p.tolist() for p in predicted]
            if isinstance(predicted, list)
            else predicted.tolist(),
            "json": json.loads(model.to_json()),
            "summary": lines,
            "losses": [np.asarray(model.train_on_batch(x, y)).tolist() for _ in range(4)],
        }
    with open(os.path.join(HERE, "expected.json"), "w") as file:
        json.dump(expected, file, indent=1, sort_keys=True)
        file.write("\n")


if __name__ == "__main__":
    main()
