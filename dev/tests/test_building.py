import os

import pytest

from .. import building, places
from ..locks import Lock
from ..problems import Problem

KEY = "0123456789ab"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return places.cache()


def build(key=KEY, fill=lambda folder: None, gigabytes=0):
    return building.build_once("thing", key, fill, "making it", gigabytes)


def test_what_is_there_is_not_made_again():
    made = []
    assert build(fill=made.append) == build(fill=made.append)
    assert len(made) == 1


def test_a_failed_build_leaves_nothing_behind(cache):
    def fill(folder):
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(fill=fill)
    assert [path.name for path in cache.iterdir()] == ["locks"]


def test_what_a_killed_build_left_is_removed(cache):
    (cache / "thing.partial-1" / "half").mkdir(parents=True)
    assert list(build().iterdir()) == []
    assert not (cache / "thing.partial-1").exists()


def test_what_a_killed_build_left_goes_although_nothing_is_built(cache):
    build()
    (cache / "thing.partial-1").mkdir()
    build()
    assert not (cache / "thing.partial-1").exists()


def test_what_another_run_is_building_stays(cache):
    build()
    (cache / "thing.partial-1").mkdir()
    with Lock(cache / "locks" / "thing"):
        build()
    assert (cache / "thing.partial-1").exists()


def test_too_little_space_is_said_before_the_work_begins():
    with pytest.raises(Problem, match="too little space on the disk"):
        build(gigabytes=1e9)


def test_the_versions_not_used_for_longest_are_forgotten(cache):
    keys = [f"{number:012d}" for number in range(building.KEPT_VERSIONS + 1)]
    for age, key in enumerate(keys):
        os.utime(build(key), (age, age))
    os.utime(build(keys[0]), (99, 99))
    build()
    kept = {path.name.removeprefix("thing-") for path in cache.glob("thing-*")}
    assert kept == {keys[0], *keys[3:], KEY}
