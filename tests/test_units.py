"""The systemd units as files: known keys, low exposure, a reason for what stayed off. Real systemds: tests/systemd."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[1] / "deploy" / "systemd"
MOST_EXPOSURE = 1.5
needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze missing: no systemd"
)


def analysed(unit: Path) -> str:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def exposure(unit: Path) -> float:
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", analysed(unit))
    assert found is not None
    return float(found[1])


def complaints(*units: Path) -> list[str]:
    """What systemd does not understand of them."""
    done = subprocess.run(["systemd-analyze", "verify", *units], check=False, capture_output=True, text=True)
    # The program itself is only there where it was installed.
    return [line for line in done.stderr.splitlines() if "is not executable" not in line]


@needs_analyze
@pytest.mark.parametrize("name", ["kiosk.service", "kiosk-verify.service"])
def test_the_exposure_is_low(name: str) -> None:
    assert exposure(UNITS / name) <= MOST_EXPOSURE


@needs_analyze
def test_the_manuals_drop_in_is_understood_and_closes_the_network(tmp_path: Path) -> None:
    shutil.copytree(UNITS, tmp_path, dirs_exist_ok=True)
    unit = tmp_path / "kiosk.service"
    before, drop_in = exposure(unit), unit.with_suffix(".service.d") / "override.conf"
    manual = (UNITS.parents[1] / "docs" / "operator.md").read_text()
    (limits,) = [block for block in manual.split("```") if "IPAddressDeny=any" in block]
    drop_in.parent.mkdir()
    drop_in.write_text(limits)
    assert complaints(unit) == []
    assert exposure(unit) < before


@needs_analyze
def test_what_had_to_stay_off_has_its_reason_beside_it() -> None:
    unit = UNITS / "kiosk.service"
    reasons = unit.read_text().split("had to stay off:")[1].split("\nDevicePolicy")[0]
    # "PrivateNetwork=", "RootDirectory=/RootImage=", "SystemCallFilter=~@resources", "...=~AF_(INET|INET6)"
    off = [line.split()[1] for line in analysed(unit).splitlines() if line.startswith("✗")]
    assert len(off) > 5
    for name in off:
        value = name.partition("=~")[2].replace("(", "").split("|")[0]
        assert (value or name.split("=")[0]) in reasons


@needs_analyze
def test_systemd_knows_every_key() -> None:
    assert complaints(*UNITS.iterdir()) == []


def test_a_secret_comes_only_as_a_credential() -> None:
    assert not re.search(
        r"^(SetCredential|Environment=.*(TOKEN|SECRET|KEY))", (UNITS / "kiosk.service").read_text(), re.M
    )


@pytest.mark.skipif(bool(os.environ.get("KIOSK_SYSTEMD")), reason="this is `make test-systemd`")
def test_the_units_in_real_debians_are_another_target() -> None:
    pytest.skip("the tests in booted Debians 12 and 13 run by `make test-systemd`, as root: tests/systemd")
