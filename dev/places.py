"""Where things are: the checkout, the sandbox inside it, the user's cache folder."""

import hashlib
import os
import shutil
from pathlib import Path

MODULE = "toxic_customer_exit"
CHECKOUT = Path(__file__).resolve().parent.parent
SANDBOX = CHECKOUT / ".sandbox"
ADDONS = SANDBOX / "addons"
LINK = ADDONS / MODULE
LOGS = SANDBOX / "logs"


def cache():
    """Return the folder that all checkouts of this user share."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification wants relative paths ignored.
    base = Path(named) if os.path.isabs(named) else Path.home() / ".cache"
    return base / MODULE


def link_module():
    """Give the checkout the module's name, which Odoo takes from the folder."""
    ADDONS.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(exist_ok=True)
    if not LINK.is_symlink() or LINK.resolve() != CHECKOUT:
        LINK.unlink(missing_ok=True)
        LINK.symlink_to(CHECKOUT)


def remove(folder):
    """Remove a folder or file, whether it is there or not."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def fingerprint(*parts):
    """Return a short name for what something is made of."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else str(part).encode()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:12]


def free_gigabytes(folder):
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free / 1e9
