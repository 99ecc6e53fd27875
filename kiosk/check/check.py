"""`kiosk check`: tries each part as `kiosk run` would, and says what would fail, before it fails."""

import asyncio
import os
import socket
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from kiosk.bundle.bundle import Bundle
from kiosk.check.access import check_certificate
from kiosk.check.camera import check_camera
from kiosk.check.page import check_pay_link, check_pictures
from kiosk.check.till import check_till
from kiosk.config import Config
from kiosk.config.file import read_config
from kiosk.errors import ConfigError, Damaged, KioskError, NoSuchSale
from kiosk.installation.trial import require_trial
from kiosk.parts.bundle import configured_bundle, configured_following, stand_in
from kiosk.rollout.channel import describe_offer, read_channel
from kiosk.sales.database import Database
from kiosk.sales.files import damaged_files, outbox_path
from kiosk.sales.schema import MIGRATIONS


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of trying one part."""

    part: str
    good: bool
    detail: str


async def check(config_path: Path | None, picture: Path | None = None, *, config_only: bool = False) -> list[Finding]:
    """Try every part; a wrong config is the only finding, as nothing else can be tried without one.

    `config_only`: try nothing else, even if it is right.
    `picture`: where a picture of what the camera sees is to be kept; else in the state directory, if there is one.
    """
    try:
        config = read_config(config_path)
    except ConfigError as error:
        return [Finding("config", False, problem) for problem in error.problems]
    read = Finding("config", True, str(config_path) if config_path else "embedded defaults")
    if config_only:
        return [read]
    parts: list[tuple[str, Callable[[Config], Awaitable[str]]]] = [
        ("state", _state),
        ("bundle", _bundle),
        ("channel", _channel),
        ("camera", lambda config: asyncio.to_thread(check_camera, config, picture)),
        ("till", check_till),
        ("page", _page),
        ("pay-link", check_pay_link),
        ("pictures", check_pictures),
        ("https", check_certificate),
        ("metrics", _metrics),
    ]
    return [read, *[await _try(part, attempt(config)) for part, attempt in parts]]


def render(findings: list[Finding]) -> str:
    """The findings as a table."""
    return "\n".join(
        f"{'ok  ' if finding.good else 'FAIL'}  {finding.part:<8} {finding.detail}" for finding in findings
    )


async def _try(part: str, attempt: Awaitable[str]) -> Finding:
    try:
        return Finding(part, True, await attempt)
    except KioskError as error:
        return Finding(part, False, str(error))
    except OSError as error:
        # Of a file or a socket that no part has words of its own for.
        return Finding(part, False, f"{error}; run this as the user that the kiosk runs as")


async def _state(config: Config) -> str:
    """Tries to write where sales are to be kept, without leaving anything behind."""
    directory = config.state_dir
    existing = directory
    try:
        existing = next(path for path in (directory, *directory.parents) if path.exists())
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"kept?")
            os.fsync(file.fileno())
    except OSError as error:
        raise KioskError(f"{existing}: {error.strerror}; let the kiosk write there, or set state_dir") from error
    _read_outbox(directory)
    aside = damaged_files(outbox_path(directory))
    if aside:
        raise KioskError(f"{aside[-1]} was damaged and set aside; see `kiosk sales list`, then move it")
    return str(directory) if existing == directory else f"{directory} (will be made)"


def _read_outbox(state_dir: Path) -> None:
    """One that is not there yet, or that an older kiosk wrote, is good; the kiosk makes it, or brings it up to date."""
    path = outbox_path(state_dir)
    with suppress(NoSuchSale), closing(Database.read_only(path)) as outbox:
        try:
            outbox.require_whole("quick_check")
        except Damaged as error:
            raise KioskError(f"{path} is damaged; `kiosk run` sets it aside and salvages its sales") from error
        if outbox.version() > len(MIGRATIONS):
            outbox.require_version(len(MIGRATIONS))


async def _bundle(config: Config) -> str:
    bundle = configured_bundle(config)
    engine = await asyncio.to_thread(_self_test, bundle, config)
    labels, warning = len(bundle.manifest.labels), stand_in(config, bundle)
    good = f"{bundle.manifest.id}: {labels} labels, whole, golden images good on {engine}"
    return good if warning is None else f"{good}; WARNING: {warning}"


async def _channel(config: Config) -> str:
    following = configured_following(config)
    if following is None:
        return "none followed"
    return describe_offer(await asyncio.to_thread(read_channel, following.url, following.keys), following.kiosk)


def _self_test(bundle: Bundle, config: Config) -> str:
    return require_trial(bundle, config.recognition.engine, config.recognition.threads).engine


async def _page(config: Config) -> str:
    web = config.web
    found = _free(web.host, web.port, "web.port")
    return f"{found}, {_free(web.host, web.plain_port, 'web.plain_port')}" if web.is_open else found


async def _metrics(config: Config) -> str:
    return _free(config.metrics.host, config.metrics.port, "metrics.port")


def _free(host: str, port: int, key: str) -> str:
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        raise KioskError(f"{host}:{port}: {reason}; is a kiosk running already? Else set {key}") from error
    return f"{host}:{port} is free"
