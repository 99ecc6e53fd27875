"""What a person does with `kiosk certificate` and `kiosk tablets`. The daemon, if it runs, notices."""

import json
import time
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime

from kiosk.access.certificate import Described, read_certificate
from kiosk.access.certificates import LocalCertificate
from kiosk.access.network_page import spaced, texts
from kiosk.access.qr import terminal_qr
from kiosk.access.tablets import TabletBook, tablets_path
from kiosk.config import Config
from kiosk.errors import AccessError
from kiosk.parts.access import certificate_source, local_certificate, network_page, require_open


def create_certificate(config: Config, *, new_authority: bool) -> str:
    """Make or renew the kiosk's own certificate. Raises AccessError, CertificateError."""
    if config.web.certificate_file is not None:
        raise AccessError(
            f"the config names a certificate of your own, {config.web.certificate_file}; replace that file, or remove"
            " web.certificate_file and web.key_file to have the kiosk make one"
        )
    source, now = local_certificate(config), datetime.now(UTC)
    described = source.new_authority(now) if new_authority else source.renew(now, "asked for")
    fingerprint = network_page(config, source).fingerprint()
    return "\n".join([*_lines(described), f"authority  {fingerprint}", "", "Next: kiosk certificate trust"])


def show_certificate(config: Config, *, as_json: bool) -> str:
    """What the certificate on disk is. Raises CertificateError."""
    source = certificate_source(config)
    if isinstance(source, LocalCertificate):
        source.authority()
    described = read_certificate(source.files)
    fingerprint = network_page(config, source).fingerprint()
    if as_json:
        dates = {"not_before": described.not_before.isoformat(), "not_after": described.not_after.isoformat()}
        return json.dumps(
            {**asdict(described), **dates, "file": str(source.files.certificate), "authority": fingerprint}
        )
    late = ["NOTE       it has expired"] if described.not_after <= datetime.now(UTC) else []
    authority = fingerprint or "not the kiosk's own: tablets are expected to know it"
    return "\n".join([f"file       {source.files.certificate}", *_lines(described), f"authority  {authority}", *late])


def tell_how_to_trust(config: Config) -> str:
    """The steps for each system, and a QR code for the page that has them too. Raises AccessError, CertificateError."""
    require_open(config)
    page, words = network_page(config, certificate_source(config)), texts("en")
    fingerprint = page.fingerprint()
    if fingerprint is None:
        return str(words["trust_nothing"])
    steps = [
        line
        for system in words["systems"]
        for line in ("", system["name"], *(f"  {number}. {step}" for number, step in enumerate(system["steps"], 1)))
    ]
    return "\n".join(
        [
            f"On the tablet, open {page.trust_url()} or scan this (the kiosk must be running):",
            terminal_qr(page.trust_url()),
            f"There, download the certificate and see that its fingerprint is this one:\n{fingerprint}",
            *steps,
            "",
            "Then: kiosk tablets pair",
        ]
    )


def make_code(config: Config) -> str:
    """A code that pairs a tablet, to be read or scanned. Raises AccessError, NotKept."""
    require_open(config)
    page = network_page(config, certificate_source(config))
    with closing(_book(config)) as book:
        code = book.make_code()
    return "\n".join(
        [
            f"On the tablet, open {page.https_url('/pair')} and type {spaced(code)}, or scan this:",
            terminal_qr(page.pair_url(code)),
            "It pairs one tablet, within ten minutes. If the tablet warns of the certificate: kiosk certificate trust",
        ]
    )


def list_tablets(config: Config, *, as_json: bool) -> str:
    """The paired tablets. Raises NotKept."""
    with closing(_book(config)) as book:
        tablets = book.all()
    if as_json:
        return json.dumps([asdict(tablet) for tablet in tablets])
    if not tablets:
        return "no tablet is paired; `kiosk tablets pair` makes a code"
    header = f"{'id':<10}{'paired':<18}{'last here':<18}name"
    rows = [f"{one.id[:8]:<10}{_moment(one.paired_at):<18}{_moment(one.seen_at):<18}{one.name}" for one in tablets]
    return "\n".join([header, *rows])


def revoke(config: Config, beginning: str | None) -> str:
    """End the pairing of one tablet, or of all for None. Raises NoSuchTablet, NotKept."""
    with closing(_book(config)) as book:
        if beginning is not None:
            tablet = book.revoke(beginning)
            return f"{tablet.id[:8]}  {tablet.name} is revoked; it can buy nothing any more"
        count = len(book.revoke_all())
    return f"{count} {'tablet is' if count == 1 else 'tablets are'} revoked, and no code is good any more"


def _book(config: Config) -> TabletBook:
    return TabletBook.open(tablets_path(config.state_dir), sets_aside=False)


def _lines(described: Described) -> list[str]:
    return [
        f"names      {', '.join(described.names) or 'none'}",
        f"issuer     {described.issuer}",
        f"valid      {described.not_before:%Y-%m-%d} to {described.not_after:%Y-%m-%d}",
    ]


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
