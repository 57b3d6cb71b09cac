"""Things made once and kept in the cache: whole, or not there at all."""

import os
import shutil
from contextlib import suppress

from . import places
from .locks import Lock, Taken
from .problems import Problem

# Each branch or package change makes another template: the oldest ones go.
KEPT_VERSIONS = 4


def build_once(kind, key, build, waiting, gigabytes):
    """Return the folder of this kind and key, built now if it is not there yet.

    `build(folder)` fills a folder that gets its name only once it is complete, so
    that a failed or killed build leaves nothing that looks finished.
    """
    folder = places.cache() / f"{kind}-{key}"
    if folder.is_dir():
        os.utime(folder)
        tidy(kind)
        return folder
    with Lock(places.cache() / "locks" / kind, waiting=waiting):
        if folder.is_dir():
            return folder
        require_space(folder, gigabytes)
        remove_partial(kind)
        partial = folder.with_name(f"{kind}.partial-{os.getpid()}")
        partial.mkdir(parents=True)
        try:
            build(partial)
        except BaseException:
            places.remove(partial)
            raise
        partial.rename(folder)
        forget_oldest(kind)
    return folder


def require_space(folder, gigabytes):
    free = places.free_gigabytes(folder)
    if free < gigabytes:
        raise Problem(
            "There is too little space on the disk",
            f"{folder.parent} needs about {gigabytes:.1f} GB more and has {free:.1f}",
            "Free some space there, or set XDG_CACHE_HOME to a folder on a larger "
            "disk, and run the same command again.",
        )


def tidy(kind):
    """Remove what killed runs left, unless somebody is building just now."""
    if list(places.cache().glob(f"{kind}.partial-*")):
        with suppress(Taken), Lock(places.cache() / "locks" / kind):
            remove_partial(kind)


def remove_partial(kind):
    """Remove what killed runs left: we hold the lock, so it is nobody's.

    A program that such a run had started may still be writing there; what it leaves
    this time goes the next.
    """
    for folder in places.cache().glob(f"{kind}.partial-*"):
        shutil.rmtree(folder, ignore_errors=True)


def forget_oldest(kind):
    versions = [
        folder
        for folder in places.cache().glob(f"{kind}-*")
        if folder.is_dir() and len(folder.name) == len(kind) + 1 + 12
    ]
    versions.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in versions[KEPT_VERSIONS:]:
        places.remove(folder)
