"""All findings about a shop's photos."""

from trainer.audit.balance import judge_balance
from trainer.audit.files import judge_files
from trainer.audit.findings import Finding, most_grave_first
from trainer.audit.likes import judge_likes
from trainer.audit.lists import judge_lists
from trainer.audit.spares import judge_spares
from trainer.audit.stock import Stock


def judge(stock: Stock, size_px: int) -> list[Finding]:
    """Gravest first; `size_px` is the side of the square that the network sees."""
    return most_grave_first(
        (
            *judge_balance(stock),
            *judge_lists(stock),
            *judge_likes(stock),
            *judge_files(stock, size_px),
            *judge_spares(stock),
        )
    )
