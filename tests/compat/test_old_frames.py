"""Names that pandas had, in a program that the launcher runs."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from hornbeam.compat.hints import hints
from hornbeam.compat.old import frames

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """\
import pandas as pd
from pandas import datetime
from pandas.tools.plotting import scatter_matrix
frame = pd.DataFrame({"a": [1, 2], "b": [3.0, 4.0]})
assert frame.as_matrix().tolist() == [[1, 3], [2, 4]]
assert frame.as_matrix(["b"]).tolist() == [[3], [4]]
assert frame.append({"a": 5, "b": 6.0}, ignore_index=True).values.tolist()[2] == [5, 6]
assert frame.get_value(1, "b") == 4 and frame.a.get_value(0) == 1
assert [name for name, column in frame.iteritems()] == ["a", "b"]
assert pd.rolling_mean(frame.a, 2).tolist()[1] == 1.5
assert pd.np.pi > 3 and datetime(2000, 1, 1).year == 2000
assert scatter_matrix is pd.plotting.scatter_matrix
print("all")
"""


def test_old_names_are_answered(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    result = subprocess.run([sys.executable, "-m", "hornbeam", "run", "program.py"], cwd=tmp_path,
                            env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
                            text=True, timeout=120)
    assert result.stdout == "all\n", result.stderr
    assert not hasattr(pd.DataFrame, "as_matrix")  # nothing here, without the launcher


def test_append():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    both = frames.append(frame, [frame, frame])
    assert both.index.tolist() == [0, 1, 0, 1, 0, 1]
    row = frames.append(frame, pd.Series({"a": 7, "b": "z"}, name="last"))
    assert row.loc["last"].tolist() == [7, "z"]
    assert frames.append(pd.Series([1]), pd.Series([2]), ignore_index=True).tolist() == [1, 2]
    with pytest.raises(TypeError, match="Expected ignore_index=True"):
        frames.append(frame, {"a": 1})
    with pytest.raises(ValueError, match="overlap"):
        frames.append(frame, frame, verify_integrity=True)


def test_values_one_by_one():
    frame = pd.DataFrame({"a": [1, 2]}, index=["x", "y"])
    assert frames.set_value(frame, "y", "a", 9) is frame
    assert frames.get_value(frame, "y", "a") == frames.get_value(frame, 1, 0, takeable=True) == 9
    assert frames.set_value(frame["a"].copy(), "x", 5).tolist() == [5, 9]


def test_rolling():
    assert frames.rolling_sum([1, 2, 3], 2, min_periods=1).tolist() == [1, 3, 5]
    assert frames.rolling_max(pd.Series([3, 1, 2]), 2).tolist()[1:] == [3, 2]
    with pytest.raises(ValueError, match="Resample first"):
        frames.rolling_mean([1], 1, freq="D")


@pytest.mark.parametrize(("code", "hint"), [
    ("pd.DataFrame({'a': [1]}).ix[0]", ".iloc[...] takes positions"),
    ("pd.DataFrame({'a': [1]}).sort('a')", ".sort_values(by=...)"),
    ("pd.read_csv('no.csv', squeeze=True)", '.squeeze("columns")'),
    ("pd.read_csv('no.csv', error_bad_lines=False)", 'on_bad_lines="skip"'),
    ("pd.DataFrame({'a': [1]}).drop('a', 1)", ".drop(columns=[...])"),
])
def test_what_changed_is_explained(code, hint):
    try:
        exec(compile(code, "<string>", "exec"), {"pd": pd})
    except Exception as error:
        assert hint in "".join(hints(error, code))
    else:
        raise AssertionError("no error")
