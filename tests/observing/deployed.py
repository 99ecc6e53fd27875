"""What `deploy/` gives to Prometheus, as the tests read it."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from kiosk.metrics import Metrics

DEPLOY = Path(__file__).parents[2] / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
RULE_TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))


def rules_of(paths: Iterable[Path] = RULES) -> list[dict[str, Any]]:
    """Every rule, recording and alerting, as the files have it."""
    return [rule for path in paths for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def alerts_of(paths: Iterable[Path] = RULES) -> dict[str, dict[str, Any]]:
    """The alerting rules by name."""
    return {rule["alert"]: rule for rule in rules_of(paths) if "alert" in rule}


def half_tested(alerts: Iterable[str], tests: Iterable[Path]) -> list[str]:
    """One line for each alert that no test sees firing, or none sees not firing."""
    seen: dict[bool, set[str]] = {True: set(), False: set()}
    for path in tests:
        for test in yaml.safe_load(path.read_text())["tests"]:
            for claim in test["alert_rule_test"]:
                seen[bool(claim.get("exp_alerts"))].add(claim["alertname"])
    how = {True: "firing", False: "not firing"}
    return [f"{alert} is not tested {how[fires]}" for alert in alerts for fires in how if alert not in seen[fires]]


def names_in(expression: str) -> set[str]:
    """The kiosk's own metrics, and records of the rules, that a query names."""
    return set(re.findall(r"\bkiosk[_:][a-z0-9_:]+", re.sub(r'"[^"]*"', "", expression)))


def exported_names() -> set[str]:
    """The name of every series that a kiosk can give, by its own definitions."""
    return {name for family in Metrics().registry.collect() for name in _series(family.name, family.type)}


def _series(name: str, kind: str) -> Iterator[str]:
    match kind:
        case "counter":
            yield f"{name}_total"
        case "histogram":
            yield from (f"{name}_{end}" for end in ("bucket", "sum", "count"))
        case _:
            yield name
