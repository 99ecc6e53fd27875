"""Every metric of the kiosk, named in one place."""

import math

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

STAGE_BUCKETS_SECONDS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.033, 0.066, 0.133, 0.25, 0.5, 1.0, 2.5)
CONFIDENCE_BUCKETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1.0)
TILL_BUCKETS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


# A second time series beside each counter, which nothing here needs.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The kiosk's metrics, in a registry of their own so that several kiosks can live in one test process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._recognition()
        self._camera()
        self._sales()
        self._outbox()
        self._till()
        self._catalogue()
        self._build()
        self._device()

    def _recognition(self) -> None:
        self.frames = Counter(
            "kiosk_frames",
            "Frames by what became of them: recognised, rested (nobody there, and nothing new), or dropped as stale.",
            ["result"],
            registry=self.registry,
        )
        self.resting = Gauge(
            "kiosk_resting",
            "1 while recognition rests, as nothing is held up and nothing changes; else 0.",
            registry=self.registry,
        )
        self.stage_seconds = Histogram(
            "kiosk_stage_seconds",
            "Time a frame spends in each stage: capture (camera to recognition), preprocess, inference, and frame"
            " (preprocess to vote).",
            ["stage"],
            buckets=STAGE_BUCKETS_SECONDS,
            registry=self.registry,
        )
        self.confidence = Histogram(
            "kiosk_confidence",
            "Confidence of the top prediction, by whether it is a product or unknown.",
            ["kind"],
            buckets=CONFIDENCE_BUCKETS,
            registry=self.registry,
        )
        self.decisions = Counter(
            "kiosk_decisions",
            "Recognised products, by label and by who recognised them.",
            ["label", "source"],
            registry=self.registry,
        )

        self.hard_moments = Counter(
            "kiosk_hard_moments",
            "Hard moments by what became of them: kept on this device, or lost as the disk was full or too slow.",
            ["result"],
            registry=self.registry,
        )

    def _camera(self) -> None:
        self.last_frame_timestamp = Gauge(
            "kiosk_last_frame_timestamp_seconds",
            "When the last frame was taken, in seconds since 1970.",
            registry=self.registry,
        )
        self.frame_age_seconds = Histogram(
            "kiosk_frame_age_seconds",
            "Age of a frame when the vote on it was taken: from the camera's driver to the decision.",
            buckets=STAGE_BUCKETS_SECONDS,
            registry=self.registry,
        )
        self.camera_live = Gauge(
            "kiosk_camera_live",
            "1 while the camera gives good frames; 0 while it is lost, frozen, dark or torn.",
            registry=self.registry,
        )
        self.camera_reconnects = Counter(
            "kiosk_camera_reconnects",
            "How often the camera was opened again after it was lost.",
            registry=self.registry,
        )

    def _sales(self) -> None:
        self.sales = Counter("kiosk_sales", "Sales that entered each state.", ["state"], registry=self.registry)
        self.sales_for_a_person = Gauge(
            "kiosk_sales_for_a_person",
            "Sales that only a person can bring to an end, by why: in_doubt, rejected, refund_in_doubt, other_till.",
            ["why"],
            registry=self.registry,
        )

    def _outbox(self) -> None:
        self.outbox_pending = Gauge(
            "kiosk_outbox_pending", "Sales not yet settled: held, pending or sending.", registry=self.registry
        )
        self.outbox_oldest_age = Gauge(
            "kiosk_outbox_oldest_age_seconds",
            "Age of the oldest sale not yet settled; 0 when there is none.",
            registry=self.registry,
        )
        self.outbox_usable = Gauge(
            "kiosk_outbox_usable",
            "1 when sales can be kept; 0 while the disk is full, read-only or damaged, when none is taken.",
            registry=self.registry,
        )
        self.outbox_damaged_files = Gauge(
            "kiosk_outbox_damaged_files",
            "Damaged outbox files that were set aside, their sales salvaged, and still lie in the state directory.",
            registry=self.registry,
        )
        self.outbox_bytes = Gauge(
            "kiosk_outbox_bytes", "Size of the outbox with its write-ahead log on disk.", registry=self.registry
        )

    def _till(self) -> None:
        self.till_requests = Counter(
            "kiosk_till_requests", "Requests to the till, by how they ended.", ["outcome"], registry=self.registry
        )
        self.till_request_seconds = Histogram(
            "kiosk_till_request_seconds",
            "Time a request to the till took.",
            buckets=TILL_BUCKETS_SECONDS,
            registry=self.registry,
        )
        self.till_reachable = Gauge(
            "kiosk_till_reachable",
            "1 when the till answered the last time it was asked, 0 when it did not; NaN before the first time.",
            registry=self.registry,
        )
        self.till_reachable.set(math.nan)

    def _catalogue(self) -> None:
        self.not_sold = Counter(
            "kiosk_not_sold",
            "Decisions refused because the till does not list the product, by who recognised it; nothing was sent.",
            ["source"],
            registry=self.registry,
        )
        self.catalogue_products = Gauge(
            "kiosk_catalogue_products", "Products that the shop sells now.", registry=self.registry
        )
        self.catalogue_not_listed = Gauge(
            "kiosk_catalogue_not_listed",
            "Products of the bundle that the till does not list: recognised, then refused.",
            registry=self.registry,
        )
        self.catalogue_age = Gauge(
            "kiosk_catalogue_age_seconds",
            "Age of the till's list of products; NaN while the bundle's names and prices stand in.",
            registry=self.registry,
        )

    def _build(self) -> None:
        self.bundle_info = Gauge(
            "kiosk_bundle_info", "The bundle in use; always 1.", ["id", "labels"], registry=self.registry
        )
        self.bundle_rolled_back = Gauge(
            "kiosk_bundle_rolled_back",
            "1 while the kiosk runs on an earlier bundle because it went back from a newer one by itself; else 0.",
            registry=self.registry,
        )
        self.bundle_expected_confidence = Gauge(
            "kiosk_bundle_expected_confidence",
            "Mean confidence of the bundle's own evaluation where it names a product; NaN where the bundle tells none.",
            registry=self.registry,
        )
        self.channel_read = Gauge(
            "kiosk_bundle_channel_read_timestamp_seconds",
            "When the bundle channel was last read, and until then when the kiosk began to, in seconds since 1970; NaN"
            " where no channel is followed.",
            registry=self.registry,
        )
        self.channel_read.set(math.nan)
        self.channel_in_use = Gauge(
            "kiosk_bundle_channel_in_use",
            "1 while the bundle that the channel offers this kiosk is the one in use, 0 while it was refused or gone"
            " back from; NaN where no channel is followed.",
            registry=self.registry,
        )
        self.channel_in_use.set(math.nan)
        self.reloads = Counter(
            "kiosk_reloads",
            "Reloads asked for while running, by result: taken, or refused, when the old config and bundle go on.",
            ["result"],
            registry=self.registry,
        )
        self.build_info = Gauge(
            "kiosk_build_info", "This program; always 1.", ["version", "python", "engine"], registry=self.registry
        )

    def _device(self) -> None:
        ProcessCollector(registry=self.registry)
        self.unclean_stops = Counter(
            "kiosk_unclean_stops",
            "Runs of the kiosk on this device that did not end in good order, by how: crash (watchdog, signal, no"
            " memory, a bug) or power_cut (the whole system). Kept over restarts.",
            ["how"],
            registry=self.registry,
        )
        self.state_free_bytes = Gauge(
            "kiosk_state_free_bytes", "Room left on the disk of the state directory.", registry=self.registry
        )
        self.state_size_bytes = Gauge(
            "kiosk_state_size_bytes", "Size of the disk of the state directory.", registry=self.registry
        )
        self.certificate_expiry = Gauge(
            "kiosk_certificate_expiry_timestamp_seconds",
            "When the page's certificate in use, and the kiosk's own authority, end, in seconds since 1970; absent"
            " while only this machine reaches the page.",
            ["certificate"],
            registry=self.registry,
        )
