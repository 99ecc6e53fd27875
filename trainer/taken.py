"""When a photo was taken, by those clocks that can be believed: the camera's in EXIF, and one written into the name.

A file's own time is not asked: after copying or unpacking it tells when that was done.
"""

import re
from datetime import UTC, datetime
from typing import Any

_EXIF_IFD, _TAKEN_TAG, _FRACTION_TAG = 0x8769, 0x9003, 0x9291
_IN_NAME = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)"  # 20240131, 2024-01-31
    r"(?:[-_.T ]|\ at\ )*"
    r"([0-2]\d)[-_.:h]?([0-5]\d)[-_.:m]?([0-5]\d)"  # 142355, 14.23.55
    r"(?:[.]?(\d{3}))?(?!\d)"
)
_MILLISECONDS_IN_NAME = re.compile(r"(?<!\d)(1[4-9]\d{11})(?!\d)")
"""As a browser's clock counts since 1970. No barcode begins so."""


def taken_by_camera(exif: Any) -> float | None:
    """What a picture's EXIF (Pillow's `Exif`) says, in seconds since 1970 as if its clock were UTC; None without.

    Midnight to the second is what a clock that was never set says, and is not believed.
    """
    details = exif.get_ifd(_EXIF_IFD)
    try:
        taken = datetime.strptime(str(details[_TAKEN_TAG]).strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
    except (KeyError, ValueError):
        return None
    if (taken.hour, taken.minute, taken.second) == (0, 0, 0):
        return None
    fraction = str(details.get(_FRACTION_TAG, "")).strip("\0 ")
    return taken.timestamp() + (float(f"0.{fraction}") if fraction.isascii() and fraction.isdigit() else 0.0)


def taken_by_name(name: str) -> float | None:
    """What a file name like IMG_20240131_142355.jpg says, in seconds since 1970 as if its clock were UTC."""
    counted = _MILLISECONDS_IN_NAME.search(name)
    if counted:
        return int(counted[1]) / 1000
    written = _IN_NAME.search(name)
    if not written:
        return None
    *parts, milliseconds = written.groups()
    try:
        taken = datetime(*map(int, parts), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return None
    return taken.timestamp() + int(milliseconds or 0) / 1000
