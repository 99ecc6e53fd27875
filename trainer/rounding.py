"""A network made ready for integers: what rounding its weights would shift is put right beforehand.

Rounding a layer's weights shifts the mean of each of its outputs, by the rounding errors times the mean of what goes
in. These shifts add up from layer to layer and cost more than all other errors of 8 bits together. They are known, so
each is taken off the layer's bias: "bias correction", Nagel et al. 2019, https://arxiv.org/abs/1906.04721, section 4.2.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trainer.channels import channel_means
from trainer.steps import Floats, Network, Step

_MOST = 127
"""Weights become whole multiples, from -127 to 127, of one scale for each output."""
_PIXEL_MIDDLE = 128.0


def with_pixels_straight_in(network: Network) -> Network:
    """The same network without the scaling of pixels before its first convolution, which takes it over.

    Integer networks do each step on 256 values; two steps of scaling leave about 170 of a pixel's 256. The
    convolution's border must then be the grey that was nought before; the nearest whole pixel value stands for it.
    """
    if [step.kind for step in network.steps[:3]] != ["mul", "add", "conv"]:
        return network
    scale, shift, conv = network.steps[:3]
    if scale.constant is None or shift.constant is None or conv.kernel is None or conv.bias is None:
        return network
    height, width = network.input_shape[:2]
    around = ((0, 0), _same_padding(height, conv, 0), _same_padding(width, conv, 1), (0, 0))
    pad = Step("pad", (network.input,), "padded", constant=_PIXEL_MIDDLE, around=around)
    bias = conv.bias + shift.constant * conv.kernel.sum(axis=(0, 1, 2))
    taken_over = replace(
        conv,
        inputs=(pad.output,),
        kernel=np.asarray(conv.kernel * scale.constant, np.float32),
        bias=np.asarray(bias, np.float32),
        padding="VALID",
    )
    return replace(network, steps=(pad, taken_over, *network.steps[3:]))


def _same_padding(side: int, conv: Step, dimension: int) -> tuple[int, int]:
    """What TensorFlow's padding "SAME" puts before and behind.

    https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
    """
    if conv.padding != "SAME" or conv.kernel is None:
        return 0, 0
    total = max((-(-side // conv.stride) - 1) * conv.stride + conv.kernel.shape[dimension] - side, 0)
    return total // 2, total - total // 2


def with_biases_corrected(network: Network, batches: Sequence[NDArray[np.uint8]]) -> Network:
    """The network with weights on their integers' grid and biases that make up for it.

    `batches` are RGB pixels, uint8 [N, S, S, 3], of photos like those that the network will see.
    """
    means = channel_means(network, batches)
    return replace(network, steps=tuple(_corrected(step, means) for step in network.steps))


def _corrected(step: Step, means: dict[str, Floats]) -> Step:
    if step.kernel is None or step.bias is None:
        return step
    rounded = _rounded(step)
    error, mean = step.kernel - rounded, means[step.inputs[0]]
    # A depthwise kernel is [height, width, channels, 1]; without its last side, each channel is input and output.
    sums = error.sum(axis=(0, 1)) if error.ndim == 4 else error
    shift = mean * sums[:, 0] if step.kind == "depthwise" else mean @ sums
    return replace(step, kernel=rounded, bias=np.asarray(step.bias + shift, np.float32))


def _rounded(step: Step) -> Floats:
    """The kernel as TFLite will round it: to 127 steps on either side of nought, for each output by itself."""
    assert step.kernel is not None
    others = (0, 1, 3) if step.kind == "depthwise" else tuple(range(step.kernel.ndim - 1))
    scale = np.abs(step.kernel).max(axis=others, keepdims=True) / _MOST
    scale = np.where(scale > 0, scale, 1)
    return np.asarray(np.round(step.kernel / scale) * scale, np.float32)
