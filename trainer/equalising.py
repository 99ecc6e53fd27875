"""A network that computes the same, with channels that use the integers' range alike.

All channels of a tensor share one scale, which the widest sets: of the 256 values, a channel that goes a tenth as far
is left with 25. Weights have a scale for each output. So where only sums stand between two convolutions, and no ReLU6
that cuts at a fixed height, narrow channels are made wider by the weights before them and narrower again by those
behind: "cross-layer equalisation", Nagel et al. 2019, https://arxiv.org/abs/1906.04721, section 4.1, done here to the
outputs of MobileNet V2's bottlenecks, which blocks add to each other and which round worst of all its tensors.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trainer.channels import channel_extents
from trainer.steps import Floats, Network, Step

_WIDEST = 64.0
"""A channel is made wider by this at most: one that hardly ever holds anything says little about the next photo."""


def with_channels_equalised(network: Network, batches: Sequence[NDArray[np.uint8]]) -> Network:
    """The same network, each channel between bottlenecks as wide as the widest beside it.

    `batches` are RGB pixels, uint8 [N, S, S, 3], of photos like those that the network will see.
    """
    extents = channel_extents(network, batches)
    wider: dict[str, Floats] = {}
    for stream in _streams(network):
        furthest = np.maximum.reduce([extents[output] for output in stream])
        factors = np.clip(furthest.max() / np.maximum(furthest, 1e-6), 1, _WIDEST)
        wider.update(dict.fromkeys(stream, np.asarray(factors, np.float32)))
    return replace(network, steps=tuple(_with_widths(step, wider) for step in network.steps))


def _streams(network: Network) -> list[list[str]]:
    """Outputs that are the same channels, because they are added to each other; each list by itself.

    Only those that nothing but sums and weights take in: what else does with them may not be done to other widths.
    """
    stream_of: dict[str, list[str]] = {}
    for step in network.steps:
        if step.kind == "conv" and not step.relu6:
            stream_of[step.output] = [step.output]
        elif _is_sum(step) and all(taken in stream_of for taken in step.inputs):
            one, other = (stream_of[taken] for taken in step.inputs)
            joined = [*one, *(other if other is not one else ()), step.output]
            stream_of.update(dict.fromkeys(joined, joined))
    fixed = {network.output}
    for step in network.steps:
        if step.kernel is None and step.output not in stream_of:
            fixed.update(step.inputs)
    streams = {id(stream): stream for stream in stream_of.values()}
    return [stream for stream in streams.values() if fixed.isdisjoint(stream)]


def _is_sum(step: Step) -> bool:
    return step.kind == "add" and len(step.inputs) == 2 and not step.relu6


def _with_widths(step: Step, wider: dict[str, Floats]) -> Step:
    """A weighted step that takes in and gives out channels of other widths; others as they are."""
    if step.kernel is None or step.bias is None:
        return step
    # The last side but one is what goes in, the last what comes out (of a depthwise kernel, nothing: one for each).
    taken, given = wider.get(step.inputs[0]), wider.get(step.output, np.ones(1, np.float32))
    kernel = step.kernel if taken is None else step.kernel / taken[:, np.newaxis]
    return replace(step, kernel=np.asarray(kernel * given, np.float32), bias=step.bias * given)
