"""`import` in a fresh process, the interpreter's own start left out."""

from benchmarks import peers
from benchmarks.race import NOT_INSTALLED, Case, Goal

TITLE = "`import` in a fresh process, files in the page cache"

PEERS = ["hornbeam", "jax"] + peers.KERAS_PEERS + ["torch"]

GOALS = [Goal("jax", at_most=1.3)]

# The second says what a program pays where the package itself loads its modules on first use.
CASES = [
    Case("import", "the package", "ms", PEERS, GOALS),
    Case("first names", "the package, `Sequential` and `Dense`", "ms", PEERS, GOALS),
]

FIRST_NAMES = "; from %s.models import Sequential; from %s.layers import Dense"

LABELS = {"jax": "jax", "torch": "torch"}

TIMED = "import time; start = time.perf_counter(); %s; print('s', time.perf_counter() - start)"


def measure(bench):
    return [_race(bench, case) for case in CASES]


def _race(bench, case):
    """Runs every import in turn, many times; the first turn only fills caches."""
    seconds = {name: [] for name in case.peers}
    missing = {name: NOT_INSTALLED for name in case.peers if not bench.installed(name)}
    for turn in range(2 * bench.rounds + 1):
        for name in bench.turn(case.peers, turn):
            if name in missing:
                continue
            one, error = _seconds(bench, peers.PEERS[name], case)
            if error:
                missing[name] = error
            elif turn:
                seconds[name].append(one)
    return bench.table(TITLE, case, seconds, missing, labels=LABELS)


def _seconds(bench, peer, case):
    """Returns how long `peer`'s imports took, or why they failed."""
    statement = "import " + peer.module
    if case.name == "first names" and peer.name not in LABELS:
        statement += FIRST_NAMES % (peer.module, peer.module)
    output, error = bench.fresh_process(peer, TIMED % statement)
    if error:
        return None, error
    return float(output.split()[-1]), None
