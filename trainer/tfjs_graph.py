"""`tfjs/` read back and run: the page's graph with the page's quantised weights, on TensorFlow's kernels.

TensorFlow.js keeps the graph as a GraphDef in JSON, without the values of its constants; those lie in the shards. Put
together again it is an ordinary TensorFlow graph, but for one operation that only TensorFlow.js has. What this gives
differs from a browser only by the rounding of float32 sums.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.errors import ExportError
from trainer.quiet import native_output_hidden

_FUSED_DEPTHWISE = "FusedDepthwiseConv2dNative"


class TfjsGraph:
    """A graph model on disk, ready to run."""

    def __init__(self, directory: Path) -> None:
        import tensorflow as tf

        description = json.loads((directory / "model.json").read_text())
        graph = _graph_def(description, directory)
        wrapped = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(graph, name=""), [])
        [taken], [given] = (description["signature"][side].values() for side in ("inputs", "outputs"))
        self._run = wrapped.prune(taken["name"], given["name"])

    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """RGB pixels, uint8 [N, S, S, 3], to probabilities, float32 [N, labels]."""
        import tensorflow as tf

        return np.asarray(self._run(tf.constant(pixels, tf.float32)), np.float32)


def _graph_def(description: dict[str, Any], directory: Path) -> Any:
    import tensorflow as tf
    from google.protobuf import json_format  # type: ignore[import-untyped]

    with native_output_hidden():
        from tensorflowjs.read_weights import read_weights

    graph = json_format.ParseDict(description["modelTopology"], tf.compat.v1.GraphDef())
    groups = read_weights(description["weightsManifest"], str(directory))
    values = {entry["name"]: entry["data"] for group in groups for entry in group}
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
