"""The example playbook: its syntax, and what it writes, by the real ansible-playbook on this machine."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kiosk.config.file import read_config
from tests.observing.deployed import DEPLOY

ANSIBLE = DEPLOY / "ansible"
PROGRAM = Path(sys.executable).with_name("ansible-playbook")

pytestmark = pytest.mark.skipif(
    not PROGRAM.exists(), reason="the playbook was NOT tried: pip install ansible-core (the extra dev has it)"
)


def play(directory: Path, *arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    """Run the playbook with the example inventory, each host being this machine, and nothing of its own settings."""
    given = {
        "kiosk_become": False,
        "kiosk_program": str(Path(sys.executable).with_name("kiosk")),
        "kiosk_config_file": str(directory / "kiosk.yaml"),
        "prometheus_directory": str(directory),
        "ansible_python_interpreter": sys.executable,
    }
    extra = directory / "variables.yml"
    extra.write_text(yaml.safe_dump(given | variables))
    command = [str(PROGRAM), "-i", str(ANSIBLE / "inventory.example.yml"), str(ANSIBLE / "kiosk.yml"), "-c", "local"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1"}
    return subprocess.run(
        [*command, "-e", f"@{extra}", *arguments], capture_output=True, text=True, check=False, env=environment
    )


def test_its_syntax_is_good(tmp_path: Path) -> None:
    done = play(tmp_path, "--syntax-check")
    assert done.returncode == 0, done.stderr


def test_it_writes_once_a_config_that_the_kiosk_reads_and_tells_prometheus_of_every_kiosk(tmp_path: Path) -> None:
    (tmp_path / "kiosks").mkdir()
    only = ("--tags", "config,prometheus", "--limit", "counter-2,prometheus")
    # Its handler restarts a service, which this machine does not have: the hosts after it are left alone.
    assert "RUNNING HANDLER [Restart kiosk]" in play(tmp_path, *only).stdout
    config = read_config(tmp_path / "kiosk.yaml")
    assert (config.name, config.till.kind, config.web.host) == ("counter-2", "honesty_store", "0.0.0.0")
    assert config.bundle_channel.url == "https://files.example/kiosks/channel.json"
    assert not (tmp_path / "kiosks" / "ansible.yml").exists()

    again = play(tmp_path, *only)
    assert again.returncode == 0, again.stdout
    assert "RUNNING HANDLER" not in again.stdout, "nothing changed"
    listed = yaml.safe_load((tmp_path / "kiosks" / "ansible.yml").read_text())
    assert [one["targets"] for one in listed] == [["counter-1.office.example:9464"], ["counter-2.office.example:9464"]]
    assert listed[0]["labels"] == {"kiosk": "counter-1", "fleet": "office"}


def test_a_config_that_the_kiosk_would_refuse_is_not_put_there(tmp_path: Path) -> None:
    before = "till: {kind: ledger}\n"
    (tmp_path / "kiosk.yaml").write_text(before)
    wrong = {"web": {"port": "many"}}
    done = play(tmp_path, "--tags", "config", "--limit", "counter-1", kiosk_config=wrong)
    assert done.returncode != 0
    assert "web.port" in done.stdout
    assert (tmp_path / "kiosk.yaml").read_text() == before
