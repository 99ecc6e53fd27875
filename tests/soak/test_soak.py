"""The short forms of `make soak`: the real kiosk, killed at random while it sells, and on a day of disasters."""

from pathlib import Path

import pytest

from tests.soak.day import soak_a_day
from tests.soak.disasters import FIRST_LIFE, SECOND_LIFE, soak_through_disasters

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


@pytest.mark.timeout(1800)
def test_a_kiosk_gets_over_every_disaster_and_loses_no_sale(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    result = soak_through_disasters(tmp_path, 4.0, "short", said.append)
    with capfd.disabled():
        # A skipped part of a test is told nowhere else.
        print(*(line for line in said if "LEFT OUT" in line), sep="\n")
    assert result.broken == {}
    counts = result.counts
    assert (
        sum(counts[f"disaster: {name}"] + counts[f"disaster: {name}, left out"] for name in FIRST_LIFE | SECOND_LIFE)
        == 6
    )
    assert counts["camera: times it came back"] >= 2
    assert counts["sales shown as taken, by the camera"] >= 3
    assert counts["sales shown as taken, by the page"] >= 3
