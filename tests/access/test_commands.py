"""`kiosk certificate` and `kiosk tablets`, as a person types them."""

import json
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from kiosk.access.tablets import TabletBook

KIOSK = str(Path(sys.executable).with_name("kiosk"))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write(tmp_path, host="0.0.0.0")


def write(directory: Path, **web: object) -> Path:
    path = directory / "kiosk.yaml"
    path.write_text(yaml.safe_dump({"state_dir": str(directory / "state"), "web": web}))
    return path


def kiosk(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([KIOSK, *words, "--config", str(config)], capture_output=True, text=True, check=False)


def said(config: Path, *words: str) -> str:
    done = kiosk(config, *words)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def refused(config: Path, *words: str) -> str:
    done = kiosk(config, *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("kiosk: ")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_a_certificate_is_made_shown_and_told_how_to_trust(config: Path) -> None:
    assert "kiosk certificate create" in refused(config, "certificate", "show")
    assert "kiosk.local" in said(config, "certificate", "create")
    shown = json.loads(said(config, "certificate", "show", "--json"))
    assert "kiosk.local" in shown["names"]
    trust = said(config, "certificate", "trust")
    assert shown["authority"] in trust
    assert all(system in trust for system in ("iPadOS", "Android", "Windows", "macOS"))
    assert "▄" in trust
    said(config, "certificate", "create")
    assert json.loads(said(config, "certificate", "show", "--json"))["authority"] == shown["authority"]
    said(config, "certificate", "create", "--new-authority")
    assert json.loads(said(config, "certificate", "show", "--json"))["authority"] != shown["authority"]


def test_an_owners_certificate_is_not_replaced(tmp_path: Path) -> None:
    own = write(tmp_path, host="0.0.0.0", certificate_file="/nowhere/page.crt", key_file="/nowhere/page.key")
    assert "a certificate of your own" in refused(own, "certificate", "create")
    assert "No such file" in refused(own, "certificate", "show")
    check = kiosk(own, "check")
    assert check.returncode == 1
    assert re.search(r"FAIL +https +/nowhere/page.crt: No such file", check.stdout)


def test_tablets_are_paired_listed_and_revoked(config: Path, tmp_path: Path) -> None:
    assert "no tablet is paired" in said(config, "tablets", "list")
    found = re.search(r"type (\d{4} \d{4})", said(config, "tablets", "pair"))
    assert found is not None
    with closing(TabletBook.open(tmp_path / "state" / "tablets.sqlite")) as daemons:
        token = daemons.redeem(found[1], "Kitchen")
        (listed,) = json.loads(said(config, "tablets", "list", "--json"))
        assert listed["name"] == "Kitchen"
        assert listed["id"][:8] in said(config, "tablets", "list")
        assert "kiosk tablets list" in refused(config, "tablets", "revoke", "zzz")
        assert daemons.find(token) is not None
        assert "Kitchen is revoked" in said(config, "tablets", "revoke", listed["id"][:8])
        assert daemons.find(token) is None
    assert "0 tablets are revoked" in said(config, "tablets", "revoke", "--all")


def test_no_code_is_made_for_a_page_that_no_tablet_can_reach(tmp_path: Path) -> None:
    alone = write(tmp_path, host="127.0.0.1")
    for words in (("tablets", "pair"), ("certificate", "trust")):
        assert "web.host is 127.0.0.1" in refused(alone, *words)
    assert not (tmp_path / "state").exists()
