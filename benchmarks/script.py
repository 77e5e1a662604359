"""A whole script in a process of its own: import, build, compile, fit, predict.

    python -m benchmarks.script NET PEER DATA.npz

It prints a JSON object: the loss, and what the process has imported. Runs on Python 3.7 too.
"""

import collections
import json
import sys

import numpy as np

from benchmarks import nets, peers

# `options`: what the network is made with; `loss` and `metric` are names of those by hand.
Script = collections.namedtuple("Script", "title data options batch epochs loss metric")


def _mnist_images():
    x, y = nets.mnist_data(1280)
    return x.reshape(-1, 28, 28, 1), y


SCRIPTS = {
    "dense": Script(
        "dense 13-64-64-1, 10 epochs of 100 steps",
        nets.dense_data, [], nets.DENSE_BATCH, 10, "squared_error", None,
    ),
    "mnist_mlp": Script(
        "MLP 784-512-512-10 with dropout, 2 epochs of 100 steps",
        nets.mnist_data, [0.2], nets.MNIST_BATCH, 2, "crossentropy", "matches",
    ),
    "mnist_cnn": Script(
        "CNN 32-64-pool-128-10, 2 epochs of 10 steps",
        _mnist_images, [], nets.MNIST_BATCH, 2, "crossentropy", "matches",
    ),
}


def main(net, peer, path):
    with np.load(path) as data:
        x, y = data["x"], data["y"]
    run = {"torch": _torch, "jax": _jax}.get(peer.module, _keras)
    loss, outputs = run(SCRIPTS[net], net, peer, x, y)
    assert len(outputs) == len(x) and np.isfinite(outputs).all()
    print(json.dumps({"loss": float(loss), "versions": peers.versions()}))


def _keras(script, net, peer, x, y):
    model = getattr(nets, net)(peers.import_keras(peer), *script.options)
    fitted = model.fit(x, y, batch_size=script.batch, epochs=script.epochs, verbose=0)
    return fitted.history["loss"][-1], model.predict(x, verbose=0)


def _torch(script, net, peer, x, y):
    from benchmarks import by_hand_torch as by_hand

    model = getattr(by_hand, net)(*script.options)
    loss, _ = by_hand.fit(
        model, by_hand.adam(model), getattr(by_hand, script.loss), x, y,
        script.batch, script.epochs, script.metric and getattr(by_hand, script.metric),
    )
    return loss, by_hand.predict(model, x, 1024)


def _jax(script, net, peer, x, y):
    from benchmarks import by_hand_jax as by_hand

    net = getattr(by_hand, net)(*script.options)
    state, (loss, _) = by_hand.fit(
        net, by_hand.initial(net), x, y, script.batch, script.epochs,
        getattr(by_hand, script.loss), script.metric and getattr(by_hand, script.metric),
    )
    return loss, np.asarray(by_hand.predict(net.forward, state[0], x))


if __name__ == "__main__":
    main(sys.argv[1], peers.PEERS[sys.argv[2]], sys.argv[3])
