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


@needs_analyze
@pytest.mark.parametrize("name", ["kiosk.service", "kiosk-verify.service"])
def test_the_exposure_is_low(name: str) -> None:
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", analysed(UNITS / name))
    assert exposure is not None
    assert float(exposure[1]) <= MOST_EXPOSURE


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
    done = subprocess.run(["systemd-analyze", "verify", *UNITS.iterdir()], check=False, capture_output=True, text=True)
    # The program itself is only there where it was installed.
    assert [line for line in done.stderr.splitlines() if "is not executable" not in line] == []


def test_a_secret_comes_only_as_a_credential() -> None:
    assert not re.search(
        r"^(SetCredential|Environment=.*(TOKEN|SECRET|KEY))", (UNITS / "kiosk.service").read_text(), re.M
    )


@pytest.mark.skipif(bool(os.environ.get("KIOSK_SYSTEMD")), reason="this is `make test-systemd`")
def test_the_units_in_real_debians_are_another_target() -> None:
    pytest.skip("the tests in booted Debians 12 and 13 run by `make test-systemd`, as root: tests/systemd")
