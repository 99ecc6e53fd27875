"""The owner's pictures of the products: one file a product in a folder, named after its label."""

from pathlib import Path
from urllib.parse import quote

TYPES = {".webp": "image/webp", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
"""Formats that every browser shows. No SVG: such a file can hold a script."""
LARGEST_BYTES = 512 * 1024
"""A larger one would keep a tablet waiting; it is passed over."""


def find_picture(directory: Path | None, label: str) -> Path | None:
    """The picture of this label; None when there is none, or it cannot be read just now."""
    if directory is None or "/" in label or "\0" in label or label.startswith("."):
        return None
    for suffix in TYPES:
        path = directory / f"{label}{suffix}"
        try:
            if path.is_file() and 0 < path.stat().st_size <= LARGEST_BYTES:
                return path
        except OSError:
            # A network folder that is away must not take the list of products with it.
            return None
    return None


def picture_address(directory: Path | None, label: str) -> str | None:
    """Where the page finds it. The address changes with the file, so browsers may keep what they have."""
    path = find_picture(directory, label)
    if path is None:
        return None
    try:
        changed_ns = path.stat().st_mtime_ns
    except OSError:
        # It was taken away just now.
        return None
    return f"/api/pictures/{quote(path.name)}?v={changed_ns:x}"
