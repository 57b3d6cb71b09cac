"""Odoo 19: Debian's package, or a git clone, or the checkout that ODOO_SRC names."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import places, processes
from .building import build_once
from .debian import STABLE, UNSTABLE, Apt, NotInDebian, unpack
from .problems import DISK_FULL, Problem, disk_full, last_words
from .progress import Step, say

SERIES = "19.0"
UPSTREAM = "https://github.com/odoo/odoo"
# Odoo and the files that its package links to. Font Awesome must be the 4.7 of the
# stable suites: the file names of unstable's 7 are not those of Odoo's links.
PACKAGES = (
    *(
        f"{name}/{UNSTABLE}"
        for name in (
            "odoo-19",
            "libjs-jquery",
            "libjs-jquery-form",
            "libjs-underscore",
            "fonts-roboto-unhinted",
            "fonts-inconsolata",
            "fonts-montserrat",
            "fonts-ocr-b",
        )
    ),
    f"fonts-font-awesome/{STABLE}",
)
# Raised when the recipe below changes what it makes.
RECIPE = 1


@dataclass(frozen=True)
class OdooSource:
    """Where Odoo is imported from, and a short text that changes with its content."""

    path: Path
    version: str
    # The standard addons beside the `odoo` package, in a git checkout.
    addons: Path | None = None


def find():
    named = os.environ.get("ODOO_SRC")
    return from_checkout(Path(named).expanduser().resolve()) if named else from_cache()


def from_checkout(folder):
    release = folder / "odoo" / "release.py"
    if not release.is_file():
        raise Problem(
            f"ODOO_SRC={folder} is not an Odoo checkout",
            "it has no odoo/release.py",
            f"Name the folder of a clone of {UPSTREAM}, branch {SERIES}.",
        )
    if not re.search(r"version_info = \(19, 0,", release.read_text()):
        raise Problem(
            f"ODOO_SRC={folder} is another version of Odoo",
            "this module is for Odoo 19.0",
            f"Check out its branch {SERIES}.",
        )
    return OdooSource(folder, checkout_version(folder), standard_addons(folder))


def checkout_version(folder):
    asked = ["git", "-C", folder, "rev-parse", "--short=12", "HEAD"]
    done = processes.run(asked, env=processes.environment())
    commit = done.stdout.strip() if done.returncode == 0 else "no git"
    return f"{SERIES} from {folder} ({commit})"


def standard_addons(folder):
    addons = folder / "addons"
    # Debian's package has them inside the odoo package instead.
    return addons if (addons / "web" / "__manifest__.py").is_file() else None


def from_cache():
    key = places.fingerprint(SERIES, PACKAGES, RECIPE)
    folder = build_once("odoo", key, fetch, "fetching Odoo 19", gigabytes=2.5)
    path = folder / (folder / "PATH").read_text()
    return OdooSource(path, (folder / "VERSION").read_text(), standard_addons(path))


def fetch(folder):
    """Fill the folder with Odoo, from Debian where it has it, else from upstream."""
    try:
        path, version = fetch_from_debian(folder)
    except NotInDebian as reason:
        say(f"No Odoo 19 from Debian ({reason}): cloning Odoo's own repository.")
        path, version = clone(folder, reason)
    (folder / "PATH").write_text(str(path.relative_to(folder)))
    (folder / "VERSION").write_text(version)


def fetch_from_debian(folder):
    downloads = folder / "downloads"
    Apt(folder / "apt").download(PACKAGES, downloads)
    unpack(sorted(downloads.glob("*.deb")), folder / "root")
    version = next(downloads.glob("odoo-19_*.deb")).name.split("_")[1]
    path = folder / "root" / "usr" / "lib" / "python3" / "dist-packages"
    mend(path)
    for name in ("apt", "downloads"):
        places.remove(folder / name)
    return path, version


def mend(path):
    """Make good what Debian's packaging left out or left over."""
    # Stripped for want of its source. The web client asks for it at start, and the
    # error on the browser's console would fail every tour: an empty file is enough.
    library = path / "odoo/addons/mail/static/lib/selfie_segmentation"
    library.mkdir(parents=True, exist_ok=True)
    (library / "selfie_segmentation.js").touch()
    # A second, incomplete copy of the addons: it would be taken for a checkout's.
    places.remove(path / "addons")


def clone(folder, reason):
    """Clone the branch; the way for machines where Debian does not have Odoo 19."""
    what = "Odoo 19 could not be fetched"
    advice = (
        "Run it on a machine with apt and network, or clone Odoo's branch "
        f"{SERIES} yourself and use ODOO_SRC=folder."
    )
    if not shutil.which("git"):
        raise Problem(what, f"{reason}, and git is not here either", advice)
    path = folder / "git"
    asked = ["git", "clone", "-q", "--depth=1", f"--branch={SERIES}", UPSTREAM, path]
    with Step(f"Cloning {UPSTREAM}, about 1 GB"):
        env = processes.environment(GIT_TERMINAL_PROMPT="0")
        done = processes.run(asked, env=env)
        if done.returncode:
            if DISK_FULL.search(done.stdout):
                raise disk_full(what, folder)
            raise Problem(what, f"{reason}, and {last_words(done.stdout)}", advice)
    return path, checkout_version(path)
