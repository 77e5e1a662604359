"""python -m benchmarks gpu: hornbeam, Keras 3 and PyTorch on an NVIDIA GPU.

It needs a GPU and jax[cuda]; Keras 3 and PyTorch take part where this Python, or the one that
HORNBEAM_PEERS_PYTHON names, has them.
"""

import argparse
import os
import subprocess
import sys

from benchmarks import peers, report
from benchmarks.race import Bench
from benchmarks.subjects import gpu

FOUND = "import jax; print(jax.default_backend()); print(jax.devices()[0].device_kind)"

NO_GPU = (
    "No GPU that JAX can use: %s. Run this on a machine with an NVIDIA GPU and `pip install "
    "'jax[cuda12]'`, or try the script itself with --any-device (tiny sizes).\n"
)


def arguments(given):
    parser = argparse.ArgumentParser(prog="python -m benchmarks gpu", description=__doc__)
    names = [case.name for case in gpu.cases()]
    parser.add_argument("cases", nargs="*", metavar="CASE", help="of " + ", ".join(names))
    parser.add_argument("--peers", default=",".join(gpu.PEERS), metavar="A,B")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--round-seconds", type=float, default=0.3, metavar="S")
    parser.add_argument(
        "--any-device", action="store_true", help="tiny sizes on whatever there is: a trial"
    )
    options = parser.parse_args(given)
    for name in options.cases:
        if name not in names:
            parser.error("no case %r; there are %s" % (name, ", ".join(names)))
    options.peers = options.peers.split(",")
    for name in options.peers:
        if name not in gpu.PEERS:
            parser.error("no peer %r; there are %s" % (name, ", ".join(gpu.PEERS)))
    return options


def device():
    """Returns the platform and the device that JAX computes on, or why it has none."""
    done = subprocess.run([sys.executable, "-c", FOUND], capture_output=True, text=True)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["JAX did not start"])[-1]
    return done.stdout.splitlines()[-2:]


def main(given=None):
    """Returns the exit status: 2 without a GPU, 1 if hornbeam gave no number somewhere."""
    options = arguments(given)
    platform, kind = device()
    if platform != "gpu" and not (options.any_device and platform):
        found = "its devices are of the kind %s" % platform if platform else kind
        sys.stderr.write(NO_GPU % found)
        return 2
    if options.any_device:
        os.environ[gpu.TINY] = "1"
    os.environ.setdefault("HORNBEAM_PEERS_PYTHON", sys.executable)
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # the peers share the memory
    bench = Bench(options.peers, options.rounds, options.round_seconds, any_device=True)
    cases = [case for case in gpu.cases() if case.name in (options.cases or [case.name])]
    for table in bench.race("gpu", gpu.TITLE % kind, cases):
        print(report.as_text(table), flush=True)
    found = {peers.PEERS[name].label: packages for name, packages in bench.versions.items()}
    print("\n".join(report.machine() + ["device: " + kind] + report.versions(found)))
    return 1 if "hornbeam" in bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
