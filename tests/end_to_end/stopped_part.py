"""A kiosk of which one part stops for ever, once a file appears: `python -m ... PART FILE run --config ...`.

Only the tests start it. It waits where the part does its work, so that what looks on sees what it would of a real hang.
"""

import asyncio
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

import kiosk.camera.capture
import kiosk.shop
import kiosk.web.api
from kiosk.camera.folder import FolderSource
from kiosk.camera.frame import Frame
from kiosk.cli import main
from kiosk.recognition.recogniser import Recogniser
from kiosk.sales.courier import Courier

IMPATIENT_SECONDS = 1.0
"""In place of the minutes for which capture and courier may wait for the world outside."""


def stop_capture(is_time: Callable[[], bool]) -> None:
    """The camera's driver hangs in the kiosk's own process."""
    kiosk.camera.capture.STEP_SECONDS = IMPATIENT_SECONDS
    reading = FolderSource.read

    def read(self: FolderSource) -> Frame | None:
        if is_time():
            threading.Event().wait()
        return reading(self)

    FolderSource.read = read  # type: ignore[method-assign]


def stop_recognition(is_time: Callable[[], bool]) -> None:
    """The interpreter never comes back."""
    predicting = Recogniser.predict

    def predict(self: Recogniser, *arguments: object) -> object:
        if is_time():
            threading.Event().wait()
        return predicting(self, *arguments)  # type: ignore[arg-type]

    Recogniser.predict = predict  # type: ignore[method-assign, assignment]


def stop_courier(is_time: Callable[[], bool]) -> None:
    """It waits for something that never happens."""
    kiosk.shop.COURIER_STEP_SECONDS = IMPATIENT_SECONDS
    sleeping = Courier._sleep

    async def sleep(self: Courier, seconds: float) -> None:
        if is_time():
            await asyncio.Event().wait()
        await sleeping(self, seconds)

    Courier._sleep = sleep  # type: ignore[method-assign]


def stop_web(is_time: Callable[[], bool]) -> None:
    """Requests are taken and never answered, while the loop goes on turning."""
    answering = kiosk.web.api.health

    async def health(request: web.Request) -> web.StreamResponse:
        if is_time():
            await asyncio.Event().wait()
        return await answering(request)

    kiosk.web.api.health = health  # type: ignore[assignment]


PARTS = {"capture": stop_capture, "recognition": stop_recognition, "courier": stop_courier, "web": stop_web}

if __name__ == "__main__":
    part, file = sys.argv[1], Path(sys.argv[2])
    PARTS[part](file.exists)
    sys.exit(main(sys.argv[3:]))
