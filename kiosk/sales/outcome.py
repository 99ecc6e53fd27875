"""What came of asking a till, and what the courier is to do about it."""

import logging
from dataclasses import dataclass
from enum import Enum, auto

from kiosk.errors import NotAuthorised, NotSent, Refused, Unclear
from kiosk.sales.sale import Sale, SaleState
from kiosk.sales.tills.till import Till

log = logging.getLogger(__name__)


class Pause(Enum):
    """How long to leave the till alone afterwards."""

    NONE = auto()
    BACK_OFF = auto()
    """The till is away or not itself: ever longer."""
    PERSON = auto()
    """Only a person can help."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state that a sale enters after it was sent."""

    name: str
    """For metrics: settled, not_sent, refused, not_authorised, unclear or failed."""
    state: SaleState
    text: str
    """The till's reference when it is settled, else the reason."""
    pause: Pause


async def ask(till: Till, sale: Sale) -> Outcome:
    """Have the till settle a sale that is marked as sending. Raises nothing but cancellation."""
    try:
        reference = await till.settle(sale)
    except NotSent as error:
        return Outcome("not_sent", SaleState.PENDING, str(error), Pause.BACK_OFF)
    except NotAuthorised as error:
        return Outcome("not_authorised", SaleState.PENDING, str(error), Pause.PERSON)
    except Refused as error:
        return Outcome("refused", SaleState.REJECTED, str(error), Pause.NONE)
    except Unclear as error:
        # A till that leaves one sale in doubt would do the same to the whole queue within seconds.
        return Outcome("unclear", SaleState.IN_DOUBT, str(error), Pause.BACK_OFF)
    except Exception as error:
        # A bug in a till proves nothing about what was bought, and must not keep the sales behind it waiting.
        log.exception("till failed", extra={"sale_id": str(sale.id), "till": till.name})
        reason = f"the kiosk itself failed while sending ({type(error).__name__}); the till may or may not have it"
        return Outcome("failed", SaleState.IN_DOUBT, reason, Pause.BACK_OFF)
    return Outcome("settled", SaleState.SETTLED, reference, Pause.NONE)
