"""`import` in a fresh process, the interpreter's own start left out."""

from benchmarks import peers
from benchmarks.race import NOT_INSTALLED, Case, Goal

TITLE = "`import` in a fresh process, files in the page cache"

CASE = Case(
    "import", "`import`", "ms", ["hornbeam", "jax"] + peers.KERAS_PEERS + ["torch"],
    [Goal("jax", at_most=1.3)],
)

LABELS = {"jax": "jax", "torch": "torch"}

STATEMENT = (
    "import time; start = time.perf_counter(); import %s; "
    "print('seconds', time.perf_counter() - start)"
)


def measure(bench):
    """Runs every import in turn, many times; the first turn only fills caches."""
    answers = {name: [] for name in CASE.peers}
    missing = {name: NOT_INSTALLED for name in CASE.peers if not bench.installed(name)}
    for turn in range(2 * bench.rounds + 1):
        for name in bench.turn(CASE.peers, turn):
            if name in missing:
                continue
            seconds, error = _seconds(bench, peers.PEERS[name])
            if error:
                missing[name] = error
            elif turn:
                answers[name].append(seconds)
    return [bench.table(TITLE, CASE, answers, missing, labels=LABELS)]


def _seconds(bench, peer):
    """Returns how long `peer`'s import took, or why it failed."""
    output, problem = bench.fresh_process(peer, STATEMENT % peer.module)
    lines = [line for line in output.splitlines() if line.startswith("seconds ")]
    if not lines:
        return None, problem
    return float(lines[-1].split()[1]), None
