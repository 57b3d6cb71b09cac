import socket

import pytest

from .. import serving
from ..problems import Problem


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_gives_way_to_the_next_free_one_and_says_so(taken_port, capsys):
    port = serving.pick_port(taken_port)
    assert port > taken_port
    assert capsys.readouterr().out == f"Port {taken_port} is taken: using {port}.\n"


def test_a_free_port_is_used_without_a_word(taken_port, capsys, monkeypatch):
    monkeypatch.setattr(serving, "is_free", lambda port: True)
    assert serving.pick_port(taken_port) == taken_port
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("value", ["http", "0", "65536", "-1", "8 0"])
def test_what_is_not_a_port_is_refused(value, monkeypatch):
    monkeypatch.setenv("PORT", value)
    with pytest.raises(Problem, match="not a port"):
        serving.wanted_port()


@pytest.mark.parametrize("value", ["", "8069"])
def test_the_default_port_is_odoos(value, monkeypatch):
    monkeypatch.setenv("PORT", value)
    assert serving.wanted_port() == 8069
