"""From photos to a trained network. Pixels stream from disk: memory does not grow with the number of photos."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.manifest import Preprocessing
from kiosk.recognition.preprocessing import preprocess
from trainer.augment import augmented
from trainer.console import Bar, say
from trainer.dataset import Dataset
from trainer.errors import DataError
from trainer.model import NetworkSettings, make_network
from trainer.photos import Photo, read_photo
from trainer.training_settings import TrainingSettings

Load: TypeAlias = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.uint8]]
"""A photo's place and a seed to RGB pixels, uint8 [S, S, 3]."""
_READERS = 4
"""Photos that are read and changed at the same time."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """How a pass over the photos went."""

    phase: str
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float


def train(dataset: Dataset, network: NetworkSettings, settings: TrainingSettings) -> tuple[Any, list[Epoch]]:
    """Train a network on the data set's training photos; the val photos only watch.

    Raises:
        WeightsError: the weights to begin with cannot be had.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(settings.seed)
    tf.config.experimental.enable_op_determinism()
    model, backbone = make_network(network, len(dataset.labels))
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing)
    photos, watched = _streams(dataset, network.size_px, settings)
    steps = -(-len(dataset.train) // settings.batch_size)
    head_epochs = settings.head_epochs if network.pretrained else 0
    log = _EpochLog(head_epochs + settings.epochs, steps)

    def learn(phase: str, optimizer: Any, epochs: int) -> None:
        log.phase = phase
        model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"], jit_compile=False)
        callbacks = [log.callback()]
        model.fit(photos, validation_data=watched, epochs=epochs, verbose=0, shuffle=False, callbacks=callbacks)

    if head_epochs:
        backbone.trainable = False
        learn("last layer", keras.optimizers.Adam(settings.head_learning_rate), head_epochs)
        backbone.trainable = True
    learn("whole network", _optimizer(settings, steps), settings.epochs)
    return model, log.epochs


def _optimizer(settings: TrainingSettings, steps: int) -> Any:
    """AdamW whose rate rises over the first epoch's steps and then falls along a cosine."""
    import keras

    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=settings.learning_rate / 50,
        warmup_target=settings.learning_rate,
        warmup_steps=steps,
        decay_steps=max(1, steps * (settings.epochs - 1)),
    )
    return keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay)


def _streams(dataset: Dataset, size_px: int, settings: TrainingSettings) -> tuple[Any, Any]:
    """Photos to train on and photos to watch, in batches (see `_batches`).

    The first are shuffled over the whole set and changed at random, the second are as the device would see them.
    """
    import tensorflow as tf

    how = Preprocessing(size_px=size_px)

    def changed(index: NDArray[np.int64], seed: NDArray[np.int64]) -> NDArray[np.uint8]:
        photo = dataset.train[int(index)]
        picture = _read_again(photo, _reduction(photo.shorter_side_px, size_px))
        return augmented(picture, size_px, settings.augmentation, np.random.default_rng(abs(int(seed))))

    def exact(index: NDArray[np.int64], _seed: NDArray[np.int64]) -> NDArray[np.uint8]:
        return np.asarray(preprocess(_read_again(dataset.val[int(index)]), how)[0], np.uint8)

    shuffled = tf.data.Dataset.range(len(dataset.train)).shuffle(len(dataset.train), seed=settings.seed)
    seeds = tf.data.Dataset.random(seed=settings.seed, rerandomize_each_iteration=True)
    in_order = tf.data.Dataset.range(len(dataset.val))
    shape = (size_px, size_px, 3)
    return (
        _batches(tf.data.Dataset.zip((shuffled, seeds)), changed, _one_hot(dataset, dataset.train), shape, settings),
        _batches(tf.data.Dataset.zip((in_order, in_order)), exact, _one_hot(dataset, dataset.val), shape, settings),
    )


def _batches(stream: Any, load: Load, truth: Any, shape: tuple[int, int, int], settings: TrainingSettings) -> Any:
    """Pixels, float32 [N, S, S, 3] RGB 0..255, and truth, float32 [N, labels], for a stream of (place, seed)."""
    import tensorflow as tf

    def prepare(index: Any, seed: Any) -> tuple[Any, Any]:
        # Stateless as far as TensorFlow is concerned: the seed says everything, so photos may be read in parallel.
        pixels = tf.numpy_function(load, [index, seed], tf.uint8, stateful=False)
        return tf.cast(tf.ensure_shape(pixels, shape), tf.float32), truth(index)

    return stream.map(prepare, num_parallel_calls=_READERS, deterministic=True).batch(settings.batch_size).prefetch(2)


def _one_hot(dataset: Dataset, photos: Sequence[Photo]) -> Callable[[Any], Any]:
    """From a photo's place to its truth, float32 [labels]: one for its label, nothing for the others."""
    import tensorflow as tf

    labels = tf.constant([photo.label for photo in photos], tf.int32)
    return lambda index: tf.one_hot(labels[index], len(dataset.labels))


def _read_again(photo: Photo, reduction: int = 1) -> NDArray[np.uint8]:
    picture = read_photo(photo.path, reduction)
    if picture is None:
        raise DataError(f"{photo.path}: could be read before and now cannot; start again")
    return picture


def _reduction(shorter_side_px: int, size_px: int) -> int:
    """How much smaller a photo may be decoded and still hold more than the network sees."""
    for reduction in (8, 4, 2):
        if shorter_side_px // reduction >= 2 * size_px:
            return reduction
    return 1


class _EpochLog:
    """Says how each epoch went, and keeps it."""

    def __init__(self, total: int, steps: int) -> None:
        self.epochs: list[Epoch] = []
        self.phase = ""
        self._total, self._steps = total, steps
        self._began = 0.0

    def callback(self) -> Any:
        """Itself as Keras wants it."""
        import keras

        return keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda *_: self._begin(),
            on_train_batch_end=lambda _, logs: self._step(logs),
            on_epoch_end=lambda _, logs: self._end(logs),
        )

    def _begin(self) -> None:
        self._began = time.monotonic()
        self._bar = Bar(f"epoch {len(self.epochs) + 1}/{self._total}", self._steps)

    def _step(self, logs: dict[str, float]) -> None:
        self._bar.advance(f"loss {logs['loss']:.3f} accuracy {logs['accuracy']:.3f}")

    def _end(self, logs: dict[str, float]) -> None:
        self._bar.close()
        loss, accuracy, val_loss, val_accuracy = (
            round(float(logs[key]), 4) for key in ("loss", "accuracy", "val_loss", "val_accuracy")
        )
        seconds = time.monotonic() - self._began
        self.epochs.append(Epoch(self.phase, loss, accuracy, val_loss, val_accuracy, seconds))
        say(
            f"epoch {len(self.epochs)}/{self._total} ({self.phase}): loss {loss:.3f}, accuracy {accuracy:.3f};"
            f" val loss {val_loss:.3f}, val accuracy {val_accuracy:.3f}; {seconds:.0f} s"
        )
