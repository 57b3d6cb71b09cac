"""`make lint`: every tool runs, then all that found something are named."""

import shutil
import subprocess
import sys

from . import places, processes, python_env
from .locks import Lock
from .progress import say

STAGE = places.SANDBOX / "lint"
NOT_STAGED = (".*", "dev", "__pycache__")
# The OCA programs name their Python by a path that is not theirs any more.
OCA = "import sys; from oca_pre_commit_hooks.{} import main; sys.exit(main())"

# One noun, one file: what grows long is split by noun, not kept in one class. Said
# here because the settings file enables its check again, with all the others.
PYLINT_OFF = "--disable=consider-merging-classes-inherited"


def lint():
    """Return 0 when no tool found anything."""
    python = python_env.python("lint")
    with Lock(places.SANDBOX / "lint.lock", waiting="checking the code"):
        module = stage()
        failed = [
            name
            for name, command, folder in checks(python, module)
            if run(name, command, folder)
        ]
    if failed:
        sys.stderr.write(f"\nTo mend: {', '.join(failed)}.\n")
    return 1 if failed else 0


def checks(python, module):
    """Each check as its name, its command, and the folder it runs in."""
    settings = places.CHECKOUT / "pyproject.toml"
    ruff = [python, "-m", "ruff"]
    return [
        ("ruff check", [*ruff, "check", "--no-cache", "."], places.CHECKOUT),
        (
            "ruff format",
            [*ruff, "format", "--no-cache", "--check", "."],
            places.CHECKOUT,
        ),
        (
            "pylint-odoo",
            [python, "-m", "pylint", f"--rcfile={settings}", PYLINT_OFF, "."],
            module,
        ),
        ("OCA module checks", [python, "-c", OCA.format("cli"), module], module),
        *translation_checks(python, module),
    ]


def translation_checks(python, module):
    files = sorted(module.glob("i18n/*.po*"))
    command = [python, "-c", OCA.format("cli_po"), *files]
    return [("OCA translation checks", command, module)] if files else []


def stage():
    """Copy the module under its own name, outside git: at the root of a repository the
    OCA checks look at nothing, and a link would lead them back there."""
    module = STAGE / places.MODULE
    places.remove(STAGE)
    shutil.copytree(places.CHECKOUT, module, ignore=shutil.ignore_patterns(*NOT_STAGED))
    return module


def run(name, command, folder):
    """Run one check in the open; return its exit code."""
    say(f"— {name}")
    process = processes.start(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        env=processes.environment(PYTHONDONTWRITEBYTECODE="1"),
    )
    with processes.stopped_at_exit(process):
        return process.wait()
