"""Findings about single files: those that cannot be used, and those that can but should be other."""

from collections.abc import Iterator
from pathlib import Path

from trainer.audit.findings import Example, Finding, Gravity
from trainer.audit.stock import Stock
from trainer.photo_files import HEIC_ADVICE
from trainer.photos import SUFFIXES
from trainer.report.html import count

_SUFFIXES_OF = {"JPEG": {".jpg", ".jpeg"}, "PNG": {".png"}, "WEBP": {".webp"}, "BMP": {".bmp"}}
_RAW = frozenset({".cr2", ".cr3", ".nef", ".arw", ".dng", ".raf", ".rw2", ".orf"})
_CLIPS = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm", ".3gp", ".gif"})
_PICTURES = frozenset({".tif", ".tiff", ".avif", ".jxl", ".jp2", ".svg", ".psd"})


def judge_files(stock: Stock, size_px: int) -> Iterator[Finding]:
    """What is wrong with single files; `size_px` is the side of the square that the network sees."""
    yield from _broken(stock)
    yield from _unused(stock)
    yield from _loose(stock)
    yield from _misnamed(stock)
    yield from _tiny(stock, size_px)


def _broken(stock: Stock) -> Iterator[Finding]:
    if stock.broken:
        yield Finding(
            "broken",
            Gravity.WARNING,
            f"{count(len(stock.broken), 'file')} cannot be used and will be left out.",
            "Copy them again from the camera or save them as JPEG, as each one says; `--fix` moves them aside.",
            tuple(Example((one.path,), f"{one.why}; {one.advice}") for one in stock.broken),
            fixable=True,
        )


def _unused(stock: Stock) -> Iterator[Finding]:
    if stock.unused:
        yield Finding(
            "wrong_format",
            Gravity.WARNING,
            f"{count(len(stock.unused), 'file')} among the photos will not be looked at, by the ending of the name.",
            f"The trainer reads {', '.join(sorted(SUFFIXES))}; save photos as JPEG, put other things elsewhere.",
            tuple(Example((path,), _what_to_do(path)) for path in stock.unused),
        )


def _what_to_do(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in {".heic", ".heif"}:
        return f"a HEIC photo; {HEIC_ADVICE}"
    if suffix in _RAW:
        return "a camera's raw file; let the camera or its program save JPEG"
    if suffix in _CLIPS:
        return "a clip; save some of its pictures as JPEG, from moments that differ"
    if suffix in _PICTURES:
        return f"a {suffix[1:].upper()} picture; save it as JPEG"
    return "not a photo; put it elsewhere"


def _loose(stock: Stock) -> Iterator[Finding]:
    if stock.loose:
        yield Finding(
            "loose",
            Gravity.WARNING,
            f"{count(len(stock.loose), 'photo')} under no label will not be used.",
            "Move each into the directory of what it shows.",
            tuple(Example((path,), "lies beside the labels' directories") for path in stock.loose),
        )


def _misnamed(stock: Stock) -> Iterator[Finding]:
    wrong = [photo for photo in stock.photos if photo.path.suffix.lower() not in _SUFFIXES_OF[photo.format]]
    if wrong:
        yield Finding(
            "misnamed",
            Gravity.ADVICE,
            f"{count(len(wrong), 'photo')} is not what the name says." if len(wrong) == 1 else
            f"{count(len(wrong), 'photo')} are not what their names say.",
            "They are used all the same; give them the right ending, other programs may stumble over it.",
            tuple(Example((photo.path,), f"holds {photo.format}") for photo in wrong),
        )  # fmt: skip


def _tiny(stock: Stock, size_px: int) -> Iterator[Finding]:
    tiny = [photo for photo in stock.photos if photo.shorter_side_px < size_px]
    if tiny:
        yield Finding(
            "tiny",
            Gravity.WARNING,
            f"{count(len(tiny), 'photo')} smaller than what the network sees ({size_px} pixels).",
            "Take the original instead of a small copy: what was lost in the shrinking cannot be learnt.",
            tuple(Example((photo.path,), f"shorter side {photo.shorter_side_px} px") for photo in tiny),
        )
