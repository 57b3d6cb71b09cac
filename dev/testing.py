"""`make test`: every test in one pytest run, on a database of its own."""

import os
import shlex
import signal

from . import places, processes, sandbox
from .locks import Lock, Taken
from .serving import INSIDE

SLOTS = 8


def test():
    """Return pytest's exit code; its summary is the last that is printed."""
    for slot in range(1, SLOTS + 1):
        folder = places.SANDBOX / f"test-{slot}"
        try:
            with Lock(folder.with_suffix(".lock")):
                return test_in(folder)
        except Taken:
            # Another run of the tests is on that database: take the next.
            continue
    return 1


def test_in(folder):
    databases = sandbox.prepare()
    databases.copy(folder, demo=False)
    odoo = databases.open(folder)
    odoo.configure(with_demo=False)
    try:
        with odoo.server:
            sandbox.bring_module(odoo)
            return pytest(odoo)
    finally:
        databases.drop(folder)


def pytest(odoo):
    process = processes.start(
        pytest_command(odoo),
        signal_name="INT",
        cwd=places.CHECKOUT,
        env=odoo.environment(INSIDE),
    )
    with processes.stopped_at_exit(process, signal.SIGINT, patience=60):
        return process.wait()


def pytest_command(odoo):
    """Our tests go by the linked path: there the module has its name."""
    chosen = shlex.split(os.environ.get("ARGS", ""))
    folders = [places.LINK / name for name in ("tests", "dev/tests")]
    named = any((places.CHECKOUT / word.split("::")[0]).exists() for word in chosen)
    return [
        *(odoo.python, "-m", "pytest", "-c", places.CHECKOUT / "pyproject.toml"),
        *(f"--rootdir={places.ADDONS}", "-p", "sandbox_pytest"),
        *(f"--odoo-database={odoo.database}", f"--odoo-config={odoo.conf}"),
        "--odoo-http",
        *(places.LINK / word if named and (places.CHECKOUT / word.split("::")[0]).exists() else word for word in chosen),
        *([] if named else folders),
    ]
