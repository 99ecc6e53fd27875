"""What the web needs of the kiosk, and no more."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol
from uuid import UUID

from aiohttp import web

from kiosk.bundle.bundle import Bundle
from kiosk.recognition.voting import VotingSettings
from kiosk.sales.catalogue import Catalogue
from kiosk.sales.sale import Sale, SaleSource
from kiosk.web.events import EventStream

STATIC_DIRECTORY = Path(__file__).with_name("static")


class Desk(Protocol):
    """Where sales are taken: `kiosk.sales.desk.SalesDesk`, seen from here."""

    async def take(self, label: str, confidence: float, source: SaleSource, sale_id: UUID | None = None) -> Sale:
        """Take one unit. Raises NotSold, TakenBack, NotKept."""

    async def undo(self, sale_id: UUID) -> Sale:
        """Take a held sale, or the newest just settled, back; one that has not come yet will not be taken.

        Raises NoSuchSale, NotPossible, NotKept.
        """

    def find(self, sale_id: UUID) -> Sale | None:
        """The sale, or None."""

    def recent(self, limit: int) -> list[Sale]:
        """The last sales, the newest first."""

    def undo_seconds_left(self, sale: Sale) -> float:
        """Time left in which `undo` takes a sale back; 0 when it is over."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What the page recognises with."""

    bundle: Bundle
    voting: VotingSettings
    """The vote that the page takes, the same as the kiosk's own."""


@dataclass(frozen=True, slots=True)
class KioskView:
    """The kiosk as the web sees it. All of it is used from the web's own asyncio loop."""

    status: Callable[[], dict[str, Any]]
    """The body of `/healthz`."""
    catalogue: Catalogue
    desk: Desk
    model: Callable[[], ServedModel]
    """The one in use: a reload may bring another."""
    events: EventStream
    picture: Callable[[], bytes | None] | None = None
    """The live picture as JPEG, or None while there is nothing to see; None itself when the owner allows none."""

    @property
    def bundle(self) -> Bundle:
        """The bundle in use."""
        return self.model().bundle

    @property
    def voting(self) -> VotingSettings:
        """The vote in use."""
        return self.model().voting


@dataclass(frozen=True, slots=True)
class WebSettings:
    """How the web behaves."""

    hosts: frozenset[str] = frozenset()
    """Names and addresses, besides the loopback ones, under which a browser may know this kiosk. No ports."""
    static_directory: Path = STATIC_DIRECTORY
    """The built page."""
    body_limit_bytes: int = 16 * 1024
    body_timeout_seconds: float = 10.0
    """Longest wait for a whole request body."""
    decisions_each_second: float = 5.0
    """How many decisions the page may report in the long run."""
    decisions_burst: int = 10
    """How many at once."""
    language: Literal["auto", "en", "de"] = "auto"
    """Of the page; `auto` is the browser's."""
    pay_link: str | None = None
    """Where shoppers pay from their own phone; `{item}` in it stands for the till's id of the product."""
    pictures_directory: Path | None = None
    """The owner's pictures of the products."""
    shutdown_seconds: float = 5.0
    """How long requests on their way may take to finish when the server stops."""


VIEW = web.AppKey("view", KioskView)
SETTINGS = web.AppKey("settings", WebSettings)
