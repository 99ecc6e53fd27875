"""How the network came about."""

from trainer.report.content import TrainingStory
from trainer.report.html import Column, folded, paragraph, percent, section, table


def training(story: TrainingStory) -> str:
    """The part of the report about the training."""
    used = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in story.photo_counts.items())
    columns = [Column("epoch"), Column("what learns")]
    columns += [Column(head, number=True) for head in ("loss", "accuracy", "val loss", "val accuracy")]
    rows = [
        (str(e.number + 1), e.phase, f"{e.loss:.3f}", percent(e.accuracy), f"{e.val_loss:.3f}", percent(e.val_accuracy))
        for e in story.epochs
    ]
    settings = table("Settings", [Column("setting"), Column("value")], [(k, str(v)) for k, v in story.settings.items()])
    return section(
        "training",
        "How it was trained",
        paragraph(f"Photos: {used}."),
        folded("Each pass over the photos", table("Epochs", columns, rows)),
        folded("Settings", settings),
    )
