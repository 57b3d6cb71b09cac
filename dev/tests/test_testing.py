from .. import places, testing


class FakeOdoo:
    python, database, conf = "python", "sandbox", "odoo.conf"


def test_everything_runs_unless_a_file_is_named():
    command = testing.pytest_command(FakeOdoo, ["-k", "law"])
    assert command[-4:-2] == ["-k", "law"]
    assert command[-2:] == [places.LINK / "tests", places.LINK / "dev" / "tests"]


def test_a_named_test_is_found_by_its_linked_path():
    command = testing.pytest_command(FakeOdoo, ["dev/tests/test_testing.py::test_x"])
    assert command[-1] == places.LINK / "dev/tests/test_testing.py::test_x"
    assert places.LINK / "tests" not in command
