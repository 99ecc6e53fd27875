"""`deploy/requirements.txt`: what a device installs, pinned by version and hash."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "deploy" / "requirements.txt").read_text()


def locked() -> dict[str, tuple[Requirement, list[str]]]:
    """Each locked package: name, as pip reads its line, and its hashes."""
    joined = "\n".join(line for line in LOCK.splitlines() if not line.lstrip().startswith("#")).replace("\\\n    ", "")
    found: dict[str, tuple[Requirement, list[str]]] = {}
    for line in joined.splitlines():
        text, *hashes = line.strip().split(" --hash=")
        requirement = Requirement(text)
        found[canonicalize_name(requirement.name)] = requirement, hashes
    return found


def asked_of_a_device() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]["announce"]
    return [Requirement(text) for text in [*project["dependencies"], *extras]]


def test_everything_a_device_needs_is_pinned_within_its_range() -> None:
    lock = locked()
    for asked in asked_of_a_device():
        pinned, _ = lock[canonicalize_name(asked.name)]
        version = str(pinned.specifier).removeprefix("==")
        assert asked.specifier.contains(version), f"{asked} is pinned to {version}; run `make lock`"


def test_every_pin_is_one_version_with_hashes() -> None:
    for name, (pinned, hashes) in locked().items():
        assert [one.operator for one in pinned.specifier] == ["=="], name
        assert hashes, name
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", one) for one in hashes), name


def test_compiled_packages_have_a_wheel_for_each_python_and_machine() -> None:
    lock = locked()
    for name in ("ai-edge-litert", "numpy", "aiohttp", "pydantic-core", "pyyaml"):
        assert len(lock[name][1]) == 4, f"{name}: Python 3.11 and 3.13, x86-64 and aarch64"


def test_nothing_of_the_training_and_no_download_address_is_in_it() -> None:
    assert not locked().keys() & {"tensorflow", "tensorflow-cpu", "keras", "pillow", "tensorboard"}
    assert "://" not in LOCK
