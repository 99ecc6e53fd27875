"""QR codes with the till's pay link, for shoppers who pay from their own phone."""

import io
from functools import lru_cache
from urllib.parse import quote

ITEM = "{item}"
"""Stands in a pay link for the till's id of the product."""
QUIET_ZONE_MODULES = 4
"""ISO/IEC 18004 wants this much empty space around the code."""
ITEMS_KEPT = 64


def pay_address(pay_link: str, label: str) -> str:
    """The address at which this product is paid for."""
    return pay_link.replace(ITEM, quote(label, safe=""))


@lru_cache(maxsize=ITEMS_KEPT)
def draw_code(address: str) -> bytes:
    """An SVG of the address, black on white in every theme: phones read the reverse badly."""
    # Where nobody asks for codes, it would be loaded for nothing.
    import segno

    drawing = io.BytesIO()
    code = segno.make(address, error="m", micro=False)
    code.save(drawing, kind="svg", xmldecl=False, omitsize=True, border=QUIET_ZONE_MODULES, dark="#000", light="#fff")
    return drawing.getvalue()
