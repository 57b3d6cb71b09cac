"""Odoo processes that measure for us, each on its own database."""

import json
import subprocess
from contextlib import contextmanager

from .. import places, processes
from ..problems import Problem, last_words
from ..serving import INSIDE


class Worker:
    """Asks one process; `worker.task(name=value)` waits for its answer."""

    def __init__(self, name, odoo):
        self.name = name
        self.odoo = odoo
        self.log_path = places.LOGS / f"bench-{name}.log"
        self._log = open(self.log_path, "w")  # noqa: SIM115 (as long as the process)
        self.process = processes.start(
            [odoo.python, INSIDE / "bench_worker.py", odoo.conf, odoo.database],
            cwd=odoo.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=odoo.environment(),
        )

    def __getattr__(self, task):
        def ask(**values):
            return self._ask(task, values)

        return ask

    def _ask(self, task, values):
        try:
            self.process.stdin.write(json.dumps({"task": task, "with": values}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise self._problem(task, last_words(self.log_path.read_text(), 3))
        answer = json.loads(line)
        if "error" in answer:
            raise self._problem(task, answer["error"])
        return answer["answer"]

    def _problem(self, task, why):
        what = f"Odoo could not do {task} on the database {self.name}"
        return Problem(what, why, f"See {self.log_path}.")

    def close(self):
        self.process.stdin.close()
        processes.stop(self.process, 2, 5)
        self._log.close()


@contextmanager
def working(name, odoo):
    worker = Worker(name, odoo)
    try:
        yield worker
    finally:
        worker.close()
