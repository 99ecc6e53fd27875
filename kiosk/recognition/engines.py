"""The interpreters that can run `model.tflite`: one small seam over two packages with the same interface.

`litert` (package ai-edge-litert) is the kept successor; `tflite-runtime` serves 32-bit ARM and whoever has it. On the
same model their probabilities can differ, because they round the int8 sums in different places.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kiosk.errors import EngineError

_MODULES = {"litert": "ai_edge_litert.interpreter", "tflite-runtime": "tflite_runtime.interpreter"}


class Engine(Protocol):
    """Something that runs the network."""

    name: str

    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """RGB pixels, uint8 [1, S, S, 3], 0 to 255, to probabilities, float32 [labels]."""


class TfliteEngine:
    """An Engine over either package's `Interpreter`. Belongs to one thread."""

    def __init__(self, name: str, interpreter: Any) -> None:
        """`interpreter`: with its tensors allocated."""
        self.name = name
        self._interpreter = interpreter
        # Asking for the details costs microseconds a call: ask once.
        [input_details], [output_details] = interpreter.get_input_details(), interpreter.get_output_details()
        self._input, self._output = int(input_details["index"]), int(output_details["index"])
        self.input_shape = tuple(int(size) for size in input_details["shape"])
        self.label_count = int(output_details["shape"][-1])
        if input_details["dtype"] != np.uint8 or tuple(input_details["quantization"]) != (1.0, 0):
            raise EngineError(
                "the model does not take pixels as they are (uint8, scale 1, zero-point 0); build it again"
            )
        if output_details["dtype"] != np.uint8:
            raise EngineError("the model does not give its probabilities as uint8; build it again")
        scale, zero_point = output_details["quantization"]
        # Every probability that the output byte can stand for.
        self._probability_of = ((np.arange(256) - zero_point) * scale).astype(np.float32)

    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Engine`."""
        self._interpreter.set_tensor(self._input, pixels)
        self._interpreter.invoke()
        return np.asarray(self._probability_of[self._interpreter.get_tensor(self._output)[0]], np.float32)


def open_engine(name: str, model_path: Path, threads: int = 1) -> TfliteEngine:
    """Load the model into the named engine; `auto` takes the first that is installed, `litert` before `tflite-runtime`.

    Raises:
        EngineError: the engine is not installed, or cannot run this model.
    """
    return TfliteEngine(*load_interpreter(name, model_path, threads))


def load_interpreter(name: str, model_path: Path, threads: int = 1) -> tuple[str, Any]:
    """The chosen engine's name and its own interpreter, with its tensors allocated.

    Raises:
        EngineError: the engine is not installed, or cannot run this model.
    """
    chosen, interpreter_class = _find(name)
    try:
        interpreter = interpreter_class(model_path=str(model_path), num_threads=threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise EngineError(f"{model_path}: {chosen} cannot run it: {error}; build the bundle again") from error
    return chosen, interpreter


def installed_engines() -> list[str]:
    """The engines that can be imported here, best first."""
    return [name for name in _MODULES if _import(name) is not None]


def _find(name: str) -> tuple[str, Callable[..., Any]]:
    for candidate in _MODULES if name == "auto" else (name,):
        found = _import(candidate)
        if found is not None:
            return candidate, found
    wanted = " or ".join("ai-edge-litert" if n == "litert" else n for n in (_MODULES if name == "auto" else (name,)))
    raise EngineError(f"engine {name}: not installed here; pip install {wanted}")


def _import(name: str) -> Callable[..., Any] | None:
    try:
        interpreter: Callable[..., Any] = import_module(_MODULES[name]).Interpreter
    except ImportError:
        return None
    return interpreter
