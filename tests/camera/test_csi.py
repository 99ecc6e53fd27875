"""The camera on the ribbon cable.

picamera2 is to be had on a Raspberry Pi only. A module with the calls that its manual documents takes its place.
"""

import json
from pathlib import Path

import pytest

from kiosk.camera.choose import live_source
from kiosk.camera.wishes import Wishes
from kiosk.errors import CameraLost, CameraNotFound

STAND_IN = """
import json
from pathlib import Path
import numpy as np

HERE = Path(__file__).parent

class Picamera2:
    def __init__(self, camera_num=0):
        cameras = json.loads((HERE / "cameras.json").read_text())
        cameras[camera_num]
        self.taken = 0

    def create_video_configuration(self, main=None, controls=None):
        return {"main": main, "controls": controls}

    def configure(self, config):
        (HERE / "configured.json").write_text(json.dumps(config))
        self.size = config["main"]["size"]

    def start(self):
        pass

    def capture_array(self, name):
        assert name == "main"
        self.taken += 1
        if self.taken > 3:
            raise RuntimeError("Camera frontend has timed out!")
        width, height = self.size
        bgr = np.zeros((height, width, 3), np.uint8)
        bgr[..., 0] = 200 + self.taken
        return bgr

    def close(self):
        pass
"""


@pytest.fixture
def picamera2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of the stand-in, which finds one camera."""
    (tmp_path / "picamera2.py").write_text(STAND_IN)
    (tmp_path / "cameras.json").write_text('["imx708"]')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_its_pictures_come_in_the_size_wished_with_blue_first(picamera2: Path) -> None:
    source = live_source("csi", wishes=Wishes(width_px=320, height_px=240))
    source.open()
    frame = source.read()
    with pytest.raises(CameraLost, match=r"csi:0 gives no pictures \(Camera frontend has timed out!\)"):
        list(iter(source.read, None))
    source.close()
    assert frame is not None
    assert frame.bgr.shape == (240, 320, 3)
    assert frame.bgr[0, 0].tolist() == [201, 0, 0]


def test_what_is_locked_is_asked_for_by_libcamera_s_names(picamera2: Path) -> None:
    wishes = Wishes(640, 480, 15.0, exposure_seconds=0.01, white_balance_kelvin=4500, focus=4.0)
    source = live_source("csi:0", wishes=wishes)
    source.open()
    source.close()
    configured = json.loads((picamera2 / "configured.json").read_text())
    assert configured["main"] == {"size": [640, 480], "format": "RGB888"}
    assert configured["controls"] == {
        "FrameRate": 15.0,
        "AeEnable": False,
        "ExposureTime": 10_000,
        "AwbEnable": False,
        "ColourTemperature": 4500,
        "AfMode": 0,
        "LensPosition": 4.0,
    }


def test_what_is_not_locked_is_left_to_the_camera(picamera2: Path) -> None:
    source = live_source("csi")
    source.open()
    source.close()
    assert json.loads((picamera2 / "configured.json").read_text())["controls"] == {}


def test_a_camera_that_is_not_plugged_in_says_what_to_look_at(picamera2: Path) -> None:
    source = live_source("csi:1")
    with pytest.raises(CameraNotFound, match=r"csi:1 cannot be opened .* is it plugged in"):
        source.open()
    source.close()


def test_auto_takes_it_where_there_is_no_other(picamera2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.camera.choose.camera_names", list)
    source = live_source("auto")
    source.open()
    assert source.name == "csi:0"
    source.close()


def test_auto_comes_to_it_where_the_only_other_nodes_are_codecs(
    picamera2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.camera.choose.camera_names", lambda: [Path("/dev/video10"), Path("/dev/video11")])
    monkeypatch.setattr("kiosk.camera.choose.has_csi_camera", lambda: True)
    source = live_source("auto")
    with pytest.raises(CameraNotFound, match="no camera found"):
        source.open()
    source.open()
    assert source.name == "csi:0"
    source.close()


def test_without_picamera2_it_is_said_how_to_get_it() -> None:
    with pytest.raises(CameraNotFound, match=r"apt install python3-picamera2.*--system-site-packages"):
        live_source("csi").open()
