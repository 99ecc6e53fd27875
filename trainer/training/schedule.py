"""How fast the network learns, when."""

from typing import Any

from trainer.training.epochs import HEAD, Phase
from trainer.training_settings import TrainingSettings


def make_optimizer(phase: Phase, settings: TrainingSettings, steps: int) -> Any:
    """Adam for the last layer alone; for the whole network AdamW, with its averages if there are to be any."""
    import keras

    if phase.name == HEAD:
        return keras.optimizers.Adam(settings.head_learning_rate)
    passes = phase.last - phase.first
    momentum = settings.ema_momentum(steps * passes)
    optimizer = keras.optimizers.AdamW(
        _rising_and_falling(settings, steps, passes),
        weight_decay=settings.weight_decay,
        use_ema=momentum > 0,
        ema_momentum=momentum,
    )
    # What normalisation scales and shifts by is no weight that could grow too large.
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _rising_and_falling(settings: TrainingSettings, steps: int, epochs: int) -> Any:
    """A rate that rises over the first pass's steps and then falls along a cosine."""
    import keras

    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=settings.learning_rate / 50,
        warmup_target=settings.learning_rate,
        warmup_steps=steps,
        decay_steps=max(1, steps * (epochs - 1)),
    )


def rate_now(optimizer: Any) -> float:
    """The learning rate of the next step."""
    return float(optimizer.learning_rate.numpy())
