"""The life of the kiosk's process: start, ready, heartbeat, stop; told to systemd where it asks."""

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.metadata import version

from kiosk.camera.capture import Capture
from kiosk.camera.capture_state import CaptureHooks, CaptureState, CaptureStatus
from kiosk.config import Config
from kiosk.counter import Counter, Watcher
from kiosk.errors import KioskError
from kiosk.health.disk import show_disk
from kiosk.health.lives import counted_life
from kiosk.metrics import Metrics
from kiosk.parts.bundle import bundle_catalogue, bundle_products, configured_following, label_names
from kiosk.parts.camera import configured_camera, configured_view, describe_camera
from kiosk.parts.moments import configured_moments
from kiosk.recognition.preprocessing import use_one_thread
from kiosk.recognition.voting import Decision, Voter
from kiosk.rollout.follower import ChannelFollower
from kiosk.sales.sale import Sale, SaleSource
from kiosk.service.heartbeat import Progressed, goes_round, open_heartbeat
from kiosk.service.model_keeper import Model, ModelKeeper
from kiosk.service.notify import open_notifier
from kiosk.service.page_server import ServedPage, open_page
from kiosk.service.reload import Reloader
from kiosk.service.status import BundleStatus, Status, status_of
from kiosk.service.telling import Telling
from kiosk.service.watch import CounterWatch, WatchedByBoth
from kiosk.shop import Listeners, Shop, open_shop
from kiosk.web.events import EventStream
from kiosk.web.live_picture import SIDE_PX as PICTURE_PX
from kiosk.web.live_picture import LivePicture
from kiosk.web.metrics_server import metrics_server
from kiosk.web.views_of_kiosk import KioskView, ServedModel

log = logging.getLogger(__name__)

OLDEST_FRAME_SECONDS = 1.0
"""What was seen longer ago is not recognised: it may no longer be there."""


class Service:
    """One kiosk, from its start to its end. Made and run on one asyncio loop."""

    def __init__(self, reread: Callable[[], Config], *, say: Callable[[str], None]) -> None:
        """Make what waits for nothing; `say` gets the lines that a person watching should read.

        `reread`: reads the config, now and for each reload; raises ConfigError.

        Raises:
            KioskError: the config, or the camera's name, is no good.
        """
        config = self._config = reread()
        self._say = say
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._reload = asyncio.Event()
        self._had_terminal = sys.stdin is not None and sys.stdin.isatty()
        self._notifier = open_notifier()
        self._metrics = Metrics()
        self._events = EventStream()
        self._models = ModelKeeper(self._metrics)
        self._reloader = Reloader(config, reread, self._models, self._metrics)
        self._telling = Telling(self._events, {}, say)
        self._capture = Capture(
            configured_camera(config),
            hooks=self._capture_hooks(),
            view=configured_view(config),
            oldest_seconds=OLDEST_FRAME_SECONDS,
        )
        self._metrics.resting.set_function(lambda: self._capture.resting)
        self._shop: Shop | None = None
        self._picture = LivePicture() if config.web.live_picture else None
        self._moments = configured_moments(
            config, lambda: self._models.model.bundle.manifest.id, self._metrics.hard_moments, self._loop.call_later
        )

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; reload at SIGHUP.

        Raises:
            KioskError: a part cannot start, or failed in a way that only a restart mends.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop.set)
        self._loop.add_signal_handler(signal.SIGHUP, self._hung_up)
        try:
            await self._serve_until_stopped()
        except KioskError:
            # A taken port, for example: what a person can act upon is not held against a new bundle.
            self._models.stopped_well()
            raise
        self._models.stopped_well()

    async def _serve_until_stopped(self) -> None:
        use_one_thread()
        model = await asyncio.to_thread(self._models.start, self._config)
        self._telling.use_names(label_names(model.bundle))
        async with AsyncExitStack() as stack:
            shop = self._shop = await stack.enter_async_context(self._open_shop())
            stack.enter_context(counted_life(self._config.state_dir, self._metrics))
            show_disk(self._metrics, self._config.state_dir)
            page, metrics_url = await self._serve(stack, shop)
            self._say_what_is_seen(model)
            counter = self._make_counter(model, shop)
            looking = await stack.enter_async_context(self._looking(counter))
            await stack.enter_async_context(self._tending(counter, shop))
            self._introduce(model, shop, page.told, metrics_url)
            self._notifier.ready(self._camera_line())
            progress = self._progress(counter, shop)
            heartbeat = await stack.enter_async_context(open_heartbeat(self._notifier, progress, page.url))
            await heartbeat.beat(until=self._stop, working=looking)
            self._notifier.stopping()
            log.info("stopping")

    def _capture_hooks(self) -> CaptureHooks:
        dropped = self._metrics.frames.labels("dropped")

        def on_state(status: CaptureStatus) -> None:
            self._metrics.camera_live.set(status.state is CaptureState.LIVE)
            self._loop.call_soon_threadsafe(self._camera_changed)

        rested = self._metrics.frames.labels("rested")
        return CaptureHooks(on_state, self._metrics.camera_reconnects.inc, dropped.inc, rested.inc)

    def _open_shop(self) -> AbstractAsyncContextManager[Shop]:
        def on_new(sale: Sale) -> None:
            if self._moments is not None:
                self._moments.new(sale)
            self._telling.taken(sale)

        def on_change(sale: Sale) -> None:
            if self._moments is not None:
                self._moments.changed(sale)
            left_seconds = self._shop.desk.undo_seconds_left(sale) if self._shop else 0.0
            self._telling.changed(sale, left_seconds)
            self._tell_status()

        catalogue = bundle_catalogue(self._models.model.bundle)
        listeners = Listeners(on_new, on_change, self._tell_status)
        return open_shop(self._config, catalogue, self._metrics, listeners)

    async def _serve(self, stack: AsyncExitStack, shop: Shop) -> tuple[ServedPage, str]:
        """Start the page and the metrics; answers where each is."""
        metrics = self._config.metrics
        page = await stack.enter_async_context(open_page(self._config, self._view(shop), self._metrics))
        scraped = await stack.enter_async_context(metrics_server(self._metrics.registry, metrics.host, metrics.port))
        return page, scraped.url

    def _view(self, shop: Shop) -> KioskView:
        picture = self._picture.jpeg if self._picture else None

        def model() -> ServedModel:
            return ServedModel(self._models.model.bundle, self._models.model.voting)

        return KioskView(lambda: self._status(shop), shop.catalogue, shop.desk, model, self._events, picture)

    def _make_counter(self, model: Model, shop: Shop) -> Counter:
        async def sell(decision: Decision) -> None:
            try:
                sale = await shop.desk.take(decision.label, decision.confidence, SaleSource.CAMERA)
            except KioskError as error:
                self._telling.refused(decision.label, error)
                raise
            if self._moments is not None:
                self._moments.sold(decision, sale.id)

        picture = self._picture
        on_frame = None if picture is None else lambda frame: picture.look(frame.bgr)
        watch: Watcher = CounterWatch(self._metrics, self._loop, self._telling.guesses, sell, on_frame)
        if self._moments is not None:
            # First: by the time that the decision is brought to the desk, it must be known what it was made of.
            watch = WatchedByBoth(self._moments, watch)
        # What is held up now may have been sold before this start.
        voter = Voter(model.voting, waiting=True)
        timer = self._metrics.stage_seconds.labels("frame").time
        self._capture.rests = model.settings.rest
        return Counter(self._capture, model.recogniser, voter, watch, timer)

    def _say_what_is_seen(self, *models: Model) -> None:
        """How many pixels across anybody looks at; moments are kept as large as the camera gave them."""
        sizes_px = [model.bundle.manifest.preprocessing.size_px for model in models]
        if self._picture is not None:
            sizes_px.append(PICTURE_PX)
        self._capture.needs(max(sizes_px) if self._moments is None else 0)

    @asynccontextmanager
    async def _looking(self, counter: Counter) -> AsyncIterator[asyncio.Task[None]]:
        """Camera and recognition at work; the task ends only with an error, or with the context."""
        stop = threading.Event()
        if self._moments is not None:
            self._moments.start()
        self._capture.start()
        looking = asyncio.create_task(asyncio.to_thread(counter.run, stop), name="recognition")
        try:
            yield looking
        finally:
            stop.set()
            await asyncio.to_thread(self._capture.stop)
            await asyncio.wait({looking})
            if self._moments is not None:
                await asyncio.to_thread(self._moments.stop)

    @asynccontextmanager
    async def _tending(self, counter: Counter, shop: Shop) -> AsyncIterator[None]:
        """Reloads when asked, and notes when a new bundle has run well."""
        tasks = [
            asyncio.create_task(self._reload_when_asked(counter, shop), name="reload"),
            asyncio.create_task(self._models.watch(lambda: counter.recognised), name="bundle's trial"),
        ]
        following = configured_following(self._config)
        if following is not None:
            every_seconds = self._config.bundle_channel.check_seconds
            follower = ChannelFollower(following, every_seconds, self._metrics, self._reload.set)
            tasks.append(asyncio.create_task(follower.run(), name="bundle channel"))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def _hung_up(self) -> None:
        """`kill -HUP`, or the terminal that the kiosk was started in has gone, and with it whoever watched."""
        (self._stop if self._had_terminal and not sys.stdin.isatty() else self._reload).set()

    async def _reload_when_asked(self, counter: Counter, shop: Shop) -> None:
        def know(*models: Model) -> None:
            self._say_what_is_seen(*models)
            bundles = [model.bundle for model in models]
            self._telling.use_names({label: name for bundle in bundles for label, name in label_names(bundle).items()})
            shop.catalogue.take_bundle(product for bundle in bundles for product in bundle_products(bundle))

        while await self._reload.wait():
            self._reload.clear()
            self._notifier.reloading()
            await self._reloader.reload(counter, know)
            self._capture.rests = self._models.model.settings.rest
            self._notifier.ready(self._camera_line())
            self._tell_status()

    def _introduce(self, model: Model, shop: Shop, page_url: str, metrics_url: str) -> None:
        manifest, engine = model.bundle.manifest, model.recogniser.engine_name
        note = f"  NOTE     {self._models.note}\n" if self._models.note else ""
        self._say(
            f"kiosk {version('honesty-kiosk')} is watching the counter\n"
            f"  bundle   {manifest.id}: {len(manifest.labels)} labels, self-test passed on {engine}\n{note}"
            f"  camera   {describe_camera(self._capture.name)}\n"
            f"  till     {shop.till.name}, sales kept in {self._config.state_dir}\n"
            f"  page     {page_url}\n"
            f"  metrics  {metrics_url}/metrics\n"
            "Hold something in front of the camera; Ctrl-C stops the kiosk."
        )

    def _progress(self, counter: Counter, shop: Shop) -> dict[str, Progressed]:
        """Of each part that has to get further for the kiosk to be alive; the heartbeat adds the page."""
        return {
            "capture": self._capture.progressed,
            "recognition": goes_round(lambda: counter.rounds),
            "courier": shop.courier_progressed,
        }

    def _status(self, shop: Shop) -> Status:
        bundle = BundleStatus(self._models.model.bundle.manifest.id, self._models.note, self._reloader.refused)
        return status_of(bundle, self._capture, shop)

    def _camera_line(self) -> str:
        """For `systemctl status`."""
        detail = self._capture.status.detail
        camera = f"degraded: {detail}" if detail else f"watching {self._capture.name}"
        return f"{camera}; reload refused: {self._reloader.refused}" if self._reloader.refused else camera

    def _camera_changed(self) -> None:
        self._notifier.status(self._camera_line())
        self._tell_status()

    def _tell_status(self) -> None:
        if self._shop is not None:
            self._telling.status(self._status(self._shop))
