"""What holds in every browser: each claim once, for the test modules of the browsers to run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kiosk.bundle.self_test import TOLERANCE
from kiosk.demo import bundle_directory, clip_path
from tests.end_to_end.running_kiosk import free_ports, running_kiosk, wait_for
from tests.end_to_end.test_page import SOLD, presented_labels
from tests.end_to_end.test_pairing import OpenKiosk
from tests.end_to_end.window import Window, button

UNDO_WINDOW_SECONDS = 6
STRANGERS_PATHS = ("/", "/tablet", "/api/sales", "/api/catalogue", "/bundle/manifest.json")


@contextmanager
def looking_open_kiosk(directory: Path) -> Iterator[OpenKiosk]:
    """A kiosk that is open to a network. Its own camera sees the shipped clip."""
    port, plain_port = free_ports(2)
    web = {"host": "0.0.0.0", "port": port, "plain_port": plain_port}
    with running_kiosk(directory, str(clip_path()), UNDO_WINDOW_SECONDS, web=web) as running:
        yield OpenKiosk(running, f"https://kiosk.local:{port}", f"http://kiosk.local:{plain_port}")


def authority_of(kiosk: OpenKiosk) -> Path:
    """The certificate that a tablet is to trust."""
    return kiosk.kiosk.state_dir / "certificates" / "authority.crt"


def card(window: Window) -> str:
    """What the large card shows."""
    return window.attribute("#card", "data-state")


def shown_sale(window: Window) -> str:
    """The id of the sale that the large card shows."""
    return window.attribute("#card", "data-sale")


def buy_the_first(window: Window) -> str:
    """Choose the first product of the list; answers its label."""
    window.click("button.product")
    return window.attribute("button.product", "data-label")


def type_code(window: Window, code: str) -> None:
    """Fill the pairing page in, and send it."""
    window.write("#code", code)
    window.click(button("Pair this tablet"))


class EveryBrowser:
    """Claims. `window` has no camera, `window_with_camera` has one; both trust the kiosk's authority, and nothing that
    the browser complains of is let pass."""

    def test_without_a_camera_the_page_says_so_and_the_list_sells(self, kiosk: OpenKiosk, window: Window) -> None:
        window.go(f"{kiosk.kiosk.url}/tablet")
        wait_for(lambda: "You can always choose from the list" in window.text("#notice"))
        label = buy_the_first(window)
        wait_for(lambda: SOLD.fullmatch(card(window)))
        sale_id = shown_sale(window)
        assert kiosk.kiosk.sale(sale_id)["source"] == "page"
        wait_for(lambda: kiosk.kiosk.ledger().get(sale_id) == label)

    def test_what_is_undone_never_reaches_the_ledger(self, kiosk: OpenKiosk, window: Window) -> None:
        window.go(f"{kiosk.kiosk.url}/tablet")
        buy_the_first(window)
        window.click(button("Undo"))
        wait_for(lambda: card(window) == "cancelled")
        undone = shown_sale(window)
        assert kiosk.kiosk.sale(undone)["state"] == "cancelled"
        window.go(f"{kiosk.kiosk.url}/tablet")
        buy_the_first(window)
        wait_for(lambda: card(window) == "settled")
        assert shown_sale(window) in kiosk.kiosk.ledger()
        assert undone not in kiosk.kiosk.ledger()

    def test_the_counter_page_follows_what_the_kiosks_own_camera_sees(self, kiosk: OpenKiosk, window: Window) -> None:
        window.go(kiosk.kiosk.url)
        wait_for(lambda: SOLD.fullmatch(card(window)))
        sale = kiosk.kiosk.sale(shown_sale(window))
        assert sale["source"] == "camera"
        assert sale["label"] in presented_labels()
        wait_for(lambda: sale["name"] in window.text("#sales"))

    def test_the_golden_images_come_out_as_in_training_and_the_camera_is_looked_at(
        self, kiosk: OpenKiosk, window_with_camera: Window
    ) -> None:
        window = window_with_camera
        window.go(f"{kiosk.kiosk.url}/tablet?backend=wasm")
        wait_for(lambda: window.attribute("#viewfinder", "data-sees") or window.text("#notice"))
        assert window.text("#notice") == "", window.text("#about")
        assert window.attribute("#about", "data-backend") == "wasm"
        rows = "#about tr[data-backend=wasm]"
        differences = [float(text) for text in window.attributes(rows, "data-difference")]
        assert len(differences) == len(list((bundle_directory() / "golden").iterdir()))
        assert max(differences) <= TOLERANCE

    def test_a_stranger_sees_the_pairing_page_alone(self, kiosk: OpenKiosk, window: Window) -> None:
        for path in STRANGERS_PATHS:
            window.go(f"{kiosk.https}{path}")
            assert window.address == f"{kiosk.https}/pair"
            assert window.run("return isSecureContext")
            assert window.attributes("button", "type") == ["submit"]

    def test_a_tablet_is_paired_buys_is_revoked_and_led_back(self, kiosk: OpenKiosk, window: Window) -> None:
        window.go(f"{kiosk.https}/pair")
        type_code(window, kiosk.code())
        wait_for(lambda: window.address == f"{kiosk.https}/tablet")
        label = buy_the_first(window)
        wait_for(lambda: SOLD.fullmatch(card(window)))
        assert kiosk.kiosk.sale(shown_sale(window))["label"] == label
        kiosk.command("tablets", "revoke", "--all")
        # The open page notices by itself.
        wait_for(lambda: window.address == f"{kiosk.https}/pair")

    def test_a_wrong_code_pairs_nobody(self, kiosk: OpenKiosk, window: Window) -> None:
        window.go(f"{kiosk.https}/pair")
        type_code(window, "0000 0000")
        wait_for(lambda: "That code is wrong" in window.text("[role=alert]"))
        window.go(f"{kiosk.https}/tablet")
        assert window.address == f"{kiosk.https}/pair"

    def test_plain_http_leads_to_https(self, kiosk: OpenKiosk, window: Window) -> None:
        window.go(f"{kiosk.plain}/tablet")
        assert window.address == f"{kiosk.plain}/"
        assert window.attributes("button, form, script", "type") == []
        window.click("#https")
        wait_for(lambda: window.address.startswith("https://") and window.address.endswith("/pair"))
        assert window.run("return isSecureContext")
