"""The certificates on disk: made, renewed, and what is said when they are no good."""

import errno
import ipaddress
import os
import ssl
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kiosk.access.addresses import as_address, is_dns_name, own_names
from kiosk.access.authority import AUTHORITY_DAYS, make_authority, may_sign_for
from kiosk.access.certificate import CertificateFiles, is_for, load_certificates, read_certificate
from kiosk.access.certificates import LocalCertificate, OwnersCertificate
from kiosk.errors import CertificateError

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ADDRESS = ipaddress.IPv4Address("192.168.1.7")


def local(directory: Path, *names: str, address: str = "192.168.1.7") -> LocalCertificate:
    return LocalCertificate(directory / "certificates", names, lambda: (ipaddress.ip_address(address),))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_certificate_is_for_the_kiosks_names_and_addresses(tmp_path: Path) -> None:
    made = local(tmp_path, "kiosk.office.example").refresh(NOW)
    assert {"kiosk.local", "kiosk.office.example", "192.168.1.7", *own_names()} <= set(made.names)
    assert made.not_before <= NOW < made.not_after <= NOW + timedelta(days=825)


def test_keys_are_for_the_kiosk_only_and_the_authoritys_is_not_the_servers(tmp_path: Path) -> None:
    source = local(tmp_path)
    source.refresh(NOW)
    directory = tmp_path / "certificates"
    assert mode(directory) == 0o700
    assert mode(directory / "authority.key") == mode(directory / "server.pem") == 0o600
    assert (directory / "authority.key").read_bytes() not in (directory / "server.pem").read_bytes()


def test_openssl_finds_the_chain_good_for_the_name_and_for_no_other(tmp_path: Path) -> None:
    source = local(tmp_path)
    source.refresh(datetime.now(UTC))
    authority, server = tmp_path / "certificates" / "authority.crt", source.files.certificate
    for host, good in [("kiosk.local", True), ("bank.example", False)]:
        checked = subprocess.run(
            ["openssl", "verify", "-x509_strict", "-verify_hostname", host, "-CAfile", str(authority), str(server)],
            capture_output=True,
            check=False,
        )
        assert (checked.returncode == 0) is good, checked.stderr


def test_the_authority_cannot_vouch_for_the_internet(tmp_path: Path) -> None:
    source = local(tmp_path, "kiosk.office.example")
    source.refresh(NOW)
    authority = source.authority()
    assert all(may_sign_for(authority, name) for name in ("kiosk.local", "kiosk.office.example", ADDRESS))
    assert not any(may_sign_for(authority, name) for name in ("bank.example", "example", "xlocal"))
    assert not may_sign_for(authority, ipaddress.IPv4Address("8.8.8.8"))
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical


def test_a_good_certificate_is_left_alone(tmp_path: Path) -> None:
    source = local(tmp_path)
    source.refresh(NOW)
    before = source.files.certificate.read_bytes()
    source.refresh(NOW + timedelta(days=30))
    assert source.files.certificate.read_bytes() == before


def test_it_is_renewed_in_time_by_the_same_authority(tmp_path: Path) -> None:
    source = local(tmp_path)
    first = source.refresh(NOW)
    authority = (tmp_path / "certificates" / "authority.crt").read_bytes()
    renewed = source.refresh(first.not_after - timedelta(days=30))
    assert renewed.not_after > first.not_after
    assert (tmp_path / "certificates" / "authority.crt").read_bytes() == authority


def test_a_new_address_is_taken_in(tmp_path: Path) -> None:
    local(tmp_path).refresh(NOW)
    assert "10.0.0.9" in local(tmp_path, address="10.0.0.9").refresh(NOW).names


def test_a_name_that_the_authority_may_not_sign_for_is_left_out_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    local(tmp_path).refresh(NOW)
    assert "late.example" not in local(tmp_path, "late.example").refresh(NOW).names
    assert "new-authority" in caplog.text
    assert "late.example" in local(tmp_path, "late.example").new_authority(NOW).names


@pytest.mark.parametrize("damage", [b"", b"not a certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_damaged_server_certificate_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    source = local(tmp_path)
    source.refresh(NOW)
    source.files.certificate.write_bytes(damage)
    assert "kiosk.local" in source.refresh(NOW).names


def test_a_lost_authority_key_is_told_and_never_replaced_silently(tmp_path: Path) -> None:
    source = local(tmp_path)
    first = source.refresh(NOW)
    (tmp_path / "certificates" / "authority.key").unlink()
    assert source.refresh(NOW) == first
    with pytest.raises(CertificateError, match=r"authority is damaged.*--new-authority"):
        source.refresh(first.not_after)


def test_a_clock_in_1970_makes_no_certificate_and_keeps_the_one_there_is(tmp_path: Path) -> None:
    lost = datetime(1970, 1, 1, 0, 1, tzinfo=UTC)
    with pytest.raises(CertificateError, match="clock says 1970-01-01; set it"):
        local(tmp_path).refresh(lost)
    made = local(tmp_path).refresh(NOW)
    assert local(tmp_path).refresh(lost) == made


def test_a_clock_that_is_behind_leaves_a_good_certificate_alone(tmp_path: Path) -> None:
    made = local(tmp_path).refresh(NOW)
    assert local(tmp_path).refresh(NOW - timedelta(days=400)) == made


def test_a_lost_authority_certificate_is_told_and_its_key_never_overwritten(tmp_path: Path) -> None:
    local(tmp_path).refresh(NOW)
    directory = tmp_path / "certificates"
    key = (directory / "authority.key").read_bytes()
    (directory / "authority.crt").unlink()
    with pytest.raises(CertificateError, match="put both back from a copy"):
        local(tmp_path).refresh(NOW)
    assert (directory / "authority.key").read_bytes() == key


def test_a_full_disk_is_told_and_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = local(tmp_path)
    first = source.refresh(NOW)
    before = source.files.certificate.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CertificateError, match="No space left on device"):
        source.refresh(first.not_after)
    assert source.files.certificate.read_bytes() == before
    assert sorted(path.name for path in before_files(tmp_path)) == ["authority.crt", "authority.key", "server.pem"]


def before_files(directory: Path) -> list[Path]:
    return list((directory / "certificates").iterdir())


def owners(tmp_path: Path) -> OwnersCertificate:
    """An owner's certificate in two files."""
    source = local(tmp_path)
    source.refresh(NOW)
    return OwnersCertificate(CertificateFiles(source.files.certificate, source.files.key))


def test_an_owners_certificate_is_taken_as_it_is(tmp_path: Path) -> None:
    assert "kiosk.local" in owners(tmp_path).refresh(NOW).names


def test_an_owners_certificate_that_expired_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="expired on 2027"):
        owners(tmp_path).refresh(NOW + timedelta(days=400))


def test_a_certificate_from_the_future_is_refused_but_not_by_a_clock_in_1970(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="valid only from"):
        owners(tmp_path).refresh(NOW - timedelta(days=30))
    owners(tmp_path).refresh(datetime(1970, 1, 1, tzinfo=UTC))


def test_a_key_that_does_not_fit_is_told(tmp_path: Path) -> None:
    one, other = local(tmp_path / "one"), local(tmp_path / "other")
    one.refresh(NOW)
    other.refresh(NOW)
    with pytest.raises(CertificateError, match="not the key of"):
        read_certificate(CertificateFiles(one.files.certificate, other.files.key))


def test_a_chain_in_the_wrong_order_is_told_from_a_key_that_does_not_fit(tmp_path: Path) -> None:
    files = owners(tmp_path).files
    mixed = tmp_path / "mixed.pem"
    authority = (tmp_path / "certificates" / "authority.crt").read_bytes()
    mixed.write_bytes(authority + files.certificate.read_bytes())
    with pytest.raises(CertificateError, match="the key is that of certificate 2 in it; put that one first"):
        read_certificate(CertificateFiles(mixed, files.key))


def test_an_authority_in_the_chain_that_expired_is_told(tmp_path: Path) -> None:
    old = make_authority("old", (), (), NOW - timedelta(days=AUTHORITY_DAYS)).certificate
    files = owners(tmp_path).files
    chain = tmp_path / "chain.pem"
    chain.write_bytes(files.certificate.read_bytes() + old.public_bytes(Encoding.PEM))
    with pytest.raises(CertificateError, match=r"chain.pem, certificate 2 in it \(Kiosk authority.*expired on 2026"):
        OwnersCertificate(CertificateFiles(chain, files.key)).refresh(NOW)


@pytest.mark.parametrize(
    ("names", "host", "good"),
    [
        (("kiosk.example",), "KIOSK.example", True),
        (("*.office.example",), "kiosk.office.example", True),
        (("*.office.example",), "a.kiosk.office.example", False),
        (("*.office.example",), "office.example", False),
        (("192.168.1.7",), "192.168.1.7", True),
        (("*.168.1.7", "*."), "192.168.1.8", False),
        ((), "kiosk.local", False),
    ],
)
def test_a_certificate_is_for_its_own_names_and_no_others(names: tuple[str, ...], host: str, good: bool) -> None:
    assert is_for(names, host) is good


def test_an_authority_that_expired_is_told_although_the_servers_certificate_is_good(tmp_path: Path) -> None:
    source = local(tmp_path)
    source.refresh(NOW)
    end = source.authority().not_valid_after_utc
    source.renew(end - timedelta(days=10), "asked for")
    with pytest.raises(CertificateError, match=r"authority expired on 2036.*--new-authority"):
        source.refresh(end + timedelta(days=1))
    with pytest.raises(CertificateError, match="authority expired"):
        source.require_good_authority(end + timedelta(days=1))


def test_what_an_owner_puts_in_the_authoritys_place_must_be_one(tmp_path: Path) -> None:
    source, other = local(tmp_path), local(tmp_path / "other")
    source.refresh(NOW)
    other.refresh(NOW)
    directory = tmp_path / "certificates"
    served = other.files.certificate.read_bytes()
    (directory / "authority.crt").write_bytes(served[served.index(b"-----BEGIN CERT") :])
    (directory / "authority.key").write_bytes(served)
    for fails in (source.refresh, source.require_good_authority):
        with pytest.raises(CertificateError, match=r"may not sign others.*--new-authority"):
            fails(NOW)
    (directory / "authority.key").write_bytes(source.files.key.read_bytes())
    with pytest.raises(CertificateError, match="is not its key"):
        source.require_good_authority(NOW)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"", "no certificate in PEM form"),
        (b"x" * 300_000, "larger than 256 KiB"),
        (b"-----BEGIN CERTIFICATE-----\nzzzz\n-----END CERTIFICATE-----\n", "no certificate in PEM form"),
    ],
)
def test_a_broken_file_is_told(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "page.crt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CertificateError, match=said):
        load_certificates(path)


def test_a_key_with_a_password_is_told(tmp_path: Path) -> None:
    files = owners(tmp_path).files
    locked = tmp_path / "locked.key"
    command = ["openssl", "pkcs8", "-topk8", "-in", str(files.key), "-out", str(locked), "-passout", "pass:secret"]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(CertificateError, match="has a password"):
        read_certificate(CertificateFiles(files.certificate, locked))


def test_the_certificate_loads_into_a_server(tmp_path: Path) -> None:
    files = owners(tmp_path).files
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)


@pytest.mark.parametrize(
    ("name", "good"),
    [
        *[("kiosk.local", True), ("K-1.example", True), ("a" * 63, True), ("a" * 64, False), ("-a", False)],
        *[("a..b", False), ("ä.de", False), (".".join(["a" * 60] * 5), False), ("", False), ("*.example", False)],
    ],
)
def test_a_name_must_fit_into_a_certificate(name: str, good: bool) -> None:
    assert is_dns_name(name) is good


def test_an_ipv4_address_in_ipv6s_clothes_is_the_same_address() -> None:
    assert as_address("::ffff:127.0.0.1") == ipaddress.IPv4Address("127.0.0.1")
