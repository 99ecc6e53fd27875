"""The dashboard is one that Grafana reads, and asks for nothing that a kiosk does not tell."""

import copy
from typing import Any

import pytest

from tests.observing.dashboard import dashboard, queries_of
from tests.observing.deployed import exported_names, names_in
from tests.observing.grafana_model import objections

SIDE = 24
"""Columns of Grafana's grid."""


def set_width(found: dict[str, Any]) -> None:
    found["panels"][0]["gridPos"]["w"] = "4"


def set_colour_mode(found: dict[str, Any]) -> None:
    found["panels"][0]["options"]["colorMode"] = "loud"


def misspell(found: dict[str, Any]) -> None:
    found["panels"][6]["targets"][0]["exprr"] = "up"


def test_grafana_s_model_takes_every_key_of_it() -> None:
    assert objections(dashboard()) == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (set_width, "panels[0].grid_pos.w: Input should be a valid integer"),
        (set_colour_mode, "panels[0].options.color_mode: Input should be 'value'"),
        (misspell, "panels[6].targets[0].exprr: unknown"),
    ],
)
def test_what_it_does_not_know_is_found(spoil: Any, said: str) -> None:
    spoilt = copy.deepcopy(dashboard())
    spoil(spoilt)
    [objection] = objections(spoilt)
    assert said in objection


def test_panels_lie_beside_each_other_within_the_grid() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert x < SIDE
                assert (x, y) not in taken, f"{panel['title']} lies over {taken[x, y]}"
                taken[x, y] = panel["title"]


def test_each_panel_says_what_it_shows_and_asks_the_chosen_prometheus_for_the_chosen_kiosks() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["title"]
        assert len(panel["description"]) > 20
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}"
            assert 'instance=~"$instance"' in target["expr"]


def test_it_names_only_what_a_kiosk_exports() -> None:
    named = {
        name
        for panel in dashboard()["panels"]
        for one in queries_of(panel, "1h", "1m")
        for name in names_in(one.expression)
    }
    assert named <= exported_names()
