"""The till, its secrets and its ledger."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.config import Config
from kiosk.config.tills import HonestyStoreTill, LedgerTill, WebhookTill
from kiosk.sales.tills.ledger import Ledger, LedgerSettings
from kiosk.sales.tills.secret import Secret, SecretFile, SecretVariable
from kiosk.sales.tills.till import Till

# Only the till in use is imported: with their messages they would take a tenth of every start.
if TYPE_CHECKING:
    from kiosk.sales.tills.honesty_store import HonestyStoreSettings
    from kiosk.sales.tills.webhook import WebhookSettings


def configured_till(config: Config) -> Till:
    """The till that `till:` names, not yet open."""
    match config.till:
        case HonestyStoreTill() as till:
            from kiosk.sales.tills.honesty_store import HonestyStore

            return HonestyStore(_honesty_store_settings(till, config.state_dir))
        case WebhookTill() as till:
            from kiosk.sales.tills.webhook import Webhook

            return Webhook(_webhook_settings(till))
        case LedgerTill():
            return Ledger(LedgerSettings(ledger_path(config.state_dir)))


def catalogue_refresh_seconds(config: Config) -> float:
    """How often the till is asked for its list; a till without one says so when it is first asked."""
    till = config.till
    return till.catalogue_refresh_seconds if isinstance(till, HonestyStoreTill) else math.inf


def configured_secrets(config: Config) -> list[Secret]:
    """Every secret that the till needs."""
    match config.till:
        case HonestyStoreTill() as till:
            return [_honesty_store_settings(till, config.state_dir).refresh_token]
        case WebhookTill() as till:
            settings = _webhook_settings(till)
            return [settings.secret, *settings.secret_headers.values()]
        case LedgerTill():
            return []


def _honesty_store_settings(till: HonestyStoreTill, state_dir: Path) -> "HonestyStoreSettings":
    from kiosk.sales.tills.honesty_store import HonestyStoreSettings

    return HonestyStoreSettings(
        till.url,
        till.store_code,
        _secret(till.refresh_token_file, till.refresh_token_variable),
        clock_file=state_dir / "till-clock.json",
        arrival_seconds=till.arrival_seconds,
    )


def _webhook_settings(till: WebhookTill) -> "WebhookSettings":
    from kiosk.sales.tills.till_http import Timeouts
    from kiosk.sales.tills.webhook import WebhookSettings

    return WebhookSettings(
        till.url,
        _secret(till.secret_file, till.secret_variable),
        refund_url=till.refund_url,
        headers=till.headers,
        secret_headers={name: _secret(where.file, where.variable) for name, where in till.secret_headers.items()},
        idempotent=till.idempotent,
        timeouts=Timeouts(answer_seconds=till.answer_seconds),
    )


def _secret(file: Path | None, variable: str | None) -> Secret:
    """The config has seen to it that one of the two is given."""
    if file is not None:
        return SecretFile(file)
    assert variable is not None
    return SecretVariable(variable)


def ledger_path(state_dir: Path) -> Path:
    """Where the ledger lives."""
    return state_dir / "ledger.sqlite"
