import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.camera.multipart import PartParser
from tests.camera.mjpeg_server import BOUNDARY, part
from tests.camera.pictures import jpeg

PICTURES = [jpeg(number) for number in range(5)]


def fed_in_pieces(parser: PartParser, stream: bytes, sizes: list[int]) -> list[bytes]:
    bodies: list[bytes] = []
    position = turn = 0
    while position < len(stream):
        size = sizes[turn % len(sizes)]
        bodies += parser.feed(stream[position : position + size])
        position, turn = position + size, turn + 1
    return bodies


@given(sizes=st.lists(st.integers(1, 4000), min_size=1, max_size=20), with_length=st.booleans())
def test_parts_are_the_same_however_the_bytes_arrive(sizes: list[int], with_length: bool) -> None:
    stream = b"".join(part(picture, with_length=with_length) for picture in PICTURES) + f"--{BOUNDARY}--".encode()
    assert fed_in_pieces(PartParser(BOUNDARY), stream, sizes) == PICTURES


def test_a_part_with_a_length_is_given_before_the_next_boundary_comes() -> None:
    parser = PartParser(BOUNDARY)
    assert parser.feed(part(PICTURES[0])) == [PICTURES[0]]


@pytest.mark.parametrize("declared", [BOUNDARY, f"--{BOUNDARY}"])
@pytest.mark.parametrize("sent", [b"--", b"----"])
@pytest.mark.parametrize("with_length", [True, False])
def test_dashes_too_many_do_not_matter(declared: str, sent: bytes, with_length: bool) -> None:
    stream = b"".join(part(picture, with_length=with_length) for picture in PICTURES)
    stream = stream.replace(b"--" + BOUNDARY.encode(), sent + BOUNDARY.encode())
    assert PartParser(declared).feed(stream + sent + BOUNDARY.encode()) == PICTURES


@pytest.mark.parametrize("stated", [10_000, 10])
def test_a_part_that_states_a_wrong_length_costs_only_itself(stated: int) -> None:
    parser = PartParser(BOUNDARY)
    stream = part(PICTURES[0], length=len(PICTURES[0]) + stated if stated > 1000 else stated)
    stream += b"".join(map(part, PICTURES)) * 5
    bodies = parser.feed(stream)
    assert bodies[-1] == PICTURES[-1]
    assert len([body for body in bodies if body in PICTURES]) == 25


def test_a_part_torn_in_the_middle_costs_only_itself() -> None:
    parser = PartParser(BOUNDARY)
    whole = part(PICTURES[0])
    bodies = parser.feed(whole + whole[: len(whole) // 2] + part(PICTURES[1]) + part(PICTURES[2]))
    assert bodies == [PICTURES[0], PICTURES[1], PICTURES[2]]
    assert parser.torn == 1


@pytest.mark.parametrize("with_length", [True, False])
def test_an_oversized_part_is_passed_over_and_not_kept_in_memory(with_length: bool) -> None:
    parser = PartParser(BOUNDARY, max_part_bytes=20_000)
    bodies: list[bytes] = []
    most_kept = 0
    for piece in [part(bytes(1_000_000), with_length=with_length), part(PICTURES[3])]:
        for start in range(0, len(piece), 1000):
            bodies += parser.feed(piece[start : start + 1000])
            most_kept = max(most_kept, parser.buffered_bytes)
    assert bodies == [PICTURES[3]]
    assert parser.torn == 1
    assert most_kept <= 21_000


def test_a_head_without_end_is_passed_over() -> None:
    parser = PartParser(BOUNDARY)
    assert parser.feed(f"--{BOUNDARY}\r\n".encode() + b"X-Long: " + b"x" * 20_000 + part(PICTURES[1])) == [PICTURES[1]]


@given(st.randoms(use_true_random=False), st.binary(max_size=300))
def test_whatever_is_cut_out_or_put_in_the_last_picture_comes_through(rng: random.Random, junk: bytes) -> None:
    stream = b"".join(map(part, PICTURES)) * 3
    place, cut = rng.randrange(len(stream) // 2), rng.randrange(2000)
    damaged = stream[:place] + junk + stream[place + cut :]
    assert fed_in_pieces(PartParser(BOUNDARY), damaged, [997])[-1] == PICTURES[-1]
