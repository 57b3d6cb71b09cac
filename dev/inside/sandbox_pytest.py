"""A pytest plugin: skipped tests are named, and in CI they are failures."""

import os

import pytest

IN_CI = bool(os.environ.get("CI"))
NO_BROWSER = "Chrome executable not found"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.longrepr = f"{item.nodeid} was skipped, which CI does not allow: " + str(
            report.longrepr[-1] if isinstance(report.longrepr, tuple) else ""
        )
        report.outcome = "failed"


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = [str(report.longrepr) for report in skipped]
    browser = sum(NO_BROWSER in reason for reason in reasons)
    if browser:
        terminalreporter.write_line(
            f"Browser tests skipped: {browser}, for want of chromium on the PATH."
        )
