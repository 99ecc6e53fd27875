"""The unit on a whole emulated computer, with Debian's own kernel: `make test-emulated`, as root on Debian.

Unlike in a container, control groups limit memory and processor, the kernel refuses devices, and there is a camera
(its `vivid`, a V4L2 driver that draws its pictures). `in_it.sh` runs inside, and says one line for each thing it saw.
"""

import argparse
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from tests.systemd.conftest import BUILD
from tests.systemd.installed import install, package
from tests.systemd.machine import Machine, Suite, unpacked

IMAGE_BYTES = 4 * 2**30
MEMORY_MIB = 1024
WAITED_SECONDS = 3600
# Nothing but what `in_it.sh` says is to be on the line.
KERNEL = "root=/dev/vda rw console=ttyS0 quiet loglevel=0 systemd.show_status=no systemd.getty_auto=no"
# As much as there is, but for what KVM within a virtual machine may not set.
CPU = "max,-arch-capabilities"
HERE = Path(__file__).parent
SEEN = ("ok  ", "FAIL")
"""How a line of `in_it.sh` begins."""
# Twenty times slower than any board, it is not to be taken for one that hangs.
SLOW = "[Service]\nTimeoutStartSec=1500\nWatchdogSec=900\n"
CHECK = """\
[Unit]
Description=What is looked at inside
After=multi-user.target kiosk.service
SuccessAction=poweroff-force
FailureAction=poweroff-force

[Service]
Type=oneshot
ExecStart=/bin/sh /root/in_it.sh
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0

[Install]
WantedBy=graphical.target
"""


def prepare(machine: Machine) -> None:
    """Install the kiosk in a container, and leave the rest for the emulated boot."""
    machine.boot()
    install(machine, package())
    machine.run("systemctl stop kiosk")
    machine.power_off()
    machine.write("/etc/modules-load.d/camera.conf", "vivid\n")
    machine.write("/etc/modprobe.d/camera.conf", "options vivid n_devs=1 node_types=0x1\n")
    machine.write("/etc/fstab", "/dev/vda / ext4 rw 0 1\n")
    machine.write("/etc/systemd/system/look.service", CHECK)
    machine.write("/etc/systemd/system/kiosk.service.d/slow.conf", SLOW)
    machine.write("/root/in_it.sh", (HERE / "in_it.sh").read_text())
    wants = machine.root / "etc/systemd/system/graphical.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / "look.service").symlink_to("/etc/systemd/system/look.service")


def image_of(machine: Machine, image: Path) -> tuple[Path, Path]:
    """The system as a disk, and its kernel with the initial memory disk beside it."""
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", machine.root, image], check=True)
    found = []
    for pattern in ("vmlinuz-*", "initrd.img-*"):
        (source,) = (machine.root / "boot").glob(pattern)
        found.append(Path(shutil.copy(source, image.with_suffix("." + pattern.split("-")[0]))))
    return found[0], found[1]


def emulate(image: Path, kernel: Path, initial: Path, accelerator: str) -> str:
    """Run the computer until it switches itself off; what its serial line said. What was seen is told as it comes."""
    command = ["qemu-system-x86_64", "-accel", accelerator, "-cpu", CPU, "-smp", "2", "-m", str(MEMORY_MIB)]
    command += ["-kernel", str(kernel), "-initrd", str(initial), "-append", KERNEL]
    command += ["-drive", f"file={image},format=raw,if=virtio,cache=unsafe", "-nic", "user,restrict=on,model=virtio"]
    command += ["-nographic", "-no-reboot", "-monitor", "none", "-serial", "stdio"]
    said = []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as computer:
        late = threading.Timer(WAITED_SECONDS, computer.kill)
        late.start()
        assert computer.stdout is not None
        for line in computer.stdout:
            said.append(line.decode(errors="replace").replace("\r", ""))
            if said[-1].startswith(SEEN):
                print(said[-1], end="", flush=True)
        late.cancel()
    return "".join(said)


def main() -> int:
    """Build, run, print; 0 if every line ended well."""
    parser = argparse.ArgumentParser(description=__doc__)
    # Without hardware's help it is an emulation in full, and some twenty times slower.
    parser.add_argument("--accelerator", default="tcg", choices=["tcg", "kvm"], help="default: tcg")
    options = parser.parse_args()
    image = BUILD / "emulated.img"
    suite = Suite("bookworm", "3.11", BUILD / "bookworm-kernel.tar")
    with unpacked(suite, BUILD / "emulated") as machine:
        prepare(machine)
        kernel, initial = image_of(machine, image)
    try:
        said = emulate(image, kernel, initial, options.accelerator)
    finally:
        for file in (image, kernel, initial):
            file.unlink()
    seen = [line for line in said.splitlines() if line.startswith(SEEN)]
    whole = bool(seen) and seen[-1] == "ok    all looked at"
    if not whole:
        print(said[-5000:], file=sys.stderr)
    return 0 if whole and not any(line.startswith("FAIL") for line in seen) else 1


if __name__ == "__main__":
    sys.exit(main())
