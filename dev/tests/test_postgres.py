import os
from pathlib import Path

from ..postgres import LONGEST_SOCKET, SOCKET, BundledServer, socket_folder


def test_the_socket_is_private_and_in_the_workspace(tmp_path):
    sockets = socket_folder(tmp_path)
    assert sockets.parent == tmp_path
    assert sockets.stat().st_mode & 0o077 == 0


def test_a_path_too_long_for_a_socket_is_avoided(tmp_path):
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    sockets = socket_folder(deep)
    try:
        assert len(os.fsencode(sockets / SOCKET)) <= LONGEST_SOCKET
        assert socket_folder(deep) == sockets
    finally:
        sockets.rmdir()


def test_settings_for_another_server_do_not_reach_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "theirs")
    monkeypatch.setenv("PGPORT", "1")
    env = BundledServer(Path(), tmp_path).environment()
    ours = {name: value for name, value in env.items() if name.startswith("PG")}
    assert ours == {"PGHOST": str(tmp_path / "socket"), "PGUSER": "odoo"}
