"""From photos to a trained network. Pixels stream from disk: memory does not grow with the number of photos."""

from trainer.training.epochs import Epoch
from trainer.training.resume import Keeping
from trainer.training.run import train

__all__ = ["Epoch", "Keeping", "train"]
