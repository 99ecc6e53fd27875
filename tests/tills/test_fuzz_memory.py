"""However much a till says, a kiosk of 1 GB keeps its memory: the most that one answer costs, and no more with more."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.sales.samples import PRODUCTS
from tests.tills.process import ROOT
from tests.tills.raw_till import Request, proper, raw_till, session

SALES = 4
MOST_OF_ONE_ANSWER_KIB = 160 * 1024
MOST_GROWTH_KIB = 2 * 1024
LENGTH = 1_900_000
"""Nearly as long as an answer may be."""
WORST = {
    "empty lists": "[" + ",".join(["[]"] * (LENGTH // 3)) + "]",
    "keys": "{" + ",".join(f'"{number}":0' for number in range(LENGTH // 10)) + "}",
}


@pytest.mark.parametrize("kind", WORST)
def test_the_worst_json_costs_its_memory_once(kind: str, tmp_path: Path) -> None:
    """In place of the purchase's answer, and in the list that the kiosk then looks into."""
    worst = (
        b"HTTP/1.1 200 Fine\r\nConnection: close\r\n\r\n" + f'{{"response":{{"transactions":{WORST[kind]}}}}}'.encode()
    )

    def answer(request: Request) -> Iterable[bytes]:
        return [proper(session([PRODUCTS[0].label]))] if request.target.endswith("/session") else [worst]

    with raw_till(answer) as till:
        command = [
            sys.executable,
            "-m",
            "tests.tills.memory_worker",
            till.url,
            str(tmp_path / "outbox.sqlite"),
            str(SALES),
        ]
        surroundings = os.environ | {"KIOSK_TEST_SECRET": "a.secret.token"}
        said = subprocess.run(command, cwd=ROOT, env=surroundings, check=True, capture_output=True, text=True)
        assert sum(request.target.endswith("/purchase") for request in till.requests) == SALES, "each was sent once"
    start, _, second, *_, last = map(int, said.stdout.split())
    assert second - start < MOST_OF_ONE_ANSWER_KIB
    assert last - second < MOST_GROWTH_KIB
