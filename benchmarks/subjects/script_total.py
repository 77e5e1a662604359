"""A whole script, from `python` to its end: import, build, compile, fit, predict.

Cold, hornbeam's compilation cache is empty; warm, the same script has run before. The peers keep
nothing from run to run, so that theirs is one number for both.
"""

import json
import os
import tempfile
import time

import numpy as np

from benchmarks import peers
from benchmarks.race import Case, ahead
from benchmarks.script import SCRIPTS

TITLE = "a whole script in a fresh process, from its start to its end, files in the page cache"

RIVALS = peers.KERAS_PEERS + ["torch"]
PEERS = ["hornbeam"] + RIVALS + ["jax"]

MOST_ROUNDS = 5
STATES = {"cold": ahead(RIVALS), "warm": ahead(RIVALS, 2)}  # name: its goals


def measure(bench):
    tables = []
    for net in SCRIPTS:
        tables += _race(bench, net)
    return tables


def _race(bench, net):
    """Runs the script of every peer in turn, hornbeam's twice; the first turn fills caches."""
    script, seconds = SCRIPTS[net], {state: {name: [] for name in PEERS} for state in STATES}
    missing = {name: bench.absence(name) for name in PEERS if not bench.installed(name)}
    losses = {}
    with tempfile.TemporaryDirectory(prefix="script-") as folder:
        path = os.path.join(folder, "data.npz")
        x, y = script.data()
        np.savez(path, x=x, y=y)
        for turn in range(min(bench.rounds, MOST_ROUNDS) + 1):
            for name in bench.turn(PEERS, turn):
                if name in missing:
                    continue
                cache = os.path.join(folder, "cache", str(turn))
                times, answer = _run(bench, name, net, path, cache)
                if isinstance(answer, str):
                    missing[name] = answer
                    continue
                losses[name] = answer["loss"]
                bench.versions.setdefault(name, answer["versions"])
                for state, one in zip(STATES, times):
                    if turn:
                        seconds[state][name].append(one)
    return [_table(bench, net, state, seconds[state], missing, losses) for state in STATES]


def _run(bench, name, net, path, cache):
    """Returns the seconds, cold and warm, and what the script said or why it failed."""
    statement = (
        "import sys; from benchmarks import peers, script; "
        "script.main(%r, peers.PEERS[%r], sys.argv[1])" % (net, name)
    )
    times = []
    for _ in STATES if name == "hornbeam" else ["both"]:
        start = time.perf_counter()
        output, error = bench.fresh_process(
            peers.PEERS[name], statement, [path], XDG_CACHE_HOME=cache
        )
        times.append(time.perf_counter() - start)
        if error:
            return times, error
    times *= len(STATES) // len(times)
    return times, json.loads(output.strip().splitlines()[-1])


def _table(bench, net, state, seconds, missing, losses):
    case = Case("%s, %s" % (net, state), "%s, %s" % (SCRIPTS[net].title, state), "s", PEERS,
                STATES[state])
    table = bench.table(TITLE, case, seconds, missing)
    table.notes.append("Losses: " + ", ".join(
        "%s %.3f" % (peers.PEERS[name].label, loss) for name, loss in losses.items()
    ))
    return table
