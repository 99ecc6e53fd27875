"""What the report tells."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from kiosk.bundle.manifest import Calibration, Label
from trainer.advice import Facts, advise_on, advise_on_all
from trainer.evaluation import Evaluation
from trainer.looks import PoorLooks
from trainer.training import Epoch


@dataclass(frozen=True, slots=True)
class TrainingStory:
    """How the network came about; told in the bundle's own report."""

    epochs: tuple[Epoch, ...]
    settings: dict[str, str | int | float]
    photo_counts: dict[str, int]
    """How many photos were used for what, and how many were left out."""

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "photo_counts": self.photo_counts,
            "settings": self.settings,
            # Seconds would make every build's report another file.
            "epochs": [
                {key: value for key, value in asdict(epoch).items() if key != "seconds"} for epoch in self.epochs
            ],
        }


@dataclass(frozen=True, slots=True)
class ReportContent:
    """The evaluation, and what is needed to understand it."""

    bundle_id: str
    created: datetime
    """When the bundle was made."""
    labels: tuple[Label, ...]
    measured_on: str
    """Which photos the evaluation is of, for a person, like `test` or `from /home/ann/photos`."""
    evaluation: Evaluation
    calibration: Calibration | None = None
    poor_looks: PoorLooks = field(default_factory=PoorLooks)
    trained: Mapping[str, int] | None = None
    """For each label, the photos that the network was trained on; None where nobody knows."""
    examples: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    """For labels, photos that were not measured, to show where none of the measured ones came out right."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """For each form that could not be measured: why."""
    training: TrainingStory | None = None
    shows_strangers: bool = False
    """Whether photos without a product may be shown. They may show people, so a bundle's own report leaves them out."""

    @property
    def facts(self) -> Facts:
        """What advice is drawn from."""
        return Facts(self.evaluation, tuple(label.id for label in self.labels), self.poor_looks, self.trained)

    @property
    def names(self) -> dict[str, str]:
        """Each label's name for a person."""
        return {label.id: label.name for label in self.labels}

    def as_json(self) -> dict[str, Any]:
        """The report's figures for a program."""
        story = {} if self.training is None else self.training.as_json()
        advice = {figures.label: advise_on(figures, self.facts) for figures in self.evaluation.labels}
        return {
            "bundle": self.bundle_id,
            "created": self.created.isoformat(),
            "measured_on": self.measured_on,
            **self.evaluation.as_json(),
            **dict.fromkeys(self.reasons),
            "reasons": dict(self.reasons),
            "calibration": None if self.calibration is None else self.calibration.model_dump(),
            "trained": None if self.trained is None else dict(sorted(self.trained.items())),
            "advice": {"all": advise_on_all(self.facts), **{label: said for label, said in advice.items() if said}},
            **story,
        }
