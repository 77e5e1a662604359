"""A save that is killed leaves a whole file; 100 kills: `python -m tests.security.kill_saves`."""

import os

import pytest

from hornbeam.saving import atomic
from tests.security import kill_saves

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def test_a_killed_save_leaves_a_whole_file(tmp_path):
    notes = list(kill_saves.kills(tmp_path, 8))
    assert len(notes) == 8
    for name in kill_saves.NAMES:
        kill_saves.model(1.0).save(tmp_path / name)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted(kill_saves.NAMES)


def test_what_others_are_writing_is_left_alone(tmp_path):
    own = tmp_path / f".m.h5.{atomic._machine()}-{os.getpid()}-0123456789ab.tmp"
    elsewhere = tmp_path / ".m.h5.00000000-999999999-0123456789ab.tmp"
    dead = tmp_path / f".m.h5.{atomic._machine()}-999999999-0123456789ab.tmp"
    for path in (own, elsewhere, dead):
        path.write_text("")
    with atomic.replacing(tmp_path / "m.h5"):
        pass
    assert own.exists() and elsewhere.exists() and not dead.exists()
