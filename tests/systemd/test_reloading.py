"""`systemctl reload` in a real systemd: taken, refused, and a new bundle tried inside the sandbox."""

from tests.systemd.installed import CONFIG
from tests.systemd.machine import Machine, Suite, until

CLIP = "camera: {{source: /opt/kiosk/lib/python{python}/site-packages/kiosk/demo/clip.mp4}}\n"
# The demonstration's bundle under another id.
OTHER = """
import json, pathlib, shutil, kiosk.demo
shutil.rmtree("/root/{id}", ignore_errors=True)
shutil.copytree(kiosk.demo.bundle_directory(), "/root/{id}")
manifest = pathlib.Path("/root/{id}/bundle.json")
manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {{"id": "{id}"}}))
"""


def reload(machine: Machine, event: str) -> None:
    """Reload, and wait until the kiosk has said this once more."""
    before = len(machine.journal("-u", "kiosk", f"EVENT={event}"))
    machine.run("systemctl reload kiosk")
    until(lambda: len(machine.journal("-u", "kiosk", f"EVENT={event}")) > before)


def test_a_changed_vote_is_taken_without_a_restart(machine: Machine) -> None:
    process = machine.show("MainPID")
    machine.write("/etc/kiosk/kiosk.yaml", CONFIG + "voting: {threshold: 0.9, votes: 4}\n")
    reload(machine, "reloaded")
    assert (machine.show("MainPID"), machine.show("ActiveState")) == (process, "active")


def test_a_broken_config_is_refused_for_the_operator_to_see_and_the_old_one_goes_on(machine: Machine) -> None:
    process = machine.show("MainPID")
    machine.write("/etc/kiosk/kiosk.yaml", CONFIG + "voting: {threshold: 7}\n")
    reload(machine, "reload refused")
    assert machine.show("MainPID") == process
    until(lambda: "reload refused" in machine.show("StatusText"))
    assert machine.health()["status"] == "ok"
    assert "voting.threshold" in machine.journal("-u", "kiosk", "EVENT=reload refused")[-1]["REASON"]


def test_a_new_bundle_is_tried_within_the_sandbox_and_taken(machine: Machine, suite: Suite) -> None:
    machine.write("/etc/kiosk/kiosk.yaml", CONFIG + CLIP.format(python=suite.python))
    put_in(machine, "first")
    machine.run("systemctl restart kiosk")
    until(lambda: machine.health().get("bundle") == "first")
    process = machine.show("MainPID")
    put_in(machine, "second")
    reload(machine, "reloaded")
    assert machine.health()["bundle"] == "second"
    assert machine.show("MainPID") == process
    machine.run("kiosk bundle rollback --config /etc/kiosk/kiosk.yaml")
    reload(machine, "reloaded")
    assert machine.health()["bundle"] == "first"
    machine.run("systemctl stop kiosk; rm -rf /var/lib/private/kiosk/bundles")


def put_in(machine: Machine, name: str) -> None:
    machine.write("/root/other.py", OTHER.format(id=name))
    machine.run("/opt/kiosk/bin/python /root/other.py")
    machine.run(f"kiosk bundle install /root/{name} --config /etc/kiosk/kiosk.yaml")
