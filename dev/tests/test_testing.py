from pathlib import Path

from .. import places, testing
from ..odoo_source import OdooSource


class FakeOdoo:
    python, database, conf = "python", "sandbox", "odoo.conf"
    source = OdooSource(Path("/odoo"), "19.0")


def test_everything_runs_unless_a_file_is_named():
    command = testing.pytest_command(FakeOdoo, ["-k", "law"])
    assert {"-k", "law", places.LINK / "tests", places.LINK / "dev/tests"} <= set(
        command
    )
    assert Path("/odoo/odoo/addons/test_lint/tests/test_naming.py") in command


def test_a_named_test_is_found_by_its_linked_path():
    command = testing.pytest_command(FakeOdoo, ["dev/tests/test_testing.py::test_x"])
    assert command[-1] == places.LINK / "dev/tests/test_testing.py::test_x"
    assert places.LINK / "tests" not in command
