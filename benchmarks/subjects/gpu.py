"""`fit` and `predict` on a GPU. Run by `python -m benchmarks gpu`, never by `make bench`."""

import collections
import importlib
import os

import numpy as np

from benchmarks import nets, peers
from benchmarks.race import Case, ahead
from benchmarks.worker import Timed

TINY = "HORNBEAM_BENCHMARK_TINY"  # a variable of the environment: try the script, measure nothing

RIVALS = ["keras3-jax", "keras3-torch", "torch", "torch_compile"]
PEERS = ["hornbeam"] + RIVALS

TITLE = "on %s"

Sizes = collections.namedtuple("Sizes", "side batch steps lstm_batch lstm_steps samples many")


def sizes():
    if os.environ.get(TINY):
        return Sizes(32, 2, 2, 4, 2, 320, 4)
    return Sizes(224, 64, 4, 128, 20, 3200, 512)


def cases():
    size = sizes()
    images = "ResNet50, Adam, %d images of %d x %d a batch: " % (size.batch, size.side, size.side)
    words = "IMDB LSTM of 128 units over 80 steps, Adam, batch %d: `fit`, a step" % size.lstm_batch
    goals = ahead(RIVALS)
    return [
        Case("resnet50 float32", images + "`fit` in float32 (TF32 products), a step", "ms", PEERS,
             goals, 5),
        Case("resnet50 bfloat16", images + "`fit` in mixed_bfloat16, a step", "ms", PEERS,
             goals, 5),
        Case("lstm", words, "ms", PEERS, goals),
        Case("dense", "dense 13-64-64-1, Adam, batch 32: `fit` of 1 epoch, a step", "µs", PEERS,
             goals),
        Case("predict one", "dense 13-64-64-1: `predict` of 1 sample", "µs", PEERS,
             ahead(RIVALS[:2])),
        Case("predict many", "ResNet50: `predict` of %d images, an image" % size.many, "ms", PEERS,
             goals, 5),
    ]


def prepare(case, peer):
    make = _torch if peer.module == "torch" else _keras
    return make(case, peer, sizes())


def _data(case, size):
    """Returns x, y and the batch of a case."""
    if case.startswith("resnet50"):
        return nets.image_data(size.steps * size.batch, size.side, 1000) + (size.batch,)
    if case == "predict many":
        return nets.image_data(size.many, size.side, 1000) + (size.batch,)
    if case == "lstm":
        return nets.imdb_data(size.lstm_steps * size.lstm_batch) + (size.lstm_batch,)
    return nets.dense_data(1 if case == "predict one" else size.samples) + (nets.DENSE_BATCH,)


def _keras(case, peer, size):
    keras = peers.import_keras(peer)
    if case.endswith("bfloat16"):
        precision = importlib.import_module(peer.module + ".mixed_precision")
        precision.set_global_policy("mixed_bfloat16")
    x, y, batch = _data(case, size)
    if case in ("dense", "predict one"):
        model = nets.dense(keras)
    elif case == "lstm":
        model = nets.imdb_recurrent(keras, "LSTM")
    else:
        model = keras.applications.ResNet50(weights=None, input_shape=x.shape[1:])
        model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    if case.startswith("predict"):
        return Timed(lambda: model.predict(x, batch_size=batch, verbose=0), len(x))
    logs = {}

    def run():
        logs["loss"] = model.fit(x, y, batch_size=batch, epochs=1, verbose=0).history["loss"][0]

    # The weights of the last layer: reading all of ResNet50's would count as well.
    return Timed(
        run, len(x) // batch, finish=model.layers[-1].get_weights, check=lambda: logs["loss"]
    )


def _torch(case, peer, size):
    import torch

    from benchmarks import by_hand_torch as by_hand
    from benchmarks import fits

    torch.backends.cuda.matmul.allow_tf32 = True  # as JAX does by default, and cuDNN here
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    x, y, batch = _data(case, size)
    net = {"lstm": ("imdb_recurrent", "LSTM"), "dense": ("dense",), "predict one": ("dense",)}
    model = fits.torch_model(peer, *net.get(case, ("resnet50",))).to(device)
    if case.startswith("predict"):
        model.eval()

        @torch.inference_mode()
        def predict():
            batches = torch.from_numpy(x).split(batch)
            return torch.cat([model(one.to(device)).cpu() for one in batches]).numpy()

        return Timed(predict, len(x))
    loss_of, metric = {
        "lstm": (by_hand.binary_crossentropy, by_hand.halves),
        "dense": (by_hand.squared_error, None),
    }.get(case, (by_hand.crossentropy, by_hand.matches))
    x, y = torch.from_numpy(x).to(device), torch.from_numpy(y).to(device)
    optimizer, logs = by_hand.adam(model), {}
    mixed = torch.autocast(device.type, torch.bfloat16, enabled=case.endswith("bfloat16"))

    def run():
        model.train()
        sums = torch.zeros(2, device=device)
        for rows in torch.randperm(len(x), device=device).split(batch):
            targets = y[rows]
            optimizer.zero_grad(set_to_none=True)
            with mixed:
                output = model(x[rows])
                loss = loss_of(output.float(), targets)
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                sums[0] += loss
                if metric:
                    sums[1] += metric(output, targets)
        logs["loss"] = sums.tolist()[0] * batch / len(x)

    return Timed(
        run, len(x) // batch, check=lambda: logs["loss"],
        finish=torch.cuda.synchronize if device.type == "cuda" else np.zeros(0).tolist,
    )
