import errno

import pytest

from ..problems import Problem, disk_full, from_os_error, last_words


def test_a_problem_reads_as_what_why_and_advice():
    problem = Problem("It failed", "the disk sleeps.", "Wake it.")
    assert str(problem) == "It failed: the disk sleeps. Wake it."


def test_a_problem_without_a_reason_stays_a_sentence():
    assert str(Problem("PORT=x is not a port")) == "PORT=x is not a port."


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_says_where_and_how_to_go_elsewhere(number):
    problem = from_os_error(OSError(number, "full", "/cache/file"), "make run stopped")
    assert "the disk that holds /cache/file is full" in str(problem)
    assert "XDG_CACHE_HOME" in str(problem)
    assert str(disk_full("make run stopped", "/cache/file")) == str(problem)


def test_a_folder_of_another_user_is_named():
    refused = PermissionError(errno.EACCES, "no", "/x")
    problem = from_os_error(refused, "make run stopped")
    assert "/x cannot be written by this user" in str(problem)


def test_the_reason_is_taken_from_the_end_of_the_output():
    assert last_words("one\ntwo\n\n  three \n\n", 2) == "two / three"
    assert last_words("\n") == "it gave no reason"
