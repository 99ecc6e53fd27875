"""A tablet at the page's endpoint: picks products from the list, and asks again for as long as no answer comes."""

import http.client
import json
import threading
import time
from random import Random
from uuid import UUID

_ANSWER_SECONDS = 5.0
_AGAIN_SECONDS = 0.2
_CLOSED_SHARE = 0.1
"""So often somebody closes the page after a request that broke, and nobody asks for that sale again."""
_BUSY_STATUSES = frozenset({429, 503})
"""Too many at once, or the disk has trouble: nothing was taken, ask again."""


class Tablet:
    """Each sale's id is made here. What the page was told is never more than what `accepted` says."""

    def __init__(self, port: int, labels: list[str], pause_seconds: float, random: Random) -> None:
        """`port`: of the page, on loopback. `pause_seconds`: between two sales, on average."""
        self._port = port
        self._labels = labels
        self._pause_seconds = pause_seconds
        self._random = random
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tablet", daemon=True)
        self.accepted: dict[str, str] = {}
        """Label by id, of all sales that the page was told are taken."""
        self.given_up: dict[str, str] = {}
        """Label by id, of sales that nobody heard about: each may be there or not."""
        self.repeated = 0
        """Sales that were answered only after at least one request for them broke."""
        self.strange: list[str] = []
        """Answers that no page should get."""

    def start(self) -> None:
        """Begin to sell."""
        self._thread.start()

    def close(self) -> None:
        """Sell nothing new, and return when the sale at hand has been answered."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(self._random.expovariate(1 / self._pause_seconds)):
            sale_id = str(UUID(int=self._random.getrandbits(128), version=4))
            self._sell(sale_id, self._random.choice(self._labels))

    def _sell(self, sale_id: str, label: str) -> None:
        broken = False
        while True:
            try:
                status = self._post({"id": sale_id, "label": label, "confidence": 0.9, "votes": 3})
            except ConnectionRefusedError:
                pass
            except (OSError, http.client.HTTPException):
                broken = True
                if self._random.random() < _CLOSED_SHARE:
                    self.given_up[sale_id] = label
                    return
            else:
                if status not in _BUSY_STATUSES:
                    break
            time.sleep(_AGAIN_SECONDS)
        self.repeated += broken
        if status in (200, 201):
            self.accepted[sale_id] = label
        else:
            self.strange.append(f"HTTP {status} for a sale of {label}")

    def _post(self, decision: dict[str, object]) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_ANSWER_SECONDS)
        try:
            connection.request("POST", "/api/decisions", json.dumps(decision), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()
