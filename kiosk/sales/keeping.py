"""Writes down what the till said of a sale, and brings in order what an earlier run of the kiosk left."""

import logging

from kiosk.errors import NoSuchSale, NotPossible
from kiosk.sales.outbox import Outbox
from kiosk.sales.outcome import Outcome
from kiosk.sales.sale import Refund, Sale, SaleState
from kiosk.sales.tills.till import Till

log = logging.getLogger(__name__)

_STOPPED = "the kiosk stopped while sending; the till may or may not have it"
_STOPPED_REFUND = "the kiosk stopped while asking the money back; the till may or may not have given it; look there"


def take_stock(outbox: Outbox, till: Till) -> None:
    """Deal with what was on its way when the kiosk stopped, and with what was taken for another till.

    Raises:
        NotKept: that cannot be written down.
    """
    _adopt(outbox, till)
    for sale in outbox.in_state(SaleState.SENDING):
        outbox.doubt(sale.id, _STOPPED)
        log.warning("sale found half sent", extra={"sale_id": str(sale.id), "till": till.name})
    for sale in outbox.refunds():
        if sale.refund is Refund.SENDING:
            outbox.refund_unclear(sale.id, _STOPPED_REFUND)
    refunds = [sale for sale in outbox.refunds() if sale.refund is Refund.ASKED and sale.till_key is not None]
    for sale in (*outbox.in_state(SaleState.PENDING), *refunds):
        if sale.till_key != till.key:
            reason = f"taken for {sale.till_key}: it waits until the config names that one, or a person decides"
            outbox.note(sale.id, reason)


def _adopt(outbox: Outbox, till: Till) -> None:
    """Sales of an older kiosk, which kept no key, are this till's: unless they were sent to one of another name."""
    # Rejected ones too: a person may have them sent again.
    for state in (SaleState.HELD, SaleState.PENDING, SaleState.SENDING, SaleState.IN_DOUBT, SaleState.REJECTED):
        for sale in outbox.in_state(state):
            if sale.till_key is None and sale.label and sent_only_to(outbox, sale, till.name):
                outbox.adopt(sale.id, till.key)


def sent_only_to(outbox: Outbox, sale: Sale, till_name: str) -> bool:
    """Whether a sale without a till's key, as older kiosks took it, went to no other kind of till than this."""
    history = outbox.history(sale.id)
    return all(change.reason == f"to {till_name}" for change in history if change.state is SaleState.SENDING)


def keep_sale(outbox: Outbox, till: Till, sale: Sale, outcome: Outcome) -> None:
    """Bring a sale into the state that the till's answer means.

    Raises:
        NotKept: it cannot be written down; try again.
    """
    noted = {"sale_id": str(sale.id), "label": sale.label, "till": till.name, "said": outcome.text}
    try:
        _write(outbox, sale, outcome)
    except (NotPossible, NoSuchSale) as error:
        # The outbox was damaged and salvaged while the sale was on its way: it is in doubt there, or lost.
        log.error("till's answer fits no sale on its way", extra=noted | {"outcome": outcome.name, "why": str(error)})
        return
    if outcome.state is SaleState.SETTLED:
        log.info("sale settled", extra=noted)
    else:
        log.warning("sale not settled", extra=noted | {"outcome": outcome.name})


def _write(outbox: Outbox, sale: Sale, outcome: Outcome) -> None:
    if outcome.state is SaleState.SETTLED:
        try:
            outbox.settle(sale.id, outcome.text)
        except NotPossible as error:
            # A till that answers two sales with one purchase has made the second one uncertain.
            outbox.doubt(sale.id, str(error))
    elif outcome.state is SaleState.REJECTED:
        outbox.reject(sale.id, outcome.text)
    elif outcome.state is SaleState.PENDING:
        outbox.put_back(sale.id, outcome.text)
    else:
        outbox.doubt(sale.id, outcome.text)


def keep_refund(outbox: Outbox, sale: Sale, outcome: Outcome) -> None:
    """Write down what the till said about giving money back.

    Raises:
        NotKept: it cannot be written down; try again.
    """
    log.info("refund answered", extra={"sale_id": str(sale.id), "outcome": outcome.name, "said": outcome.text})
    try:
        if outcome.name == "refunded":
            outbox.refunded(sale.id, outcome.text)
        elif outcome.name in ("not_sent", "not_authorised"):
            outbox.refund_later(sale.id, outcome.text)
        elif outcome.name == "refused":
            outbox.refund_refused(sale.id, outcome.text)
        else:
            outbox.refund_unclear(sale.id, outcome.text)
    except (NotPossible, NoSuchSale) as error:
        log.error("refund fits no sale", extra={"sale_id": str(sale.id), "why": str(error)})
