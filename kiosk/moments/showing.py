"""One showing: what was held up from the first frame that looked like a product to the last, and what came of it."""

import threading
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.manifest import UNKNOWN
from kiosk.camera.frame import Frame
from kiosk.recognition.prediction import Prediction
from kiosk.recognition.voting import Decision

PICTURES = 12
"""Of one showing, at most: near-copies teach nothing."""
FIRST_GAP_SECONDS = 0.2
"""Between two of its pictures; twice as long each time that there are too many."""
GONE_SECONDS = 1.0
"""No product first for so long, and what was held up is gone."""
LEAST_FRAMES = 8
"""Fewer that put a product first are a hand that passes, and no showing in vain."""
JPEG_QUALITY = 92


class Reason(StrEnum):
    """Why a moment was hard."""

    NO_DECISION = "no_decision"
    """Something looked like a product, and nothing was decided."""
    UNDONE = "undone"
    """The shopper took the sale back."""
    REFUSED = "refused"
    """The shopper took it back and then chose another product: "not that"."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What the kiosk took it for."""

    label: str
    confidence: float
    """Of the decision; without one, the highest of a frame. 0 to 1."""


class Showing:
    """Filled by the recognition thread, packed by the one that writes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pictures: list[NDArray[np.uint8] | bytes] = []
        self._gap_seconds = FIRST_GAP_SECONDS
        self._kept_at = -1.0
        self._seen: Counter[str] = Counter()
        self._best: dict[str, float] = {}
        self.decision: Decision | None = None
        self.last_seen_at = 0.0
        """When a product came first last, by the frame's clock."""

    @property
    def in_vain(self) -> bool:
        """Whether somebody held something up and nothing was decided."""
        return self.decision is None and self._seen.total() >= LEAST_FRAMES

    @property
    def guess(self) -> Guess:
        """What was decided, else what came first most often."""
        if self.decision is not None:
            return Guess(self.decision.label, self.decision.confidence)
        label = self._seen.most_common(1)[0][0] if self._seen else UNKNOWN
        return Guess(label, self._best.get(label, 0.0))

    def add(self, frame: Frame, prediction: Prediction) -> None:
        """A frame that puts a product first. Its picture is kept as it is, and must not be changed."""
        label, confidence = prediction.label, prediction.confidence
        self._seen[label] += 1
        self._best[label] = max(self._best.get(label, 0.0), confidence)
        self.last_seen_at = frame.time
        if self._pictures and frame.time - self._kept_at < self._gap_seconds:
            return
        self._kept_at = frame.time
        with self._lock:
            self._pictures.append(frame.bgr)
            if len(self._pictures) > PICTURES:
                self._pictures = self._pictures[::2]
                self._gap_seconds *= 2

    def packed(self) -> list[bytes]:
        """Its pictures as JPEG; each is packed once, and takes little memory from then on."""
        with self._lock:
            pictures = list(self._pictures)
        packed = [one if isinstance(one, bytes) else _packed(one) for one in pictures]
        with self._lock:
            if len(self._pictures) == len(pictures):
                self._pictures = list(packed)
        return packed


def _packed(bgr: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
