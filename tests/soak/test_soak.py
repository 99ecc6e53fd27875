"""The short form of `make soak`: the real kiosk, killed at random while it sells."""

from pathlib import Path

import pytest

from tests.soak.day import soak_a_day

KILLS = 36


@pytest.mark.timeout(1800)
def test_a_kiosk_killed_again_and_again_loses_no_sale_and_charges_none_twice(tmp_path: Path) -> None:
    result = soak_a_day(tmp_path, KILLS, "short", lambda: None)
    assert result.broken == {}
    counts = result.counts
    assert counts["kills"] == KILLS
    assert counts["sales shown as taken, by the page"] >= 5
    assert counts["sales shown as taken, by the clip"] >= 5
    assert counts["sales that were in doubt meanwhile"] >= 3, "kills and faults hit sales on their way"
