"""What becomes of a sale, as the pages show it: every state of its life, and names of every length."""

from typing import Any

from playwright.sync_api import Page

from tests.end_to_end.page_states import (
    COLA,
    DENIED,
    GERMAN,
    GUESSES,
    ITEM,
    State,
    card_is,
    healthy,
    recognised,
    tablet_recognised,
    tell,
)

LONG_NAME = "Fruttili Smoothie Strawberries & Bananas"
VERY_LONG_NAME = "Schwarzwälder Kirschwasser-Trüffelpralinen mit dunkler Schokolade (150 g, Geschenkpackung)"
RETURN_SECONDS = 24


def _became(page: Page, state: str, **more: Any) -> None:
    recognised(page)
    tell(page, "sale", COLA | {"state": state, "undo_seconds_left": 0} | more)
    card_is(page, state)


def waiting_for_the_till(page: Page) -> None:
    """Nobody said no, and the till is away."""
    _became(page, "pending")
    healthy(page, pending=3, oldest_age_seconds=600)


def in_doubt(page: Page) -> None:
    """The till did not answer."""
    _became(page, "in_doubt")


def rejected(page: Page) -> None:
    """The till said no."""
    _became(page, "rejected", reason="Balance would be less than credit limit -500")


def may_be_taken_back(page: Page) -> None:
    """The till has it, for a short while it can still be taken back there."""
    _became(page, "settled", undo_seconds_left=RETURN_SECONDS)
    page.get_by_role("button", name="Take it back").wait_for()


def being_taken_back(page: Page) -> None:
    """The till is asked for the money."""
    _became(page, "settled", refund="asked")


def given_back(page: Page) -> None:
    """The till gave the money back."""
    _became(page, "cancelled", refund="given")


def _named(page: Page, name: str) -> None:
    healthy(page)
    for _ in range(3):
        tell(page, "prediction", {"guesses": GUESSES})
    # A label that the list does not have, so that the sale's own name and its initials are shown.
    tell(page, "sale", COLA | {"label": "long", "name": name, "price_pence": 1250})
    card_is(page, "held")


def long_name(page: Page) -> None:
    """As tills have them."""
    _named(page, LONG_NAME)


def very_long_name(page: Page) -> None:
    """Longer than any screen likes."""
    _named(page, VERY_LONG_NAME)


def thanked(page: Page) -> None:
    """The shopper said yes."""
    tablet_recognised(page)
    page.get_by_role("button", name="Yes, that").click()
    page.get_by_role("button", name="Undo").wait_for()


def chosen_very_long(page: Page) -> None:
    """Chosen from the list of a tablet without a camera."""
    sale = COLA | {"name": VERY_LONG_NAME, "source": "page"}
    listed = {"label": "cola", "name": VERY_LONG_NAME, "price_pence": 1250, "picture": None}
    page.route("**/api/catalogue", lambda route: route.fulfill(json={"products": [listed]}))
    page.route(
        "**/api/decisions",
        lambda route: route.fulfill(status=201, json=sale | {"id": route.request.post_data_json["id"]}),
    )
    page.reload()
    healthy(page)
    page.locator("#products button").first.click()
    card_is(page, "held")


STATES = (
    State("counter-waiting-for-the-till", "/", waiting_for_the_till),
    State("counter-in-doubt", "/", in_doubt),
    State("counter-rejected", "/", rejected),
    State("counter-may-be-taken-back", "/", may_be_taken_back),
    State("counter-being-taken-back", "/", being_taken_back),
    State("counter-given-back", "/", given_back),
    State("counter-long-name", "/", long_name, ITEM),
    State("counter-very-long-name-german", "/", very_long_name, GERMAN),
    State("tablet-thanked", "/tablet", thanked),
    State("tablet-very-long-name", "/tablet", chosen_very_long, script=DENIED),
)
