"""What a person does to a sale with `kiosk sales retry | settle | cancel`. The daemon, if it runs, notices."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID

from kiosk.sales.files import outbox_path
from kiosk.sales.outbox_writer import OutboxWriter
from kiosk.sales.sale import Refund, Sale, SaleState


def retry(state_dir: Path, beginning: str, reason: str | None) -> str:
    """Send a refused or doubtful sale (again). Raises NoSuchSale, NotPossible, NotKept."""
    said = _in_words("sent again", reason)
    return _told(_act(state_dir, beginning, lambda outbox, sale_id: outbox.retry(sale_id, said)))


def settle(state_dir: Path, beginning: str, reason: str, till_reference: str | None) -> str:
    """Say that a sale is paid. Raises NoSuchSale, NotPossible, NotKept."""
    said = _in_words("settled", reason)
    return _told(
        _act(state_dir, beginning, lambda outbox, sale_id: outbox.settle_by_hand(sale_id, said, till_reference))
    )


def cancel(state_dir: Path, beginning: str, reason: str) -> str:
    """Cancel a sale; the till gives back the money of one that it has. Raises NoSuchSale, NotPossible, NotKept."""
    said = _in_words("cancelled", reason)
    return _told(_act(state_dir, beginning, lambda outbox, sale_id: outbox.cancel(sale_id, said)))


def _act(state_dir: Path, beginning: str, act: Callable[[OutboxWriter, UUID], Sale]) -> Sale:
    with closing(OutboxWriter.beside_the_daemon(outbox_path(state_dir))) as outbox:
        return act(outbox, outbox.resolve(beginning))


def _in_words(what: str, reason: str | None) -> str:
    return f"{what} by hand: {reason}" if reason else f"{what} by hand"


def _told(sale: Sale) -> str:
    if sale.refund is Refund.ASKED:
        return f"{sale.id}  {sale.name}: the till is asked for the money back; `kiosk sales show` tells how it went"
    waits = "; it goes to the till when the kiosk runs" if sale.state is SaleState.PENDING else ""
    return f"{sale.id}  {sale.name} is {sale.state.value} now{waits}"
