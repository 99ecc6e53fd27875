"""Announces the page as `kiosk.local`, so that nobody has to know an address (RFC 6762, RFC 6763)."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kiosk.access.addresses import KIOSK_NAME, as_address
from kiosk.access.interfaces import IpAddress
from kiosk.errors import AccessError

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

log = logging.getLogger(__name__)

SERVICE = "_https._tcp.local."
LOOK_MILLISECONDS = 1500
"""How long another machine may take to say that the name is its own."""


class Announcer:
    """Speaks from `update` to `close`."""

    def __init__(self, port: int, interfaces: Sequence[str] | None = None) -> None:
        """`port`: of the page. `interfaces`: addresses of this machine to speak from; all when None.

        Raises:
            AccessError: the library is not installed.
        """
        try:
            from zeroconf import InterfaceChoice
        except ImportError as error:
            raise AccessError("web.announce needs zeroconf: pip install 'honesty-kiosk[announce]'") from error
        self._interfaces = list(interfaces) if interfaces else InterfaceChoice.All
        self._port = port
        self._zeroconf: AsyncZeroconf | None = None
        self._heard_at: tuple[IpAddress, ...] = ()
        """The addresses when `_zeroconf` was made: it speaks and listens where the network was then."""
        self._told = False

    async def update(self, addresses: tuple[IpAddress, ...]) -> None:
        """Announce these addresses, in place of those before. Nothing happens while they stay the same.

        Raises:
            AccessError: another machine has the name already, or the network does not take it.
        """
        from zeroconf import Error
        from zeroconf.asyncio import AsyncZeroconf

        if addresses != self._heard_at:
            await self.close()
        if not addresses or self._told:
            return
        try:
            if self._zeroconf is None:
                self._zeroconf, self._heard_at = AsyncZeroconf(interfaces=self._interfaces), addresses
            await self._tell(self._zeroconf, addresses)
        except (Error, OSError) as error:
            raise AccessError(f"{KIOSK_NAME} cannot be announced: {error or type(error).__name__}") from error

    async def _tell(self, zeroconf: "AsyncZeroconf", addresses: tuple[IpAddress, ...]) -> None:
        await self._require_free(zeroconf, addresses)
        from zeroconf import ServiceInfo

        info = ServiceInfo(
            SERVICE,
            f"Kiosk.{SERVICE}",
            port=self._port,
            properties={"path": "/tablet"},
            server=f"{KIOSK_NAME}.",
            addresses=[one.packed for one in addresses],
        )
        await (await zeroconf.async_register_service(info, allow_name_change=True))
        self._told = True
        log.info("announced", extra={"host": KIOSK_NAME, "addresses": ", ".join(map(str, addresses))})

    async def close(self) -> None:
        """Say goodbye; `update` may speak again."""
        zeroconf, self._zeroconf = self._zeroconf, None
        self._heard_at, self._told = (), False
        if zeroconf is not None:
            await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()

    async def _require_free(self, zeroconf: "AsyncZeroconf", own: tuple[IpAddress, ...]) -> None:
        from zeroconf import AddressResolver  # type: ignore[attr-defined]  # documented, and missing in its __all__

        other = AddressResolver(f"{KIOSK_NAME}.")
        if not await other.async_request(zeroconf.zeroconf, LOOK_MILLISECONDS):
            return
        strangers = {as_address(text) for text in other.parsed_addresses()} - set(own)
        if strangers:
            raise AccessError(
                f"{KIOSK_NAME} is {', '.join(sorted(map(str, strangers)))} already: another kiosk on this network?"
                " Set web.announce to false on one of them"
            )
