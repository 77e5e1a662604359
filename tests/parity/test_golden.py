"""hornbeam returns what the originals returned, case by case."""

import functools

import pytest

from . import golden
from .cases import FAMILIES, ORACLES, cases

ROWS = [
    (oracle, family, name)
    for family in FAMILIES
    for name, case in cases(family).items()
    for oracle in ORACLES
    if oracle in case.oracles
]


@functools.lru_cache(maxsize=None)
def stored(oracle, family):
    return golden.read(oracle, family)


@functools.lru_cache(maxsize=None)
def hornbeam_result(family, name):
    """The case's results on hornbeam, or the exception it raised; run once for both oracles."""
    import hornbeam

    try:
        return golden.run_case(hornbeam, family, name, cases(family)[name])
    except Exception as error:
        return error


@pytest.mark.parametrize(("oracle", "family", "name"), ROWS, ids=["-".join(row) for row in ROWS])
def test_case_agrees_with_the_oracle(oracle, family, name):
    assert name in stored(oracle, family), "no golden: run python -m tests.parity.regenerate"
    found = hornbeam_result(family, name)
    if isinstance(found, Exception):
        raise found
    case = cases(family)[name]
    expected = golden.compared(case, stored(oracle, family)[name])
    sentences = golden.differences(case, expected, golden.compared(case, found), oracle)
    assert not sentences, "\n".join(sentences)


@pytest.mark.parametrize("oracle", ORACLES)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_golden_has_its_case(oracle, family):
    assert set(stored(oracle, family)) <= set(cases(family))
