"""What something that is no till, or a till gone mad, may put on the wire."""

import json

from hypothesis import strategies as st

VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
KEYS = st.sampled_from(["response", "error", "code", "message", "transaction", "transactions", "data", "id", "type"])
JSON = st.recursive(
    VALUES, lambda inner: st.lists(inner) | st.dictionaries(KEYS | st.text(max_size=5), inner), max_leaves=20
)
HEADER = st.tuples(
    st.sampled_from(
        [
            "Date",
            "Location",
            "Set-Cookie",
            "Content-Encoding",
            "Content-Type",
            "Transfer-Encoding",
            "Content-Length",
            "X",
        ]
    ),
    st.sampled_from(["chunked", "gzip", "0", "5", "-1", "99999999999", "a=b; Max-Age=x", "text/html", "///", ""])
    | st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=30),
)


@st.composite
def replies(draw: st.DrawFn) -> bytes:
    """From any bytes to nearly good HTTP."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.binary(max_size=200))
    status = draw(st.sampled_from([100, 101, 200, 201, 204, 301, 304, 307, 400, 401, 404, 422, 500, 503, 999]))
    body = draw(st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
    lines = [f"{name}: {value}" for name, value in draw(st.lists(HEADER, max_size=4))]
    if draw(st.booleans()):
        lines.append(f"Content-Length: {len(body) + draw(st.sampled_from([0, 0, 0, -1, 7]))}")
    reason = draw(st.sampled_from(["Fine", "", "\x00"]))
    head = "\r\n".join([f"HTTP/1.1 {status} {reason}", *lines, "", ""])
    whole = head.encode("latin-1") + body
    return whole[: draw(st.integers(1, len(whole)))] if draw(st.integers(0, 5)) == 0 else whole
