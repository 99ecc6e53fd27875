"""Judges a camera by what is in its pictures: whether they are new, whole, and show anything at all."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from kiosk.camera.frame import Frame
from kiosk.camera.glimpse import Glimpse

PATIENCE_SECONDS = 5.0
"""How long pictures may be torn or dark before the camera is opened anew."""
LONGEST_DARK_SECONDS = 300.0
"""In the dark each wait is twice the last, up to this: at night there is nothing to mend."""

_ROWS = 40
"""A picture is judged by about so many of its rows. Whole ones: picking columns out takes ten times as long."""
_DARK = 24
"""Brighter than the black (16) of a picture whose range was not widened."""
_BLACKS = bytes(range(_DARK))
_PROBES = 64
_LIT_SHARE = 0.01
"""Of the samples; fewer are a lamp in a dark room."""
_TORN_SHARE = 1 / 8
"""Of the rows at the bottom, where what did not arrive is missing."""

_END_BYTES = 256


class Flaw(Enum):
    """What is wrong with a picture, in words for whoever can mend it."""

    SAME = "gives the same picture again and again; it is opened anew, and if that does not help: unplug it"
    TORN = "gives only torn pictures; it is opened anew, and if that does not help: try another cable or port"
    DARK = "sees nothing but darkness; is it covered, or the light off?"

    @property
    def code(self) -> str:
        """Names it for programs."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be done with a picture."""

    shown: bool
    """It may be looked at."""
    flaw: Flaw | None = None
    """What the camera suffers from by now; None while it is well, or may yet be."""
    reopen: bool = False


_GOOD = Judgement(shown=True)


class ContentGuard:
    """Follows one camera over all its reconnects. Belongs to one thread.

    Measured (`bench/frozen.py`): with a tenth of a grey level of noise, less than sensors have, still scenes repeated 4
    pictures in a row at most as JPEG and 10 by a codec of differences, both in the dark. Five seconds are 75 and more.
    """

    def __init__(self, repeat_limit_seconds: float) -> None:
        """`repeat_limit_seconds`: how long pictures may be alike to the last bit."""
        self._limits = {
            Flaw.SAME: repeat_limit_seconds,
            Flaw.TORN: PATIENCE_SECONDS,
            Flaw.DARK: PATIENCE_SECONDS,
        }
        self._last = b""
        self._last_jpeg = b""
        self._since: dict[Flaw, float] = {}
        self._known: Flaw | None = None

    def opened(self) -> None:
        """The camera was opened anew: it gets its time again, but is not well before a good picture comes."""
        self._since = {}

    def judge(self, frame: Frame) -> Judgement:
        """Look at the next picture."""
        samples = _samples(frame.bgr)
        is_same = samples == self._last
        self._last, self._last_jpeg = samples, b""
        return self._judge(_flaws(samples, is_same=is_same), frame.time)

    def judge_glimpse(self, glimpse: Glimpse) -> Judgement:
        """The same of a picture seen small, which is unpacked only where something may be wrong with it.

        Small, a still scene may well look alike for ever; so whether a packed picture is the same is told by its bytes.
        """
        if not glimpse.jpeg:
            bgr = glimpse.whole()
            assert bgr is not None
            return self.judge(Frame(glimpse.index, glimpse.time, bgr))
        is_same = _are_same(glimpse.jpeg, self._last_jpeg)
        self._last, self._last_jpeg = b"", glimpse.jpeg
        flaws = _flaws(_samples(glimpse.small), is_same=is_same)
        if set(flaws) - {Flaw.SAME}:
            bgr = glimpse.whole()
            flaws = [Flaw.TORN] if bgr is None else _flaws(_samples(bgr), is_same=is_same)
        return self._judge(flaws, glimpse.time)

    def _judge(self, flaws: list[Flaw], now: float) -> Judgement:
        self._since = {flaw: self._since.get(flaw, now) for flaw in flaws}
        if not flaws:
            self._known = None
            self._limits[Flaw.DARK] = PATIENCE_SECONDS
            return _GOOD
        for flaw in flaws:
            if now - self._since[flaw] >= self._limits[flaw]:
                self._known = flaw
                if flaw is Flaw.DARK:
                    self._limits[flaw] = min(2 * self._limits[flaw], LONGEST_DARK_SECONDS)
                return Judgement(shown=False, flaw=flaw, reopen=True)
        return Judgement(shown=self._known is None and Flaw.TORN not in flaws, flaw=self._known)


def _flaws(samples: bytes, *, is_same: bool) -> list[Flaw]:
    found = [Flaw.SAME] if is_same else []
    if _is_torn(samples):
        found.append(Flaw.TORN)
    if _is_dark(samples):
        found.append(Flaw.DARK)
    return found


def _are_same(one: bytes, other: bytes) -> bool:
    """Whether the packed pixels are: a camera may count or tell the time in what comes before them."""
    # Nearly always the end differs, and the beginning need not be looked for.
    return one[-_END_BYTES:] == other[-_END_BYTES:] and _scan(one) == _scan(other)


def _scan(jpeg: bytes) -> bytes:
    return jpeg[max(0, jpeg.rfind(b"\xff\xda")) :]


def _samples(bgr: NDArray[np.uint8]) -> bytes:
    """About 40 rows of the picture, blue, green and red in turn. As bytes, which are compared in next to no time."""
    step = max(1, bgr.shape[0] // _ROWS)
    # Copied by rows first: by itself `tobytes` takes what is not contiguous apart pixel by pixel.
    return bgr[step // 2 :: step].copy().tobytes()


def _is_dark(samples: bytes) -> bool:
    probe = samples[:: len(samples) // _PROBES + 1]
    if 2 * len(probe.translate(None, _BLACKS)) > len(probe):
        return False  # as nearly always, and so need not be counted
    return len(samples.translate(None, _BLACKS)) < _LIT_SHARE * len(samples)


def _is_torn(samples: bytes) -> bool:
    """Whether the bottom is all of one colour, as decoders paint what is missing: grey, green or black.

    Black and white are left out: a shadow or a lamp can be that to the last bit.
    """
    bottom = samples[-max(1, int(len(samples) // 3 * _TORN_SHARE)) * 3 :]
    colour = bottom[-3:]
    return bottom == colour * (len(bottom) // 3) and max(colour) > _DARK and min(colour) < 255
