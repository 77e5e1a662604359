"""One peer's process: prepares a case, then runs rounds of it when told to.

    python -m benchmarks.worker SUBJECT PEER

Commands come in and answers go out as one JSON object a line. The answers have a
descriptor of their own: what a library prints goes to standard error.

    {"do": "case", "case": NAME, "round_s": 0.3}   build it, warm it up
    {"do": "round"}                                run it once more, measured

Runs on Python 3.7 too.
"""

import gc
import importlib
import json
import math
import os
import sys
import time
import traceback

from benchmarks import peers

LONG_S = 1.0  # a run that lasts longer is warm after two


class Timed:
    """Work to be timed: `run()` makes `steps` steps, `finish()` waits for the last.

    `finish` is called once a round, inside the measured time. It reads the weights
    or an answer, so that no peer is still computing when the clock is read. `check()`
    returns a number that shows that the work was done, such as the loss. `flops` is
    how many floating-point operations a step takes, where that is counted.
    """

    def __init__(self, run, steps, finish=None, check=None, flops=None):
        self.run, self.steps = run, steps
        self.finish = finish or (lambda: None)
        self.check, self.flops = check, flops
        self.repeats = 1

    def warm_up(self, round_s):
        """Runs until everything is compiled, and sets how many runs make a round."""
        first_s = self._seconds(1)
        check = float(self.check()) if self.check else None
        if self._seconds(1) < max(LONG_S, round_s):
            self.repeats = max(1, math.ceil(round_s / self._seconds(1)))
            self.repeats = max(1, math.ceil(round_s * self.repeats / self._seconds(self.repeats)))
        return {"first_s": first_s, "check": check, "flops": self.flops}

    def round(self):
        return {"step_s": self._seconds(self.repeats) / (self.repeats * self.steps)}

    def _seconds(self, repeats):
        run = self.run
        start = time.perf_counter()
        for _ in range(repeats):
            run()
        self.finish()
        return time.perf_counter() - start


def resident_mib():
    """Returns the memory that this process holds now, after what nobody uses was collected."""
    import resource

    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def serve(subject, peer, commands, answer):
    """Answers commands until the coordinator closes the pipe."""
    case = None
    for line in commands:
        command = json.loads(line)
        try:
            if command["do"] == "case":
                case = subject.prepare(command["case"], peer)
                result = case.warm_up(command["round_s"])
                result["versions"] = peers.versions()
            else:
                result = case.round()
        except Exception as error:
            traceback.print_exc()
            result = {"error": "%s: %s" % (type(error).__name__, error)}
        answer(result)


def main():
    answers = os.fdopen(os.dup(1), "w", 1)
    os.dup2(2, 1)
    subject = importlib.import_module("benchmarks.subjects." + sys.argv[1])
    serve(
        subject, peers.PEERS[sys.argv[2]], sys.stdin,
        lambda result: answers.write(json.dumps(result) + "\n"),
    )


if __name__ == "__main__":
    main()
