"""A bundle made ready to recognise: preprocessing and inference in one call, each stage timed for whoever asks."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.bundle import Bundle
from kiosk.bundle.self_test import require_golden
from kiosk.errors import BundleError
from kiosk.recognition.engines import TfliteEngine, open_engine
from kiosk.recognition.prediction import Prediction
from kiosk.recognition.preprocessing import preprocess

StageTimer = Callable[[str], AbstractContextManager[object]]
"""Given a stage's name, a context in which that stage runs. The clock stays outside."""


def untimed(_stage: str) -> AbstractContextManager[object]:
    """The timer of those who do not ask."""
    return nullcontext()


class Recogniser:
    """Turns frames into predictions. Belongs to one thread."""

    def __init__(self, bundle: Bundle, engine: TfliteEngine, timer: StageTimer = untimed) -> None:
        size = bundle.manifest.preprocessing.size_px
        self.labels = bundle.manifest.label_ids
        if engine.input_shape != (1, size, size, 3) or engine.label_count != len(self.labels):
            raise BundleError(
                f"{bundle.model_path}: takes {engine.input_shape} and knows {engine.label_count} labels, but the"
                f" manifest says (1, {size}, {size}, 3) and {len(self.labels)}; build the bundle again"
            )
        self.engine_name = engine.name
        self._engine = engine
        self._preprocessing = bundle.manifest.preprocessing
        self._timer = timer

    def predict(self, bgr: NDArray[np.uint8]) -> Prediction:
        """Classify one BGR frame, uint8 [H, W, 3]."""
        with self._timer("preprocess"):
            pixels = preprocess(bgr, self._preprocessing)
        with self._timer("inference"):
            probabilities = self._engine.classify(pixels)
        return Prediction(self.labels, probabilities)


def open_recogniser(bundle: Bundle, engine: str = "auto", threads: int = 1, timer: StageTimer = untimed) -> Recogniser:
    """Load the bundle's model into the named engine.

    Raises:
        EngineError: no such engine here.
        BundleError: the model does not fit its manifest.
    """
    return Recogniser(bundle, open_engine(engine, bundle.model_path, threads), timer)


def open_tested_recogniser(
    bundle: Bundle, engine: str = "auto", threads: int = 1, timer: StageTimer = untimed
) -> Recogniser:
    """The same, once the golden images came out right on this device; they are not timed.

    Raises:
        EngineError: no such engine here.
        BundleError: the model does not fit its manifest, or gives wrong answers.
    """
    loaded = open_engine(engine, bundle.model_path, threads)
    trial = Recogniser(bundle, loaded)
    require_golden(bundle, lambda bgr: trial.predict(bgr).probabilities)
    return Recogniser(bundle, loaded, timer)
