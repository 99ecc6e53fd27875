"""Writes down what happened to a sale, without growing for ever while a till is away."""

import sqlite3

from kiosk.sales.clock import Moment
from kiosk.sales.sale import Sale, SaleState

_WENT_AND_CAME = ["pending", "sending", "pending", "sending"]


def write_change(connection: sqlite3.Connection, sale: Sale, now: Moment) -> None:
    """Add the state that a sale has just entered; order is that of writing, never that of a clock.

    A sale that comes back again and again with one reason is one line that counts; its first time stays a line of
    its own.
    """
    if sale.state is SaleState.PENDING and _counted_again(connection, sale, now):
        return
    connection.execute(
        "INSERT INTO history (sale_id, state, at, reason, boot_id, uptime_seconds) VALUES (?, ?, ?, ?, ?, ?)",
        [str(sale.id), sale.state, now.at, sale.reason, now.boot_id, now.uptime_seconds],
    )


def _counted_again(connection: sqlite3.Connection, sale: Sale, now: Moment) -> bool:
    sql = "SELECT sequence, state, reason FROM history WHERE sale_id = ? ORDER BY sequence DESC LIMIT 4"
    last = connection.execute(sql, [str(sale.id)]).fetchall()[::-1]
    if [row["state"] for row in last] != _WENT_AND_CAME:
        return False
    first, _, second, sending = last
    if not first["reason"] == second["reason"] == sale.reason:
        return False
    connection.execute("DELETE FROM history WHERE sequence = ?", [sending["sequence"]])
    connection.execute(
        "UPDATE history SET times = times + 1, at = ?, boot_id = ?, uptime_seconds = ? WHERE sequence = ?",
        [now.at, now.boot_id, now.uptime_seconds, second["sequence"]],
    )
    return True
