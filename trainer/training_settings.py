"""How to train."""

from dataclasses import dataclass, field, replace

from trainer.augment import Augmentation


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How to train."""

    epochs: int = 36
    """Passes over the photos with the whole network learning."""
    head_epochs: int = 2
    """Passes before that in which only the last layer learns; none where the network begins without weights."""
    runs: int = 2
    """Trainings of the whole network, one after the other from the same beginning, with photos changed and shuffled
    otherwise each time; the mean of their weights is kept. One where the network begins without weights."""
    batch_size: int = 32
    learning_rate: float = 1.0e-3
    """Highest rate of the fine-tuning; it rises over the first pass and falls along a cosine."""
    head_learning_rate: float = 3.0e-3
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    """Share of certainty withheld from the right label, 0 to 1."""
    averaged_share: float = 0.25
    """What is measured and kept are averages of the weights, which reach back over about this share of the whole
    network's steps, 0 to 1; 0 keeps the weights themselves."""
    most_of_start: float = 0.3
    """Up to this share, 0 to 1, of the weights that the whole network began with is put into what was learnt, as much
    as helps on the val photos; 0 tries none."""
    mixup_alpha: float = 0.2
    """Photos are laid over each other, by shares from Beta(alpha, alpha): 0.2 a little, 1 evenly; 0 is off."""
    cutmix_alpha: float = 1.0
    """Rectangles of photos are put into others, by shares from Beta(alpha, alpha), often 1; 0 is off."""
    mix_share: float = 0.5
    """Share of the photos, 0 to 1, that mixup or CutMix is done to."""
    patience_epochs: int = 8
    """Training stops after as many passes without a lower loss on the val photos, counted from the end of the first
    pass of the whole network, in which the rate still rises; 0 never stops early."""
    seed: int = 1
    augmentation: Augmentation = field(default_factory=Augmentation)

    def ema_momentum(self, steps: int) -> float:
        """Share of the past that the averages keep at each of the whole network's `steps` steps; 0 keeps none.

        A share of the training rather than a fixed number, so that a small shop's few steps are averaged as well as a
        large one's many.
        """
        return max(0.0, 1 - 1 / max(1.0, self.averaged_share * steps))

    def from_nothing(self) -> "TrainingSettings":
        """The same for a network that begins without weights.

        Its last layer has nothing to learn from alone. Its weights go too far to be averaged on the way: what batch
        normalisation expects is then true of no network that ever was, and on val it guesses. And each run would end in
        a basin of its own, between which and the others, or the beginning, no mean is a network.
        """
        return replace(self, head_epochs=0, averaged_share=0.0, runs=1, most_of_start=0.0)

    @property
    def mixes(self) -> bool:
        """Whether photos are mixed with each other."""
        return self.mixup_alpha > 0 or self.cutmix_alpha > 0
