"""`make run` and `make shell`: the demo database, to look at and to talk to."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from . import places, processes, sandbox
from .locks import Lock, Taken
from .problems import Problem
from .progress import Step, say

FOLDER = places.SANDBOX / "run"
LOCK = places.SANDBOX / "run.lock"
INSIDE = Path(__file__).resolve().parent / "inside"
DEFAULT_PORT = 8069


def run():
    """Serve until Ctrl-C."""
    wanted = wanted_port()
    try:
        with Lock(LOCK) as lock:
            serve(lock, wanted)
    except Taken as taken:
        raise Problem(
            "This sandbox runs already",
            taken.holder,
            "Use that one, or stop it with Ctrl-C first.",
        ) from None
    return 0


def serve(lock, wanted):
    odoo = open_workspace()
    with odoo.server:
        sandbox.bring_module(odoo)
        with Step("Computing the scores"):
            riskiest = odoo.execute(INSIDE / "riskiest.py")
        port = pick_port(wanted)
        odoo.configure(with_demo=True, http_port=port, log_level="warn")
        address = f"http://127.0.0.1:{port}"
        lock.note(f"process {os.getpid()} at {address}")
        process = processes.start(
            odoo.command("server"),
            cwd=odoo.folder,
            stdin=subprocess.DEVNULL,
            env=odoo.environment(),
        )
        with processes.stopped_at_exit(process):
            wait_until_served(process, address)
            say(f"\n{riskiest.strip()}\n")
            say(f"Odoo {odoo.source.version} with {places.MODULE}: {address}")
            say("Login admin, password admin. Ctrl-C stops it.")
            process.wait()
    raise Problem("Odoo stopped by itself", "its last messages are above")


def open_workspace():
    """Return Odoo on the demo database, copied from its template the first time."""
    databases = sandbox.prepare()
    note = FOLDER / "template"
    template = databases.key(demo=True)
    if not note.exists() or note.read_text() != template:
        if FOLDER.exists():
            say("Odoo or its packages changed: the demo database is made anew.")
        databases.copy(FOLDER, databases.installed(demo=True))
        note.write_text(template)
    odoo = databases.open(FOLDER)
    odoo.configure(with_demo=True)
    return odoo


def wanted_port():
    named = os.environ.get("PORT") or str(DEFAULT_PORT)
    if named.isdecimal() and 0 < int(named) < 65536:
        return int(named)
    raise Problem(f"PORT={named} is not a port", "", "Use a number from 1 to 65535.")


def pick_port(wanted):
    """Return the wanted port, or the next free one, and say so."""
    for port in range(wanted, min(wanted + 100, 65536)):
        if is_free(port):
            if port != wanted:
                say(f"Port {wanted} is taken: using {port}.")
            return port
    raise Problem(
        f"No port from {wanted} to {wanted + 99} can be used",
        "they are taken, or need root",
        "Name another: make run PORT=9000.",
    )


def is_free(port):
    with socket.socket() as probe:
        # As Odoo does: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_until_served(process, address):
    with Step("Starting Odoo"):
        for _tick in range(1200):
            if process.poll() is not None:
                raise Problem("Odoo did not start", "its messages are above")
            try:
                urllib.request.urlopen(f"{address}/web/health", timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
    raise Problem("Odoo did not start", f"{address} gave no answer in two minutes")


def shell():
    """Open Odoo's shell on the database of `make run`, beside it or alone."""
    try:
        with Lock(LOCK) as lock:
            lock.note(f"process {os.getpid()}, an Odoo shell")
            odoo = open_workspace()
            with odoo.server:
                sandbox.bring_module(odoo)
                return talk(odoo)
    except Taken:
        # `make run` holds the database open: join it.
        return talk(sandbox.prepare().open(FOLDER))


def talk(odoo):
    # The shell owns the terminal: Ctrl-C is for what runs in it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    command = odoo.command("shell", "--no-http", "--log-level=warn")
    process = subprocess.Popen(
        command,
        cwd=odoo.folder,
        env=odoo.environment(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    return process.wait()
