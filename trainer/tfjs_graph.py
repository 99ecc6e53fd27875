"""`tfjs/` read back and run: the page's graph with the page's quantised weights, on TensorFlow's kernels.

TensorFlow.js keeps the graph as a GraphDef in JSON, without the values of its constants; those lie in the shards. Put
together again it is an ordinary TensorFlow graph, but for one operation that only TensorFlow.js has. What this gives
differs from a browser only by the rounding of float32 sums.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.errors import ExportError

_FUSED_DEPTHWISE = "FusedDepthwiseConv2dNative"


class TfjsGraph:
    """A graph model on disk, ready to run."""

    def __init__(self, directory: Path) -> None:
        import tensorflow as tf

        description = json.loads((directory / "model.json").read_text())
        graph = _graph_def(description, directory)
        wrapped = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(graph, name=""), [])
        [taken], [given] = (description["signature"][side].values() for side in ("inputs", "outputs"))
        self.run = wrapped.prune(taken["name"], given["name"])
        """RGB pixels, a float32 tensor [N, S, S, 3] from 0 to 255, to probabilities, [N, labels]."""

    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """RGB pixels, uint8 [N, S, S, 3], to probabilities, float32 [N, labels]."""
        import tensorflow as tf

        return np.asarray(self.run(tf.constant(pixels, tf.float32)), np.float32)


def read_weights(manifest: list[dict[str, Any]], directory: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    """Every constant's name and value, as the page's loader makes it of the shards' bytes.

    The format: https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/io_utils.ts

    Raises:
        ExportError: the shards are shorter than the manifest says.
    """
    for group in manifest:
        content = b"".join((directory / path).read_bytes() for path in group["paths"])
        place = 0
        for entry in group["weights"]:
            quantised = entry.get("quantization", {})
            stored = np.dtype(quantised.get("dtype", entry["dtype"])).newbyteorder("<")
            count = int(np.prod(entry["shape"]))
            if place + count * stored.itemsize > len(content):
                raise ExportError(f"{directory}: the weights of {entry['name']} are missing; build the bundle again")
            value: NDArray[Any] = np.frombuffer(content, stored, count, place).reshape(entry["shape"])
            place += count * stored.itemsize
            if "scale" in quantised:
                value = value * quantised["scale"] + quantised["min"]
            yield entry["name"], value.astype(entry["dtype"])


def _graph_def(description: dict[str, Any], directory: Path) -> Any:
    import tensorflow as tf
    from google.protobuf import json_format  # type: ignore[import-untyped]

    graph = json_format.ParseDict(description["modelTopology"], tf.compat.v1.GraphDef())
    values = dict(read_weights(description["weightsManifest"], directory))
    for node in graph.node:
        node.device = ""
        if node.op == "Const":
            if node.name not in values:
                raise ExportError(f"{directory}: the weights of {node.name} are missing; build the bundle again")
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values[node.name]))
    for node in [node for node in graph.node if node.op == _FUSED_DEPTHWISE]:
        _take_apart(graph, node)
    return graph


def _take_apart(graph: Any, node: Any) -> None:
    """Replace a fused depthwise convolution by its parts; the last one keeps the name that others refer to."""
    parts = [part.decode() for part in node.attr["fused_ops"].list.s if part != b"NoOp"]
    name, inputs = node.name, list(node.input)
    chain = ["DepthwiseConv2dNative", *parts]
    for place, operation in enumerate(chain):
        new = graph.node.add(op=operation, name=name if place == len(chain) - 1 else f"{name}/part{place}")
        if place == 0:
            new.input.extend(inputs[:2])
            for key in ("strides", "padding", "data_format", "dilations", "explicit_paddings"):
                new.attr[key].CopyFrom(node.attr[key])
        else:
            new.input.append(f"{name}/part{place - 1}")
        if operation == "BiasAdd":
            new.input.append(inputs[2])
        new.attr["T"].CopyFrom(node.attr["T"])
    graph.node.remove(node)
