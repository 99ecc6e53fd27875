"""Makes the local authority and the certificates it signs. Pure: keys and names in, PEM out.

The authority may sign for little: its name constraints (RFC 5280, 4.2.1.10) hold it to `.local`, the kiosk's own names
and private addresses, so that whoever steals its key cannot pose as a bank to a tablet that trusts it.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kiosk.access.interfaces import IpAddress

AUTHORITY_DAYS = 3650
SERVER_DAYS = 200
"""Apple's systems take at most 825 days from an authority that a person added; shorter is renewed more often."""
BACKDATED_DAYS = 1
"""For tablets whose clock is a little late."""
LONGEST_COMMON_NAME = 64

PRIVATE_NETWORKS = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.0/8"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate that signs others, with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make_authority(machine: str, names: Iterable[str], addresses: Iterable[IpAddress], now: datetime) -> Authority:
    """A new authority for this machine, which may sign for `names`, `addresses` and what is local anyway."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named(f"Kiosk authority of {machine}")
    domains = ["local", "localhost", *(name for name in names if not name.endswith(".local"))]
    networks = [*PRIVATE_NETWORKS, *(ipaddress.ip_network(one) for one in addresses if not _is_private(one))]
    permitted = [*map(x509.DNSName, dict.fromkeys(domains)), *map(x509.IPAddress, networks)]
    certificate = (
        _builder(subject, subject, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def make_server_pem(authority: Authority, names: Iterable[str], addresses: Iterable[IpAddress], now: datetime) -> bytes:
    """A new key and a certificate for it that names all of `names` and `addresses`, in one PEM text."""
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = [*map(x509.DNSName, names), *map(x509.IPAddress, addresses)]
    signer = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    certificate = (
        _builder(_named("Kiosk"), authority.certificate.subject, key.public_key(), now, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(signer), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return key_pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A key as text, not encrypted: the kiosk starts with nobody there to type a password."""
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def may_sign(certificate: x509.Certificate) -> bool:
    """Whether it is an authority's at all, with what its own certificates must name it by (RFC 5280, 4.2.1.1)."""
    try:
        certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def may_sign_for(authority: x509.Certificate, host: str | IpAddress) -> bool:
    """Whether the authority's name constraints allow `host`."""
    try:
        permitted = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return True
    return any(_covers(name, host) for name in permitted.permitted_subtrees or ())


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of it, as browsers and tablets show it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=BACKDATED_DAYS))
        .not_valid_after(now + timedelta(days=days))
    )


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:LONGEST_COMMON_NAME])])


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _is_private(address: IpAddress) -> bool:
    return any(address in network for network in PRIVATE_NETWORKS)


def _covers(permitted: x509.GeneralName, host: str | IpAddress) -> bool:
    if isinstance(permitted, x509.DNSName) and isinstance(host, str):
        return f".{host}".endswith(f".{permitted.value}")
    network = permitted.value
    subnets = (ipaddress.IPv4Network, ipaddress.IPv6Network)
    return isinstance(network, subnets) and not isinstance(host, str) and host in network
