"""Virtual environments from the lock files: every wheel pinned and hash-checked."""

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from . import places, processes
from .building import build_once
from .debian import STABLE, Apt, NotInDebian
from .problems import DISK_FULL, Problem, disk_full, last_words
from .progress import Step

LOCKS = Path(__file__).resolve().parent / "requirements"
# pip tells of it in passing and ends with `No matching distribution`.
UNREACHABLE = re.compile(
    r"Failed to establish|Connection refused|name resolution|ProxyError|timed out"
)
# Where Debian's python3-pip-whl puts the pip that its venv module uses.
SYSTEM_WHEELS = Path("/usr/share/python-wheels")


def python(name):
    """Return the Python of the environment of `<name>.lock`, made if need be."""
    lock = LOCKS / f"{name}.lock"
    key = places.fingerprint(lock, sys.version, os.path.realpath(sys.executable))

    def build(folder):
        make(folder, lock)

    waiting = "installing Python packages"
    folder = build_once(f"python-{name}", key, build, waiting, gigabytes=0.8)
    return folder / "bin" / "python"


def make(folder, lock):
    what = "The Python environment could not be made"
    # Debian's bare python3 has neither pip nor ensurepip: bring the pip ourselves.
    made = processes.run(
        [sys.executable, "-m", "venv", "--without-pip", folder],
        env=processes.environment(),
    )
    if made.returncode:
        raise Problem(what, last_words(made.stdout), "Is python3's venv complete?")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        pip = find_pip(Path(scratch))
        install([folder / "bin" / "python", f"{pip}/pip"], lock)


def find_pip(scratch):
    """Return a wheel of pip: Python's own, the system's, or Debian's downloaded."""
    wheels = list(SYSTEM_WHEELS.glob("pip-*.whl"))
    bundle = importlib.util.find_spec("ensurepip")
    if bundle:
        wheels += Path(bundle.origin).parent.glob("_bundled/pip-*.whl")
    if not wheels:
        wheels = download_pip(scratch)
    return wheels[0]


def download_pip(scratch):
    try:
        apt = Apt(scratch / "apt")
        apt.download([f"python3-pip-whl/{STABLE}"], scratch)
    except NotInDebian as reason:
        raise Problem(
            "pip could not be found",
            f"this Python has none and {reason}",
            "Install your system's package of Python's venv module (python3-venv).",
        ) from None
    archive = next(scratch.glob("python3-pip-whl_*.deb"))
    processes.run(["dpkg-deb", "-x", archive, scratch])
    return list((scratch / "usr/share/python-wheels").glob("pip-*.whl"))


def install(pip, lock, *options):
    """Install exactly what the lock lists: no resolving, no building, no surprise."""
    total = len(re.findall(r"^[a-z0-9].*==", lock.read_text(), re.MULTILINE))
    command = [
        *(*pip, "install", "--require-hashes", "--no-deps", "--only-binary=:all:"),
        *("--retries=2", "--progress-bar=off", "--no-input", *options, "-r", lock),
    ]
    said = []
    with Step(f"Installing Python packages ({lock.stem})") as step:
        process = processes.start(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=pip_environment(),
        )
        with processes.stopped_at_exit(process):
            for line in process.stdout:
                said.append(line)
                show(step, said, total)
            process.wait()
        if process.returncode:
            raise explain("".join(said), lock)


def show(step, said, total):
    line = said[-1]
    if line.startswith("Collecting"):
        number = sum(other.startswith("Collecting") for other in said)
        step.update(f"package {number} of at most {total}")
    elif line.startswith("Installing collected"):
        step.update("unpacking them")


def pip_environment():
    """The user's own settings for indexes stay; those that would misplace files go."""
    env = processes.environment(PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1")
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV"):
        env.pop(name, None)
    # Who set up uv only has named the index there.
    index = env.get("UV_DEFAULT_INDEX") or env.get("UV_INDEX_URL")
    if index and "PIP_INDEX_URL" not in env:
        env["PIP_INDEX_URL"] = index
    return env


def explain(output, lock):
    what = "The Python packages could not be installed"
    if DISK_FULL.search(output):
        return disk_full(what, places.cache())
    errors = re.findall(r"^ *ERROR: (.*)", output, re.MULTILINE)
    why = errors[-1] if errors else last_words(output)
    if UNREACHABLE.search(output):
        why = "the package index could not be reached"
    if "DO NOT MATCH THE HASHES" in output:
        why = "a package is not the one whose hash the lock file has"
        advice = f"Check the package index in use; do not edit {lock.name} by hand."
    else:
        advice = "Check the network and pip's index settings, then run it again."
    return Problem(what, why, advice)
