"""What a real systemd does when the kiosk hangs, dies, cannot start, or its disk is full or spoilt."""

from tests.systemd.conftest import start
from tests.systemd.installed import CONFIG
from tests.systemd.machine import UNIT, Machine, until

DROP_IN = "/etc/systemd/system/kiosk.service.d/test.conf"


def changed(machine: Machine, *lines: str, unit: str = UNIT, section: str = "Service") -> None:
    """Restart the kiosk, which may fail, with these lines added to a unit."""
    text = "\n".join([f"[{section}]", *lines, ""])
    machine.write(f"/etc/systemd/system/{unit}.d/test.conf", text)
    machine.run("systemctl daemon-reload; systemctl restart kiosk", check=False)


def systemd_said(machine: Machine, words: str) -> bool:
    """Whether systemd itself said so of the kiosk."""
    return any(words in entry["MESSAGE"] for entry in machine.journal("_PID=1", f"UNIT={UNIT}"))


def settled(machine: Machine) -> set[str]:
    return {sale["id"] for sale in machine.sales() if sale["state"] == "settled"}


def test_a_kiosk_that_stalls_is_killed_by_the_watchdog_and_started_again(machine: Machine) -> None:
    changed(machine, "WatchdogSec=6", "TimeoutAbortSec=5")
    until(lambda: machine.health().get("status") == "ok")
    before, stalled = settled(machine), machine.show("MainPID")
    machine.run(f"kill -STOP {stalled}")
    until(lambda: machine.is_active() and machine.show("MainPID") not in (stalled, "0"))
    assert machine.show("NRestarts") == "1"
    assert systemd_said(machine, "Watchdog timeout")
    until(lambda: settled(machine) > before)


def test_a_killed_kiosk_is_started_again_and_has_lost_nothing(machine: Machine) -> None:
    killed, restarts = machine.show("MainPID"), int(machine.show("NRestarts"))
    # By this very kiosk: those of earlier tests may be for a till that is no longer there.
    taken = ("-b", "-u", "kiosk", "EVENT=sale taken", f"_PID={killed}")
    until(lambda: len(machine.journal(*taken)) > 0)
    shown = {str(entry["SALE_ID"]) for entry in machine.journal(*taken)}
    machine.run(f"kill -KILL {killed}")
    until(lambda: machine.is_active() and machine.show("MainPID") not in (killed, "0"))
    assert int(machine.show("NRestarts")) == restarts + 1
    until(lambda: shown <= settled(machine))
    assert machine.try_to(f"test -d /proc/{killed}").returncode != 0


def test_a_kiosk_that_cannot_start_is_failed_for_all_to_see_and_tried_again_later(machine: Machine) -> None:
    machine.write("/etc/systemd/system/kiosk-retry.timer.d/test.conf", "[Timer]\nOnActiveSec=\nOnActiveSec=8s\n")
    machine.write("/etc/kiosk/kiosk.yaml", "camara: {}\n")
    changed(machine, "RestartSec=100ms")
    until(lambda: UNIT in machine.run("systemctl --failed --no-legend"))
    assert "camara" in machine.show("StatusText")
    assert machine.is_active("kiosk-retry.timer")
    # It fails once more, is tried once more, and meanwhile somebody has mended the config.
    machine.write("/etc/kiosk/kiosk.yaml", CONFIG)
    until(machine.is_active)
    machine.remove("/etc/systemd/system/kiosk-retry.timer.d")


def test_one_that_a_person_switched_off_is_not_tried_again(machine: Machine) -> None:
    machine.run("systemctl disable --now kiosk")
    assert machine.try_to("systemctl start kiosk-retry.service").returncode == 0
    assert not machine.is_active()
    machine.run("systemctl enable kiosk")


def test_a_full_disk_takes_no_sale_that_it_could_not_keep_and_comes_back_by_itself(machine: Machine) -> None:
    state = "/var/lib/private/kiosk"
    machine.run(f"systemctl stop kiosk; mv {state} {state}-kept; install -d -m 700 {state}")
    machine.run(f"mount -t tmpfs -o size=4m,mode=700 none {state}")
    try:
        start(machine)
        until(lambda: len(settled(machine)) > 0)
        machine.try_to(f"cat /dev/zero >{state}/ballast")
        until(lambda: machine.health()["outbox"]["usable"] is False)
        assert machine.health()["status"] == "degraded"
        assert machine.is_active()
        kept = settled(machine)
        machine.run(f"rm {state}/ballast")
        until(lambda: settled(machine) > kept)
        until(lambda: machine.health()["status"] == "ok")
        assert machine.show("NRestarts") == "0"
        assert machine.journal("-u", "kiosk", "EVENT=outbox unusable")
    finally:
        machine.run(f"systemctl stop kiosk; umount {state}; rmdir {state}; mv {state}-kept {state}")


def test_the_monthly_reading_finds_damage_beside_a_running_kiosk(machine: Machine) -> None:
    until(lambda: len(settled(machine)) > 0)
    assert machine.is_active("kiosk-verify.timer")
    machine.run("systemctl start kiosk-verify.service")
    damage = "dd if=/dev/urandom of=/var/lib/private/kiosk/ledger.sqlite bs=4096 seek=1 count=1 conv=notrunc"
    try:
        machine.run(f"systemctl stop kiosk; cp -a /var/lib/private/kiosk/ledger.sqlite /root/whole.sqlite; {damage}")
        assert machine.try_to("systemctl start kiosk-verify.service").returncode != 0
        assert machine.show("ActiveState", "kiosk-verify.service") == "failed"
        said = [entry["MESSAGE"] for entry in machine.journal("-u", "kiosk-verify")]
        assert any("FAIL" in line and "ledger.sqlite" in line for line in said)
    finally:
        machine.run(
            "cp -a /root/whole.sqlite /var/lib/private/kiosk/ledger.sqlite; systemctl reset-failed", check=False
        )
