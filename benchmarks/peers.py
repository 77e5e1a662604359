"""Who runs: hornbeam, the peers it is compared with, and the limits written by hand.

Workers import this file, and one of them runs Python 3.7: its syntax stays that old.
"""

import collections
import importlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

Peer = collections.namedtuple("Peer", "name label home module environment")

TENSORFLOW = {"KERAS_BACKEND": "tensorflow"}

PEERS = {
    peer.name: peer
    for peer in [
        Peer("hornbeam", "hornbeam", "own", "hornbeam", {}),
        Peer("keras3-jax", "Keras 3 on JAX", "peers", "keras", {"KERAS_BACKEND": "jax"}),
        Peer("keras3-tf", "Keras 3 on TensorFlow", "peers", "keras", TENSORFLOW),
        Peer("keras3-torch", "Keras 3 on PyTorch", "peers", "keras", {"KERAS_BACKEND": "torch"}),
        Peer("tf_keras", "tf_keras", "peers", "tf_keras", {}),
        Peer("keras2", "Keras 2.3.1", "keras-2.3.1", "keras", TENSORFLOW),
        Peer("torch", "PyTorch eager, by hand", "peers", "torch", {}),
        Peer("torch_compile", "PyTorch, torch.compile", "peers", "torch", {}),
        Peer("jax", "JAX by hand (the limit)", "own", "jax", {}),
    ]
}

KERAS_PEERS = ["keras3-jax", "keras3-tf", "keras3-torch", "tf_keras", "keras2"]
TORCH_PEERS = ["torch", "torch_compile"]
RIVALS = KERAS_PEERS + TORCH_PEERS

NOT_INSTALLED = "not installed"
NO_COMPILER = "no compiler"


def python_of(peer):
    """Returns the path of the interpreter that `peer` is installed in."""
    if peer.home == "own":
        return sys.executable
    variable, default = {
        "peers": ("HORNBEAM_PEERS_PYTHON", ".peers/bin/python"),
        "keras-2.3.1": ("HORNBEAM_KERAS231_PYTHON", ".oracles/keras-2.3.1/bin/python"),
    }[peer.home]
    return os.environ.get(variable) or os.path.join(ROOT, default)


def environment_of(peer, keras_home, any_device=False):
    """Returns the environment variables of `peer`'s process.

    Everything runs on the CPU, unless `any_device` leaves that to the libraries.
    `keras_home` is an empty folder, so that no `keras.json` of the user changes the
    float type of one of them; what torch.compile builds goes there too. Python may
    keep its bytecode, or every import would compile the sources again.
    """
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    device = {} if any_device else {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    return dict(
        dict(kept, **device),
        PYTHONPATH=ROOT,
        KERAS_HOME=keras_home,
        TORCHINDUCTOR_CACHE_DIR=os.path.join(keras_home, "torch-compiled"),
        TF_CPP_MIN_LOG_LEVEL="3",
        **peer.environment
    )


def absence(peer):
    """Returns why `peer` cannot run here, in two words, or None if it can."""
    if not installed(peer):
        return NOT_INSTALLED
    if peer.name == "torch_compile" and not shutil.which(os.environ.get("CXX", "g++")):
        return NO_COMPILER
    return None


def installed(peer):
    """Whether `peer`'s interpreter exists and finds its module."""
    question = "import importlib.util, sys; sys.exit(importlib.util.find_spec(%r) is None)"
    try:
        answer = subprocess.run(
            [python_of(peer), "-c", question % peer.module],
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
    except OSError:
        return False
    return answer.returncode == 0


def import_keras(peer):
    """Returns the Keras that `peer` stands for. Called in its worker."""
    return importlib.import_module(peer.module)


def versions():
    """Returns the versions of what this process has imported."""
    names = ["hornbeam", "keras", "tf_keras", "jax", "jaxlib", "tensorflow", "torch", "numpy"]
    found = {"python": "%d.%d.%d" % sys.version_info[:3]}
    for name in names:
        version = getattr(sys.modules.get(name), "__version__", None)
        if version:
            found[name] = version
    return found
