"""Two runs at once: one goes first, and the other one knows who."""

import fcntl
import os

from .progress import say


class Taken(Exception):
    """Somebody else holds the lock; `holder` is what they wrote about themselves."""

    def __init__(self, holder):
        super().__init__(holder)
        self.holder = holder


class Lock:
    """A lock that the kernel gives back when its holder ends, killed or not."""

    def __init__(self, path, waiting=None):
        self.path = path
        self.waiting = waiting
        self._file = None

    def __enter__(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "a+")  # noqa: SIM115 (held until __exit__)
        try:
            self._take()
        except BaseException:
            self._file.close()
            raise
        self.note(f"process {os.getpid()}")
        return self

    def _take(self):
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not self.waiting:
                raise Taken(self._holder()) from None
            say(f"{self._holder()} is {self.waiting} too: waiting for it.".capitalize())
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def note(self, text):
        """Write what others are told about the holder."""
        self._file.truncate(0)
        self._file.write(text)
        self._file.flush()

    def _holder(self):
        self._file.seek(0)
        return self._file.read().strip() or "another run"

    def __exit__(self, *_exc):
        self._file.close()
