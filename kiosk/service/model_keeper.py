"""The model in use: bundle, vote and loaded network as one. Started with, replaced by a reload, gone back from."""

import asyncio
import logging
import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from platform import python_version

from kiosk.bundle.bundle import Bundle
from kiosk.bundle.durable import disk_errors
from kiosk.bundle.pointer import Pointer, rolled_back
from kiosk.bundle.store import BundleStore
from kiosk.config import Config, RecognitionConfig
from kiosk.errors import BundleError, EngineError
from kiosk.installation.trial import require_trial
from kiosk.metrics import Metrics
from kiosk.parts.bundle import INSTALLED, bundle_place, bundle_products, bundle_store, open_trusted, stand_in
from kiosk.parts.voting import voting_settings
from kiosk.recognition.recogniser import Recogniser, open_tested_recogniser
from kiosk.recognition.voting import VotingSettings
from kiosk.sales.sale import SaleSource

log = logging.getLogger(__name__)

WELL_SECONDS = 60.0
"""When the kiosk has recognised frames for so long with a new bundle, no crash is held against it any more."""


@dataclass(frozen=True, slots=True)
class Model:
    """Ready to recognise."""

    bundle: Bundle
    voting: VotingSettings
    settings: RecognitionConfig
    recogniser: Recogniser
    place: str | None = None
    """Its name in the store, where it is an installed one."""
    held: ExitStack = field(default_factory=ExitStack, compare=False)
    """As long as this is open, no installation removes the bundle."""


class ModelKeeper:
    """Opens what the config wants, and keeps the account of how it went. Blocking: not for the asyncio loop."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._stages = {stage: metrics.stage_seconds.labels(stage) for stage in ("preprocess", "inference")}
        self._store: BundleStore | None = None
        self._model: Model | None = None
        self._pointer: Pointer | None = None
        """What is in use by the last start or reload; the disk may not have taken it."""
        self._begun: str | None = None
        self.note: str | None = None
        """What a person should know of the bundle in use; None when there is nothing."""

    @property
    def model(self) -> Model:
        """The one in use, from `start` on."""
        assert self._model is not None
        return self._model

    def start(self, config: Config) -> Model:
        """The model to begin with: what the config names; of the installed ones the newest that is good.

        Raises:
            BundleError: there is none that is good.
            EngineError: no such engine here.
        """
        pointer = self._begin(bundle_store(config)) if config.bundle == INSTALLED else None
        try:
            model = self._open(config, bundle_store(config).path(pointer.current.place) if pointer else None)
        except (BundleError, EngineError) as error:
            model = self._before(config, error)
        self._use(model)
        warning = stand_in(config, model.bundle)
        if warning is not None:
            log.warning("bundle stands in", extra={"bundle": model.bundle.manifest.id, "reason": warning})
        return model

    def prepare(self, config: Config) -> Model:
        """What a reload would bring, tested in a process of its own first; nothing is changed yet.

        Raises:
            BundleError: it is missing, broken, not signed, or fails its self-test.
            EngineError: no such engine here.
        """
        current = self.model
        bundle = open_trusted(bundle_place(config), config.bundle_keys)
        settings = config.recognition
        if bundle == current.bundle and settings.model_copy(update={"rest": current.settings.rest}) == current.settings:
            voting = voting_settings(config.voting, bundle.manifest.voting)
            return replace(current, voting=voting, settings=settings)
        require_trial(bundle, settings.engine, settings.threads)
        return self._open(config)

    def announce(self, config: Config, model: Model) -> None:
        """A prepared model is about to take over: if the kiosk crashes now, it was with that one.

        Raises:
            BundleError: it is not the current one any more.
        """
        if model.place is None or model.place == self.model.place:
            return
        pointer = self._begin(bundle_store(config))
        if pointer is None or pointer.current.place != model.place:
            raise BundleError(
                f"{model.place} is not the current one any more; see `kiosk bundle show`, and reload again"
            )

    def adopt(self, model: Model) -> None:
        """A prepared model has taken over."""
        before = self.model
        self._use(model)
        if model.recogniser is not before.recogniser:
            before.held.close()

    def stopped_well(self) -> None:
        """The kiosk ends in good order, or for a reason that is not the model's."""
        if self._store is not None and self._begun is not None:
            self._store.ended_well(self._begun)
        if self._model is not None:
            self._model.held.close()

    async def watch(self, recognised: Callable[[], int]) -> None:
        """Note when a model has run well. `recognised`: how many frames were recognised so far.

        One that had nothing to recognise, as the camera is lost, is not proven; but its start is not held against it.
        """
        while True:
            model, before = self.model, recognised()
            await asyncio.sleep(WELL_SECONDS)
            if model is not self._model or model.place is None or self._store is None:
                continue
            if recognised() > before:
                await asyncio.to_thread(self._store.ran_well, model.place)
            elif self._begun == model.place:
                self._begun = None
                await asyncio.to_thread(self._store.ended_well, model.place)

    def _begin(self, store: BundleStore) -> Pointer | None:
        pointer = self._pointer = store.begin()
        self._store, self._begun = store, pointer.current.place if pointer else None
        return pointer

    def _open(self, config: Config, directory: Path | None = None) -> Model:
        directory = directory or bundle_place(config)
        with ExitStack() as held:
            store = bundle_store(config)
            place = directory.name if directory.parent == store.directory else None
            if place is not None:
                with disk_errors(directory):
                    held.enter_context(store.hold(place))
            bundle = open_trusted(directory, config.bundle_keys)
            voting = voting_settings(config.voting, bundle.manifest.voting)
            settings = config.recognition
            recogniser = open_tested_recogniser(
                bundle, settings.engine, settings.threads, lambda stage: self._stages[stage].time()
            )
            return Model(bundle, voting, settings, recogniser, place, held.pop_all())

    def _before(self, config: Config, error: BundleError | EngineError) -> Model:
        """The installed bundle before the current one, if that is good; else the current one's error."""
        pointer = self._pointer
        if self._store is None or pointer is None or pointer.previous is None or pointer.previous.refused is not None:
            raise error
        try:
            model = self._open(config, self._store.path(pointer.previous.place))
        except (BundleError, EngineError):
            raise error from None
        try:
            self._pointer = self._store.roll_back(refused=str(error))
        except BundleError as not_kept:
            self._pointer = rolled_back(pointer, refused=str(error))
            log.warning("going back not noted", extra={"reason": str(not_kept)})
        return model

    def _use(self, model: Model) -> None:
        self._model = model
        manifest = model.bundle.manifest
        self._metrics.bundle_info.clear()
        self._metrics.bundle_info.labels(manifest.id, str(len(manifest.labels))).set(1)
        for label in bundle_products(model.bundle):
            for source in SaleSource:
                self._metrics.decisions.labels(label.label, source.value)  # from 0 on, so that rates see the first
        expected = manifest.expected_confidence
        self._metrics.bundle_expected_confidence.set(math.nan if expected is None else expected)
        self._metrics.build_info.clear()
        self._metrics.build_info.labels(version("honesty-kiosk"), python_version(), model.recogniser.engine_name).set(1)
        self.note = _note(self._pointer, model)
        self._metrics.bundle_rolled_back.set(0 if self.note is None else 1)
        if self.note is not None:
            log.error("bundle rolled back", extra={"in_use": manifest.id, "reason": self.note})


def _note(pointer: Pointer | None, model: Model) -> str | None:
    if (
        pointer is None
        or model.place != pointer.current.place
        or pointer.previous is None
        or pointer.previous.refused is None
    ):
        return None
    return f"went back from {pointer.previous.place} to {pointer.current.place}: {pointer.previous.refused}"
