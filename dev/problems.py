"""Expected failures: each ends as one sentence a person can act on."""

import errno
import re

DISK_FULL = re.compile(
    r"No space left on device|Errno 28|Disk quota exceeded|errors\.DiskFull"
)


class Problem(Exception):
    """What went wrong, why, and what to do about it; shown without a traceback."""

    def __init__(self, what, why="", advice=""):
        super().__init__(what, why, advice)
        self.what, self.why, self.advice = what, why, advice

    def __str__(self):
        why = f": {self.why.rstrip('.')}" if self.why else ""
        advice = f" {self.advice}" if self.advice else ""
        return f"{self.what}{why}.{advice}"


def disk_full(what, folder):
    return Problem(
        what,
        f"the disk that holds {folder} is full",
        "Free some space there, or set XDG_CACHE_HOME to a folder on a larger disk, "
        "and run the same command again.",
    )


def from_os_error(error, what):
    """Turn an error of the operating system into a sentence."""
    place = error.filename or "the sandbox"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(what, place)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Problem(
            what,
            f"{place} cannot be written by this user",
            "It may belong to another user: remove it as that user, or work in a "
            "checkout and an XDG_CACHE_HOME of your own.",
        )
    return Problem(what, f"{error.strerror or error} ({place})")


def last_words(output, lines=1):
    """Return the end of a program's output, where the reason usually is."""
    kept = [line.strip() for line in output.splitlines() if line.strip()]
    return " / ".join(kept[-lines:]) or "it gave no reason"
