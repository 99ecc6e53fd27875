"""The floor: unpack, cut, shrink and the network, written by hand in one loop, and nothing else."""

import time
from typing import Any

import cv2
import numpy as np

from kiosk.bench.pictures import HEIGHT_PX, WIDTH_PX


class BareLoop:
    """Knows beforehand what the kiosk finds out for each picture: its size, and how small it may be unpacked."""

    def __init__(self, interpreter: Any, size_px: int) -> None:
        """`interpreter`: of either engine, with its tensors allocated. `size_px`: of the network's input."""
        self._interpreter = interpreter
        self._input = interpreter.get_input_details()[0]["index"]
        self._output = interpreter.get_output_details()[0]["index"]
        self._size = (size_px, size_px)
        self._flags, times = (cv2.IMREAD_REDUCED_COLOR_2, 2) if 4 * size_px <= HEIGHT_PX else (cv2.IMREAD_COLOR, 1)
        side_px, left = HEIGHT_PX // times, (WIDTH_PX - HEIGHT_PX) // 2 // times
        self._square = slice(left, left + side_px)

    def timed_frame(self, jpeg: bytes) -> float:
        """Seconds that a frame took."""
        started = time.perf_counter()
        self.frame(jpeg)
        return time.perf_counter() - started

    def frame(self, jpeg: bytes) -> int:
        """Which label comes first."""
        bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), self._flags)
        small = cv2.resize(bgr[:, self._square], self._size, interpolation=cv2.INTER_AREA)
        self._interpreter.set_tensor(self._input, cv2.cvtColor(small, cv2.COLOR_BGR2RGB)[np.newaxis])
        self._interpreter.invoke()
        return int(self._interpreter.get_tensor(self._output)[0].argmax())
