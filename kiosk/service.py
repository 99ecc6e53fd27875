"""The life of the kiosk's process: start, ready, heartbeat, stop; told to systemd where it asks."""

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from platform import python_version

from kiosk.camera.capture import Capture, CaptureHooks, CaptureStatus
from kiosk.config import Config
from kiosk.counter import Counter
from kiosk.errors import KioskError
from kiosk.metrics import Metrics
from kiosk.notify import open_notifier
from kiosk.page_server import open_page
from kiosk.parts import (
    bundle_catalogue,
    configured_bundle,
    configured_camera,
    describe_camera,
    voting_settings,
)
from kiosk.recognition.recogniser import Recogniser, open_tested_recogniser
from kiosk.recognition.voting import Decision, Voter
from kiosk.sales.sale import Sale, SaleSource
from kiosk.shop import Listeners, Shop, open_shop
from kiosk.status import Status, status_of
from kiosk.telling import Telling
from kiosk.watch import CounterWatch
from kiosk.web.events import EventStream
from kiosk.web.live_picture import LivePicture
from kiosk.web.metrics_server import metrics_server
from kiosk.web.views_of_kiosk import KioskView

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5.0
"""How often the process looks after itself, where systemd does not ask for more."""


class Service:
    """One kiosk, from its start to its end. Made and run on one asyncio loop."""

    def __init__(self, config: Config, *, say: Callable[[str], None]) -> None:
        """Make what waits for nothing; `say` gets the lines that a person watching should read.

        Raises:
            KioskError: the bundle, or the camera's name, is no good.
        """
        self._config = config
        self._say = say
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._notifier = open_notifier()
        self._metrics = Metrics()
        self._events = EventStream()
        self._bundle = configured_bundle(config.bundle)
        self._voting = voting_settings(config.voting, self._bundle.manifest.voting)
        names = {label.id: label.name for label in self._bundle.manifest.labels}
        self._telling = Telling(self._events, names, say)
        self._capture = Capture(configured_camera(config), hooks=self._capture_hooks())
        self._shop: Shop | None = None
        self._picture = LivePicture() if config.web.live_picture else None

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            KioskError: a part cannot start, or failed in a way that only a restart mends.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop.set)
        recogniser = await asyncio.to_thread(self._open_recogniser)
        async with AsyncExitStack() as stack:
            shop = self._shop = await stack.enter_async_context(self._open_shop())
            page_url, metrics_url = await self._serve(stack, shop)
            counter = self._make_counter(recogniser, shop)
            looking = await stack.enter_async_context(self._looking(counter))
            self._introduce(recogniser, shop, page_url, metrics_url)
            self._notifier.ready(self._camera_line())
            await self._watch_over(counter, looking)
            self._notifier.stopping()
            log.info("stopping")

    def _open_recogniser(self) -> Recogniser:
        stages = {stage: self._metrics.stage_seconds.labels(stage) for stage in ("preprocess", "inference")}
        settings = self._config.recognition
        recogniser = open_tested_recogniser(
            self._bundle, settings.engine, settings.threads, lambda stage: stages[stage].time()
        )
        manifest = self._bundle.manifest
        self._metrics.bundle_info.labels(manifest.id, str(len(manifest.labels))).set(1)
        self._metrics.build_info.labels(version("honesty-kiosk"), python_version(), recogniser.engine_name).set(1)
        return recogniser

    def _capture_hooks(self) -> CaptureHooks:
        dropped = self._metrics.frames.labels("dropped")

        def on_state(_: CaptureStatus) -> None:
            self._loop.call_soon_threadsafe(self._camera_changed)

        return CaptureHooks(on_state, self._metrics.camera_reconnects.inc, dropped.inc)

    def _open_shop(self) -> AbstractAsyncContextManager[Shop]:
        def on_change(sale: Sale) -> None:
            left_seconds = self._shop.desk.undo_seconds_left(sale) if self._shop else 0.0
            self._telling.changed(sale, left_seconds)
            self._tell_status()

        catalogue = bundle_catalogue(self._bundle)
        listeners = Listeners(self._telling.taken, on_change, self._tell_status)
        return open_shop(self._config, catalogue, self._metrics, listeners)

    async def _serve(self, stack: AsyncExitStack, shop: Shop) -> tuple[str, str]:
        """Start the page and the metrics; answers where each is."""
        metrics = self._config.metrics
        page = await stack.enter_async_context(open_page(self._config, self._view(shop)))
        scraped = await stack.enter_async_context(metrics_server(self._metrics.registry, metrics.host, metrics.port))
        return page, scraped.url

    def _view(self, shop: Shop) -> KioskView:
        picture = self._picture.jpeg if self._picture else None
        return KioskView(
            lambda: self._status(shop), shop.catalogue, shop.desk, self._bundle, self._voting, self._events, picture
        )

    def _make_counter(self, recogniser: Recogniser, shop: Shop) -> Counter:
        async def sell(decision: Decision) -> None:
            try:
                await shop.desk.take(decision.label, decision.confidence, SaleSource.CAMERA)
            except KioskError as error:
                self._telling.refused(decision.label, error)
                raise

        picture = self._picture
        on_frame = None if picture is None else lambda frame: picture.look(frame.bgr)
        watch = CounterWatch(self._metrics, self._loop, self._telling.guesses, sell, on_frame)
        voter = Voter(self._voting)
        return Counter(self._capture, recogniser, voter, watch, self._metrics.stage_seconds.labels("frame").time)

    @asynccontextmanager
    async def _looking(self, counter: Counter) -> AsyncIterator[asyncio.Task[None]]:
        """Camera and recognition at work; the task ends only with an error, or with the context."""
        stop = threading.Event()
        self._capture.start()
        looking = asyncio.create_task(asyncio.to_thread(counter.run, stop), name="recognition")
        try:
            yield looking
        finally:
            stop.set()
            await asyncio.to_thread(self._capture.stop)
            await asyncio.wait({looking})

    def _introduce(self, recogniser: Recogniser, shop: Shop, page_url: str, metrics_url: str) -> None:
        labels = len(self._bundle.manifest.labels)
        self._say(
            f"kiosk {version('honesty-kiosk')} is watching the counter\n"
            f"  bundle   {self._bundle.manifest.id}: {labels} labels, self-test passed on {recogniser.engine_name}\n"
            f"  camera   {describe_camera(self._capture.name)}\n"
            f"  till     {shop.till.name}, sales kept in {self._config.state_dir}\n"
            f"  page     {page_url}\n"
            f"  metrics  {metrics_url}/metrics\n"
            "Hold something in front of the camera; Ctrl-C stops the kiosk."
        )

    async def _watch_over(self, counter: Counter, looking: asyncio.Task[None]) -> None:
        """Feed the watchdog while recognition goes round; return when asked to stop."""
        # sd_watchdog_enabled(3) recommends half the period; a third leaves room for a slow board.
        period_seconds = min(HEARTBEAT_SECONDS, (self._notifier.watchdog_seconds or HEARTBEAT_SECONDS) / 3)
        stopping = asyncio.create_task(self._stop.wait())
        rounds = -1
        try:
            while not stopping.done() and not looking.done():
                if counter.rounds != rounds:
                    rounds = counter.rounds
                    self._notifier.alive()
                await asyncio.wait({stopping, looking}, timeout=period_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        if looking.done():
            # Recognition ended without being asked to: let its error end the process, so that it is started anew.
            looking.result()

    def _status(self, shop: Shop) -> Status:
        return status_of(self._bundle.manifest.id, self._capture, shop)

    def _camera_line(self) -> str:
        """For `systemctl status`."""
        detail = self._capture.status.detail
        return f"degraded: {detail}" if detail else f"watching {self._capture.name}"

    def _camera_changed(self) -> None:
        self._notifier.status(self._camera_line())
        self._tell_status()

    def _tell_status(self) -> None:
        if self._shop is not None:
            self._telling.status(self._status(self._shop))
