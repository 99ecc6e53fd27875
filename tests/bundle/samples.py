"""Bundles to install: the shipped one under other names, whole or damaged, signed or packed."""

import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from minisign import KeyPair

from kiosk.bundle.bundle import file_entry
from kiosk.demo import bundle_directory

Manifest = dict[str, Any]


def a_bundle(directory: Path, bundle_id: str = "first", edit: Callable[[Manifest], object] = lambda _: None) -> Path:
    """The shipped bundle as `directory`/`bundle_id`, its manifest changed by `edit`."""
    bundle = directory / bundle_id
    shutil.copytree(bundle_directory(), bundle)
    rewrite(bundle, lambda manifest: (manifest.update(id=bundle_id), edit(manifest)))
    return bundle


def rewrite(bundle: Path, edit: Callable[[Manifest], object]) -> None:
    """Change a bundle's manifest."""
    path = bundle / "bundle.json"
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


def with_model(bundle: Path, model: bytes) -> Path:
    """Give a bundle another model, with a manifest that fits it."""
    path = bundle / "model.tflite"
    path.write_bytes(model)
    rewrite(bundle, lambda manifest: manifest["files"].update({"model.tflite": file_entry(path).model_dump()}))
    return bundle


def wrong_answers(manifest: Manifest) -> None:
    """As if this device gave other probabilities than the trainer saw."""
    golden = manifest["golden"][0]
    golden["tflite_probabilities"] = [*golden["tflite_probabilities"][1:], golden["tflite_probabilities"][0]]


def signed_by(key: KeyPair, bundle: Path) -> Path:
    """Sign a bundle; as `minisign -Sm bundle.json` does."""
    (bundle / "bundle.json.minisig").write_bytes(signature_of(key, bundle / "bundle.json"))
    return bundle


def signature_of(key: KeyPair, file: Path) -> bytes:
    """As `minisign -Sm FILE` writes it beside the file."""
    return bytes(key.secret_key.sign(file.read_bytes(), trusted_comment="from the kitchen"))


def public(key: KeyPair) -> str:
    """As the config's `bundle_keys` has it."""
    return bytes(key.public_key.to_base64()).decode()


def tarred(bundle: Path, to: Path, top: str = "") -> Path:
    """Packed by tar, in a directory `top` if one is given."""
    with tarfile.open(to, "w:gz" if to.suffix == ".gz" else "w") as archive:
        archive.add(bundle, arcname=top or ".")
    return to


def zipped(bundle: Path, to: Path, top: str = "") -> Path:
    """Packed by zip."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(bundle.rglob("*")):
            archive.write(path, f"{top}{path.relative_to(bundle)}")
    return to
