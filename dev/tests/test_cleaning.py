import pytest

from .. import cleaning, places
from ..locks import Lock
from ..problems import Problem


@pytest.fixture(autouse=True)
def sandbox(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(places, "SANDBOX", tmp_path / "sandbox")
    (places.cache() / "odoo").mkdir(parents=True)
    (places.SANDBOX / "run").mkdir(parents=True)
    return places.SANDBOX


def test_clean_removes_the_sandbox_and_keeps_the_downloads(sandbox, monkeypatch):
    monkeypatch.delenv("ALL", raising=False)
    assert cleaning.clean() == 0
    assert not sandbox.exists()
    assert (places.cache() / "odoo").exists()


def test_clean_all_removes_the_downloads_too(sandbox, monkeypatch):
    monkeypatch.setenv("ALL", "1")
    assert cleaning.clean() == 0
    assert not places.cache().exists()


def test_a_sandbox_in_use_is_left_alone(sandbox):
    with Lock(sandbox / "run.lock"), pytest.raises(Problem, match="in use: process"):
        cleaning.clean()
    assert (sandbox / "run").exists()
