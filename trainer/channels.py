"""What goes through each channel of a network while it looks at photos."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.running import run_network
from trainer.steps import Floats, Network


def channel_means(network: Network, batches: Sequence[NDArray[np.uint8]]) -> dict[str, Floats]:
    """For the input and each step's output, the mean of each channel over all photos and places, [channels].

    `batches` are RGB pixels, uint8 [N, S, S, 3].
    """
    import tensorflow as tf

    # Over each photo's places first: sums over all places of all photos would lose float32's last digits.
    totals = _gathered(network, batches, lambda places: tf.reduce_sum(tf.reduce_mean(places, 1), 0), np.add)
    photos = sum(map(len, batches))
    return {name: np.asarray(total / photos, np.float32) for name, total in totals.items()}


def channel_extents(network: Network, batches: Sequence[NDArray[np.uint8]]) -> dict[str, Floats]:
    """For the input and each step's output, how far each channel goes from nought, in either direction, [channels]."""
    import tensorflow as tf

    return _gathered(network, batches, lambda places: tf.reduce_max(tf.abs(places), (0, 1)), np.maximum)


def _gathered(
    network: Network,
    batches: Sequence[NDArray[np.uint8]],
    measure: Callable[[Any], Any],
    join: Callable[[Any, Any], Any],
) -> dict[str, Floats]:
    """`measure` is asked about each output as [photos, places, channels]; `join` makes one of two batches' answers."""
    import tensorflow as tf

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def measured(pixels: Any) -> dict[str, Any]:
        photos, values = tf.shape(pixels)[0], run_network(network, pixels)
        return {name: measure(tf.reshape(value, (photos, -1, value.shape[-1]))) for name, value in values.items()}

    found: dict[str, Floats] = {}
    for batch in batches:
        for name, answer in measured(tf.constant(batch, tf.float32)).items():
            found[name] = join(found[name], answer.numpy()) if name in found else answer.numpy()
    return found
