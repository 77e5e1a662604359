"""Short programs in the style of Keras 1, Keras 2 and tf.keras, as they stand.

Weights and data are fixed by formula; what a program prints is compared with what the original of
its time printed (`regenerate.py` tells which). `README.md` lists what is to be found where. Several
programs share a process, since starting one takes longer than running them.
"""

import pytest

from tests.programs.test_programs import HERE, differences

GROUPS = 2  # processes for each era
ERAS = ("keras1", "keras2", "tfkeras")


def programs(era):
    return sorted(path.stem for path in (HERE / era).glob("*.py"))


@pytest.mark.parametrize("part", range(GROUPS))
@pytest.mark.parametrize("era", ERAS)
def test_programs_print_the_numbers_of_their_original(era, part, tmp_path):
    paths = [HERE / era / f"{name}.py" for name in programs(era)[part::GROUPS]]
    wrong = differences(paths, era, tmp_path)
    assert not wrong, wrong


def test_every_program_is_recorded_and_listed():
    listed = (HERE / "README.md").read_text()
    for era in ERAS:
        names = programs(era)
        assert names == sorted(path.stem for path in (HERE / "expected" / era).glob("*.json"))
        for name in names:
            assert f"{era}/{name}" in listed, name
