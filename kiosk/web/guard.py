"""Keeps the page for those who are paired, once it is open to a network."""

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from kiosk.access.tablets import Tablet, TabletBook
from kiosk.errors import CodeRefused, NotKept
from kiosk.web.buckets import BucketEach, TokenBucket
from kiosk.web.errors import HttpsOnly, NotPaired, TooManyListeners
from kiosk.web.repeats import Repeats
from kiosk.web.views_of_kiosk import SETTINGS
from kiosk.web.visitor import COOKIE, Standing, Visitor, client_of, is_from_the_kiosk

if TYPE_CHECKING:  # it brings cryptography, of which a kiosk that serves only itself has no use
    from kiosk.access.network_page import NetworkPage

log = logging.getLogger(__name__)

FORM_PATHS = frozenset({"/pair", "/pair/code"})
"""Take a plain form, so that pairing needs no script."""
_TRUST_PATHS = frozenset({"/trust", "/authority.crt", "/pair/style.css"})
OPEN_PATHS = {
    Standing.STRANGER: _TRUST_PATHS | {"/pair"},
    Standing.PLAIN: _TRUST_PATHS | {"/"},
}
"""What those may see who are not paired, besides the page's own style sheets and icon."""
RENEWED = web.RequestKey("renewed_token", str)
"""Under which a request has the token that its answer gives again."""
COOKIE_SECONDS = 400 * 86400
"""The longest that browsers keep a cookie (RFC 6265bis, 5.5); it is given again before that."""
WATCH_SECONDS = 0.5
"""How soon an open event stream learns that its tablet was revoked."""
STREAMS_EACH = 4
"""Event streams of one tablet, so that a few tablets cannot take the counter's place."""

_LOOKS = re.compile(r'href="(/assets/[A-Za-z0-9._-]+\.(?:css|svg))"')


class Guard:
    """Knows the tablets, and what they do just now."""

    def __init__(self, tablets: TabletBook, page: "NetworkPage") -> None:
        self.tablets = tablets
        self.page = page
        self._requests = BucketEach(each_second=30, burst=200)
        self._attempts_each = BucketEach(each_second=1 / 20, burst=5)
        self._attempts = TokenBucket(each_second=1 / 5, burst=20)
        self._streams: dict[str, set[Callable[[], None]]] = defaultdict(set)
        self._refused = Repeats(log, "pairing refused")
        self._unread = Repeats(log, "paired tablets not read", logging.ERROR)

    def visitor(self, request: web.Request) -> Visitor:
        """Who asks. Raises NotKept when the paired tablets cannot be looked up."""
        client = client_of(request)
        if is_from_the_kiosk(request):
            return Visitor(Standing.OWN, client)
        if not request.secure:
            return Visitor(Standing.PLAIN, client)
        token = request.cookies.get(COOKIE)
        tablet = self.tablets.find(token) if token else None
        if token is None or tablet is None:
            return Visitor(Standing.STRANGER, client)
        self._note_seen(request, tablet, token)
        return Visitor(Standing.TABLET, tablet.id, tablet)

    def admit(self, request: web.Request, visitor: Visitor) -> None:
        """Let pass, or lead to where this visitor may go.

        Raises:
            TooMany: too many requests from there.
            NotPaired, HttpsOnly: not for this visitor.
            HTTPSeeOther: a person who is shown the way.
        """
        if visitor.standing is Standing.OWN:
            return
        self._requests.take(visitor.client)
        if visitor.standing is Standing.TABLET or request.path in OPEN_PATHS[visitor.standing]:
            return
        if request.method == "GET" and request.path in looks(request.app[SETTINGS].static_directory):
            return
        by_hand = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if visitor.standing is Standing.PLAIN:
            if by_hand:
                raise web.HTTPSeeOther("/")
            raise HttpsOnly("this needs https; the kiosk's plain http page shows the way")
        if by_hand:
            raise web.HTTPSeeOther("/pair")
        raise NotPaired("this browser is not paired with the kiosk, or no longer; open /pair")

    def redeem(self, visitor: Visitor, code: str, name: str) -> str:
        """The token for a new tablet.

        Raises:
            TooMany: too many attempts, from there or in all.
            CodeRefused: not a good code.
            NotKept: it cannot be written down.
        """
        self._attempts_each.take(visitor.client)
        self._attempts.take()
        try:
            return self.tablets.redeem(code, name)
        except CodeRefused:
            self._refused.note(client=visitor.client)
            raise

    def follow(self, visitor: Visitor, hang_up: Callable[[], None]) -> Callable[[], None]:
        """Call `hang_up` when the visitor's tablet is revoked. Answers what ends that.

        Raises:
            TooManyListeners: the tablet has too many streams open.
        """
        if visitor.tablet is None:
            return lambda: None
        streams = self._streams[visitor.tablet.id]
        if len(streams) >= STREAMS_EACH:
            raise TooManyListeners("this tablet follows the kiosk too many times; close a page")
        streams.add(hang_up)
        return lambda: streams.discard(hang_up)

    async def watch(self, _: web.Application) -> AsyncIterator[None]:
        """For `Application.cleanup_ctx`: looks out for tablets that another process revokes."""
        watching = asyncio.create_task(self._watch(), name="tablets")
        yield
        watching.cancel()
        await asyncio.wait({watching})

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                if self.tablets.changed():
                    self._hang_up_on_the_revoked()
            except NotKept as error:
                # Nobody can say who is still paired.
                self._unread.note(reason=str(error))
                self._hang_up(list(self._streams))

    def _hang_up_on_the_revoked(self) -> None:
        paired = {tablet.id for tablet in self.tablets.all()}
        self._hang_up([tablet_id for tablet_id in self._streams if tablet_id not in paired])

    def _hang_up(self, tablet_ids: list[str]) -> None:
        for tablet_id in tablet_ids:
            for hang_up in list(self._streams.pop(tablet_id)):
                hang_up()

    def _note_seen(self, request: web.Request, tablet: Tablet, token: str) -> None:
        try:
            if self.tablets.note_seen(tablet):
                request[RENEWED] = token
        except NotKept as error:
            log.warning("tablet's visit not written down", extra={"reason": str(error)})


def set_cookie(response: web.StreamResponse, token: str) -> None:
    """Give a tablet its token. `Lax`, as a link on the plain http page is another site's to a browser."""
    response.set_cookie(COOKIE, token, max_age=COOKIE_SECONDS, path="/", secure=True, httponly=True, samesite="Lax")


def looks(static_directory: Path) -> list[str]:
    """The built page's own style sheets and icon: the pairing page looks like the rest."""
    try:
        return _LOOKS.findall((static_directory / "tablet.html").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return []  # not built: plain, and no less safe


GUARD = web.AppKey("guard", Guard)
