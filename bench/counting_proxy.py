"""A proxy on loopback that counts what comes back through it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

_CHUNK_BYTES = 65536


@dataclass
class CountingProxy:
    """Where it listens, and what it has counted so far."""

    url: str = ""
    received_bytes: int = 0
    """From the server behind it: heads and bodies, as they were on the wire."""


@contextmanager
def counting_proxy(server_url: str) -> Iterator[CountingProxy]:
    """Passes on every connection to `server_url`."""
    behind = urlsplit(server_url)
    proxy = CountingProxy()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(behind.hostname, behind.port)
        await asyncio.gather(_pump(reader, to_server, None), _pump(from_server, writer, proxy))

    async def listen() -> asyncio.Server:
        return await asyncio.start_server(serve, "127.0.0.1", 0)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(_hang_up(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _hang_up(server: asyncio.Server) -> None:
    """End the listening and every connection that a browser left open."""
    server.close()
    open_still = asyncio.all_tasks() - {asyncio.current_task()}
    for task in open_still:
        task.cancel()
    await asyncio.gather(*open_still, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counter: CountingProxy | None) -> None:
    try:
        while data := await reader.read(_CHUNK_BYTES):
            if counter is not None:
                counter.received_bytes += len(data)
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        return  # the browser hung up
    finally:
        writer.close()
