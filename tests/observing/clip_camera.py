"""A network camera that shows the clip that ships, over and over, to whoever connects."""

import itertools

import cv2

from kiosk.demo import clip_path
from tests.camera.mjpeg_server import Camera, Send, part

FRAMES_EACH_SECOND = 15
TWO_PRODUCTS = 110
"""Pictures: seven seconds."""
WHOLE = 10_000


class ClipCamera:
    """What `camera_playing` plays; for several connections at once."""

    def __init__(self, pictures: int) -> None:
        """At most so many `pictures` from the beginning."""
        clip = cv2.VideoCapture(str(clip_path()))
        read = iter(clip.read, (False, None))
        self._parts = [
            part(cv2.imencode(".jpg", picture)[1].tobytes())
            for there, picture in itertools.islice(read, pictures)
            if there
        ]
        clip.release()

    def __call__(self, camera: Camera, send: Send) -> None:
        """See `mjpeg_server.Play`."""
        for picture in itertools.cycle(self._parts):
            send(picture)
            if camera.finished.wait(1 / FRAMES_EACH_SECOND):
                return
