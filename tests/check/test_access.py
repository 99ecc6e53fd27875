"""`kiosk check` and the start say what is wrong with an owner's certificate, and what to do."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.access.certificates import LocalCertificate
from kiosk.check.access import check_certificate
from kiosk.check.check import _try
from kiosk.config import Config
from kiosk.errors import CertificateError
from kiosk.parts.access import certificates_directory
from tests.end_to_end.running_kiosk import free_ports, running_kiosk, wall


def own_certificate(directory: Path, *names: str) -> tuple[Path, Path]:
    """A good one of somebody else's authority, with its key."""
    source = LocalCertificate(directory / "theirs", names)
    source.refresh(datetime.now(UTC))
    return source.files.certificate, source.files.key


def config_of(directory: Path, certificate: Path, key: Path, **web: Any) -> Config:
    files = {"certificate_file": str(certificate), "key_file": str(key)}
    return Config.model_validate({"state_dir": str(directory), "web": {"host": "0.0.0.0"} | files | web})


async def test_one_for_the_name_that_people_are_told_is_good(tmp_path: Path) -> None:
    config = config_of(tmp_path, *own_certificate(tmp_path, "kiosk.example"), names=["kiosk.example"])
    assert "for kiosk.local, kiosk.example" in await check_certificate(config)


async def test_one_for_other_names_is_told_with_the_names_to_set(tmp_path: Path) -> None:
    files = own_certificate(tmp_path, "kiosk.example")
    with pytest.raises(CertificateError, match=r"people are told to open shop.example; set web.names to \[.*kiosk.ex"):
        await check_certificate(config_of(tmp_path, *files, names=["shop.example"]))
    with pytest.raises(CertificateError, match=r"people are told to open \d+\.\d+.*; set web.names to \["):
        await check_certificate(config_of(tmp_path, *files))
    assert "kiosk.example" in await check_certificate(config_of(tmp_path, *files, announce=True))


async def test_the_kiosks_own_authority_is_looked_at_before_it_is_needed(tmp_path: Path) -> None:
    config = Config.model_validate({"state_dir": str(tmp_path), "web": {"host": "0.0.0.0"}})
    directory = certificates_directory(tmp_path)
    LocalCertificate(directory).refresh(datetime.now(UTC))
    assert "kiosk.local" in await check_certificate(config)
    (directory / "authority.key").unlink()
    with pytest.raises(CertificateError, match="authority is damaged"):
        await check_certificate(config)


async def test_a_directory_that_another_user_keeps_private_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config.model_validate({"state_dir": str(tmp_path), "web": {"host": "0.0.0.0"}})
    exists = Path.exists

    def refused(path: Path, **more: bool) -> bool:
        # As Python 3.11 does for a user who may not search the directory; root, who may run this, always may.
        if path.parent == certificates_directory(tmp_path):
            raise PermissionError(13, "Permission denied", str(path))
        return exists(path, **more)

    monkeypatch.setattr(Path, "exists", refused)
    with pytest.raises(CertificateError, match="Permission denied; let the kiosk's user read it"):
        await check_certificate(config)


async def test_a_file_that_no_part_has_words_for_is_a_finding_and_no_traceback() -> None:
    async def attempt() -> str:
        raise PermissionError(13, "Permission denied", "/state/x")

    finding = await _try("https", attempt())
    assert (finding.part, finding.good) == ("https", False)
    assert "Permission denied: '/state/x'; run this as the user" in finding.detail


def test_the_start_says_that_a_certificate_is_for_other_names_and_serves_all_the_same(tmp_path: Path) -> None:
    certificate, key = own_certificate(tmp_path, "kiosk.example")
    port, plain_port = free_ports(2)
    web = {
        "host": "0.0.0.0",
        "port": port,
        "plain_port": plain_port,
        "names": ["shop.example"],
        "certificate_file": str(certificate),
        "key_file": str(key),
    }
    with running_kiosk(tmp_path, wall(tmp_path), 0, web=web) as kiosk:
        said = (tmp_path / "kiosk.log").read_text()
        assert "NOTE" in said
        assert said.count("people are told to open shop.example; set web.names to") == 2, "on the screen and in the log"
        assert kiosk.sales() == []
