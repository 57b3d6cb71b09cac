"""`make test`: every test in one pytest run, on a database of its own."""

import os
import shlex
import signal
from pathlib import Path

from . import places, processes, sandbox
from .locks import Lock, Taken
from .postgres import find_binaries
from .progress import Step
from .serving import INSIDE

SLOTS = 8
# Each takes half a gigabyte of memory, and a database.
MOST_WORKERS = 4
# The rest of test_lint needs Node, or looks at Odoo's own files.
CORE_CHECKS = (
    *("docstring", "dunderinit", "index", "manifests", "naming", "onchange_domains"),
    *("override_signatures", "test_holes"),
)


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
    databases.copy(folder, databases.installed(demo=False))
    odoo = databases.open(folder)
    odoo.configure(with_demo=False)
    try:
        with odoo.server:
            sandbox.bring_module(odoo)
            make_assets(odoo)
            return pytest(odoo)
    finally:
        databases.drop(folder)


def make_assets(odoo):
    with Step("Making the files that the browser loads"):
        odoo.execute(INSIDE / "assets.py")


def pytest(odoo):
    process = processes.start(
        pytest_command(odoo, shlex.split(os.environ.get("ARGS", ""))),
        signal_name="INT",
        cwd=places.ADDONS,
        env=pytest_environment(odoo),
    )
    with processes.stopped_at_exit(process, signal.SIGINT, patience=60):
        return process.wait()


def pytest_environment(odoo):
    env = odoo.environment(INSIDE)
    # The browser would leave its files in the user's home.
    home = str(odoo.folder / "home")
    # pytest-odoo copies the database for each of its processes with createdb.
    path = f"{find_binaries(odoo.python)}:{env['PATH']}"
    return {**env, "PATH": path, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}


def pytest_command(odoo, words):
    """Our tests go by the linked path: there the module has its name."""
    words = [locate(word) for word in words]
    if not any(isinstance(word, Path) for word in words):
        words += [places.LINK / "tests", places.LINK / "dev/tests"]
        words += [*find_core_checks(odoo.source), *share_work()]
    return [
        *(odoo.python, "-m", "pytest", "-c", places.CHECKOUT / "pyproject.toml"),
        # Without the second, pytest also takes the checkout for a package to import.
        *(f"--rootdir={places.ADDONS}", f"--confcutdir={places.ADDONS}"),
        *("-p", "sandbox_pytest"),
        *(f"--odoo-database={odoo.database}", f"--odoo-config={odoo.conf}"),
        *("--odoo-http", *words),
    ]


def share_work():
    """Split the classes among processes, each of which gets a copy of the database."""
    processors = min(os.cpu_count() or 1, MOST_WORKERS)
    if processors == 1:
        return []
    # In the order of the files: else the classes of one long test all come last, and
    # one process waits for the other.
    return [
        f"--numprocesses={processors}",
        *("--dist=loadscope", "--no-loadscope-reorder"),
    ]


def find_core_checks(source):
    """Return those of Odoo's own checks of modules that need no more than Python."""
    addons = source.addons or source.path / "odoo" / "addons"
    return [addons / "test_lint" / "tests" / f"test_{name}.py" for name in CORE_CHECKS]


def locate(word):
    """Return a test file named from the checkout by its linked path."""
    name = word.partition("::")[0]
    named = not word.startswith("-") and (places.CHECKOUT / name).exists()
    return places.LINK / word if named else word
