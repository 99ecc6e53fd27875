"""`trainer compare`: several networks on the same photos, so that a volunteer can choose one."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kiosk.bundle.bundle import open_bundle
from kiosk.bundle.manifest import MANIFEST_NAME
from kiosk.errors import KioskError
from trainer.building import BuildSettings, build
from trainer.bundle_writer import Workplace
from trainer.console import say
from trainer.errors import DataError, ExportError, LearningError, OutputError, ResumeError, TrainerError, WeightsError
from trainer.evaluating import evaluate_bundle
from trainer.quiet import load_tensorflow
from trainer.timing import tfjs_ms, tflite_ms
from trainer.training.resume import STATE_NAME


@dataclass(frozen=True, slots=True)
class Row:
    """What one network can do and what it costs."""

    name: str
    multiplier: float
    size_px: int
    top1: float | None
    """Share of photos not trained on that the float network names rightly; None where it was not measured."""
    int8_top1: float
    """The same of the kiosk's form."""
    photos: int
    tflite_mb: float
    """Size of the kiosk's form, in 10^6 bytes."""
    tfjs_mb: float
    tflite_ms: float
    """Median time of one frame's network in the kiosk's engine on this machine."""
    tfjs_ms: float | None
    """The same in a browser on this machine; None where it was not measured."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The table, best int8 accuracy first, and what is missing from it."""

    data: str
    rows: tuple[Row, ...]
    failed: dict[str, str]
    """For each network that could not be built or measured: why."""
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """What `trainer compare --json` prints."""
        return {
            "data": self.data,
            "networks": [asdict(row) for row in self.rows],
            "failed": self.failed,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class CompareSettings:
    """What to compare."""

    base: BuildSettings
    """How each network is built; its own place and network are put in."""
    multipliers: tuple[float, ...]
    sizes_px: tuple[int, ...]
    bundles: tuple[Path, ...] = ()
    """Bundles that are there already and are measured too."""


def compare(settings: CompareSettings) -> Comparison:
    """Build what is not there yet, and measure everything on the same photos.

    Raises:
        TrainerError: nothing could be measured.
    """
    failed: dict[str, str] = {}
    built = [directory for one in _builds(settings) if (directory := _build_unless_there(one, failed)) is not None]
    rows: list[Row] = []
    notes: set[str] = set()
    for directory in (*built, *settings.bundles):
        try:
            row, note = _measure(directory, settings.base.data)
        except (TrainerError, KioskError) as error:
            failed[directory.name] = str(error)
            continue
        rows.append(row)
        notes |= {note} if note else set()
    if not rows:
        raise DataError(f"nothing could be compared: {'; '.join(failed.values()) or 'no networks were named'}")
    rows.sort(key=lambda row: -row.int8_top1)
    return Comparison(str(settings.base.data), tuple(rows), failed, tuple(sorted(notes)))


def _builds(settings: CompareSettings) -> Iterable[BuildSettings]:
    base = settings.base
    for multiplier in settings.multipliers:
        for size_px in settings.sizes_px:
            weights = base.network.weights.replace("{multiplier}", f"{multiplier:g}").replace("{size}", str(size_px))
            network = replace(base.network, multiplier=multiplier, size_px=size_px, weights=weights)
            yield replace(base, out=base.out / f"{multiplier:.2f}-{size_px}", network=network)


def _build_unless_there(settings: BuildSettings, failed: dict[str, str]) -> Path | None:
    """The bundle's directory; None where it cannot be built, for a reason that holds for this network alone."""
    name = settings.out.name
    if (settings.out / MANIFEST_NAME).is_file():
        say(f"{name}: is there already")
        return settings.out
    say(f"{name}: training")
    try:
        _fresh_start()
        _build_or_go_on(settings)
    except (WeightsError, OutputError, LearningError, ExportError) as error:
        say(f"{name}: left out: {error}")
        failed[name] = str(error)
        return None
    return settings.out


def _build_or_go_on(settings: BuildSettings) -> None:
    try:
        build(replace(settings, resume=_has_state(settings.out)))
    except ResumeError as error:
        say(f"{settings.out.name}: begins anew: {error}")
        build(settings)


def _has_state(out: Path) -> bool:
    """Whether an unfinished training of a bundle is there."""
    return (Workplace(out).directory / STATE_NAME).is_file()


def _fresh_start() -> None:
    """Let go of the networks before this one."""
    load_tensorflow()
    import keras

    keras.backend.clear_session()


def _measure(directory: Path, data: Path) -> tuple[Row, str]:
    """A bundle's row, and why a part of it is missing."""
    bundle = open_bundle(directory)
    evaluation = evaluate_bundle(directory, data).content.evaluation
    in_browser = tfjs_ms(bundle)
    network = bundle.manifest.network
    row = Row(
        name=directory.name,
        multiplier=network.multiplier,
        size_px=network.size_px,
        top1=evaluation.top1.get("float"),
        int8_top1=evaluation.top1["tflite"],
        photos=evaluation.photos,
        tflite_mb=bundle.model_path.stat().st_size / 1e6,
        tfjs_mb=_size(sorted((directory / "tfjs").iterdir())) / 1e6,
        tflite_ms=round(tflite_ms(bundle), 3),
        tfjs_ms=None if isinstance(in_browser, str) else round(in_browser, 3),
    )
    return row, f"tfjs ms not measured: {in_browser}" if isinstance(in_browser, str) else ""


def _size(paths: Sequence[Path]) -> int:
    return sum(path.stat().st_size for path in paths)
