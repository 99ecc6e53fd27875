"""A running kiosk keeps the pictures of what a shopper took back, and they get to where the trainer reads them."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import cv2

from kiosk.demo import clip_path
from tests.end_to_end.running_kiosk import KIOSK, RunningKiosk, running_kiosk

PATIENCE_SECONDS = 90


def posted(kiosk: RunningKiosk, path: str, body: dict[str, Any]) -> Any:
    """The page's request, answered."""
    request = Request(f"{kiosk.url}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=20) as answer:
        return json.load(answer)


def test_not_that_but_this_becomes_photos_of_this(tmp_path: Path) -> None:
    more = {"hard_moments": {"keep": 5}}
    with running_kiosk(tmp_path, str(clip_path()), 3600.0, more=more) as kiosk:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (sales := kiosk.sales()):
            assert time.monotonic() < deadline, "nothing was recognised"
            time.sleep(0.2)
        posted(kiosk, f"/api/sales/{sales[-1]['id']}/undo", {})
        posted(kiosk, "/api/decisions", {"id": str(uuid4()), "label": "cola", "confidence": 1.0, "votes": 0})
    # What shoppers might still say more about is written when the kiosk stops.
    command = [str(KIOSK), "moments"], ["--config", str(kiosk.config)]
    listed = subprocess.run([*command[0], "list", "--json", *command[1]], check=True, capture_output=True, text=True)
    moments = [json.loads(line) for line in listed.stdout.splitlines()]
    [refused] = [one for one in moments if one["reason"] == "refused"]
    assert (refused["guessed"], refused["chosen"]) == (sales[-1]["label"], "cola")
    photos = tmp_path / "photos"
    subprocess.run([*command[0], "take", str(photos), refused["id"], *command[1]], check=True)
    shapes = {cv2.imread(str(path)).shape for path in (photos / "cola").iterdir()}
    assert shapes == {(300, 400, 3)}
