"""The plain NumPy forms agree with `K`, and so does `K` with them."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.compat import numpy_backend as N


def draw(*shape):
    return np.random.RandomState(len(shape)).randn(*shape).astype("float32")


IMAGES = {"channels_last": draw(2, 7, 6, 3), "channels_first": draw(2, 3, 7, 6)}
VOLUMES = {"channels_last": draw(2, 5, 4, 6, 3), "channels_first": draw(2, 3, 5, 4, 6)}
X, POSITIVE = draw(3, 4, 5), np.abs(draw(3, 4, 5)) + 0.1

CALLS = {
    "relu": lambda B: B.relu(X, 0.1, 0.5, 0.2),
    "elu": lambda B: B.elu(X, 0.7),
    "softplus": lambda B: B.softplus(X),
    "softsign": lambda B: B.softsign(X),
    "sigmoid": lambda B: B.sigmoid(X),
    "hard_sigmoid": lambda B: B.hard_sigmoid(X),
    "softmax": lambda B: B.softmax(X, axis=1),
    "l2_normalize": lambda B: B.l2_normalize(X, axis=1),
    "logsumexp": lambda B: B.logsumexp(X, axis=[1, 2]),
    "mean": lambda B: B.mean(X, axis=[0, 2], keepdims=True),
    "std": lambda B: B.std(X, axis=1),
    "var": lambda B: B.var(X, axis=-1),
    "prod": lambda B: B.prod(X, axis=-1),
    "max": lambda B: B.max(X),
    "argmin": lambda B: B.argmin(X),
    "cumsum": lambda B: B.cumsum(X, axis=1),
    "sqrt": lambda B: B.sqrt(X),
    "pow": lambda B: B.pow(POSITIVE, 1.5),
    "clip": lambda B: B.clip(X, -0.5, 0.5),
    "concatenate": lambda B: B.concatenate([X, X], axis=1),
    "permute_dimensions": lambda B: B.permute_dimensions(X, (2, 0, 1)),
    "repeat_elements": lambda B: B.repeat_elements(X, 3, 1),
    "repeat": lambda B: B.repeat(X[0], 3),
    "batch_flatten": lambda B: B.batch_flatten(X),
    "reverse": lambda B: B.reverse(X, [0, 2]),
    "slice": lambda B: B.slice(X, [1, 0, 2], [2, 3, 2]),
    "one_hot": lambda B: B.one_hot(np.array([[0, 2], [1, 1]]), 3),
    "eye": lambda B: B.eye(3),
    "arange": lambda B: B.arange(1, 9, 3),
    "temporal_padding": lambda B: B.temporal_padding(X, (2, 1)),
    "spatial_2d_padding": lambda B: B.spatial_2d_padding(
        IMAGES["channels_first"], ((1, 2), (0, 3)), "channels_first"
    ),
    "resize_images": lambda B: B.resize_images(IMAGES["channels_last"], 2, 3, "channels_last"),
    "resize_volumes": lambda B: B.resize_volumes(
        VOLUMES["channels_first"], 2, 1, 3, "channels_first"
    ),
    "dot": lambda B: B.dot(X, draw(5, 2)),
    "bias_add": lambda B: B.bias_add(
        IMAGES["channels_first"], draw(3), data_format="channels_first"
    ),
    "bias_add 3D": lambda B: B.bias_add(
        IMAGES["channels_first"], draw(7, 6, 3), data_format="channels_first"
    ),
    "batch_normalization": lambda B: B.batch_normalization(
        X, draw(5), np.abs(draw(5)), draw(5), draw(5)
    ),
    "binary_crossentropy": lambda B: B.binary_crossentropy(
        (X > 0).astype("float32"), K.eval(K.sigmoid(X))
    ),
    "categorical_crossentropy": lambda B: B.categorical_crossentropy(
        np.eye(5, dtype="float32")[[0, 2, 4]], X[:, 0], from_logits=True
    ),
    "in_top_k": lambda B: B.in_top_k(X[:, 0], np.array([0, 2, 4]), 3),
    "switch": lambda B: B.switch(X[:, :, 0] > 0, X, -X),
}
for axes in (None, 1, (2, 1), (1, 2)):
    CALLS[f"batch_dot {axes}"] = lambda B, axes=axes: B.batch_dot(
        X, draw(3, 5, 4) if axes in (None, (2, 1), (1, 2)) else draw(3, 4, 2), axes
    )
for data_format in IMAGES:
    image, volume = IMAGES[data_format], VOLUMES[data_format]
    for padding in ("valid", "same"):
        for strides, dilation in ((1, 1), (2, 1), (1, 2)):
            given = {
                "strides": (strides,) * 2, "padding": padding, "data_format": data_format,
                "dilation_rate": (dilation,) * 2,
            }
            key = f"{data_format} {padding} {strides} {dilation}"
            CALLS[f"conv2d {key}"] = lambda B, x=image, g=given: B.conv2d(x, draw(3, 2, 3, 4), **g)
            CALLS[f"depthwise_conv2d {key}"] = lambda B, x=image, g=given: B.depthwise_conv2d(
                x, draw(3, 2, 3, 2), **g
            )
        CALLS[f"separable_conv2d {data_format} {padding}"] = (
            lambda B, x=image, p=padding, d=data_format: B.separable_conv2d(
                x, draw(3, 3, 3, 2), draw(1, 1, 6, 4), padding=p, data_format=d
            )
        )
        CALLS[f"conv3d {data_format} {padding}"] = (
            lambda B, x=volume, p=padding, d=data_format: B.conv3d(
                x, draw(2, 3, 2, 3, 4), padding=p, data_format=d
            )
        )
        for mode in ("max", "avg"):
            CALLS[f"pool2d {data_format} {padding} {mode}"] = (
                lambda B, x=image, p=padding, d=data_format, m=mode: B.pool2d(
                    x, (3, 2), (2, 1), p, d, m
                )
            )
    for padding, shape in (("valid", (15, 13)), ("same", (14, 12)), ("same", (13, 11))):
        full = (2, *shape, 4) if data_format == "channels_last" else (2, 4, *shape)
        CALLS[f"conv2d_transpose {data_format} {shape}"] = (
            lambda B, x=image, p=padding, d=data_format, s=full: B.conv2d_transpose(
                x, draw(3, 3, 4, 3), s, (2, 2), p, d
            )
        )
CALLS["conv1d causal"] = lambda B: B.conv1d(X, draw(2, 5, 3), padding="causal", dilation_rate=2)


@pytest.mark.parametrize("name", CALLS)
def test_both_backends_agree(name):
    ours, plain = K.eval(CALLS[name](K)), CALLS[name](N)
    assert np.shape(ours) == np.shape(plain)
    np.testing.assert_allclose(ours, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mask", [None, np.array([[1, 1, 0, 1], [0, 1, 1, 1], [1, 0, 0, 0]])])
@pytest.mark.parametrize("go_backwards", [False, True])
def test_recurrence_agrees(go_backwards, mask):
    def step(B):
        def run(x, states):
            new = B.tanh(B.dot(x, draw(5, 5)) + states[0])
            return new, [new]
        return run
    state = np.zeros((3, 5), "float32")
    ours = K.rnn(step(K), K.variable(X), [K.variable(state)], go_backwards,
                 None if mask is None else K.variable(mask))
    plain = N.rnn(step(N), X, [state], go_backwards, mask)
    for a, b in zip((ours[0], ours[1], ours[2][0]), (plain[0], plain[1], plain[2][0])):
        np.testing.assert_allclose(K.eval(a), b, rtol=1e-4, atol=1e-5)


def test_greedy_decoding_agrees():
    scores = N.softmax(draw(3, 6, 4) * 3)
    lengths = np.array([6, 4, 5])
    labels, likelihood = K.ctc_decode(scores, lengths)
    plain_labels, plain_likelihood = N.ctc_decode(scores, lengths)
    np.testing.assert_array_equal(K.eval(labels[0]), plain_labels)
    np.testing.assert_allclose(K.eval(likelihood), plain_likelihood, rtol=1e-4)


def test_phases_choose():
    assert N.in_train_phase(lambda: 1, 2) == 1 and N.in_test_phase(1, 2) == 2
    assert N.in_train_phase(1, 2, training=False) == 2


def test_the_module_is_found_under_keras_s_name():
    from hornbeam.backend import numpy_backend

    assert numpy_backend is N
