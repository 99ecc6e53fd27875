"""Photos from disk as batches of pixels. Memory does not grow with their number: only places are shuffled.

What a pass shows is a function of (seed, pass) alone: the order, each photo's changes and which photos are mixed. So a
training that is taken up again at a pass shows what the uninterrupted one would have shown.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.manifest import Preprocessing
from kiosk.recognition.preprocessing import preprocess
from trainer.augment import augmented
from trainer.console import say
from trainer.dataset import Dataset
from trainer.errors import DataError
from trainer.photos import Photo, read_photo
from trainer.training.mixing import mix
from trainer.training_settings import TrainingSettings

_READERS = max(4, os.cpu_count() or 1)
"""Photos that are read and changed at the same time; some of them wait for the disk."""
_TRIES = 20
"""Photos looked at, one after the other, until one can be read."""


@dataclass(frozen=True, slots=True)
class Share:
    """The part of each batch that one replica of the network is shown."""

    replica: int = 0
    """Place of this machine's first replica among all."""
    here: int = 1
    """Replicas on this machine."""
    replicas: int = 1
    """Replicas on all machines together."""


@dataclass(frozen=True, slots=True)
class TrainingStream:
    """The training photos of a data set, shuffled over the whole set and changed at random."""

    dataset: Dataset
    size_px: int
    settings: TrainingSettings
    replicas: int = 1

    @property
    def replica_batch(self) -> int:
        """Photos in the share of one replica."""
        return -(-self.settings.batch_size // self.replicas)

    @property
    def batch(self) -> int:
        """Photos in a batch over all replicas."""
        return self.replica_batch * self.replicas

    @property
    def steps(self) -> int:
        """Batches in a pass. The last is filled up with the pass's first photos, so that all batches are alike."""
        return -(-len(self.dataset.train) // self.batch)

    def batches(self, first_epoch: int, last_epoch: int, share: Share) -> Any:
        """A tf.data.Dataset of (pixels, truth) for passes from `first_epoch` to before `last_epoch`.

        Pixels are float32 [N, S, S, 3] RGB 0..255; truth is float32 [N, labels] and sums to one. For each step there
        is a batch for each replica on this machine.
        """
        import tensorflow as tf

        epochs = tf.data.Dataset.range(first_epoch, last_epoch)
        photos = epochs.flat_map(lambda epoch: tf.data.Dataset.from_tensor_slices(self._places(epoch, share)))
        load = _Loader(self.dataset.train, self.size_px, self.settings)
        labels = len(self.dataset.labels)

        def prepare(place_and_epoch: Any) -> tuple[Any, Any]:
            # Stateless as far as TensorFlow is concerned: the seed says everything, so photos may be read in parallel.
            pixels, label = tf.numpy_function(load.changed, [place_and_epoch], (tf.uint8, tf.int64), stateful=False)
            pixels = tf.ensure_shape(pixels, (self.size_px, self.size_px, 3))
            return tf.cast(pixels, tf.float32), tf.one_hot(tf.ensure_shape(label, ()), labels)

        changed = photos.map(prepare, num_parallel_calls=_READERS, deterministic=True)
        batches = changed.batch(self.replica_batch, drop_remainder=True)
        if self.settings.mixes:
            # Each batch has a number of its own over all passes and replicas, which seeds its mixing.
            numbers = tf.data.Dataset.range(first_epoch * self.steps * share.here, last_epoch * self.steps * share.here)
            seeds = numbers.map(lambda number: tf.stack([number * self.replicas + share.replica, self.settings.seed]))
            batches = tf.data.Dataset.zip((batches, seeds)).map(
                lambda batch, seed: mix(*batch, seed=seed, settings=self.settings)
            )
        return batches.prefetch(2)

    def _places(self, epoch: Any, share: Share) -> Any:
        """Rows of (place of a photo, pass), int64, in the order in which this share of a pass shows them."""
        import tensorflow as tf

        count = len(self.dataset.train)
        order = tf.random.experimental.stateless_shuffle(
            tf.range(count, dtype=tf.int64), seed=tf.stack([tf.constant(self.settings.seed, tf.int64), epoch])
        )
        filled = tf.gather(order, tf.range(self.steps * self.batch) % count)
        by_replica = tf.reshape(filled, (self.steps, self.replicas, self.replica_batch))
        places = tf.reshape(by_replica[:, share.replica : share.replica + share.here], (-1,))
        return tf.stack([places, tf.fill(tf.shape(places), epoch)], axis=1)


def watched_batches(dataset: Dataset, size_px: int, batch_size: int) -> Any:
    """The val photos in order, as the device would see them; pixels and truth as in `TrainingStream.batches`."""
    import tensorflow as tf

    load = _Loader(dataset.val, size_px, None)

    def prepare(place: Any) -> tuple[Any, Any]:
        pixels, label = tf.numpy_function(load.exact, [place], (tf.uint8, tf.int64), stateful=False)
        pixels = tf.ensure_shape(pixels, (size_px, size_px, 3))
        return tf.cast(pixels, tf.float32), tf.one_hot(tf.ensure_shape(label, ()), len(dataset.labels))

    places = tf.data.Dataset.range(len(dataset.val))
    return places.map(prepare, num_parallel_calls=_READERS, deterministic=True).batch(batch_size).prefetch(2)


class _Loader:
    """Reads photos by their place. One that can no longer be read is named once; the next stands in for it."""

    def __init__(self, photos: Sequence[Photo], size_px: int, settings: TrainingSettings | None) -> None:
        self._photos, self._size_px, self._settings = photos, size_px, settings
        self._how = Preprocessing(size_px=size_px)
        self._lost: set[int] = set()

    def changed(self, place_and_epoch: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """RGB pixels, uint8 [S, S, 3], changed at random, and the label."""
        assert self._settings is not None
        place, epoch = (int(number) for number in place_and_epoch)
        picture, label = self._read(place, self._size_px)
        rng = np.random.default_rng([self._settings.seed, epoch, place])
        return augmented(picture, self._size_px, self._settings.augmentation, rng), label

    def exact(self, place: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """RGB pixels, uint8 [S, S, 3], as the device would see them, and the label."""
        picture, label = self._read(int(place), None)
        return np.asarray(preprocess(picture, self._how)[0], np.uint8), label

    def _read(self, place: int, size_px: int | None) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        for candidate in range(place, place + _TRIES):
            at = candidate % len(self._photos)
            photo = self._photos[at]
            picture = read_photo(photo.path, _reduction(photo.shorter_side_px, size_px) if size_px else 1)
            if picture is not None:
                return picture, np.asarray(photo.label, np.int64)
            if at not in self._lost:
                self._lost.add(at)
                say(f"left out: {photo.path} could be read before and now cannot; others stand in for it")
        raise DataError(
            f"{self._photos[place].path}: neither it nor the next {_TRIES} photos can be read any more;"
            " is the disk still there? Go on with --resume when it is"
        )


def _reduction(shorter_side_px: int, size_px: int) -> int:
    """How much smaller a photo may be decoded and still hold more than the network sees."""
    for reduction in (8, 4, 2):
        if shorter_side_px // reduction >= 2 * size_px:
            return reduction
    return 1
