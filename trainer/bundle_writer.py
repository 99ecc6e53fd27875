"""A bundle put together out of sight and then moved into its place, whole or not at all."""

import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kiosk.bundle.bundle import file_entry
from kiosk.bundle.manifest import MANIFEST_NAME, Manifest
from trainer.errors import OutputError
from trainer.training.resume import forget_state

FLOAT_MODEL_NAME = "model.keras"
TRAINING_RECORD_NAME = "training.json"
_LONGEST_NAME = 40
_REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where a bundle is made: `<BUNDLE>.work/` beside it, so that moving it into place is one rename."""

    out: Path
    """Where the bundle will be."""

    @property
    def directory(self) -> Path:
        """What stays after a build: the float model and the record of what it was trained on."""
        return self.out.with_name(f"{self.out.name}.work")

    @property
    def partial(self) -> Path:
        """The bundle while it is incomplete."""
        return self.directory / "partial"

    @property
    def scratch(self) -> Path:
        """What no one needs afterwards."""
        return self.directory / "scratch"

    @property
    def converter_log(self) -> Path:
        """What the converters said, for whoever must find out why one failed."""
        return self.directory / "converter.log"

    def prepare(self, force: bool) -> None:
        """Make empty rooms to work in.

        Raises:
            OutputError: the bundle exists and may not be replaced, or its place cannot be written.
        """
        self._bring_back()
        if self.out.exists() and not force:
            raise OutputError(f"{self.out}: exists already; name another --out, or replace it with --force")
        if self.out.exists() and not (self.out / MANIFEST_NAME).is_file():
            raise OutputError(f"{self.out}: is not a bundle, so it will not be replaced; name another --out")
        try:
            for room in (self.partial, self.scratch):
                shutil.rmtree(room, ignore_errors=True)
                room.mkdir(parents=True)
        except OSError as error:
            raise OutputError(
                f"{self.directory}: {error.strerror}; name an --out in a directory that you may write"
            ) from error

    def _bring_back(self) -> None:
        """Put the older bundle back, where a newer one was to take its place and did not."""
        old = self.scratch / _REPLACED
        if old.exists() and not self.out.exists():
            old.rename(self.out)

    def abandon(self) -> None:
        """Tidy up after a build that failed; an older bundle, its float model and the converters' log stay."""
        for room in (self.partial, self.scratch):
            shutil.rmtree(room, ignore_errors=True)
        if not any(self.directory.iterdir()):
            self.directory.rmdir()

    def finish(self) -> None:
        """Put the finished bundle into its place, then its float model; an older bundle gives way whole."""
        old = self.scratch / _REPLACED
        if self.out.exists():
            self.out.rename(old)
        try:
            self.partial.rename(self.out)
        except BaseException:
            self._bring_back()
            raise
        for name in (FLOAT_MODEL_NAME, TRAINING_RECORD_NAME):
            (self.scratch / name).replace(self.directory / name)
        forget_state(self.directory)
        shutil.rmtree(self.scratch)


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """What the float model beside a bundle is, and which photos it has seen."""

    weights_sha256: str
    trained_photos: frozenset[str]
    """SHA-256 of each training photo's file."""

    def write(self, path: Path) -> None:
        """Keep it as JSON."""
        record = {"weights_sha256": self.weights_sha256, "trained_photos": sorted(self.trained_photos)}
        path.write_text(json.dumps(record, indent=1) + "\n")


def read_training_record(path: Path) -> TrainingRecord | None:
    """The record, or None where there is none.

    Raises:
        OutputError: it is there and broken.
    """
    try:
        record = json.loads(path.read_text())
        return TrainingRecord(record["weights_sha256"], frozenset(record["trained_photos"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(f"{path}: is broken ({error}); build the bundle again, or remove the file") from error


def weights_sha256(model: Any) -> str:
    """A fingerprint of a Keras model's weights; the same training gives the same."""
    digest = hashlib.sha256()
    for weights in model.get_weights():
        digest.update(weights.tobytes())
    return digest.hexdigest()


def creation_time() -> datetime:
    """Now; or what SOURCE_DATE_EPOCH says, for bundles that must come out the same twice."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    if fixed is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(fixed), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise OutputError(f"SOURCE_DATE_EPOCH is {fixed!r}; it must be seconds since 1970, or unset") from error


def bundle_id(data: Path, created: datetime, weights: str) -> str:
    """A name for a bundle: what it was trained on, when, and its weights' first digits."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", data.resolve().name).strip("._-")[:_LONGEST_NAME] or "bundle"
    return f"{name}-{created:%Y%m%d}-{weights[:8]}"


def write_manifest(directory: Path, **fields: Any) -> Manifest:
    """Write `bundle.json` for all files that are in `directory` now; `fields` are the manifest's other fields."""
    paths = sorted(path for path in directory.rglob("*") if path.is_file())
    files = {path.relative_to(directory).as_posix(): file_entry(path) for path in paths}
    manifest = Manifest(files=files, **fields)
    (directory / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return manifest
