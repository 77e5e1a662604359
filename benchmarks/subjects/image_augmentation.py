"""`ImageDataGenerator.flow` with the transforms of every tutorial, on images in memory."""

import os

import numpy as np

from benchmarks import peers
from benchmarks.race import Case, Goal
from benchmarks.worker import Timed

TITLE = "rotation 20, shifts 0.2, shear 0.2, zoom 0.2, horizontal flip, batch 32: an image"

PEERS = ["hornbeam", "keras2"]

TRANSFORMS = {
    "rotation_range": 20,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
}

SIZES = {"32": (5000, 32), "224": (256, 224)}

CASES = [
    Case(
        "%s %s" % (size, workers),
        "%d images %d x %d x 3, %s" % (SIZES[size][0], SIZES[size][1], SIZES[size][1], words),
        "µs",
        PEERS,
        [Goal("keras2", at_least=goal)],
    )
    for size in ("32", "224")
    for workers, words, goal in (
        ("one", "one worker", 5),
        ("all", "a worker for each core (threads; Keras 2.3.1: processes)", 2),
    )
]

def measure(bench):
    return bench.race("image_augmentation", TITLE, CASES)


def prepare(case, peer):
    keras = peers.import_keras(peer)
    size, workers = case.split()
    count, side = SIZES[size]
    x = (np.random.RandomState(0).rand(count, side, side, 3) * 255).astype("float32")
    generator = keras.preprocessing.image.ImageDataGenerator(**TRANSFORMS)
    batches = generator.flow(x, batch_size=32, seed=1)
    if workers == "all":
        return _read_by_workers(keras, peer, batches, count)
    seen = {}

    def run():
        for index in range(len(batches)):
            seen["mean"] = batches[index].mean()

    return Timed(run, count, check=lambda: seen["mean"])


def _read_by_workers(keras, peer, batches, count):
    """Starting the workers counts: Keras 2.3.1 starts its processes anew in each epoch as well.

    None may be started while this process waits for a command: a fork that is born while standard
    input is locked never gets past closing it.
    """
    seen = {}

    def run():
        enqueuer = keras.utils.OrderedEnqueuer(batches, use_multiprocessing=peer.name == "keras2")
        enqueuer.start(workers=os.cpu_count(), max_queue_size=10)
        source = enqueuer.get()
        for _ in range(len(batches)):
            seen["mean"] = next(source).mean()
        enqueuer.stop()

    return Timed(run, count, check=lambda: seen["mean"])
