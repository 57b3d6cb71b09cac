from pathlib import Path

from .. import places, sandbox


def test_a_fingerprint_tells_contents_and_their_borders_apart():
    assert places.fingerprint("ab", "c") != places.fingerprint("a", "bc")
    assert places.fingerprint("ab", "c") == places.fingerprint("ab", "c")


def test_a_fingerprint_follows_the_content_of_a_file(tmp_path):
    file = tmp_path / "file"
    file.write_text("one")
    before = places.fingerprint(file)
    file.write_text("two")
    assert places.fingerprint(file) != before


def test_a_relative_cache_folder_is_ignored(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("HOME", "/home/someone")
    assert places.cache() == Path("/home/someone/.cache") / places.MODULE


def test_tests_and_tools_do_not_make_the_module_new():
    kept = [("models", "a.py"), ("static", "src", "a.js"), ("__manifest__.py",)]
    left = [("dev", "a.py"), ("tests", "a.py"), (".git", "x"), ("__pycache__", "a")]
    assert all(sandbox.is_module_file(parts) for parts in kept)
    assert not any(sandbox.is_module_file(parts) for parts in left)
