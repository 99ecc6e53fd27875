"""The figures as TensorBoard reads them: `tensorboard --logdir DIR`."""

from pathlib import Path
from typing import Any

from trainer.training.epochs import Epoch


class TensorBoardLog:
    """Writes each pass's loss and accuracy, for the training photos and the val photos, and the learning rate."""

    def __init__(self, directory: Path) -> None:
        import tensorflow as tf

        self._train: Any = tf.summary.create_file_writer(str(directory / "train"))
        self._val: Any = tf.summary.create_file_writer(str(directory / "val"))

    def began(self, number: int) -> None:
        """See `Watcher`."""

    def step(self, phase: str, loss: float, accuracy: float) -> None:
        """See `Watcher`."""

    def looking(self) -> None:
        """See `Watcher`."""

    def ended(self, epoch: Epoch) -> None:
        """See `Watcher`."""
        train = {"loss": epoch.loss, "accuracy": epoch.accuracy, "learning rate": epoch.learning_rate}
        _write(self._train, epoch.number + 1, train)
        _write(self._val, epoch.number + 1, {"loss": epoch.val_loss, "accuracy": epoch.val_accuracy})

    def close(self) -> None:
        """See `Watcher`."""
        self._train.close()
        self._val.close()


def _write(writer: Any, step: int, scalars: dict[str, float]) -> None:
    import tensorflow as tf

    with writer.as_default(step=step):
        for name, value in scalars.items():
            tf.summary.scalar(name, value)
    writer.flush()
