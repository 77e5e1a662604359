"""`flow_from_directory`: reading, decoding and resizing JPEG files."""

import os

import numpy as np

from benchmarks import peers
from benchmarks.race import Case, Goal
from benchmarks.worker import Timed

TITLE = "`flow_from_directory` of 1000 JPEGs of 500 x 375, two classes, to 150 x 150: an image"

PEERS = ["hornbeam", "keras2"]

CASES = [Case("files", "batch 32, one worker", "µs", PEERS, [Goal("keras2", at_least=1.5)])]

FILES = 1000


def measure(bench):
    return bench.race("image_files", TITLE, CASES)


def prepare(case, peer):
    keras = peers.import_keras(peer)
    generator = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255.0)
    batches = generator.flow_from_directory(
        _folder(), target_size=(150, 150), batch_size=32, class_mode="binary", seed=1
    )
    seen = {}

    def run():
        for index in range(len(batches)):
            seen["mean"] = batches[index][0].mean()

    return Timed(run, FILES, check=lambda: seen["mean"])


def _folder():
    """Returns the folder of images, made by the first worker: smooth shapes with some noise."""
    from PIL import Image

    base = os.path.join(os.environ["KERAS_HOME"], "images")
    if os.path.isdir(base):
        return base
    random = np.random.RandomState(0)
    for name in ("cats", "dogs"):
        os.makedirs(os.path.join(base, name))
        for number in range(FILES // 2):
            coarse = Image.fromarray((random.rand(12, 16, 3) * 255).astype("uint8"))
            pixels = np.asarray(coarse.resize((500, 375), Image.BICUBIC), "float32")
            pixels = np.clip(pixels + random.normal(size=pixels.shape) * 6, 0, 255)
            image = Image.fromarray(pixels.astype("uint8"))
            image.save(os.path.join(base, name, "%03d.jpg" % number), quality=85)
    return base
