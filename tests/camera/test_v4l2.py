import struct
from pathlib import Path

import pytest

from kiosk.camera.v4l2 import FirstV4l2Reader, V4l2Reader
from kiosk.camera.v4l2_devices import find_cameras, parse_capabilities, stable_name
from kiosk.errors import CameraLost, CameraNotFound

CAPTURE, METADATA, STREAMING, PER_DEVICE = 0x1, 0x00800000, 0x04000000, 0x80000000
M2M, M2M_MPLANE, MEDIA_CONTROLLER, OUTPUT = 0x8000, 0x4000, 0x20000000, 0x2


def capabilities(of_driver: int, of_node: int) -> bytes:
    return struct.pack("=16s32s32sIII3I", b"uvcvideo", b"HD Pro Webcam C920", b"usb-1", 6, of_driver, of_node, 0, 0, 0)


@pytest.mark.parametrize(
    ("of_node", "camera"),
    [
        (CAPTURE | STREAMING, True),
        (METADATA | STREAMING, False),
        (CAPTURE, False),
        (OUTPUT | STREAMING, False),
        (M2M | CAPTURE | STREAMING, False),
        (M2M_MPLANE | STREAMING, False),
        (CAPTURE | STREAMING | MEDIA_CONTROLLER, False),
    ],
)
def test_only_a_node_that_captures_by_itself_is_a_camera(of_node: int, camera: bool) -> None:
    of_driver = CAPTURE | METADATA | STREAMING | PER_DEVICE
    device = parse_capabilities(capabilities(of_driver, of_node))
    assert device.is_camera is camera
    assert device.card == "HD Pro Webcam C920"


def test_an_old_driver_that_says_nothing_of_its_nodes_speaks_for_them() -> None:
    assert parse_capabilities(capabilities(CAPTURE | STREAMING, 0)).is_camera


def test_a_missing_camera_is_said_at_once_with_what_to_do() -> None:
    with pytest.raises(CameraNotFound, match=r"/dev/video99: no such camera; plug it in, or set camera\.source"):
        V4l2Reader(Path("/dev/video99")).open()


@pytest.mark.parametrize("node", ["/dev/null", "/dev/urandom"])
def test_a_device_that_is_no_camera_is_refused(node: str) -> None:
    with pytest.raises(CameraNotFound, match="is not a camera"):
        V4l2Reader(Path(node)).open()


def test_nodes_that_are_no_cameras_are_not_found(tmp_path: Path) -> None:
    (tmp_path / "v4l/by-id").mkdir(parents=True)
    (tmp_path / "v4l/by-id/usb-Webcam-video-index0").symlink_to("/dev/null")
    (tmp_path / "video0").symlink_to("/dev/null")
    (tmp_path / "video1").symlink_to("/nowhere")
    assert find_cameras(tmp_path) == []
    with pytest.raises(CameraNotFound, match="no camera found on this machine; plug one in"):
        FirstV4l2Reader(dev=tmp_path).open()


def test_cameras_are_found_by_stable_name_first_and_once_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "v4l/by-id").mkdir(parents=True)
    for number in (2, 10, 0):
        (tmp_path / f"video{number}").touch()
    (tmp_path / "v4l/by-id/usb-Webcam-video-index0").symlink_to(tmp_path / "video2")
    webcam = parse_capabilities(capabilities(CAPTURE | STREAMING, 0))
    monkeypatch.setattr("kiosk.camera.v4l2_devices.ask_device", lambda path: webcam)
    names = [path.name for path in find_cameras(tmp_path)]
    assert names == ["usb-Webcam-video-index0", "video0", "video10"]


def test_a_camera_that_is_not_open_is_lost() -> None:
    for source in (V4l2Reader(Path("/dev/video99")), FirstV4l2Reader()):
        with pytest.raises(CameraLost):
            source.read()
        source.close()


def test_a_camera_s_stable_name_is_its_serial_number_s_before_its_port_s(tmp_path: Path) -> None:
    for directory, name in [("by-id", "usb-Webcam-1234"), ("by-path", "pci-usb-1")]:
        (tmp_path / "v4l" / directory).mkdir(parents=True)
        (tmp_path / "v4l" / directory / name).symlink_to(tmp_path / "video0")
    (tmp_path / "v4l/by-path/pci-usb-2").symlink_to(tmp_path / "video1")
    for number in (0, 1, 2):
        (tmp_path / f"video{number}").touch()
    names = [stable_name(tmp_path / f"video{number}", tmp_path) for number in (0, 1, 2)]
    assert [name and name.name for name in names] == ["usb-Webcam-1234", "pci-usb-2", None]
