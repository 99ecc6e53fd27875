"""`IPAddressDeny`, as the manual has it: the kernel lets the kiosk reach what is allowed, and drops all else unsaid."""

from tests.systemd.machine import Machine, Suite, until
from tests.systemd.till import SECRET, taken, till_in

DROP_IN = "/etc/systemd/system/kiosk.service.d/override.conf"
ALLOWED = "[Service]\nIPAddressDeny=any\nIPAddressAllow={}\n"


def allow(machine: Machine, *addresses: str) -> None:
    """Restart the kiosk with the network closed but for these."""
    machine.write(DROP_IN, ALLOWED.format(" ".join(addresses)))
    machine.run("systemctl daemon-reload; systemctl restart kiosk")


def refused(machine: Machine) -> list[str]:
    """The sales that wait because nothing came through."""
    return [sale["id"] for sale in machine.sales() if "no connection to 127.0.0.2" in (sale["reason"] or "")]


def test_a_till_outside_the_allowed_addresses_is_not_reached_and_one_within_is(machine: Machine, suite: Suite) -> None:
    machine.run("systemctl stop kiosk; install -d -m 700 /etc/credstore")
    machine.write("/etc/credstore/kiosk.webhook-secret", SECRET, 0o600)
    with till_in(machine, suite, "127.0.0.2"):
        allow(machine, "127.0.0.1")
        until(lambda: len(refused(machine)) > 0, said=lambda: str(machine.sales()[:3]))
        waiting = refused(machine)
        assert taken(machine) == []
        assert machine.is_active(), "it sells on, and its page answers at an allowed address"
        allow(machine, "127.0.0.1", "127.0.0.2")
        until(lambda: set(waiting) <= set(taken(machine)))
