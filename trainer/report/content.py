"""What the report tells."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from kiosk.bundle.manifest import Label
from trainer.evaluation import Evaluation
from trainer.training import Epoch


@dataclass(frozen=True, slots=True)
class ReportContent:
    """The evaluation and how the network came about."""

    bundle_id: str
    created: datetime
    labels: tuple[Label, ...]
    measured_on: str
    """Which list the photos of the evaluation are: `test` or `val`."""
    evaluation: Evaluation
    epochs: tuple[Epoch, ...]
    settings: dict[str, str | int | float]
    photo_counts: dict[str, int]
    """How many photos were used for what, and how many were left out."""

    def as_json(self) -> dict[str, Any]:
        """The report's figures for a program."""
        return {
            "bundle": self.bundle_id,
            "created": self.created.isoformat(),
            "measured_on": self.measured_on,
            **self.evaluation.as_json(),
            "photo_counts": self.photo_counts,
            "settings": self.settings,
            # Seconds would make every build's report another file.
            "epochs": [
                {key: value for key, value in asdict(epoch).items() if key != "seconds"} for epoch in self.epochs
            ],
        }
