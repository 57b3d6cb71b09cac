"""What the person at the terminal sees while something takes long."""

import sys
import time

# Between two lines of the same step where the line cannot be rewritten (CI, a file).
QUIET_SECONDS = 10


def say(text=""):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Step:
    """Say what is being done, how far it is, and how long it took."""

    def __init__(self, title):
        self.title = title
        self.started = time.monotonic()
        self._last_line = self.started
        self._rewrites = sys.stdout.isatty()

    def __enter__(self):
        self._show("…")
        return self

    def update(self, how_far):
        """Show how far the step is: on a terminal at once, elsewhere now and then."""
        now = time.monotonic()
        if self._rewrites or now - self._last_line >= QUIET_SECONDS:
            self._last_line = now
            self._show(f": {how_far}")

    def __exit__(self, exc_type, exc, traceback):
        seconds = time.monotonic() - self.started
        self._show(": not finished" if exc_type else f": done in {seconds:.0f} s")
        if self._rewrites:
            sys.stdout.write("\n")
            sys.stdout.flush()

    def _show(self, rest):
        if self._rewrites:
            sys.stdout.write(f"\r\033[K{self.title}{rest}")
            sys.stdout.flush()
        else:
            say(f"{self.title}{rest}")
