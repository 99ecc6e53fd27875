"""The small bundle and clip behind `kiosk run` with no config. `make demo` draws and trains them."""

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def bundle_directory() -> Path:
    """The bundle of the drawn shop."""
    return _HERE / "bundle"


def pictures_directory() -> Path:
    """A picture of each product of the drawn shop, for the page."""
    return _HERE / "pictures"


def clip_path() -> Path:
    """What a camera sees while products of the drawn shop are held up; `clip.json` beside it says what is when."""
    return _HERE / "clip.mp4"
