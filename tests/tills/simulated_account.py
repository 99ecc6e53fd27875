"""The simulated till's books: one account in a SQLite file, as till-api describes it."""

import hashlib
import json
import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.tills.simulated_clock import SimulatedClock

PAGE_LENGTH = 10
REFUND_SECONDS = 24 * 3600


class BusinessError(Exception):
    """What the till answers with HTTP 200 and `error`."""

    def __init__(self, message: str, code: str = "UnknownError") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Shelf:
    """Something on the shelf."""

    name: str
    qualifier: str | None
    price_pence: int
    label: str | None = None
    """The item's id, if it is not made from the name."""

    @property
    def id(self) -> str:
        """The item's id, the same in every run."""
        return self.label or str(uuid5(NAMESPACE_URL, f"{self.name}/{self.qualifier}"))

    def as_item(self) -> dict[str, Any]:
        """As the till lists it."""
        return {
            "id": self.id,
            "name": self.name,
            "qualifier": self.qualifier,
            "image": "packet.svg",
            "count": 12,
            "price": {"wholesaleCost": self.price_pence - 7, "serviceFee": 7, "total": self.price_pence},
        }


SHELVES = (
    Shelf("Cola", "zero", 65),
    Shelf("Crisps", "salt and vinegar", 50),
    Shelf("Oat bar", None, 85),
    Shelf("Shortbread", "two fingers", 40),
)


def shelves_of_bundle(directory: Path) -> tuple[Shelf, ...]:
    """What a bundle's manifest names and prices, as the till would list it."""
    labels = json.loads((directory / "bundle.json").read_text())["labels"]
    return tuple(
        Shelf(label["name"], None, label.get("price_pence") or 50, label["id"])
        for label in labels
        if label["id"] != "unknown"
    )


@dataclass(frozen=True)
class AccountSettings:
    """How an account starts."""

    store_code: str = "demo"
    balance_pence: int = 1000
    credit_limit_pence: int = -500
    shelves: tuple[Shelf, ...] = SHELVES
    first_page: int = 0
    """The number of the list's first page: till-api does not say whether 0 or 1."""


class Account:
    """The kiosk's account. The balance may go down to the credit limit."""

    def __init__(self, path: Path | str, settings: AccountSettings, clock: SimulatedClock) -> None:
        self.id = "d6b1c0de-0000-4000-8000-000000000001"
        self.user_id = "d6b1c0de-0000-4000-8000-000000000002"
        self.store_code = settings.store_code
        self.credit_limit_pence = settings.credit_limit_pence
        self._shelves = settings.shelves
        self._first_page = settings.first_page
        self._clock = clock
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode = WAL;"
            "CREATE TABLE IF NOT EXISTS record (sequence INTEGER PRIMARY KEY, id TEXT UNIQUE, type TEXT,"
            " amount INTEGER, timestamp INTEGER, data TEXT, request_id TEXT);"
            "CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT)"
        )
        if self.balance == 0:
            self._write("topup", settings.balance_pence, {})

    def kept(self, name: str, otherwise: str) -> str:
        """A setting of an earlier run, else `otherwise`, which is kept then."""
        self._database.execute("INSERT OR IGNORE INTO setting VALUES (?, ?)", [name, otherwise])
        value: str = self._database.execute("SELECT value FROM setting WHERE name = ?", [name]).fetchone()[0]
        return value

    def keep(self, name: str, value: str) -> str:
        """Keep a setting for the next run."""
        self._database.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", [name, value])
        return value

    def signing_key(self) -> bytes:
        """Of the tokens; the same after a restart."""
        return bytes.fromhex(self.kept("signing key", secrets.token_hex(32)))

    def close(self) -> None:
        """Close the books."""
        self._database.close()

    @property
    def balance(self) -> int:
        """In pence."""
        total: int = self._database.execute("SELECT sum(amount) FROM record").fetchone()[0] or 0
        return total

    def items(self) -> list[dict[str, Any]]:
        """What the store sells."""
        return [shelf.as_item() for shelf in self._shelves]

    def purchases(self) -> list[dict[str, Any]]:
        """Every purchase ever charged, the oldest first."""
        rows = self._database.execute("SELECT id, data FROM record WHERE type = 'purchase' ORDER BY sequence")
        return [{"id": row[0], "item_id": json.loads(row[1])["itemId"]} for row in rows]

    def charges(self) -> dict[str, int]:
        """How often each sale was charged, by the `X-Request-Id` that came with it; the real till does not know."""
        rows = self._database.execute(
            "SELECT coalesce(request_id, ''), count(*) FROM record WHERE type = 'purchase' GROUP BY 1"
        )
        return dict(rows.fetchall())

    def refunds(self) -> list[str]:
        """The purchases given back."""
        return [str(given) for record in self._all() if (given := self._refund_of(record)) is not None]

    def newest(self) -> list[dict[str, Any]]:
        """The last ten."""
        return self.transactions(self._first_page)

    def transactions(self, page: int) -> list[dict[str, Any]]:
        """Ten a page, the newest first."""
        number = page - self._first_page
        if number < 0:
            return []
        rows = self._database.execute(
            "SELECT id, type, amount, timestamp, data FROM record ORDER BY sequence DESC LIMIT ? OFFSET ?",
            [PAGE_LENGTH, number * PAGE_LENGTH],
        )
        keys = ("id", "type", "amount", "timestamp")
        return [dict(zip(keys, row[:4], strict=True)) | {"data": json.loads(row[4])} for row in rows]

    def purchase(self, item_id: object, quantity: object, request_id: str | None) -> dict[str, Any]:
        """Charge the account. There is no idempotency key: twice is two purchases."""
        if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
            raise BusinessError(f"Invalid quantity {quantity}")
        if quantity > 10:
            raise BusinessError("Too many items", "TooManyPurchaseItems")
        shelf = next((shelf for shelf in self._shelves if shelf.id == item_id), None)
        if shelf is None:
            raise BusinessError(f"No item found with id {item_id}")
        amount = shelf.price_pence * quantity
        if self.balance - amount < self.credit_limit_pence:
            raise BusinessError(f"Balance would be less than credit limit {self.credit_limit_pence}")
        data = {
            "quantity": str(quantity),
            "itemId": shelf.id,
            "userId": self.user_id,
            "storeId": self.store_code,
            "item": json.dumps(shelf.as_item()),
        }
        transaction = self._write("purchase", -amount, data, request_id)
        return {"balance": self.balance, "transaction": transaction}

    def refund(self, transaction_id: str, reason: object) -> dict[str, Any]:
        """Give the money of one purchase back, once, within a day."""
        row = self._database.execute(
            "SELECT type, amount, timestamp FROM record WHERE id = ?", [transaction_id]
        ).fetchone()
        if row is None or row[0] != "purchase":
            raise BusinessError("Only purchases can be refunded", "NonRefundableTransactionType")
        if self._clock.now() - row[2] / 1000 > REFUND_SECONDS:
            raise BusinessError("Too late", "AutoRefundPeriodExpired")
        if any(self._refund_of(record) == transaction_id for record in self._all()):
            raise BusinessError("Refunded before", "RefundAlreadyIssued")
        data = {"refundedTransactionId": transaction_id, "reason": str(reason)}
        transaction = self._write("refund", -row[1], data)
        return {"balance": self.balance, "transaction": transaction}

    def _all(self) -> list[str]:
        return [row[0] for row in self._database.execute("SELECT data FROM record")]

    @staticmethod
    def _refund_of(data: str) -> object:
        return json.loads(data).get("refundedTransactionId")

    def _write(self, kind: str, amount: int, data: dict[str, str], request_id: str | None = None) -> dict[str, Any]:
        count: int = self._database.execute("SELECT count(*) FROM record").fetchone()[0]
        record_id = f"{self.id}:{hashlib.sha256(f'{self.id}{count}'.encode()).hexdigest()}"
        timestamp = int(self._clock.now() * 1000)
        self._database.execute(
            "INSERT INTO record (id, type, amount, timestamp, data, request_id) VALUES (?, ?, ?, ?, ?, ?)",
            [record_id, kind, amount, timestamp, json.dumps(data), request_id],
        )
        return {"id": record_id, "type": kind, "amount": amount, "timestamp": timestamp, "data": data}
