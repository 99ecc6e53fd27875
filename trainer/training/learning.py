"""One step of learning, and a look at the val photos, on one machine or many.

Written out rather than left to Keras' `fit`, which cannot run under `MultiWorkerMirroredStrategy`: Keras 3.15 with
TensorFlow 2.19 fails on its first batch ("Attempt to convert a value (PerReplica ...)"), and past that when it reduces
the metrics ("Invalid reduction dimension 0"). Keras' layers, losses and optimizers do work there, which is all that is
used.
"""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.calibration import calibrated_loss
from trainer.training.distribution import Team
from trainer.training_settings import TrainingSettings


@dataclass(slots=True)
class Tally:
    """Loss and right answers, summed over photos."""

    loss: float = 0.0
    right: float = 0.0
    photos: int = 0

    def add(self, loss: float, right: float, photos: int) -> None:
        """Some more photos: their summed loss, and how many were named rightly."""
        self.loss += loss
        self.right += right
        self.photos += photos

    @property
    def mean_loss(self) -> float:
        """Loss of one photo."""
        return self.loss / max(self.photos, 1)

    @property
    def accuracy(self) -> float:
        """Share of the photos that were named rightly, 0 to 1."""
        return self.right / max(self.photos, 1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the val photos found."""

    loss: float
    """Of the network as it would be after calibration: how sure it is of itself is mended later, and would only hide
    which network knows more."""
    accuracy: float
    """Share of the photos that were named rightly, 0 to 1."""


@dataclass(slots=True)
class Learner:
    """A model that learns by an optimizer, on all the team's replicas."""

    model: Any
    optimizer: Any
    settings: TrainingSettings
    team: Team
    batch: int
    """Photos in a step, over all replicas."""
    _step: Any = field(init=False)
    _look: Any = field(init=False)

    def __post_init__(self) -> None:
        import keras
        import tensorflow as tf

        measure = keras.losses.CategoricalCrossentropy(label_smoothing=self.settings.label_smoothing, reduction="sum")
        with self.team.strategy.scope():
            self.optimizer.build(self.model.trainable_variables)
        self._step = tf.function(self._make_step(measure))
        self._look = tf.function(lambda pixels: self.model(pixels, training=False))

    def _make_step(self, measure: Any) -> Any:
        import tensorflow as tf

        model, optimizer, strategy = self.model, self.optimizer, self.team.strategy

        def on_a_replica(pixels: Any, truth: Any) -> tuple[Any, Any]:
            with tf.GradientTape() as tape:
                loss, right = _judge(measure, truth, model(pixels, training=True))
                # Gradients are summed over the replicas; so each counts its photos as part of the whole batch.
                part = loss / self.batch
            optimizer.apply(tape.gradient(part, model.trainable_variables), model.trainable_variables)
            return loss, right

        def step(batches: Any) -> tuple[Any, Any]:
            found = strategy.run(on_a_replica, args=next(batches))
            return tuple(strategy.reduce("SUM", one, axis=None) for one in found)

        return step

    def learn(self, batches: Any) -> tuple[float, float]:
        """Take one step on the next batch; returns the summed loss and the right answers of the whole batch."""
        loss, right = self._step(batches)
        return float(loss), float(right)

    def watch(self, batches: Any) -> Seen:
        """Judge photos without learning from them; the chief's figures, on every machine."""
        figures = np.zeros(2, np.float64)
        if self.team.workers.chief:
            answers = [(self._look(pixels).numpy(), truth.numpy().argmax(axis=1)) for pixels, truth in batches]
            probabilities, truth = (np.concatenate(parts) for parts in zip(*answers, strict=True))
            right = probabilities.argmax(axis=1) == truth
            figures[:] = calibrated_loss(probabilities, truth), right.mean()
        loss, accuracy = team_sum(self.team, figures)
        return Seen(float(loss), float(accuracy))

    @contextlib.contextmanager
    def averages_in_place(self) -> Iterator[None]:
        """While this lasts the model has its averaged weights, if any are kept."""
        if not self.optimizer.use_ema:
            yield
            return
        kept = values_of(self.model.trainable_variables)
        self.optimizer.finalize_variable_values(self.model.trainable_variables)
        try:
            yield
        finally:
            assign(self.model.trainable_variables, kept)

    def share_statistics(self) -> None:
        """Give every replica the mean of what all have seen of the activations; each sees only its own photos."""
        if self.team.replicas == 1:
            return
        statistics = [v for v in self.model.non_trainable_variables if "float" in str(v.dtype)]
        assign(statistics, _mean_over_replicas(self.team, statistics))

    @property
    def state(self) -> list[Any]:
        """All variables that say how learning goes on: weights, statistics, random seeds, the optimizer's memory."""
        return [*self.model.variables, *self.optimizer.variables]


def values_of(variables: list[Any]) -> list[NDArray[Any]]:
    """Copies of what the variables hold."""
    return [np.array(variable) for variable in variables]


def assign(variables: list[Any], values: list[NDArray[Any]]) -> None:
    """Put values into variables, on all of this machine's replicas."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def team_sum(team: Team, values: NDArray[Any]) -> NDArray[Any]:
    """The sum over all machines of an array that each of them holds; the array itself where there is one."""
    import tensorflow as tf

    if team.workers.count == 1:
        return values

    def summed() -> Any:
        return team.strategy.reduce("SUM", team.strategy.run(lambda: tf.constant(values)), axis=None)

    # TensorFlow 2.19 reduces over machines only within a function. Each of a machine's replicas holds the same values.
    return np.asarray(tf.function(summed)().numpy() / team.share.here).astype(values.dtype)


def tell_all(team: Team, content: bytes | None) -> bytes | None:
    """What the chief holds, on every machine."""
    if team.workers.count == 1:
        return content
    told = np.frombuffer(content or b"", np.uint8).astype(np.int32)
    [length] = team_sum(team, np.array([len(told) if team.workers.chief else 0], np.int64))
    held = told if team.workers.chief else np.zeros(int(length), np.int32)
    return team_sum(team, held).astype(np.uint8).tobytes() if length else None


def _judge(measure: Any, truth: Any, probabilities: Any) -> tuple[Any, Any]:
    """Summed loss and right answers; of a mixed photo, what it is mostly is right."""
    import tensorflow as tf

    right = tf.equal(tf.argmax(truth, axis=1), tf.argmax(probabilities, axis=1))
    return measure(truth, probabilities), tf.reduce_sum(tf.cast(right, tf.float32))


def _mean_over_replicas(team: Team, variables: list[Any]) -> list[NDArray[Any]]:
    import tensorflow as tf

    def read() -> Any:
        # One array for all: each of many small ones would cross the network by itself.
        return tf.concat([tf.reshape(variable.value, (-1,)) for variable in variables], axis=0)

    means = tf.function(lambda: team.strategy.reduce("MEAN", team.strategy.run(read), axis=None))().numpy()
    shapes = [tuple(variable.shape) for variable in variables]
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(means, ends[:-1]), shapes, strict=True)]
