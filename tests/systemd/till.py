"""A till in a machine, `receiver.py`, and a kiosk that sells to it what is in the shipped clip."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.systemd.machine import Machine, Suite

SECRET = "not-for-the-journal-0123456789abcdef"
BOOK = "/run/book"
_CONFIG = """\
state_dir: /var/lib/kiosk
bundle: demo
camera: {{source: {clip}}}
sales: {{undo_window_seconds: 1}}
till: {{kind: webhook, url: "http://{address}:9100/", secret_file: webhook-secret}}
"""


def shipped_clip(suite: Suite) -> str:
    """Where the installed kiosk has it."""
    return f"/opt/kiosk/lib/python{suite.python}/site-packages/kiosk/demo/clip.mp4"


@contextmanager
def till_in(machine: Machine, suite: Suite, address: str = "127.0.0.1") -> Iterator[None]:
    """It runs, and the config names it, at one of the machine's own addresses; the kiosk is stopped at the end."""
    machine.write("/root/receiver.py", Path(__file__).with_name("receiver.py").read_text())
    machine.run(f"rm -f {BOOK}; systemd-run --quiet --unit=till python3 /root/receiver.py {SECRET} 9100 {BOOK}")
    machine.write("/etc/kiosk/kiosk.yaml", _CONFIG.format(clip=shipped_clip(suite), address=address))
    try:
        yield
    finally:
        machine.run("systemctl stop kiosk till; rm -f /etc/credstore*/kiosk.webhook-secret", check=False)


def taken(machine: Machine) -> list[str]:
    """The sales that the till has."""
    return machine.try_to(f"cat {BOOK}").stdout.split()
