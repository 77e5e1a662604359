"""Runs the oracles that are installed, stores their results as goldens, reports differences.

python -m tests.parity.regenerate [--check] [--no-hornbeam] [family ...]
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from . import exchanged_applications, golden
from .cases import FAMILIES, KERAS, ORACLES, TF_KERAS, cases
from .files import golden as files

REPOSITORY = Path(__file__).resolve().parents[2]
VARIABLES = {KERAS: "HORNBEAM_KERAS231_PYTHON", TF_KERAS: "HORNBEAM_TF_KERAS_PYTHON"}
FILES = "files"  # not a family of cases: model files, exchanged both ways
WHOLE = "exchanged_applications"  # nor this one: whole models, for half an hour
NOISE = 1e-6  # the same oracle, run twice, may differ by this much: threads sum in another order


def oracle_python(oracle):
    """Returns the oracle's Python, or None where it is not installed."""
    path = os.environ.get(VARIABLES[oracle]) or REPOSITORY / ".oracles" / oracle / "bin" / "python"
    return str(path) if Path(path).exists() else None


def run_oracle(oracle, python, folder, families):
    """Runs the cases in the oracle's Python; True if none of them raised."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    command = [python, "-W", "ignore", "-m", "tests.parity.oracle", oracle, folder, *families]
    return subprocess.run(command, cwd=REPOSITORY, env=kept).returncode == 0


def report(title, family, name, sentences):
    """Prints what differs in one case; returns how many entries do."""
    for sentence in sentences:
        print(f"  {title}: {family}/{name}: {sentence}")
    return len(sentences)


def compare_with_stored(oracle, family, fresh):
    """How many entries of a fresh run are not as they are stored."""
    stored, count = golden.read(oracle, family), 0
    for name, case in cases(family).items():
        if oracle in case.oracles:
            sentences = golden.differences(
                case, stored.get(name, {}), fresh.get(name, {}), rtol=NOISE
            )
            count += report(f"{oracle}, stored against now", family, name, sentences)
    return count + len(set(stored) - set(fresh))


def compare_oracles(family, results):
    """How many entries differ between the oracles, where both may judge."""
    count = 0
    for name, case in cases(family).items():
        if all(name in results[oracle] for oracle in ORACLES):
            shared = [golden.judged_by_both(case, results[oracle][name]) for oracle in ORACLES]
            count += report("oracles", family, name, golden.differences(case, *shared))
    return count


def compare_hornbeam(family, results):
    """How many entries differ between hornbeam, run now, and the oracles."""
    import hornbeam

    count = 0
    for name, case in cases(family).items():
        try:
            found = golden.run_case(hornbeam, family, name, case)
        except Exception as error:
            count += report("hornbeam", family, name, [f"{type(error).__name__}: {error}"])
            continue
        for oracle in results:
            if name in results[oracle]:
                expected = golden.compared(case, results[oracle][name])
                sentences = golden.differences(case, expected, golden.compared(case, found), oracle)
                count += report(f"hornbeam against {oracle}", family, name, sentences)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "families", nargs="*", metavar="family", help=", ".join([*FAMILIES, FILES, WHOLE])
    )
    parser.add_argument("--check", action="store_true", help="store nothing")
    parser.add_argument("--no-hornbeam", action="store_true", help="run the oracles only")
    arguments = parser.parse_args()
    unknown = set(arguments.families) - {*FAMILIES, FILES, WHOLE}
    if unknown:
        parser.error(f"unknown family: {', '.join(sorted(unknown))}")
    chosen = arguments.families or [*FAMILIES, FILES, WHOLE]
    families = [family for family in chosen if family not in (FILES, WHOLE)]

    count, ran = 0, {}
    with tempfile.TemporaryDirectory() as folder:
        for oracle in ORACLES:
            python = oracle_python(oracle)
            if python is None:
                print(f"{oracle}: not installed (see README.md in tests/parity)")
                continue
            if families:
                count += not run_oracle(oracle, python, folder, families)
            ran[oracle] = {family: golden.read(oracle, family, folder) for family in families}
            for family in families:
                changed = compare_with_stored(oracle, family, ran[oracle][family])
                if arguments.check:
                    count += changed
                elif changed:  # what differs by rounding only stays as it was
                    for suffix in (".json", ".npz"):
                        source = Path(folder, oracle, family + suffix)
                        target = Path(golden.FOLDER, oracle, family + suffix)
                        target.parent.mkdir(parents=True, exist_ok=True)
                        target.write_bytes(source.read_bytes())
    if not ran:
        count += 1
    if FILES in chosen and TF_KERAS in ran and not arguments.no_hornbeam:
        count += files.compare(oracle_python(TF_KERAS), arguments.check)
    if WHOLE in chosen:
        for oracle in ran:
            count += exchanged_applications.compare(oracle, oracle_python(oracle))
    for family in families:
        results = {oracle: ran[oracle][family] for oracle in ran}
        if len(results) == len(ORACLES):
            count += compare_oracles(family, results)
        if not arguments.no_hornbeam:
            count += compare_hornbeam(family, results)
    print(f"{count} differences" if count else "no differences")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
