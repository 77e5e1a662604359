"""Runs cases inside an oracle's Python and stores what they return.

    python -m tests.parity.oracle keras-2.3.1 FOLDER losses layers ...

`regenerate.py` calls this; FOLDER is a temporary one. A case that raises is reported on standard
output and left out.
"""

import os
import sys
import time
import traceback

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # the same sums in the same order, every run

import numpy as np  # noqa: E402

from . import golden  # noqa: E402
from .cases import KERAS, TF_KERAS, cases  # noqa: E402


def load(oracle):
    """Imports the oracle in TensorFlow 1's graph mode, in which both run the same code."""
    import tensorflow

    if oracle == KERAS:
        tensorflow.compat.v1.logging.set_verbosity(tensorflow.compat.v1.logging.ERROR)
        import keras

        read_steps_before_counting(keras)
        return keras
    assert oracle == TF_KERAS, oracle
    tensorflow.get_logger().setLevel("ERROR")
    tensorflow.compat.v1.disable_eager_execution()
    # or K.gradients finds nothing to differentiate in a recurrent layer's loop
    tensorflow.compat.v1.experimental.output_all_intermediates(True)
    import tf_keras

    return tf_keras


def read_steps_before_counting(keras):
    """Makes Keras 2.3.1's optimizers read their step count before they increase it.

    Its update rules read `iterations` (for Adam's bias correction, for a decaying learning rate)
    while another operation of the same step adds one to it, and under TensorFlow 1.15 nothing
    orders the two: of thirty runs of one program, three began with step 0 and the others with
    step 1. The code of Keras means the count before the increase, and so does tf_keras.
    """
    general = keras.optimizers.Optimizer.get_updates

    def ordered(get_updates):
        def get_updates_in_order(self, loss, params):
            updates = [
                keras.backend.update(*update) if isinstance(update, tuple) else update
                for update in get_updates(self, loss, params)
            ]
            for update in updates:
                for operation in [update.op] + list(update.op.control_inputs):
                    order(operation)
            return updates

        return get_updates_in_order

    def order(write):
        """Lets a write to a scalar variable wait for all that read it so far."""
        if write.type not in ("AssignAddVariableOp", "AssignVariableOp"):
            return
        if write.inputs[1].shape.ndims == 0:
            consumers = write.inputs[0].consumers()
            reads = [
                consumer
                for consumer in consumers
                if consumer.type == "ReadVariableOp" and write not in consumer.control_inputs
            ]
            write._add_control_inputs(reads)

    for kind in vars(keras.optimizers).values():
        if isinstance(kind, type) and getattr(kind, "get_updates", general) is not general:
            kind.get_updates = ordered(kind.get_updates)


def summary(error):
    """The exception in a line, with the innermost place in the case files."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [frame for frame in frames if os.sep + "cases" + os.sep in frame.filename]
    place = "{}:{}".format(os.path.basename(places[-1].filename), places[-1].lineno)
    lines = str(error).strip().splitlines() or [""]
    return "{} ({}, at {})".format(type(error).__name__, lines[0][:300], place)


def main(oracle, folder, families):
    keras = load(oracle)
    import tensorflow

    made_by = {
        "keras": keras.__version__,
        "tensorflow": tensorflow.__version__,
        "numpy": np.__version__,
        "python": "{}.{}".format(*sys.version_info),
    }
    failures = 0
    for family in families:
        results, start = {}, time.time()
        for name, case in cases(family).items():
            if oracle not in case.oracles:
                continue
            try:
                found = golden.run_case(keras, family, name, case)
                results[name] = golden.judged_by(oracle, case, found)
            except Exception as error:
                failures += 1
                print("  {}: {}/{} failed: {}".format(oracle, family, name, summary(error)))
                if os.environ.get("HORNBEAM_PARITY_TRACEBACKS"):
                    traceback.print_exc()
        golden.store(oracle, family, results, made_by, folder)
        print(
            "{}: {}: {} cases, {:.0f} s".format(oracle, family, len(results), time.time() - start)
        )
        sys.stdout.flush()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
