"""Whether a training learns anything, judged by its figures, and said in words that lead to the cause."""

import math
from collections import Counter
from collections.abc import Sequence

from trainer.dataset import Dataset
from trainer.photos import Photo
from trainer.training.epochs import WHOLE, Epoch

_FEWEST_EPOCHS = 3
"""Passes of the whole network before anything is said: some networks take their time."""
_SHARE_OF_EPOCHS = 1 / 3
"""Share of the planned passes before anything is said."""
_SURE = 2.0
"""Standard deviations above guessing that count as having learnt something."""
_WIDE_GAP = 0.4
"""By how much val may stay behind training before something other than difficulty is the likely cause."""


class Health:
    """Looks at each pass; each thing is said once."""

    def __init__(self, dataset: Dataset, epochs: int) -> None:
        self._guess_train = _guessing(dataset.train)
        self._guess_val = _guessing(dataset.val)
        self._patience = max(_FEWEST_EPOCHS, math.ceil(epochs * _SHARE_OF_EPOCHS))
        self._always_behind = True
        self._whole_epochs = 0
        self._said: set[str] = set()

    def look(self, epoch: Epoch) -> str | None:
        """What is to be said after a pass, if anything."""
        if epoch.phase != WHOLE:
            return None
        self._whole_epochs += 1
        self._always_behind &= epoch.accuracy - epoch.val_accuracy > _WIDE_GAP
        if self._whole_epochs < self._patience:
            return None
        told = self._judge(epoch)
        if told is None or told in self._said:
            return None
        self._said.add(told)
        return told

    def _judge(self, epoch: Epoch) -> str | None:
        chance = f"{100 * self._guess_val[0]:.0f} %"
        if epoch.val_accuracy <= _above(self._guess_val):
            if epoch.accuracy <= _above(self._guess_train):
                return (
                    "warning: the network learns nothing: it names photos no better than by always saying the commonest"
                    f" label ({chance}). Look at some photos of each directory: do they show what the directory is"
                    " called, and are they neither black nor all alike? Then try more photos or more --epochs, above"
                    " all with `--weights none`; or another --learning-rate"
                )
            return (
                "warning: the network learns the training photos by heart, but names the val photos no better than by"
                f" always saying the commonest label ({chance}). Most likely photos lie in the wrong directories, or"
                " val.txt names photos of other things; look at some photos of each directory. If they are right, there"
                " are far too few"
            )
        if self._always_behind:
            return (
                "warning: the val photos are named much worse than the training photos from the first pass on. Are"
                " they from another place or another camera, or are the training photos nearly the same few photos many"
                " times over? `trainer check` finds such"
            )
        return None


def came_apart(epoch_loss: float) -> bool:
    """Whether the loss is no longer a number."""
    return not math.isfinite(epoch_loss)


def _guessing(photos: Sequence[Photo]) -> tuple[float, int]:
    """The share of photos that bear the commonest label, and the number of photos."""
    [(_, most)] = Counter(photo.label for photo in photos).most_common(1)
    return most / len(photos), len(photos)


def _above(guessing: tuple[float, int]) -> float:
    """The share of right answers up to which luck explains them."""
    share, count = guessing
    return share + _SURE * math.sqrt(share * (1 - share) / count)
