"""Which of the nodes under /dev are cameras.

Facts from the Linux kernel's userspace API, `linux/videodev2.h`: `VIDIOC_QUERYCAP` and `struct v4l2_capability`.
"""

import fcntl
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

_QUERY_CAPABILITIES = 0x80685600
_CAPABILITIES = struct.Struct("=16s32s32sIII3I")

_VIDEO_CAPTURE = 0x00000001
_MEMORY_TO_MEMORY = 0x00008000 | 0x00004000
_STREAMING = 0x04000000
_NEEDS_MEDIA_CONTROLLER = 0x20000000
_PER_DEVICE = 0x80000000

_NUMBERED = re.compile(r"video(\d+)")


@dataclass(frozen=True, slots=True)
class Device:
    """What the driver says of a node."""

    card: str
    """The name a person knows, such as `HD Pro Webcam C920`."""
    capabilities: int
    """Of this node: bits of `V4L2_CAP_*`."""

    @property
    def is_camera(self) -> bool:
        """It captures and streams by itself: no codec, no metadata node, no bare sensor behind a media controller."""
        unwanted = self.capabilities & (_MEMORY_TO_MEMORY | _NEEDS_MEDIA_CONTROLLER)
        return bool(self.capabilities & _VIDEO_CAPTURE and self.capabilities & _STREAMING) and not unwanted


def parse_capabilities(answer: bytes) -> Device:
    """Read the driver's `struct v4l2_capability`."""
    _, card, _, _, of_driver, of_node, *_ = _CAPABILITIES.unpack(answer)
    text = card.split(b"\0", 1)[0].decode("utf-8", "replace")
    return Device(text, of_node if of_driver & _PER_DEVICE else of_driver)


def ask_device(path: Path) -> Device | None:
    """What the driver behind the node at `path` says; None when nothing there speaks Video4Linux.

    Raises:
        OSError: it cannot be opened.
    """
    node = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    answer = bytearray(_CAPABILITIES.size)
    try:
        fcntl.ioctl(node, _QUERY_CAPABILITIES, answer)
    except OSError:
        return None
    finally:
        os.close(node)
    return parse_capabilities(bytes(answer))


def find_cameras(dev: Path = Path("/dev")) -> list[Path]:
    """Nodes that are cameras: first by their stable names, then those without one by number; each camera once."""
    found: dict[Path, Path] = {}
    for path in camera_names(dev):
        if _is_camera(path):
            found.setdefault(path.resolve(), path)
    return list(found.values())


def camera_names(dev: Path = Path("/dev")) -> list[Path]:
    """What may be cameras, by stable names and then by number. No driver is asked, so that none can hang."""
    numbered = sorted((path for path in dev.glob("video*") if _number(path) >= 0), key=_number)
    return [*_links(dev, "by-id"), *numbered]


def stable_name(node: Path, dev: Path = Path("/dev")) -> Path | None:
    """The name that stays with the camera now at `node`: its serial number's, else its port's; None without any."""
    links = [*_links(dev, "by-id"), *_links(dev, "by-path")]
    return next((link for link in links if link.resolve() == node.resolve()), None)


def _links(dev: Path, kind: str) -> list[Path]:
    directory = dev / "v4l" / kind
    return sorted(directory.glob("*")) if directory.is_dir() else []


def _number(path: Path) -> int:
    match = _NUMBERED.fullmatch(path.name)
    return -1 if match is None else int(match[1])


def _is_camera(path: Path) -> bool:
    try:
        device = ask_device(path)
    except OSError:
        return False
    return device is not None and device.is_camera
