"""A real Prometheus and a real Alertmanager on loopback, with the shipped files made quick."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from tests.end_to_end.running_kiosk import free_ports
from tests.observing.deployed import PROMETHEUS, RULES

PATIENCE_SECONDS = 90
STOP_SECONDS = 20
FOR = "5s"
"""How long anything must last before it is an alert here; the shipped rules wait for minutes to days."""


@contextmanager
def running_prometheus(directory: Path, target: str, alertmanager: str | None = None) -> Iterator[str]:
    """Its address. The shipped scrape config, pointed at `target`; with an Alertmanager, the shipped rules too.

    What is changed is the pace: it scrapes and evaluates each second, and alerts wait for `FOR`.
    """
    directory.mkdir()
    settings = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    settings["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    settings["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
    settings["rule_files"] = [str(rules) for rules in _quick_rules(directory)] if alertmanager else []
    settings["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [alertmanager] if alertmanager else []
    config = directory / "prometheus.yml"
    config.write_text(yaml.safe_dump(settings))
    [port] = free_ports(1)
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory / 'data'}"]
    with _running([*command, f"--web.listen-address=127.0.0.1:{port}"], directory / "prometheus.log"):
        yield f"http://127.0.0.1:{port}"


def _quick_rules(directory: Path) -> Iterator[Path]:
    for path in RULES:
        rules = yaml.safe_load(path.read_text())
        for group in rules["groups"]:
            for rule in group["rules"]:
                if "for" in rule:
                    rule["for"] = FOR
        quick = directory / path.name
        quick.write_text(yaml.safe_dump(rules))
        yield quick


@contextmanager
def running_alertmanager(directory: Path, receiver: str) -> Iterator[str]:
    """Where it listens, as host:port. The shipped config, telling `receiver` in place of its own, and at once."""
    directory.mkdir()
    settings = yaml.safe_load((PROMETHEUS / "alertmanager.yml").read_text())
    settings["route"] |= {"group_wait": "1s", "group_interval": "2s"}
    for one in settings["receivers"]:
        one["webhook_configs"][0]["url"] = f"{receiver}/{one['name']}"
    config = directory / "alertmanager.yml"
    config.write_text(yaml.safe_dump(settings))
    [port] = free_ports(1)
    command = ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={directory / 'data'}"]
    command += ["--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{port}"]
    with _running(command, directory / "alertmanager.log"):
        yield f"127.0.0.1:{port}"


@contextmanager
def _running(command: list[str], log_path: Path) -> Iterator[None]:
    with log_path.open("w") as log, subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def asked(prometheus: str, path: str, **parameters: str) -> Any:
    """What the API of Prometheus answers. Raises OSError, also where it finds fault with a query."""
    with urlopen(f"{prometheus}/api/v1/{path}?{urlencode(parameters)}", timeout=30) as answer:
        return json.load(answer)["data"]


def query(prometheus: str, expression: str) -> list[Any]:
    """The result of an instant query, waited for until there is one and it is a number."""

    def numbers() -> list[Any]:
        result: list[Any] = asked(prometheus, "query", query=expression)["result"]
        return [] if any(row["value"][1] == "NaN" for row in result) else result

    return waited_for(numbers, expression)


def waited_for(look: Callable[[], list[Any]], what: str) -> list[Any]:
    """What `look` finds, once it finds anything; a server that does not answer yet has found nothing."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            found = look()
        except OSError:
            found = []
        if found:
            return found
        time.sleep(0.5)
    raise AssertionError(f"waited in vain for {what}")
