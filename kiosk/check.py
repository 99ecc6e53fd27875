"""`kiosk check`: tries each part as `kiosk run` would, and says what would fail, before it fails."""

import asyncio
import os
import socket
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kiosk.bundle.bundle import Bundle
from kiosk.config import Config
from kiosk.config_file import read_config
from kiosk.errors import CameraLost, ConfigError, KioskError, NoSuchSale
from kiosk.parts import bundle_catalogue, configured_bundle, configured_camera, configured_till, ledger_path
from kiosk.recognition.recogniser import open_tested_recogniser
from kiosk.sales.outbox import OutboxReader, outbox_path
from kiosk.sales.tills.ledger import read_ledger


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of trying one part."""

    part: str
    good: bool
    detail: str


async def check(config_path: Path | None) -> list[Finding]:
    """Try every part; a wrong config is the only finding, as nothing else can be tried without one."""
    try:
        config = read_config(config_path)
    except ConfigError as error:
        return [Finding("config", False, problem) for problem in error.problems]
    parts: list[tuple[str, Callable[[Config], Awaitable[str]]]] = [
        ("state", _state),
        ("bundle", _bundle),
        ("camera", _camera),
        ("till", _till),
        ("page", _page),
        ("metrics", _metrics),
    ]
    read = Finding("config", True, str(config_path) if config_path else "embedded defaults")
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
    return str(directory) if existing == directory else f"{directory} (will be made)"


def _read_outbox(state_dir: Path) -> None:
    """A damaged outbox keeps the kiosk from starting; one that is not there yet does not."""
    with suppress(NoSuchSale):
        OutboxReader.open(outbox_path(state_dir)).close()


async def _bundle(config: Config) -> str:
    bundle = configured_bundle(config.bundle)
    engine = await asyncio.to_thread(_self_test, bundle, config)
    labels = len(bundle.manifest.labels)
    return f"{bundle.manifest.id}: {labels} labels, whole, golden images good on {engine}"


def _self_test(bundle: Bundle, config: Config) -> str:
    return open_tested_recogniser(bundle, config.recognition.engine, config.recognition.threads).engine_name


async def _camera(config: Config) -> str:
    return await asyncio.to_thread(_one_frame, config)


def _one_frame(config: Config) -> str:
    source = configured_camera(config)
    try:
        source.open()
        frame = source.read()
    finally:
        source.close()
    if frame is None:
        raise CameraLost(f"{source.name}: gave no frame; look at it with another program")
    height, width = frame.bgr.shape[:2]
    return f"{source.name}: {width}x{height}"


async def _till(config: Config) -> str:
    till = configured_till(config)
    if config.till.kind == "ledger":
        with suppress(NoSuchSale):
            read_ledger(ledger_path(config.state_dir))
        return f"{till.name} in {config.state_dir}"
    await till.open()
    try:
        products = list(await till.products() or [])
    finally:
        await till.close()
    listed = {product.label for product in products}
    missing = [
        product.name
        for product in bundle_catalogue(configured_bundle(config.bundle)).all()
        if product.label not in listed
    ]
    if missing:
        raise KioskError(f"{till.name}: does not list {', '.join(missing)}; these will be refused")
    return f"{till.name}: {len(products)} products, all of the bundle's among them"


async def _page(config: Config) -> str:
    return _free(config.web.host, config.web.port, "web")


async def _metrics(config: Config) -> str:
    return _free(config.metrics.host, config.metrics.port, "metrics")


def _free(host: str, port: int, section: str) -> str:
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        raise KioskError(f"{host}:{port}: {reason}; is a kiosk running already? Else set {section}.port") from error
    return f"{host}:{port} is free"
