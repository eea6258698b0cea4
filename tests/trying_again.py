"""Tests that drive a browser or kill processes are tried once more when they fail, and the run says which were.

They share two noisy cores with whatever else runs, and what a person would wait out they sometimes do not. A promise that is broken
fails twice; one that needed a second try is named at the end, so that nobody mistakes it for a quiet pass.
"""

import pytest
from _pytest.runner import runtestprotocol

_again = pytest.StashKey[list]()
PROPERTY = "tried again"


def pytest_runtest_protocol(item, nextitem):
    """Run a test that may be tried again; None leaves all others to pytest."""
    if not (item.get_closest_marker("browser") or item.get_closest_marker("slow")):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if any(report.failed for report in reports):
        _forget(item)
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        for report in reports:
            report.user_properties = [*report.user_properties, (PROPERTY, True)]
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _forget(item):
    """Make fixtures anew: those of a failed attempt are not to be trusted."""
    for definitions in item._fixtureinfo.name2fixturedefs.values():
        for definition in definitions:
            if getattr(definition, "cached_result", None) and definition.cached_result[2] is not None:
                definition.cached_result = None
    item._initrequest()


def pytest_terminal_summary(terminalreporter):
    """Name what needed a second try."""
    names = {
        report.nodeid
        for kept in terminalreporter.stats.values()
        for report in kept
        if (PROPERTY, True) in [tuple(pair) for pair in getattr(report, "user_properties", [])]
    }
    for name in sorted(names):
        terminalreporter.write_line(f"TRIED AGAIN {name}")
