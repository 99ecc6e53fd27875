"""Good bytes, damaged: what a disk, a network or somebody with bad intentions makes of a file."""

from collections.abc import Sequence

from hypothesis import strategies as st

_JUNK = st.binary(max_size=12)


@st.composite
def damaged(draw: st.DrawFn, samples: Sequence[bytes], words: Sequence[bytes] = ()) -> bytes:
    """One of `samples` after up to six changes: cuts, repeats, other bytes, and `words` that mean something there."""
    data = bytearray(draw(st.sampled_from(samples)))
    pieces = st.sampled_from(words) | _JUNK if words else _JUNK
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 0, 1, 1, 2, 4, 16, 256, len(data)])))
        kind = draw(st.sampled_from(["replace", "replace", "flip", "repeat", "cut off"]))
        if kind == "replace":
            data[start:end] = draw(pieces)
        elif kind == "flip" and start < len(data):
            data[start] ^= 1 << draw(st.integers(0, 7))
        elif kind == "repeat":
            data[start:start] = data[start:end] * draw(st.integers(1, 3))
        elif kind == "cut off" and draw(st.booleans()):
            del data[start:]
    return bytes(data)


def any_bytes(samples: Sequence[bytes], words: Sequence[bytes] = ()) -> st.SearchStrategy[bytes]:
    """Mostly damaged samples; now and then bytes that have nothing to do with them."""
    return st.one_of(damaged(samples, words), damaged(samples, words), damaged(samples, words), st.binary(max_size=300))
