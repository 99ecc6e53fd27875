"""What came of asking a till, and what the courier is to do about it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from kiosk.errors import NotAuthorised, NotSent, Refused, Unclear
from kiosk.sales.sale import Sale, SaleState
from kiosk.sales.tills.till import Absent, Finding, Found, Till

log = logging.getLogger(__name__)


class Pause(Enum):
    """How long to leave the till alone afterwards."""

    NONE = auto()
    AS_BEFORE = auto()
    """A search that failed or found nothing does not say whether the till sells: sales keep their own pace."""
    BACK_OFF = auto()
    """The till is away or not itself: ever longer."""
    PERSON = auto()
    """Only a person can help."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request to the till ended, and the state that the sale enters after it."""

    name: str
    """For metrics: settled, not_sent, refused, not_authorised, unclear or failed; of a search also found, absent or
    unsure; of a refund also refunded."""
    state: SaleState
    text: str
    """The till's reference when it is settled, found or refunded, else the reason."""
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


async def look_for(
    till: Till, sale: Sale, sent_at: float, claimed: Callable[[str], bool]
) -> tuple[Outcome, Finding | None]:
    """Search the till's list for a sale in doubt; no finding when it could not be asked. Raises only cancellation."""
    try:
        finding = await till.find(sale, sent_at, claimed)
    except (NotSent, Unclear) as error:
        name = "not_sent" if isinstance(error, NotSent) else "unclear"
        return Outcome(name, SaleState.IN_DOUBT, f"the till cannot be asked: {error}", Pause.AS_BEFORE), None
    except NotAuthorised as error:
        return Outcome("not_authorised", SaleState.IN_DOUBT, str(error), Pause.AS_BEFORE), None
    except Exception as error:
        # A bug in a search must neither settle nor send, nor keep the other sales waiting.
        log.exception("search failed", extra={"sale_id": str(sale.id), "till": till.name})
        reason = f"the kiosk itself failed while asking the till ({type(error).__name__})"
        return Outcome("failed", SaleState.IN_DOUBT, reason, Pause.AS_BEFORE), None
    if isinstance(finding, Found):
        return Outcome("found", SaleState.SETTLED, finding.reference, Pause.NONE), finding
    name = "absent" if isinstance(finding, Absent) else "unsure"
    return Outcome(name, SaleState.IN_DOUBT, finding.reason, Pause.AS_BEFORE), finding


async def give_back(till: Till, sale: Sale) -> Outcome:
    """Have the till refund a sale whose refund is marked as sending. Raises nothing but cancellation."""
    try:
        reference = await till.refund(sale)
    except NotSent as error:
        return Outcome("not_sent", SaleState.SETTLED, str(error), Pause.BACK_OFF)
    except NotAuthorised as error:
        return Outcome("not_authorised", SaleState.SETTLED, str(error), Pause.PERSON)
    except Refused as error:
        return Outcome("refused", SaleState.SETTLED, f"the money was not given back: {error}", Pause.NONE)
    except Unclear as error:
        reason = f"nobody knows whether the till gave the money back: {error}; look there"
        return Outcome("unclear", SaleState.SETTLED, reason, Pause.BACK_OFF)
    except Exception as error:
        # As in `ask`: a bug proves nothing.
        log.exception("refund failed", extra={"sale_id": str(sale.id), "till": till.name})
        reason = f"the kiosk itself failed while asking the money back ({type(error).__name__}); look at the till"
        return Outcome("failed", SaleState.SETTLED, reason, Pause.BACK_OFF)
    return Outcome("refunded", SaleState.CANCELLED, reference, Pause.NONE)
