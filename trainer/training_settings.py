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
    seed: int = 1
    augmentation: Augmentation = field(default_factory=Augmentation)
