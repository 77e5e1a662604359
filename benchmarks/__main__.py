"""python -m benchmarks [NAME ...]: runs subjects with their peers and prints ratios.

`python -m benchmarks gpu` does so on a GPU, and has arguments of its own.
"""

import argparse
import datetime
import importlib
import sys

from benchmarks import peers, report
from benchmarks.race import Bench
from benchmarks.subjects import SUBJECTS


def arguments():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="NAME", help="of " + ", ".join(SUBJECTS))
    parser.add_argument(
        "--peers", default=",".join(peers.PEERS), metavar="A,B",
        help="run these only, of " + ", ".join(peers.PEERS),
    )
    parser.add_argument("--rounds", type=int, default=7, help="measured rounds (default: 7)")
    parser.add_argument(
        "--round-seconds", type=float, default=0.3, metavar="S",
        help="a round repeats its work for so long (default: 0.3)",
    )
    parser.add_argument("--markdown", metavar="FILE", help="write the tables to FILE as well")
    options = parser.parse_args()
    for name in options.subjects:
        if name not in SUBJECTS:
            parser.error("no subject %r; there are %s" % (name, ", ".join(SUBJECTS)))
    options.peers = options.peers.split(",")
    for name in options.peers:
        if name not in peers.PEERS:
            parser.error("no peer %r; there are %s" % (name, ", ".join(peers.PEERS)))
    return options


def main():
    """Returns the exit status: 1 if hornbeam, asked for, gave no number somewhere."""
    options = arguments()
    bench = Bench(options.peers, options.rounds, options.round_seconds)
    started = datetime.datetime.now()
    load = report.load()
    tables = []
    for name in options.subjects or SUBJECTS:
        for table in importlib.import_module("benchmarks.subjects." + name).measure(bench):
            print(report.as_text(table), flush=True)
            tables.append(table)
    found = {peers.PEERS[name].label: packages for name, packages in bench.versions.items()}
    facts = [started.strftime("%Y-%m-%d %H:%M")] + report.machine() + [
        "load average %s at the start, %s at the end" % (load, report.load()),
        "%d rounds of at least %g s, medians" % (options.rounds, options.round_seconds),
    ] + report.versions(found)
    print("\n".join(facts))
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write("\n".join(["- " + fact for fact in facts] + [""]))
            file.write("\n" + "\n".join(report.as_markdown(table) for table in tables))
    bench.close()
    return 1 if "hornbeam" in bench.failed else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["gpu"]:
        from benchmarks import gpu

        sys.exit(gpu.main(sys.argv[2:]))
    sys.exit(main())
