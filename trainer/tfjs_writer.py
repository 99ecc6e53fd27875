"""A network written as a TensorFlow.js graph model.

The form: `model.json` holds a GraphDef as JSON in which constants have no values, and a manifest of the constants,
whose bytes lie one after the other in shards. As in the loader's source:
https://github.com/tensorflow/tfjs/tree/master/tfjs-converter/src and .../tfjs-core/src/io

A network of integers is written so that the page reckons with the very integers that the kiosk reckons with: they are
held in floats, which are exact up to 2**24, and each step's result is rounded to the step's grid as XNNPACK rounds it.
Rounding errors are then the same on both, and so are the answers. With floats in between, a network that is unsure of
a photo would name another product in the page than on the kiosk.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.errors import ExportError
from trainer.steps import RELU6_MOST, Grid, Network, Step

MODEL_NAME = "model.json"
SHARD_BYTES = 4 * 1024 * 1024
"""Largest shard: the size that the official converter chose, for the sake of browsers' caches."""
_INPUT, _OUTPUT = "pixels", "probabilities"
_TYPE_ATTRIBUTES = frozenset({"T", "TArgs", "Tidx", "Tpaddings", "dtype"})
_FUSED = {"conv": "_FusedConv2D", "depthwise": "FusedDepthwiseConv2dNative", "dense": "_FusedMatMul"}


@dataclass
class _Graph:
    """Nodes and constants, as they come up."""

    graph: Any
    weights: list[tuple[dict[str, Any], bytes]] = field(default_factory=list)

    def node(self, operation: str, name: str, inputs: tuple[str, ...], **attributes: Any) -> str:
        """Add an operation; returns its name."""
        node = self.graph.node.add(op=operation, name=name, input=inputs)
        for key, value in attributes.items():
            _set(node.attr[key], value, is_type=key in _TYPE_ATTRIBUTES)
        return name

    def floats(self, name: str, value: Any) -> str:
        """Add a constant of float32."""
        return self._constant(name, np.asarray(value, np.float32), {})

    def whole(self, name: str, value: Any) -> str:
        """Add a constant of int32."""
        return self._constant(name, np.asarray(value, np.int32), {})

    def small_integers(self, name: str, value: NDArray[Any]) -> str:
        """Add a constant of floats that are integers from -128 to 127, one byte each."""
        least = -128.0
        quantised = {"dtype": "uint8", "min": least, "scale": 1.0, "original_dtype": "float32"}
        return self._constant(name, (value - least).astype(np.uint8), {"dtype": "float32", "quantization": quantised})

    def _constant(self, name: str, stored: NDArray[Any], overrides: dict[str, Any]) -> str:
        entry = {"name": name, "shape": list(stored.shape), "dtype": stored.dtype.name, **overrides}
        kind = _types()["int32" if entry["dtype"] == "int32" else "float32"]
        node = self.graph.node.add(op="Const", name=name)
        node.attr["dtype"].type = kind
        node.attr["value"].tensor.dtype = kind
        for side in stored.shape:
            node.attr["value"].tensor.tensor_shape.dim.add(size=side)
        self.weights.append((entry, stored.astype(stored.dtype.newbyteorder("<")).tobytes()))
        return name


def write_tfjs(network: Network, directory: Path, generated_by: str) -> None:
    """Write `network` into `directory`, which must be there and empty.

    `generated_by` says what wrote it, for whoever opens the file.

    Raises:
        ExportError: a step has no counterpart in the page.
    """
    import tensorflow as tf
    from google.protobuf import json_format  # type: ignore[import-untyped]

    graph = _Graph(tf.compat.v1.GraphDef())
    graph.graph.versions.producer = tf.compat.v1.GRAPH_DEF_VERSION
    graph.node("Placeholder", _INPUT, (), dtype=_types()["float32"], shape=(-1, *network.input_shape))
    units = {network.input: network.input_grid}
    names = {network.input: _INPUT}
    for number, step in enumerate(network.steps):
        last = number == len(network.steps) - 1
        name = _OUTPUT if last else f"{step.kind}{number}"
        names[step.output] = _write_step(graph, step, name, [names[taken] for taken in step.inputs], units)
        units[step.output] = step.grid
    [labels] = [step.bias.shape[0] for step in network.steps if step.kind == "dense" and step.bias is not None][-1:]
    description = {
        "format": "graph-model",
        "generatedBy": generated_by,
        "convertedBy": None,
        "signature": {
            "inputs": {_INPUT: _tensor(_INPUT, (-1, *network.input_shape))},
            "outputs": {_OUTPUT: _tensor(_OUTPUT, (-1, labels))},
        },
        "modelTopology": json_format.MessageToDict(graph.graph),
        "weightsManifest": [_write_shards(graph.weights, directory)],
    }
    (directory / MODEL_NAME).write_text(json.dumps(description))


def _write_step(graph: _Graph, step: Step, name: str, inputs: list[str], units: dict[str, Grid | None]) -> str:
    taken, given = units[step.inputs[0]], step.grid
    if step.kind == "softmax":
        return _softmax(graph, name, inputs[0], taken)
    if taken is not None and given is not None:
        return _write_integers(graph, step, name, inputs, [units[one] for one in step.inputs])
    if step.kernel is not None:
        kernel = graph.floats(f"{name}/kernel", step.kernel)
        fused = (b"BiasAdd", b"Relu6") if step.relu6 else (b"BiasAdd",)
        return _weighted(graph, step, name, (inputs[0], kernel, graph.floats(f"{name}/bias", step.bias)), fused)
    result = _unweighted(graph, step, f"{name}/plain" if step.relu6 else name, inputs)
    return graph.node("Relu6", name, (result,), T=_types()["float32"]) if step.relu6 else result


def _write_integers(graph: _Graph, step: Step, name: str, inputs: list[str], taken: list[Grid | None]) -> str:
    """A step on integers: what it gives, in units of its own grid's scale and without its zero point."""
    given = step.grid
    assert given is not None
    first = taken[0]
    assert first is not None
    if step.kind == "pad":
        return _pad(graph, step, name, inputs[0], (step.constant or 0) / first.scale)
    if step.kernel is not None and step.kernel_scales is not None and step.bias is not None:
        one = np.float32(first.scale) * step.kernel_scales
        kernel = graph.small_integers(f"{name}/kernel", np.round(step.kernel / _along(step)))
        bias = graph.floats(f"{name}/bias", np.round(step.bias.astype(np.float64) / one))
        sums = _weighted(graph, step, f"{name}/sums", (inputs[0], kernel, bias), (b"BiasAdd",))
        scaled = _multiply(graph, f"{name}/scaled", sums, one / np.float32(given.scale))
    elif step.kind == "add" and len(inputs) == 2:
        parts = [
            _multiply(graph, f"{name}/part{place}", one, np.float32(grid.scale) / np.float32(given.scale))
            for place, (one, grid) in enumerate(zip(inputs, taken, strict=True))
            if grid is not None
        ]
        scaled = graph.node("AddV2", f"{name}/scaled", tuple(parts), T=_types()["float32"])
    elif step.kind == "mean":
        mean = _unweighted(graph, step, f"{name}/mean", inputs)
        scaled = _multiply(graph, f"{name}/scaled", mean, np.float32(first.scale) / np.float32(given.scale))
    else:
        raise ExportError(f"the integer network has a step that the page's form is not made for: {step.kind}")
    return _rounded(graph, name, scaled, step)


def _along(step: Step) -> NDArray[np.float32]:
    """The kernel's scales, shaped so as to divide the kernel."""
    assert step.kernel_scales is not None
    return step.kernel_scales[:, np.newaxis] if step.kind == "depthwise" else step.kernel_scales


def _rounded(graph: _Graph, name: str, scaled: str, step: Step) -> str:
    """Rounded to the nearest, halves to even, and held within the grid."""
    grid = step.grid
    assert grid is not None
    least, most = -128 - grid.zero_point, 127 - grid.zero_point
    if step.relu6:
        least, most = max(least, 0), min(most, round(RELU6_MOST / grid.scale))
    floats = _types()["float32"]
    rounded = graph.node("Round", f"{name}/rounded", (scaled,), T=floats)
    bounds = graph.floats(f"{name}/least", least), graph.floats(f"{name}/most", most)
    return graph.node("ClipByValue", name, (rounded, *bounds), T=floats)


def _softmax(graph: _Graph, name: str, logits: str, taken: Grid | None) -> str:
    if taken is not None:
        logits = _multiply(graph, f"{name}/logits", logits, np.float32(taken.scale))
    return graph.node("Softmax", name, (logits,), T=_types()["float32"])


def _weighted(graph: _Graph, step: Step, name: str, inputs: tuple[str, ...], fused: tuple[bytes, ...]) -> str:
    """A convolution or a product of inputs and kernel, with what is `fused` with it: one operation."""
    floats = _types()["float32"]
    common = {"T": floats, "num_args": 1, "fused_ops": [*fused]}
    if step.kind == "dense":
        return graph.node(_FUSED["dense"], name, inputs, transpose_a=False, transpose_b=False, **common)
    where: dict[str, Any] = {
        "strides": [1, step.stride, step.stride, 1],
        "dilations": [1, 1, 1, 1],
        "padding": step.padding.encode(),
        "data_format": b"NHWC",
    }
    return graph.node(_FUSED[step.kind], name, inputs, TArgs=[floats], **where, **common)


def _unweighted(graph: _Graph, step: Step, name: str, inputs: list[str]) -> str:
    floats = _types()["float32"]
    if step.kind == "pad":
        return _pad(graph, step, name, inputs[0], step.constant or 0)
    if step.kind == "mean":
        axes = graph.whole(f"{name}/axes", [1, 2])
        return graph.node("Mean", name, (inputs[0], axes), T=floats, Tidx=_types()["int32"], keep_dims=False)
    if len(inputs) == 1:
        inputs = [*inputs, graph.floats(f"{name}/constant", step.constant)]
    return graph.node({"add": "AddV2", "mul": "Mul"}[step.kind], name, tuple(inputs), T=floats)


def _pad(graph: _Graph, step: Step, name: str, taken: str, value: float) -> str:
    around, content = graph.whole(f"{name}/around", step.around), graph.floats(f"{name}/value", value)
    types = {"T": _types()["float32"], "Tpaddings": _types()["int32"]}
    return graph.node("PadV2", name, (taken, around, content), **types)


def _multiply(graph: _Graph, name: str, taken: str, factor: Any) -> str:
    return graph.node("Mul", name, (taken, graph.floats(f"{name}/factor", factor)), T=_types()["float32"])


def _write_shards(weights: list[tuple[dict[str, Any], bytes]], directory: Path) -> dict[str, Any]:
    content = b"".join(stored for _, stored in weights)
    count = -(-len(content) // SHARD_BYTES)
    paths = [f"group1-shard{number}of{count}.bin" for number in range(1, count + 1)]
    for number, path in enumerate(paths):
        (directory / path).write_bytes(content[number * SHARD_BYTES : (number + 1) * SHARD_BYTES])
    return {"paths": paths, "weights": [entry for entry, _ in weights]}


def _tensor(name: str, shape: tuple[int, ...]) -> dict[str, Any]:
    sides = [{"size": str(side)} for side in shape]
    return {"name": f"{name}:0", "dtype": "DT_FLOAT", "tensorShape": {"dim": sides}}


def _types() -> dict[str, int]:
    import tensorflow as tf

    return {"float32": tf.float32.as_datatype_enum, "int32": tf.int32.as_datatype_enum}


def _set(attribute: Any, value: Any, is_type: bool) -> None:
    if is_type and isinstance(value, list):
        attribute.list.type.extend(value)
    elif is_type:
        attribute.type = value
    elif isinstance(value, bool):
        attribute.b = value
    elif isinstance(value, bytes):
        attribute.s = value
    elif isinstance(value, tuple):
        for side in value:
            attribute.shape.dim.add(size=side)
    elif isinstance(value, list) and isinstance(value[0], bytes):
        attribute.list.s.extend(value)
    elif isinstance(value, list):
        attribute.list.i.extend(value)
    else:
        attribute.i = value
