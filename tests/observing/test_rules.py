"""Every alert fires when it should, keeps quiet when it should, and leads to a section that says what to do."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.observing.deployed import (
    PROMETHEUS,
    RULE_TESTS,
    RULES,
    alerts_of,
    exported_names,
    half_tested,
    names_in,
    rules_of,
)

MANUAL = Path(__file__).parents[2] / "docs" / "operator.md"
needs_promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool missing: apt-get install prometheus; no alert was tried"
)


def promtool(*arguments: object) -> subprocess.CompletedProcess[str]:
    """What promtool says."""
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)


@needs_promtool
def test_prometheus_takes_config_and_rules() -> None:
    checked = promtool("check", "config", PROMETHEUS / "prometheus.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert all(f"Checking {rules}\n  SUCCESS" in checked.stdout for rules in RULES)


@pytest.mark.skipif(not shutil.which("amtool"), reason="amtool missing: apt-get install prometheus-alertmanager")
def test_alertmanager_takes_its_config() -> None:
    config = str(PROMETHEUS / "alertmanager.yml")
    checked = subprocess.run(["amtool", "check-config", config], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@needs_promtool
@pytest.mark.parametrize("tests", RULE_TESTS, ids=lambda path: path.stem)
def test_alerts_do_what_their_tests_say(tests: Path) -> None:
    tried = promtool("test", "rules", tests)
    assert tried.returncode == 0, tried.stdout + tried.stderr


def test_every_alert_is_tested_firing_and_not_firing() -> None:
    assert half_tested(alerts_of(), RULE_TESTS) == []


def test_an_alert_without_both_is_refused(tmp_path: Path) -> None:
    claims = [
        {"alertname": "Both", "eval_time": "1m", "exp_alerts": []},
        {"alertname": "Both", "eval_time": "2m", "exp_alerts": [{"exp_labels": {}}]},
        {"alertname": "Loud", "eval_time": "2m", "exp_alerts": [{"exp_labels": {}}]},
        {"alertname": "Quiet", "eval_time": "2m"},
    ]
    tests = tmp_path / "tests.yml"
    tests.write_text(yaml.safe_dump({"tests": [{"alert_rule_test": claims}]}))
    assert half_tested(["Both", "Loud", "Quiet", "None"], [tests]) == [
        "Loud is not tested not firing",
        "Quiet is not tested firing",
        "None is not tested firing",
        "None is not tested not firing",
    ]


def test_every_alert_has_a_section_in_the_manual_with_something_to_do() -> None:
    sections = {
        title.lower(): text
        for title, text in re.findall(r"^### (Kiosk\w+)\n(.+?)(?=^#|\Z)", MANUAL.read_text(), re.MULTILINE | re.DOTALL)
    }
    alerts = alerts_of()
    assert {rule["annotations"]["runbook"] for rule in alerts.values()} == {
        f"docs/operator.md#{section}" for section in sections
    }
    for name, rule in alerts.items():
        assert rule["annotations"]["runbook"] == f"docs/operator.md#{name.lower()}"
        assert len(sections[name.lower()].split()) > 20, f"{name}: says nothing of use"


def test_alerts_are_either_for_today_or_for_this_week() -> None:
    assert {rule["labels"]["severity"] for rule in alerts_of().values()} == {"page", "ticket"}


def test_rules_name_only_what_a_kiosk_exports_or_another_rule_records() -> None:
    rules = rules_of()
    known = exported_names() | {rule["record"] for rule in rules if "record" in rule}
    assert {name for rule in rules for name in names_in(rule["expr"])} <= known


def test_names_in_a_query_are_found() -> None:
    query = 'sum by (le) (rate(kiosk_stage_seconds_bucket{stage="kiosk_no"}[5m])) > kiosk:a_b:mean_1d'
    assert names_in(query) == {"kiosk_stage_seconds_bucket", "kiosk:a_b:mean_1d"}
