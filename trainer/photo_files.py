"""Looking at a file once: is it a whole photo that the trainer can use, and what has to be remembered of it?

Pillow looks, not OpenCV: it raises on a file that ends before its picture does, where OpenCV may show a grey half; it
tells formats apart by their bytes; and it reads EXIF. A JPEG is decoded once, and small, which is enough to find
its end and to take its fingerprint.
"""

import hashlib
import io
import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from trainer.likeness import fingerprint
from trainer.photos import Photo, decode_photo
from trainer.taken import taken_by_camera

FORMATS = frozenset({"JPEG", "PNG", "WEBP", "BMP"})
_LOOK_PX = 128
"""A JPEG is decoded at the smallest size whose sides are no shorter."""
_MOST_PIXELS = 2**28
"""Larger pictures would fill the memory. Pillow's own limit is less than what some telephones take."""
Image.MAX_IMAGE_PIXELS = None
_CHUNK = 64
"""Photos looked at together: bounds the memory, whatever the number of photos."""
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_CONVERT = "save it as JPEG"
HEIC_ADVICE = "save it as JPEG; on an iPhone choose Settings > Camera > Formats > Most Compatible for the next ones"


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that cannot be used, and what to do about it."""

    path: Path
    label: int
    why: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}: {self.why}; {self.advice}"


def look_at_photos(found: Sequence[tuple[Path, int]]) -> Iterator[Photo | Broken]:
    """Read each (path, label) once, in order: a `Photo` where it can be used, else why not."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(found), _CHUNK):
            with warnings.catch_warnings():
                # What Pillow only warns of, such as odd EXIF, does no harm to the picture.
                warnings.simplefilter("ignore")
                looked = list(pool.map(lambda one: look_at(*one), found[start : start + _CHUNK]))
            yield from looked


def look_at(path: Path, label: int) -> Photo | Broken:
    """Read a file once."""
    try:
        encoded = path.read_bytes()
    except OSError as error:
        return Broken(path, label, f"cannot be read ({error.strerror})", "make it readable, or take it again")
    if not encoded:
        return Broken(path, label, "is empty", "copy it again from the camera, or take it again")
    if encoded[4:8] == b"ftyp" and encoded[8:12] in _HEIC_BRANDS:
        return Broken(path, label, "is a HEIC photo, which the trainer cannot read", HEIC_ADVICE)
    try:
        return _look_into(encoded, path, label)
    except UnidentifiedImageError:
        return Broken(path, label, "is not a photo, or its beginning is lost", "copy it again, or remove it")
    # Pillow's decoders raise these, and no one class, on bytes that make no sense.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError) as error:
        return _damaged(path, label, str(error))


def _look_into(encoded: bytes, path: Path, label: int) -> Photo | Broken:
    with Image.open(io.BytesIO(encoded)) as picture:
        # Several pictures in one file, as many phones write, of which the first is the photo.
        format_name = "JPEG" if picture.format == "MPO" else str(picture.format)
        if format_name not in FORMATS:
            return Broken(path, label, f"is a {format_name} picture, which the trainer cannot read", _CONVERT)
        width, height = picture.size
        if width * height > _MOST_PIXELS:
            return _too_large(path, label)
        if format_name == "JPEG":
            picture.draft("RGB", (_LOOK_PX, _LOOK_PX))
        picture.load()
        # Where the two decoders are not one library, the one that trains has to be asked too.
        if format_name != "JPEG" and decode_photo(encoded) is None:
            return _damaged(path, label, "")
        exif = picture.getexif()
        return Photo(
            path,
            label,
            min(width, height),
            hashlib.sha256(encoded).hexdigest(),
            fingerprint(ImageOps.exif_transpose(picture)),
            taken_by_camera(exif),
            format_name,
            int(exif.get(0x0112, 1)),
        )


def _too_large(path: Path, label: int) -> Broken:
    return Broken(path, label, f"has more than {_MOST_PIXELS // 10**6} million pixels", "save it smaller")


def _damaged(path: Path, label: int, error: str) -> Broken:
    if "truncated" in error:
        return Broken(path, label, "is cut off: the end of the picture is missing", "copy it again, or take it again")
    return Broken(path, label, "is damaged", "copy it again from the camera, or take it again")
