import pytest

from ..bench import command, data, figures, results
from ..inside import run_sql
from ..problems import Problem


def test_statements_end_where_their_function_does():
    text = "CREATE FUNCTION f() AS $$\n SELECT 1;\n$$;\n-- why\nSELECT 2;\n-- the end\n"
    first, second = run_sql.split_statements(text)
    assert first.endswith("SELECT 1;\n$$")
    assert second == "-- why\nSELECT 2"


def test_each_step_has_its_title_and_statements():
    text = "-- a file\n\n-- step: one\nSELECT 1;\n-- step: two\nSELECT 2;\n"
    assert [title for title, _sql in run_sql.split_steps(text)] == ["", "one", "two"]
    assert run_sql.split_statements(run_sql.split_steps(text)[2][1]) == ["SELECT 2"]


@pytest.mark.parametrize("name", ["prune", "spread", "evidence"])
def test_every_file_can_be_split(name):
    text = (data.SQL / f"{name}.sql").read_text()
    for _title, step in run_sql.split_steps(text):
        for statement in run_sql.split_statements(step):
            assert statement.count("$$") % 2 == 0


def test_rows_are_copied_until_there_are_enough():
    counts = dict.fromkeys(data.COUNTED, 50)
    factors = data.get_factors(counts, share=0.1)
    assert factors["res.partner"] == 199
    assert factors["account.analytic.line"] == 2999


def test_where_there_are_enough_rows_they_are_copied_once_all_the_same():
    counts = dict.fromkeys(data.COUNTED, 10**9)
    assert set(data.get_factors(counts, share=1).values()) == {1}


@pytest.mark.parametrize(("named", "size"), [("", "full"), ("small", "small")])
def test_the_size_is_full_unless_it_is_named(named, size, monkeypatch):
    monkeypatch.setenv("SIZE", named)
    assert data.wanted_size().name == size


def test_a_size_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("SIZE", "huge")
    with pytest.raises(Problem, match="SIZE=huge is not a size"):
        data.wanted_size()


def test_a_ratio_is_taken_pair_by_pair():
    # A disturbance that meets both halves of a pair leaves their ratio alone.
    spread = results.ratios_of([(2, 1), (20, 10), (2, 1)])
    assert (spread.low, spread.middle, spread.high) == (2, 2, 2)


@pytest.mark.parametrize(("ours", "verdict"), [(1.5, "ok"), (1.51, "OVER")])
def test_a_bound_is_broken_by_the_median_alone(ours, verdict):
    result = results.ratio_result("x", [(ours, 1), (ours, 1), (9, 1)], 1.5)
    assert result.kept == (verdict == "ok")
    assert result.line().endswith(verdict)


def test_a_figure_without_a_bound_is_only_told():
    result = results.ratio_result("x", [(9, 1), (9, 1)])
    assert result.kept
    assert not result.line().endswith(("ok", "OVER"))


def test_the_greatest_of_all_runs_must_keep_the_bound():
    assert results.most_result("rows", [0, 0, 0], 0).kept
    assert not results.most_result("rows", [0, 1, 0], 0).kept


def test_all_figures_are_measured_unless_some_are_named(monkeypatch):
    monkeypatch.delenv("ARGS", raising=False)
    assert command.wanted_figures() == list(command.FIGURES)
    monkeypatch.setenv("ARGS", "memory toxic_list")
    names = [figure.__name__ for figure in command.wanted_figures()]
    assert names == ["memory", "toxic_list"]


def test_a_figure_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("ARGS", "speed")
    with pytest.raises(Problem, match="speed is not a figure"):
        command.wanted_figures()


class Planner:
    """A worker whose meetings ask so many queries."""

    def __init__(self, queries):
        self.queries = queries

    def make_user(self):
        pass

    def save_meeting(self):
        saved = {"seconds": 0.1, "queries": self.queries}
        return {"planned": saved, "moved": saved}


class TwoDatabases:
    def __init__(self, more):
        self.small, self.without = Planner(50 + more), Planner(50)


@pytest.mark.parametrize(("more", "verdict"), [(2, True), (3, False)])
def test_a_meeting_asks_two_queries_more_at_most(more, verdict):
    found = figures.meeting(TwoDatabases(more))
    bound = [result for result in found if result.bound]
    assert [result.kept for result in bound] == [verdict, verdict]
    assert "of 50 without the module" in bound[0].name
