"""Boot, ready, selling, credentials, sandbox, journal: the kiosk's unit in a real systemd."""

import json
import re
from pathlib import Path

import pytest

from tests.systemd.conftest import start
from tests.systemd.machine import UNIT, Machine, Suite, until
from tests.systemd.till import SECRET, taken, till_in

HERE = Path(__file__).parent
PROBE = """\
[Service]
Type=oneshot
Restart=no
ExecStart=
ExecStart=/opt/kiosk/bin/python /usr/lib/kiosk-probe.py
"""
SEALED = "[Service]\nLoadCredentialEncrypted=webhook-secret:kiosk.webhook-secret\n"


def test_it_starts_at_boot_and_says_when_it_is_ready(machine: Machine) -> None:
    machine.reboot()
    until(machine.is_active)
    assert machine.show("Type") == "notify"
    assert machine.show("StatusText").startswith("watching ")
    assert machine.health()["version"]
    until(lambda: machine.health()["status"] == "ok")


def test_a_sale_from_the_clip_is_found_in_the_journal_by_its_fields(machine: Machine) -> None:
    until(lambda: len(machine.journal("-u", "kiosk", "EVENT=sale settled")) > 0)
    settled = machine.journal("-u", "kiosk", "EVENT=sale settled")[-1]
    taken, *_ = machine.journal(f"SALE_ID={settled['SALE_ID']}")
    assert taken["EVENT"] == "sale taken"
    assert (taken["LABEL"], taken["SOURCE"], taken["PRIORITY"]) == (settled["LABEL"], "camera", "6")
    assert 0.8 <= float(taken["CONFIDENCE"]) <= 1
    assert settled["TILL"] == "local ledger"
    assert taken["_SYSTEMD_UNIT"] == UNIT
    assert settled["SALE_ID"] in {sale["id"] for sale in machine.sales() if sale["state"] == "settled"}
    live = machine.journal("-u", "kiosk", "EVENT=camera live")
    assert live[-1]["CAMERA"].endswith("/clip.mp4")


def test_every_event_is_one_entry(machine: Machine) -> None:
    until(lambda: len(machine.journal("-u", "kiosk", "EVENT=sale settled")) > 0)
    assert all("\n" not in entry["MESSAGE"] for entry in machine.journal("-u", "kiosk", "LOGGER=kiosk.sales.desk"))


def test_the_operators_queries_are_understood_and_find_what_is_there(machine: Machine) -> None:
    until(lambda: len(machine.journal("-u", "kiosk", "EVENT=sale settled")) > 0)
    manual = (HERE.parents[1] / "docs" / "operator.md").read_text().split("## The journal")[1].split("\n## ")[0]
    queries = re.findall(r"\| `(journalctl [^`]+)`", manual)
    found = {query: machine.run(query) for query in queries}
    assert len(queries) >= 8
    for words in ("'sale taken'", "'camera live'", "UNIT=kiosk.service"):
        assert any(words in query and "kiosk" in said for query, said in found.items()), words


def test_its_user_exists_only_while_it_runs(machine: Machine) -> None:
    assert machine.show("User") == "honesty-kiosk"
    # systemd.exec(5): the range of dynamic users.
    assert 61184 <= int(machine.run(f"stat --format=%u /proc/{machine.show('MainPID')}")) <= 65519
    assert "honesty-kiosk" not in machine.run("cat /etc/passwd")
    assert machine.run("stat -L -c %a /var/lib/kiosk/outbox.sqlite").strip() == "600"


def test_the_exposure_is_low(machine: Machine) -> None:
    machine.run("systemd-analyze security --threshold=15 kiosk.service")
    machine.run("systemd-analyze security --threshold=15 kiosk-verify.service")


def test_systemd_knows_every_key_of_the_units(machine: Machine) -> None:
    done = machine.try_to("systemd-analyze verify /usr/lib/systemd/system/kiosk*")
    assert (done.returncode, [line for line in done.stderr.splitlines() if "kiosk" in line]) == (0, [])


def test_the_sandbox_refuses_what_the_kiosk_does_not_need_and_lets_the_rest(machine: Machine) -> None:
    machine.make_device("probe-camera", "c 1 3", "video")
    machine.make_device("probe-disk", "b 7 0", "disk")
    machine.write("/usr/lib/kiosk-probe.py", (HERE / "probe.py").read_text())
    machine.write("/etc/systemd/system/kiosk.service.d/probe.conf", PROBE)
    machine.run("systemctl daemon-reload; systemctl stop kiosk; systemctl start kiosk")
    found = json.loads(machine.journal("-u", "kiosk", "_TRANSPORT=stdout")[-1]["MESSAGE"])
    assert found == {"allowed": [], "failed": {}, "capabilities": "0" * 16}


@pytest.mark.parametrize("sealed", [False, True], ids=["plain", "sealed"])
def test_the_tills_secret_is_a_credential_and_nowhere_else(machine: Machine, suite: Suite, sealed: bool) -> None:
    machine.run("systemctl stop kiosk; install -d -m 700 /etc/credstore /etc/credstore.encrypted")
    if sealed:
        machine.run("systemd-creds setup 2>/dev/null")
        place = "/etc/credstore.encrypted/kiosk.webhook-secret"
        machine.run(f"printf %s {SECRET} | systemd-creds encrypt --with-key=host --name=webhook-secret - {place}")
        machine.write("/etc/systemd/system/kiosk.service.d/sealed.conf", SEALED)
    else:
        machine.write("/etc/credstore/kiosk.webhook-secret", SECRET, 0o600)
    with till_in(machine, suite):
        machine.run("systemctl daemon-reload; systemctl start kiosk")
        until(lambda: len(taken(machine)) > 0)
        sold = taken(machine)[0]
        assert {entry["EVENT"] for entry in machine.journal(f"SALE_ID={sold}")} >= {"sale taken", "sale settled"}
        main = machine.show("MainPID")
        assert SECRET not in machine.run(f"tr '\\0' '\\n' </proc/{main}/environ; systemctl show kiosk")
        assert machine.try_to(f"journalctl -u kiosk -o export | grep -c {SECRET}").stdout.strip() == "0"
        assert machine.try_to(f"grep -r {SECRET} /var/lib/private/kiosk").stdout == ""
        as_nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups"
        read = machine.try_to(f"{as_nobody} cat /run/credentials/kiosk.service/webhook-secret")
        assert "denied" in read.stderr


def test_kiosk_check_by_hand_says_that_all_is_well(machine: Machine) -> None:
    machine.run("systemctl stop kiosk")
    said = machine.run("kiosk check --config /etc/kiosk/kiosk.yaml")
    assert "FAIL" not in said
    start(machine)
