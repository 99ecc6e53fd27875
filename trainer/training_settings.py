"""How to train."""

from dataclasses import dataclass, field

from trainer.augment import Augmentation


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How to train."""

    epochs: int = 16
    """Passes over the photos with the whole network learning."""
    head_epochs: int = 3
    """Passes before that in which only the last layer learns; none where the network begins without weights."""
    batch_size: int = 32
    learning_rate: float = 1.0e-3
    """Highest rate of the fine-tuning; it rises over the first pass and falls along a cosine."""
    head_learning_rate: float = 3.0e-3
    weight_decay: float = 1.0e-4
    label_smoothing: float = 0.05
    """Share of certainty withheld from the right label, 0 to 1."""
    ema_momentum: float = 0.0
    """Weights are averaged over the steps of the fine-tuning, each step forgetting this less than 1 share of the past,
    like 0.99; the averages are what is measured and kept. 0 keeps the weights themselves."""
    mixup_alpha: float = 0.0
    """Photos are laid over each other, by shares from Beta(alpha, alpha): 0.2 a little, 1 evenly; 0 is off."""
    cutmix_alpha: float = 0.0
    """Rectangles of photos are put into others, by shares from Beta(alpha, alpha), often 1; 0 is off."""
    mix_share: float = 1.0
    """Share of the photos, 0 to 1, that mixup or CutMix is done to."""
    patience_epochs: int = 8
    """Training stops after as many passes without a lower loss on the val photos, counted from the end of the first
    pass of the whole network, in which the rate still rises; 0 never stops early."""
    seed: int = 1
    augmentation: Augmentation = field(default_factory=Augmentation)

    @property
    def mixes(self) -> bool:
        """Whether photos are mixed with each other."""
        return self.mixup_alpha > 0 or self.cutmix_alpha > 0
