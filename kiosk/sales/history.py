"""Writes down what happened to a sale, without growing for ever while a till is away or of two minds.

What goes round and round is counted: of a round that repeats, its first and its newest time stay, line by line, and
the newest says how often. Whatever else a till thinks of, no sale has more than `MOST_LINES` lines.
"""

import sqlite3
from collections.abc import Sequence

from kiosk.sales.clock import Moment
from kiosk.sales.sale import Sale

MOST_LINES = 100
"""Of one sale."""
FIRST_LINES = 20
"""So many of the oldest stay when there would be more; the lines after them become one that counts."""
LEFT_OUT = "more happened here than is kept"
_ROUND_LINES = (1, 2, 3)
"""Noted again; sending -> pending, or a refund asked and put off; pending -> sending -> in_doubt."""


def write_change(connection: sqlite3.Connection, sale: Sale, now: Moment) -> None:
    """Add the state that a sale has just entered; order is that of writing, never that of a clock."""
    connection.execute(
        "INSERT INTO history (sale_id, state, at, reason, boot_id, uptime_seconds) VALUES (?, ?, ?, ?, ?, ?)",
        [str(sale.id), sale.state, now.at, sale.reason, now.boot_id, now.uptime_seconds],
    )
    if not _count_round(connection, str(sale.id)):
        _leave_out(connection, str(sale.id))


def _count_round(connection: sqlite3.Connection, sale_id: str) -> bool:
    """Let the third time of a round in a row take the place of the second. Its own times are the ones that stay."""
    sql = "SELECT sequence, state, reason, times FROM history WHERE sale_id = ? ORDER BY sequence DESC LIMIT ?"
    newest = connection.execute(sql, [sale_id, 3 * max(_ROUND_LINES)]).fetchall()[::-1]
    for length in _ROUND_LINES:
        first, second, third = (newest[-3 * length :][start * length :][:length] for start in range(3))
        if len(third) == length and _said(first) == _said(second) == _said(third):
            for before, after in zip(second, third, strict=True):
                times = before["times"] + after["times"]
                connection.execute("UPDATE history SET times = ? WHERE sequence = ?", [times, after["sequence"]])
                connection.execute("DELETE FROM history WHERE sequence = ?", [before["sequence"]])
            return True
    return False


def _said(lines: Sequence[sqlite3.Row]) -> list[tuple[str, str | None]]:
    return [(line["state"], line["reason"]) for line in lines]


def _leave_out(connection: sqlite3.Connection, sale_id: str) -> None:
    """Fold the oldest line that may go into the one that counts. When the sale was last sent always stays known."""
    count = connection.execute("SELECT count(*) FROM history WHERE sale_id = ?", [sale_id]).fetchone()[0]
    if count <= MOST_LINES:
        return
    sql = (
        "SELECT sequence, at, times FROM history WHERE sale_id = ? AND sequence IS NOT "
        "(SELECT max(sequence) FROM history WHERE sale_id = ? AND state = 'sending') ORDER BY sequence LIMIT 2 OFFSET ?"
    )
    counting, going = connection.execute(sql, [sale_id, sale_id, FIRST_LINES]).fetchall()
    connection.execute(
        "UPDATE history SET reason = ?, times = ?, at = ? WHERE sequence = ?",
        [LEFT_OUT, counting["times"] + going["times"], going["at"], counting["sequence"]],
    )
    connection.execute("DELETE FROM history WHERE sequence = ?", [going["sequence"]])
