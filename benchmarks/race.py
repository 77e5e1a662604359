"""The coordinator: starts the peers' processes, lets them run in turn, compares.

One worker a peer and subject, alive for all its cases. Every round visits each worker
once, in a rotating order, so that a slow minute of the machine meets all of them. Only
one worker computes at a time.
"""

import collections
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from benchmarks import peers
from benchmarks.report import Table

# `rounds`: how many a slow case has at most; None for as many as were asked for.
Case = collections.namedtuple("Case", "name title unit peers goals rounds", defaults=[None])

UNITS = {"µs": 1e6, "ms": 1e3, "s": 1.0}

NOT_INSTALLED = peers.NOT_INSTALLED
ABSENCES = (NOT_INSTALLED, peers.NO_COMPILER)  # the others ran, and failed

ANSWER_S = 900  # a worker that is silent for so long is ended
SETTLE_S = 0.05  # between two workers' rounds: thread pools of the one before go to sleep

# The faster of NumPy's and JAX's product of two float32 matrices of 2048 x 2048, the best of 5.
PRODUCT_RATE = """
import time, jax, numpy
x = numpy.random.default_rng(0).random((2048, 2048), "float32")
y = jax.numpy.asarray(x)
product = jax.jit(jax.numpy.matmul)
seconds = []
for _ in range(5):
    for multiply in (lambda: x @ x, lambda: product(y, y).block_until_ready()):
        start = time.perf_counter()
        multiply()
        seconds.append(time.perf_counter() - start)
print(2 * 2048**3 / min(seconds))
"""


class Goal:
    """What hornbeam should reach beside `peer`.

    Args:
        peer: name of the peer.
        at_least: the peer should take so many times hornbeam's time, or more.
        at_most: hornbeam should take so many times the peer's time, or less.
    """

    def __init__(self, peer, at_least=None, at_most=None):
        self.peer, self.at_least, self.at_most = peer, at_least, at_most

    def verdict(self, hornbeam_s, peer_s):
        if self.at_least is not None:
            met, text = peer_s / hornbeam_s >= self.at_least, "≥ %g x" % self.at_least
        else:
            taken = hornbeam_s / peer_s
            met, text = taken <= self.at_most, "≤ %g x its time (%.2f)" % (self.at_most, taken)
        return text + (": met" if met else ": NOT MET")


def ahead(rivals, at_least=1):
    """Returns goals: each of `rivals` should take so many times hornbeam's time, or more."""
    return [Goal(name, at_least=at_least) for name in rivals]


class WorkerLost(Exception):
    """A worker ended, was silent for too long, or reported an error."""


class Worker:
    """A peer's process, asked over pipes."""

    def __init__(self, bench, subject, name):
        peer = peers.PEERS[name]
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [peers.python_of(peer), "-m", "benchmarks.worker", subject, name],
            cwd=peers.ROOT, env=bench.environment_of(peer),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
            text=True,
        )

    def ask(self, **command):
        """Sends a command and waits for its answer."""
        deadline = threading.Timer(ANSWER_S, self.process.kill)
        deadline.start()
        try:
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        finally:
            deadline.cancel()
        answer = json.loads(line) if line else {"error": "the worker ended"}
        if "error" in answer:
            sys.stderr.write(self.last_errors())
            raise WorkerLost(answer["error"])
        return answer

    def last_errors(self, characters=4000):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")[-characters:]

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()


class Bench:
    """What a subject measures with.

    Args:
        only: names of the peers to run; the others are left out of the tables.
        rounds: how many measured rounds a case has.
        round_s: how many seconds a round should last at least.
        any_device: whether the peers may use a GPU; otherwise all run on the CPU.
    """

    def __init__(self, only, rounds, round_s, any_device=False):
        self.any_device = any_device
        self.only, self.rounds, self.round_s = only, rounds, round_s
        self.versions = {}  # name of a peer: {package: version}
        self.failed = set()  # names of the peers that somewhere gave no number
        self._folder = tempfile.TemporaryDirectory(prefix="keras-home-")
        self.keras_home = self._folder.name
        self._absences = {}

    def environment_of(self, peer):
        return peers.environment_of(peer, self.keras_home, self.any_device)

    def absence(self, name):
        """Returns why a peer cannot run here, in two words, or None if it can."""
        if name not in self._absences:
            self._absences[name] = peers.absence(peers.PEERS[name])
        return self._absences[name]

    def installed(self, name):
        return self.absence(name) is None

    def close(self):
        self._folder.cleanup()

    def turn(self, names, turn):
        """Returns those of `names` that run, in the order of this turn."""
        names = [name for name in names if name in self.only]
        start = turn % max(1, len(names))
        return names[start:] + names[:start]

    def race(self, subject, title, cases):
        """Runs the cases of a timed subject; returns a table for each."""
        workers, missing = {}, {}
        for name in self.turn(cases[0].peers, 0):
            if self.installed(name):
                workers[name] = Worker(self, subject, name)
            else:
                missing[name] = self.absence(name)
        try:
            return [self._race_case(title, case, workers, missing) for case in cases]
        finally:
            for worker in workers.values():
                worker.close()

    def _race_case(self, title, case, workers, missing):
        missing = dict(missing)
        warm, seconds = {}, {name: [] for name in workers}

        def ask(name, **command):
            """Returns the worker's answer, or None if it is out of the race."""
            if name in missing:
                return None
            say("%s: %s, %s" % (case.title, peers.PEERS[name].label, command["do"]))
            try:
                return workers[name].ask(**command)
            except WorkerLost as lost:
                missing[name] = str(lost)
                self.failed.add(name)
                return None

        for name in workers:
            warm[name] = ask(name, do="case", case=case.name, round_s=self.round_s)
            if warm[name]:
                self.versions.setdefault(name, warm[name]["versions"])
        for turn in range(min(self.rounds, case.rounds or self.rounds)):
            for name in self.turn(list(workers), turn):
                time.sleep(SETTLE_S)
                answer = ask(name, do="round")
                if answer:
                    seconds[name].append(answer["step_s"])
        say("")
        table = self.table(title, case, seconds, missing, warm)
        flops = warm.get("hornbeam") and warm["hornbeam"]["flops"]
        if flops and seconds["hornbeam"]:
            table.notes.append(self.share(flops, statistics.median(seconds["hornbeam"])))
        return table

    def share(self, flops, step_s):
        """Returns a sentence: how near hornbeam's step comes to the rate of a matrix product."""
        output, error = self.fresh_process(peers.PEERS["jax"], PRODUCT_RATE)
        if error:
            return "The rate of a matrix product could not be measured: " + error
        rate = float(output.split()[-1])
        return (
            "The products of a step are %s GFLOP. A product of large matrices runs at "
            "%s GFLOP/s here; hornbeam's step reaches %.0f %% of that rate."
        ) % (number(flops / 1e9), number(rate / 1e9), 100 * flops / step_s / rate)

    def once(self, subject, name, case):
        """Runs one case of one peer, warm-up and a single round; returns its answer."""
        say("%s: %s" % (subject, peers.PEERS[name].label))
        worker = Worker(self, subject, name)
        try:
            warm = worker.ask(do="case", case=case, round_s=self.round_s)
            self.versions.setdefault(name, warm["versions"])
            return worker.ask(do="round")
        except WorkerLost as lost:
            self.failed.add(name)
            return {"error": str(lost)}
        finally:
            worker.close()
            say("")

    def fresh_process(self, peer, statement, arguments=(), **environment):
        """Runs a statement in a process of its own; returns its output and its last error.

        Args:
            arguments: what `sys.argv` has after its first.
            environment: variables that the process has besides.
        """
        say("%s: %s" % (peer.label, statement[-40:]))
        done = subprocess.run(
            [peers.python_of(peer), "-c", statement] + list(arguments),
            cwd=peers.ROOT, env=dict(self.environment_of(peer), **environment),
            capture_output=True, text=True,
        )
        say("")
        if not done.returncode:
            return done.stdout, None
        self.failed.add(peer.name)
        return done.stdout, (done.stderr.strip().splitlines() or ["no message"])[-1]

    def table(self, title, case, seconds, missing, warm=None, labels=None):
        """Returns the table of a case: a row a peer, its ratio to hornbeam, its goal.

        Args:
            seconds: name of a peer: seconds of a step, one number a round.
            missing: name of a peer: one of `ABSENCES`, or the error that it ended with.
            warm: name of a peer: the answer to its warm-up.
            labels: name of a peer: what to call it in this table.
        """
        medians = {name: statistics.median(rounds) for name, rounds in seconds.items() if rounds}
        own = medians.get("hornbeam")
        goals = {goal.peer: goal for goal in case.goals}
        heads = ["", case.unit, "min-max", "x hornbeam", "goal"]
        checked = any(answer and answer["check"] is not None for answer in (warm or {}).values())
        heads += ["first run, s"] if warm else []
        heads += ["its loss"] if checked else []
        rows, notes = [], []
        for name in self.turn(case.peers, 0):
            label = (labels or {}).get(name, peers.PEERS[name].label)
            if name in missing:
                absent = missing[name] in ABSENCES
                rows.append([label, missing[name] if absent else "failed"])
                if not absent:
                    notes.append("%s failed: %s" % (label, missing[name]))
                continue
            unit = UNITS[case.unit]
            low, high = min(seconds[name]) * unit, max(seconds[name]) * unit
            row = [label, number(medians[name] * unit), number(low) + "-" + number(high)]
            row.append(number(medians[name] / own) if own else "")
            row.append(goals[name].verdict(own, medians[name]) if own and name in goals else "")
            if warm:
                row.append(number(warm[name]["first_s"]))
            if checked:
                row.append("%.3f" % warm[name]["check"])
            rows.append(row)
        return Table(case.name, title + ": " + case.title, heads, rows, notes)


def number(value):
    """Three digits and no exponent: 1430, 37.6, 0.0123."""
    if value >= 100:
        return "%.0f" % value
    return "%.*f" % (1 if value >= 10 else 2 if value >= 1 else 3, value)


def say(text):
    """Shows what is running, on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + text[:100])
        sys.stderr.flush()
