"""What a camera would send: pictures of the shipped clip as Motion JPEG."""

import cv2
import numpy as np

from kiosk.camera.opencv_reader import open_ffmpeg, read_picture
from kiosk.demo import clip_path
from kiosk.errors import CameraLost

WIDTH_PX, HEIGHT_PX = 640, 480
"""What most cameras give first."""
JPEG_QUALITY = 85
NOISE = 3.0
"""Grey levels of a sensor's noise: without it a JPEG is smaller than any camera's, and sooner unpacked."""
FRAMES_BETWEEN = 7


def camera_jpegs(count: int) -> list[bytes]:
    """So many different pictures, evenly out of the clip and the same each time.

    Raises:
        CameraError: the clip is damaged.
    """
    chance = np.random.default_rng(1)
    video = open_ffmpeg(str(clip_path()), str(clip_path()), "install the kiosk again")
    jpegs: list[bytes] = []
    for _ in range(count):
        for _ in range(FRAMES_BETWEEN):
            video.grab()
        bgr = read_picture(video)
        if bgr is None:
            raise CameraLost(f"{clip_path()} is cut off; install the kiosk again")
        large = cv2.resize(bgr, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
        noisy = np.clip(large + chance.normal(0, NOISE, large.shape), 0, 255).astype(np.uint8)
        jpegs.append(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes())
    video.release()
    return jpegs
