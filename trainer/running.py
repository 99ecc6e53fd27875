"""A network's steps, done by TensorFlow in floats."""

from typing import Any

from trainer.steps import Network, Step


def run_network(network: Network, pixels: Any) -> dict[str, Any]:
    """What the input, a float32 tensor [N, S, S, 3] of RGB from 0 to 255, and each step's output come to, by name."""
    values = {network.input: pixels}
    for step in network.steps:
        values[step.output] = _run(step, [values[name] for name in step.inputs])
    return values


def _run(step: Step, taken: list[Any]) -> Any:
    import tensorflow as tf

    result = _run_weighted(step, taken[0]) if step.kernel is not None else _run_plain(step, taken)
    return tf.nn.relu6(result) if step.relu6 else result


def _run_weighted(step: Step, taken: Any) -> Any:
    import tensorflow as tf

    if step.kind == "conv":
        sums = tf.nn.conv2d(taken, step.kernel, step.stride, step.padding)
    elif step.kind == "depthwise":
        sums = tf.nn.depthwise_conv2d(taken, step.kernel, (1, step.stride, step.stride, 1), step.padding)
    else:
        sums = tf.matmul(taken, step.kernel)
    return tf.nn.bias_add(sums, step.bias)


def _run_plain(step: Step, taken: list[Any]) -> Any:
    import tensorflow as tf

    if step.kind == "pad":
        return tf.pad(taken[0], step.around, constant_values=step.constant)
    if step.kind == "mean":
        return tf.reduce_mean(taken[0], (1, 2))
    if step.kind == "softmax":
        return tf.nn.softmax(taken[0])
    other = taken[1] if len(taken) > 1 else step.constant
    return taken[0] * other if step.kind == "mul" else taken[0] + other
