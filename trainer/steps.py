"""A network as a list of steps, read out of a TFLite file: what both exports are made from.

TensorFlow's own converter to TFLite folds batch normalisation into the convolutions and activations into what they
follow, so what is left of MobileNet V2 are seven kinds of step. The file's layout is public:
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trainer.errors import ExportError

Kind: TypeAlias = Literal["conv", "depthwise", "dense", "add", "mul", "pad", "mean", "softmax"]
Floats: TypeAlias = NDArray[np.float32]
RELU6_MOST = 6.0


@dataclass(frozen=True, slots=True)
class Grid:
    """The values that an integer tensor can hold: (q - zero_point) * scale, for q from -128 to 127."""

    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on pictures, [N, H, W, C], or on features, [N, C]."""

    kind: Kind
    inputs: tuple[str, ...]
    """Names of the steps' outputs (or of the network's input) that it works on."""
    output: str
    kernel: Floats | None = None
    """Of conv: [height, width, in, out]; depthwise: [height, width, channels, 1]; dense: [in, out]."""
    bias: Floats | None = None
    """[out]"""
    kernel_scales: Floats | None = None
    """Of an integer network: what each integer of the kernel stands for, [out]."""
    constant: float | None = None
    """What `add` and `mul` with one input add or multiply by, or `pad` puts around."""
    stride: int = 1
    padding: str = "SAME"
    around: tuple[tuple[int, int], ...] = ()
    """How many `pad` puts before and behind, for each dimension."""
    relu6: bool = False
    grid: Grid | None = None
    """What the output is rounded to in an integer network."""


@dataclass(frozen=True, slots=True)
class Network:
    """Steps in the order in which they can be done."""

    input: str
    input_shape: tuple[int, ...]
    """Without the first dimension."""
    steps: tuple[Step, ...]
    input_grid: Grid | None = None

    @property
    def output(self) -> str:
        """Name of the last step's output: the probabilities."""
        return self.steps[-1].output


def read_network(content: bytes) -> Network:
    """The steps of a TFLite file; weights of integers come out as the floats that they stand for.

    Raises:
        ExportError: the network has a part that is not known here.
    """
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    reader = _Reader(schema, model)
    steps = tuple(reader.steps())
    first = reader.tensor(model.subgraphs[0].inputs[0])
    taken = steps[0].inputs[0]
    return Network(taken, tuple(int(side) for side in first.shape[1:]), steps, reader.grids.get(taken))


class _Reader:
    """Goes through a file's operators."""

    def __init__(self, schema: Any, model: Any) -> None:
        self._schema, self._model = schema, model
        self._graph = model.subgraphs[0]
        self._renamed: dict[str, str] = {}
        self.grids: dict[str, Grid] = {}
        self._kinds = {number: name for name, number in vars(schema.BuiltinOperator).items() if name.isupper()}

    def tensor(self, index: int) -> Any:
        """A tensor's description."""
        return self._graph.tensors[index]

    def steps(self) -> Iterator[Step]:
        """Every operator but the mere changes from one integer type to another."""
        readers: dict[str, Callable[[Any], Step]] = {
            "CONV_2D": self._conv,
            "DEPTHWISE_CONV_2D": self._depthwise,
            "FULLY_CONNECTED": self._dense,
            "ADD": lambda operator: self._arithmetic("add", operator),
            "MUL": lambda operator: self._arithmetic("mul", operator),
            "PADV2": self._pad,
            "MEAN": lambda operator: self._plain("mean", operator),
            "SOFTMAX": lambda operator: self._plain("softmax", operator),
        }
        for operator in self._graph.operators:
            code = self._model.operatorCodes[operator.opcodeIndex]
            name = self._kinds[max(code.builtinCode, code.deprecatedBuiltinCode)]
            if name == "QUANTIZE":
                self._rename(operator)
            elif name in readers:
                yield readers[name](operator)
            else:
                raise ExportError(f"the network has an operation that the page's form is not made for: {name}")

    def _rename(self, operator: Any) -> None:
        taken, given = int(operator.inputs[0]), int(operator.outputs[0])
        self._renamed[self._plain_name(given)] = self._name(taken)
        grid = self._grid(given)
        if grid is not None and self.tensor(given).type == self._schema.TensorType.INT8:
            self.grids[self._name(taken)] = grid

    def _plain_name(self, index: int) -> str:
        return f"tensor{index}"

    def _name(self, index: int) -> str:
        name = self._plain_name(int(index))
        return self._renamed.get(name, name)

    def _conv(self, operator: Any) -> Step:
        # [out, height, width, in] in the file.
        kernel = self._values(operator.inputs[1]).transpose(1, 2, 3, 0)
        return self._weighted("conv", operator, kernel, stride=int(operator.builtinOptions.strideH))

    def _depthwise(self, operator: Any) -> Step:
        # [1, height, width, channels] in the file.
        kernel = self._values(operator.inputs[1]).transpose(1, 2, 3, 0)
        if operator.builtinOptions.depthMultiplier not in (0, 1):
            raise ExportError("the network has a depthwise convolution that makes several channels of one")
        return self._weighted("depthwise", operator, kernel, stride=int(operator.builtinOptions.strideH))

    def _dense(self, operator: Any) -> Step:
        return self._weighted("dense", operator, self._values(operator.inputs[1]).T)

    def _weighted(self, kind: Kind, operator: Any, kernel: Floats, stride: int = 1) -> Step:
        has_bias = len(operator.inputs) > 2 and operator.inputs[2] >= 0
        bias = self._values(operator.inputs[2]) if has_bias else np.zeros(self._channels(operator), np.float32)
        padding = getattr(operator.builtinOptions, "padding", self._schema.Padding.VALID)
        return Step(
            kind,
            (self._name(operator.inputs[0]),),
            self._name(operator.outputs[0]),
            kernel=np.ascontiguousarray(kernel),
            bias=bias,
            kernel_scales=self._scales(operator.inputs[1]),
            stride=stride,
            padding="SAME" if padding == self._schema.Padding.SAME else "VALID",
            relu6=self._relu6(operator),
            grid=self._grid(operator.outputs[0]),
        )

    def _channels(self, operator: Any) -> int:
        return int(self.tensor(operator.outputs[0]).shape[-1])

    def _arithmetic(self, kind: Kind, operator: Any) -> Step:
        variable = [index for index in operator.inputs if not self._is_constant(index)]
        constants = [self._values(index) for index in operator.inputs if self._is_constant(index)]
        if any(constant.size != 1 for constant in constants):
            raise ExportError(f"the network has a part that the page's form is not made for: {kind} with many values")
        return Step(
            kind,
            tuple(self._name(index) for index in variable),
            self._name(operator.outputs[0]),
            constant=float(constants[0].reshape(())) if constants else None,
            relu6=self._relu6(operator),
            grid=self._grid(operator.outputs[0]),
        )

    def _pad(self, operator: Any) -> Step:
        around = tuple((int(before), int(behind)) for before, behind in self._values(operator.inputs[1]))
        constant = float(self._values(operator.inputs[2]).reshape(()))
        taken, given = self._name(operator.inputs[0]), self._name(operator.outputs[0])
        return Step("pad", (taken,), given, constant=constant, around=around, grid=self._grid(operator.outputs[0]))

    def _plain(self, kind: Kind, operator: Any) -> Step:
        taken, given = self._name(operator.inputs[0]), self._name(operator.outputs[0])
        return Step(kind, (taken,), given, grid=self._grid(operator.outputs[0]))

    def _relu6(self, operator: Any) -> bool:
        function, functions = operator.builtinOptions.fusedActivationFunction, self._schema.ActivationFunctionType
        if function not in (functions.NONE, functions.RELU6):
            raise ExportError(f"the network has an activation that is not known here (number {function})")
        return bool(function == functions.RELU6)

    def _is_constant(self, index: int) -> bool:
        return self._model.buffers[self.tensor(index).buffer].data is not None

    def _grid(self, index: int) -> Grid | None:
        quantised = self.tensor(index).quantization
        if quantised is None or quantised.scale is None or len(quantised.scale) != 1:
            return None
        return Grid(float(quantised.scale[0]), int(quantised.zeroPoint[0]))

    def _scales(self, index: int) -> Floats | None:
        quantised = self.tensor(index).quantization
        return None if quantised is None or quantised.scale is None else np.asarray(quantised.scale, np.float32)

    def _values(self, index: int) -> Any:
        """A constant: floats, or the floats that integers stand for, or plain integers."""
        tensor = self.tensor(index)
        types = self._schema.TensorType
        known = {types.FLOAT32: np.float32, types.INT8: np.int8, types.UINT8: np.uint8, types.INT32: np.int32}
        raw = np.asarray(self._model.buffers[tensor.buffer].data, np.uint8).tobytes()
        stored = np.frombuffer(raw, np.dtype(known[tensor.type])).reshape(tensor.shape)
        quantised = tensor.quantization
        if quantised is None or quantised.scale is None:
            return stored
        along = [1] * stored.ndim
        if len(quantised.scale) > 1:
            along[quantised.quantizedDimension] = -1
        scale = np.asarray(quantised.scale, np.float64).reshape(along)
        return ((stored.astype(np.float64) - np.asarray(quantised.zeroPoint).reshape(along)) * scale).astype(np.float32)
