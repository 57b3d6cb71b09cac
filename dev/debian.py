"""Debian packages, downloaded and unpacked beside the system, never installed.

apt does the work in a state of its own (its lists, its cache, an empty status), over
the mirror that the machine already uses, and checks Debian's signatures as always.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from . import processes
from .problems import DISK_FULL, Problem, disk_full, last_words
from .progress import Step

# Odoo 19 is in unstable only; what must not be newer comes from a stable suite.
UNSTABLE, STABLE = "sid", "trixie"
SUITES = {
    *("bullseye", "bookworm", "trixie", "forky", "duke", "sid"),
    *("oldstable", "stable", "testing", "unstable"),
}
NOT_THERE = re.compile(r"Unable to locate|has no installation|was not found")
KEYRINGS = Path("/usr/share/keyrings")


class NotInDebian(Exception):
    """This machine has no apt, no Debian mirror, or the mirror lacks the package."""


class Apt:
    """apt-get with a private state in `folder`."""

    def __init__(self, folder):
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            raise NotInDebian("apt-get is not on the PATH")
        self.folder = folder
        self.keyring = find_keyring()
        self.mirrors = find_mirrors()
        if not self.mirrors:
            raise NotInDebian("this machine's apt knows no Debian mirror")

    def download(self, packages, into):
        """Download `name/suite` packages, signatures checked, into a folder."""
        self._update()
        into.mkdir(parents=True, exist_ok=True)
        with Step(f"Downloading {packages[0]} from Debian{others(packages)}") as step:
            output = self._run("download", *packages, cwd=into, step=step)
            if output is None:
                return
            if NOT_THERE.search(output):
                raise NotInDebian(last_words(output))
            raise self._problem("Debian's packages could not be downloaded", output)

    def _update(self):
        for name in ("lists/partial", "cache/archives/partial"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        with Step("Reading Debian's package lists") as step:
            for mirror in self.mirrors:
                self._write_sources(mirror)
                output = self._run("update", cwd=self.folder, step=step)
                if output is None:
                    return
            raise self._problem("Debian's package lists could not be read", output)

    def _write_sources(self, mirror):
        suites = (UNSTABLE, STABLE)
        lines = [f"deb [signed-by={self.keyring}] {mirror} {s} main\n" for s in suites]
        (self.folder / "sources.list").write_text("".join(lines))

    def _run(self, *command, cwd, step):
        """Run apt-get; return None when it went well, else what it said."""
        read_end, write_end = os.pipe()
        options = {**self._options(), "APT::Status-Fd": write_end}
        pairs = [f"{name}={value}" for name, value in options.items()]
        flags = [flag for pair in pairs for flag in ("-o", pair)]
        with open(self.folder / "apt.log", "w+") as log:
            process = processes.start(
                ["apt-get", "-q", *flags, *command],
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[write_end],
                env=processes.environment(LC_ALL="C.UTF-8"),
            )
            os.close(write_end)
            with open(read_end) as status, processes.stopped_at_exit(process):
                for line in status:
                    follow_status(line, step)
                process.wait()
            log.seek(0)
            output = log.read()
        return output if process.returncode else None

    def _options(self):
        return {
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::preferences": "-",
            "Dir::Etc::preferencesparts": "-",
            "Dir::State::Lists": self.folder / "lists",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": self.folder / "cache",
            "Acquire::Languages": "none",
            "Acquire::Retries": 2,
            # Without it, a mirror out of reach is only a warning and old lists stay.
            "APT::Update::Error-Mode": "any",
            # As root, apt would download as a user who cannot enter this folder.
            "APT::Sandbox::User": "root" if os.geteuid() == 0 else "",
        }

    def _problem(self, what, output):
        if DISK_FULL.search(output):
            return disk_full(what, self.folder)
        errors = re.findall(r"^E: (.*)", output, re.MULTILINE)
        return Problem(
            what,
            errors[0] if errors else last_words(output),
            "Check the network (and apt's proxy, if there is one), then run the same "
            "command again; ODOO_SRC=folder uses an Odoo you have instead.",
        )


def others(packages):
    return f" and {len(packages) - 1} packages it needs" if packages[1:] else ""


def follow_status(line, step):
    """Show what apt reports: `dlstatus:1:45.3:Retrieving file 1 of 9`."""
    kind, _, rest = line.partition(":")
    parts = rest.split(":")
    if kind == "dlstatus" and len(parts) > 1:
        step.update(f"{float(parts[1]):.0f} %")


def find_keyring():
    for name in ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp"):
        if (KEYRINGS / name).exists():
            return KEYRINGS / name
    raise NotInDebian("Debian's signing keys (debian-archive-keyring) are not here")


def find_mirrors():
    """Return the addresses of Debian's main archive that this machine's apt uses."""
    env = processes.environment()
    fields = "$(REPO_URI) $(LABEL)"
    asked = ["apt-get", "indextargets", "--format", fields, "Created-By: Packages"]
    mirrors = pick_labelled(processes.run(asked, env=env).stdout)
    if mirrors:
        return mirrors
    # Before its first `apt-get update` a machine knows its sources, not their labels.
    return pick_named(
        processes.run(["apt-get", "update", "--print-uris"], env=env).stdout
    )


def pick_labelled(targets):
    """Pick Debian's from lines of an address and a label."""
    rows = [line.split(maxsplit=1) for line in targets.splitlines()]
    return list(dict.fromkeys(row[0] for row in rows if row[1:] == ["Debian"]))


def pick_named(uris):
    """Pick those of a suite that only Debian (and who follows it) has."""
    sources = re.findall(r"^'(\S+/)dists/([^/']+)/InRelease'", uris, re.MULTILINE)
    return list(dict.fromkeys(uri for uri, suite in sources if suite in SUITES))


def unpack(archives, root):
    """Unpack Debian packages into one root."""
    with Step(f"Unpacking {len(archives)} Debian packages") as step:
        for number, archive in enumerate(archives, start=1):
            name = archive.name.split("_")[0]
            step.update(f"{number} of {len(archives)}, {name}")
            done = processes.run(["dpkg-deb", "-x", archive, root])
            if done.returncode:
                what = f"{archive.name} could not be unpacked"
                if DISK_FULL.search(done.stdout):
                    raise disk_full(what, root)
                raise Problem(what, last_words(done.stdout), "Run it again.")
