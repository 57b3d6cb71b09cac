"""Running Odoo on a workspace: its settings, its log, its progress, its errors."""

import re
import subprocess

from . import places, processes
from .problems import DISK_FULL, Problem, disk_full

SHOWN_LINES = 30
LOADING = re.compile(r"Loading module (\S+) \((\d+)/(\d+)\)")
DOING = re.compile(r"(?:Populating model (\S+) \d+ times|^STEP (.+))")
TROUBLE = re.compile(r" (ERROR|CRITICAL) ")
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\d ")
# The bundled PostgreSQL has no such extension: Odoo says so and goes on without.
HARMLESS = "odoo.sql_db: bad query: b'CREATE EXTENSION"


class Odoo:
    """Odoo's programs, with one source, one Python and one workspace."""

    def __init__(self, source, python, folder, server, database):
        self.source = source
        self.python = python
        self.folder = folder
        self.server = server
        self.database = database
        self.conf = folder / "odoo.conf"

    def configure(self, **settings):
        """Write the settings file that every program below reads."""
        addons = [self.source.addons, places.ADDONS]
        if not (places.LINK / "__manifest__.py").is_file():
            addons.remove(places.ADDONS)
        settings = {
            "addons_path": ",".join(str(path) for path in addons if path),
            "data_dir": self.folder / "data",
            "db_name": self.database,
            "list_db": False,
            "proxy_mode": False,
            "workers": 0,
            "http_interface": "127.0.0.1",
            **settings,
        }
        lines = [f"{name} = {value}\n" for name, value in settings.items()]
        self.conf.write_text("[options]\n" + "".join(lines))

    def environment(self, *more_python_paths):
        paths = (self.source.path, *more_python_paths)
        env = self.server.environment()
        return {**env, "PYTHONPATH": ":".join(map(str, paths)), "PYTHONUNBUFFERED": "1"}

    def command(self, name, *arguments):
        return [self.python, "-m", "odoo", name, "-c", self.conf, *arguments]

    def load(self, step, what, *arguments):
        """Install or update modules, showing how many are done."""
        options = ("--stop-after-init", "--no-http", "--log-level=info")
        self.watch(step, what, self.command("server", *options, *arguments))

    def watch(self, step, what, command):
        """Run a program that logs what it does, showing how far it is."""
        log_path = places.LOGS / f"{self.folder.name}.log"
        trouble = []
        with open(log_path, "w") as log:
            process = processes.start(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env=self.environment(),
            )
            with processes.stopped_at_exit(process):
                for line in process.stdout:
                    log.write(line)
                    follow(line, step, trouble)
                process.wait()
        if process.returncode:
            raise self._explain(what, trouble, log_path)

    def _explain(self, what, trouble, log_path):
        if not trouble:
            trouble = log_path.read_text(errors="replace").splitlines(keepends=True)
        said = "".join(trouble[-SHOWN_LINES:]).rstrip()
        # PostgreSQL may have fallen over first, and then Odoo knows only that.
        if DISK_FULL.search(said) or places.free_gigabytes(self.folder) < 0.05:
            return disk_full(what, self.folder)
        return Problem(f"{what}; Odoo's log ({log_path}) ends with", advice=f"\n{said}")

    def execute(self, script):
        """Run a script in Odoo's shell and return what it printed."""
        asked = self.command("shell", "--no-http", "--log-level=warn")
        with open(script) as source, open(self.folder / "shell.log", "w+") as log:
            process = processes.start(
                asked,
                cwd=self.folder,
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self.environment(),
            )
            with processes.stopped_at_exit(process):
                output = process.stdout.read()
                process.wait()
            log.seek(0)
            said = log.read()
        if process.returncode:
            raise Problem(
                f"{script.name} failed in Odoo's shell", "see below", f"\n{said}"
            )
        return output


def follow(line, step, trouble):
    """Show what is being done, and keep the log's last error."""
    loading = LOADING.search(line)
    if loading:
        name, number, total = loading.groups()
        step.update(f"module {number} of {total}, {name}")
    doing = DOING.search(line)
    if doing:
        step.update(doing[1] or doing[2])
    if TROUBLE.search(line) and HARMLESS not in line:
        trouble.clear()
        trouble.append(line)
    elif trouble and not LOG_LINE.match(line):
        trouble.append(line)
