"""Tries, in the place of the kiosk, what its sandbox should refuse, and prints what was allowed as one JSON line.

Standard library only, as it runs inside: `python3 probe.py`.
"""

import ctypes
import json
import mmap
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

STATE = Path(os.environ["STATE_DIRECTORY"])
CLONE_NEWUSER = 0x10000000
libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int) -> None:
    """Of a C function that answers -1 on failure."""
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def write_then_run() -> None:
    """Memory that may be written and run."""
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def run_what_was_written() -> None:
    """A program in the state directory."""
    program = STATE / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    try:
        subprocess.run([program], check=True)
    finally:
        program.unlink()


def see_other_processes() -> None:
    """Process 1 is not ours."""
    Path("/proc/1/status").read_text()


SHOULD_FAIL: dict[str, Callable[[], object]] = {
    "write and run memory": write_then_run,
    "run what was written": run_what_was_written,
    "see other processes": see_other_processes,
    "write to /etc": lambda: Path("/etc/kiosk/probe").touch(),
    "write to /usr": lambda: Path("/usr/probe").touch(),
    "read homes": lambda: list(Path("/root").iterdir()),
    "raw network": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "bluetooth": lambda: socket.socket(socket.AF_BLUETOOTH, socket.SOCK_RAW, socket.BTPROTO_HCI),
    "namespace": lambda: checked(libc.unshare(CLONE_NEWUSER)),
    "become root": lambda: os.setuid(0),
    "read the disk": lambda: os.open("/dev/probe-disk", os.O_RDONLY),
    "rename the machine": lambda: checked(libc.sethostname(b"probe", 5)),
}
SHOULD_WORK: dict[str, Callable[[], object]] = {
    "state": lambda: (STATE / "probe").write_text("kept"),
    "temporary files": lambda: (Path(os.environ["TMPDIR"]) / "probe").write_text("kept"),
    "config": lambda: Path("/etc/kiosk/kiosk.yaml").read_text(),
    "internet": lambda: socket.socket(socket.AF_INET6),
    "addresses": socket.if_nameindex,
    "a lower priority": lambda: os.nice(1),
    "the processor": lambda: Path("/proc/cpuinfo").read_text(),
    "a camera": lambda: os.close(os.open("/dev/probe-camera", os.O_RDWR)),
}


def attempt(what: Callable[[], object]) -> str | None:
    """Why it failed; None when it worked."""
    try:
        what()
    except (OSError, subprocess.SubprocessError) as error:
        return repr(error)
    return None


if __name__ == "__main__":
    print(
        json.dumps(
            {
                "allowed": [name for name, what in SHOULD_FAIL.items() if attempt(what) is None],
                "failed": {name: why for name, what in SHOULD_WORK.items() if (why := attempt(what)) is not None},
                "capabilities": Path("/proc/self/status").read_text().split("CapEff:\t")[1].split("\n")[0],
            }
        )
    )
