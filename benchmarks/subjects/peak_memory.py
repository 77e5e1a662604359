"""What training a large network takes of memory: the peak of a fresh process."""

import time

from benchmarks import fits, nets, peers
from benchmarks.report import Table

TITLE = "ResNet50, 1000 classes, Adam, batch 8 of 224 x 224, 3 steps in a fresh process"

NAMES = ["hornbeam"] + peers.KERAS_PEERS + ["torch"]

GOAL = (
    "Goal: at most the best peer's peak. It is the most memory that the process ever held; before "
    "training it has imported its library and made the data (14 MiB)."
)


def measure(bench):
    peaks, rows, notes = {}, [], [GOAL]
    for name in bench.turn(NAMES, 0):
        label = peers.PEERS[name].label
        if not bench.installed(name):
            rows.append([label, bench.absence(name)])
            continue
        answer = bench.once("peak_memory", name, "fit")
        if "error" in answer:
            rows.append([label, "failed"])
            notes.append("%s failed: %s" % (label, answer["error"]))
            continue
        peaks[name] = answer["peak_mib"]
        rows.append([
            label, "%.0f" % answer["before_mib"], "%.0f" % answer["peak_mib"],
            "%.1f" % answer["seconds"], "%.3f" % answer["loss"],
        ])
    own, rivals = peaks.pop("hornbeam", None), peaks
    if own and rivals:
        best = min(rivals, key=rivals.get)
        met = "met" if own <= rivals[best] else "NOT MET"
        notes.append("%s: %.2f x the best peer's, %s." % (
            met, own / rivals[best], peers.PEERS[best].label,
        ))
    heads = ["", "MiB before", "MiB at the peak", "s", "loss"]
    return [Table("peak", TITLE, heads, rows, notes)]


def prepare(case, peer):
    return Training(peer)


class Training:
    """Imports and makes the data; the round builds the network and trains it."""

    def __init__(self, peer):
        self.peer = peer
        self.x, self.y = nets.image_data(3 * nets.IMAGENET_BATCH, 224, classes=1000)
        if peer.module == "torch":
            from benchmarks import by_hand_torch  # noqa: F401
        else:
            peers.import_keras(peer).layers  # noqa: B018

    def warm_up(self, round_s):
        self.before_mib = _held("VmRSS")
        return {}

    def round(self):
        work = fits.timed(
            self.peer, "resnet50", self.x, self.y, nets.IMAGENET_BATCH, "crossentropy", "matches"
        )
        start = time.perf_counter()
        work.run()
        work.finish()
        return {
            "before_mib": self.before_mib, "peak_mib": _held("VmHWM"),
            "seconds": time.perf_counter() - start, "loss": float(work.check()),
        }


def _held(field):
    """Returns a number of /proc/self/status, in MiB: `VmRSS`, held now, or `VmHWM`, the peak."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
