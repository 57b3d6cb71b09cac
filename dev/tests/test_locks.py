import os

import pytest

from ..locks import Lock, Taken


def test_the_second_is_told_who_holds_the_lock(tmp_path):
    with Lock(tmp_path / "lock") as lock:
        lock.note("process 1 at http://127.0.0.1:8069")
        with pytest.raises(Taken, match="process 1 at http"), Lock(tmp_path / "lock"):
            pass


def test_the_lock_is_given_back(tmp_path):
    for _time in range(2):
        with Lock(tmp_path / "lock"):
            assert (tmp_path / "lock").read_text() == f"process {os.getpid()}"


def test_the_note_is_replaced_not_added_to(tmp_path):
    with Lock(tmp_path / "lock") as lock:
        lock.note("a long note")
        lock.note("short")
        assert (tmp_path / "lock").read_text() == "short"
