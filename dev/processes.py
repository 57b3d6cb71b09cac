"""Starting other programs so that they end with us, whatever ends us."""

import os
import shutil
import signal
import subprocess
from contextlib import contextmanager, suppress

# Variables that would lead our programs to somebody else's Python or Odoo settings.
FOREIGN = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "ODOO_RC")


def environment(**changes):
    """Return the user's environment without what would lead our programs astray."""
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    # Compiled files make the second start fast; the cache folder is ours to write.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env.update(changes)
    return env


def ending_with_us(command, signal_name="TERM"):
    """Have the kernel end the command when we are killed, where it can."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", signal_name, *command] if setpriv else command


def start(command, signal_name="TERM", **options):
    """Start a program out of reach of the terminal's Ctrl-C: we pass it on in order."""
    command = ending_with_us([str(part) for part in command], signal_name)
    return subprocess.Popen(command, start_new_session=True, **options)


@contextmanager
def stopped_at_exit(process, with_signal=signal.SIGINT, patience=20):
    """Stop a program that still runs when the block ends."""
    try:
        yield process
    finally:
        stop(process, with_signal, patience)


def stop(process, with_signal, patience):
    if process.poll() is None:
        process.send_signal(with_signal)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    # Its own children (a browser, a worker) share its session.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def run(command, **options):
    """Run a program to its end and return it with what it printed."""
    with (
        start(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            **options,
        ) as process,
        stopped_at_exit(process, signal.SIGTERM),
    ):
        output = process.stdout.read()
        process.wait()
    return subprocess.CompletedProcess(command, process.returncode, output)


@contextmanager
def interruptible():
    """Make every polite way of stopping us a KeyboardInterrupt, once.

    A shell's background job starts with Ctrl-C ignored; it must work there too. The
    second one must not stop the stopping.
    """

    def interrupt(_number, _frame):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    yield
