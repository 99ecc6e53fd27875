"""The dashboard's panels and queries, with Grafana's own variables put in as Grafana would."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.observing.deployed import DEPLOY

PATH = DEPLOY / "grafana" / "kiosk.json"


@dataclass(frozen=True, slots=True)
class Query:
    """One target of a panel."""

    panel: str
    expression: str
    legend: str


def dashboard() -> dict[str, Any]:
    """The file."""
    read: dict[str, Any] = json.loads(PATH.read_text())
    return read


def queries_of(panel: dict[str, Any], range_: str, rate_interval: str) -> Iterator[Query]:
    """For all kiosks, over `range_`, with rates over `rate_interval`."""
    values = {"$instance": ".*", "$__range": range_, "$__rate_interval": rate_interval}
    for target in panel["targets"]:
        expression = target["expr"]
        for name, value in values.items():
            expression = expression.replace(name, value)
        yield Query(panel["title"], expression, target["legendFormat"])
