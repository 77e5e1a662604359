"""The originals' model files, kept in one zip for each of them; and the live exchange of files."""

import os
import subprocess
import tempfile
import zipfile
from pathlib import Path

from . import exchange, families

FOLDER = Path(__file__).with_name("golden")
ORACLES = ("keras", "tf_keras")
REPOSITORY = Path(__file__).resolve().parents[3]


def archive(oracle):
    return FOLDER / f"{oracle}.zip"


def run(python, what, oracle, folder):
    """Runs an oracle's side of the exchange; True if nothing was wrong."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    kept.update(
        KERAS_BACKEND="jax",
        JAX_PLATFORMS="cpu",
        CUDA_VISIBLE_DEVICES="",
        TF_CPP_MIN_LOG_LEVEL="3",
        TF_ENABLE_ONEDNN_OPTS="0",
    )
    command = [python, "-W", "ignore", "-m", "tests.parity.files.exchange", what, oracle, folder]
    return (
        subprocess.run(command, cwd=REPOSITORY, env=kept, stderr=subprocess.DEVNULL).returncode == 0
    )


def pack(oracle, folder):
    """Stores the files in a folder as the goldens of an oracle."""
    FOLDER.mkdir(exist_ok=True)
    with zipfile.ZipFile(archive(oracle), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted(Path(folder).iterdir()):
            entry = zipfile.ZipInfo(path.name)  # of no date: the same files, the same bytes
            file.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)


def compare(python, check):
    """Exchanges files with the oracles, both ways; returns how many are wrong.

    Args:
        python: The Python of the environment with tf_keras and Keras 3.
        check: Bool; whether the goldens stay as they are.
    """
    import hornbeam

    count = 0
    with tempfile.TemporaryDirectory() as ours:
        exchange.write(hornbeam, "hornbeam", ours)
        for oracle in ORACLES:
            with tempfile.TemporaryDirectory() as theirs:
                if not run(python, "write", oracle, theirs):
                    print(f"  {oracle} could not write its model files")
                    count += 1
                    continue
                for path in sorted(Path(theirs).iterdir()):
                    if path.suffix == ".npz":
                        continue
                    sentence = exchange.problem(hornbeam, path.name.split(".")[0], str(path))
                    if sentence and not path.name.startswith(exchange.NOT_AS_WEIGHTS):
                        print(f"  {oracle}'s file in hornbeam: {sentence}")
                        count += 1
                if not check:
                    pack(oracle, theirs)
            count += not run(python, "read", oracle, ours)
    return count


def names():
    """The names of all goldens: `(oracle, file)`."""
    rows = []
    for oracle in ORACLES:
        with zipfile.ZipFile(archive(oracle)) as file:
            rows += [(oracle, name) for name in file.namelist() if not name.endswith(".npz")]
    return rows


def expected_names():
    """The names that there should be."""
    models = [*families.FAMILIES, *("optimizer_" + name for name in families.OPTIMIZERS)]
    rows = {
        (oracle, name + ending)
        for oracle in ORACLES
        for name in models
        for ending in exchange.WRITES[oracle]
    }
    return rows | {
        (oracle, name + ".weights.h5")
        for oracle in ORACLES
        for name in families.FAMILIES
        if name not in exchange.NOT_AS_WEIGHTS
    }
