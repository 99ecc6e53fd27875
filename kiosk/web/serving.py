"""An aiohttp application at an address of this machine."""

import logging
from typing import Self

from aiohttp import web, web_response

from kiosk.errors import KioskError

log = logging.getLogger(__name__)

# aiohttp would tell its own and Python's version, also where no application can keep it from doing so: in its answer to
# bytes that are no HTTP.
web_response.SERVER_SOFTWARE = "kiosk"  # type: ignore[attr-defined]


class Serving:
    """Serves from `start` to `stop`; also as `async with`."""

    def __init__(self, app: web.Application, host: str, port: int, *, what: str, shutdown_seconds: float = 5.0) -> None:
        """`port` 0 lets the system choose. `what`: the config section that names the address, for messages.

        `shutdown_seconds`: how long requests on their way may take to finish.
        """
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=shutdown_seconds)
        self._host = host
        self._port = port
        self._what = what

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            KioskError: the address is taken, or none of this machine's.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            reason = error.strerror or str(error)
            raise KioskError(
                f"{self._what}: cannot listen on {self._host} port {self._port} ({reason});"
                f" stop what uses it, or set {self._what}.port to another"
            ) from error
        log.info("listening", extra={"what": self._what, "url": self.url})

    async def stop(self) -> None:
        """Stop listening and let requests on their way finish. May be called more than once."""
        await self._runner.cleanup()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._runner.addresses[0][1]) if self._runner.addresses else self._port

    @property
    def url(self) -> str:
        """Its address for a browser on this machine."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
