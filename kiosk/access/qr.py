"""QR codes, for a terminal and for a page."""

import io

import segno


def terminal_qr(text: str) -> str:
    """As lines of half blocks; to be scanned from a dark or a light terminal."""
    out = io.StringIO()
    segno.make_qr(text, error="m").terminal(out, compact=True, border=2)
    return out.getvalue().rstrip("\n")


def svg_qr(text: str) -> str:
    """As an <svg> element without styles, which a strict content security policy lets stand in a page."""
    return segno.make_qr(text, error="m").svg_inline(
        border=2, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )
