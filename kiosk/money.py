"""Prices for people."""


def pounds(price_pence: int | None) -> str:
    """A price in pence as pounds: 85 is `£0.85`; None is `no price`."""
    return "no price" if price_pence is None else f"£{price_pence // 100}.{price_pence % 100:02d}"
