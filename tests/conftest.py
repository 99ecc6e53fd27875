"""In which order the files of tests are begun."""

import pytest

LONGEST_FIRST = (
    "test_soak.py",
    "test_long_trainings.py",
    "test_page_offline.py",
    "test_setup.py",
    "test_build.py",
    "test_firefox.py",
    "test_finish.py",
    "test_long_away.py",
    "test_exports.py",
    "test_watchdog.py",
    "test_evaluate.py",
    "test_reload.py",
    "test_tune.py",
)
"""Minutes each. Not two in a row that wait for the same bundle to be built."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file is one worker's work: begun last, the longest would leave the other workers with nothing to do."""
    order = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))
