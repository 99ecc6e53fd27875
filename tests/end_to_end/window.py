"""What a shopper does in a browser, and what can be read off the page, whichever browser it is."""

from abc import ABC, abstractmethod
from typing import Any

PATIENCE_SECONDS = 60


class Window(ABC):
    """One window. `where` is a CSS selector, or an XPath when it begins with `//`."""

    @abstractmethod
    def go(self, address: str) -> None:
        """Open a page."""

    @property
    @abstractmethod
    def address(self) -> str:
        """Of the page that is open."""

    @abstractmethod
    def run(self, script: str, *arguments: Any) -> Any:
        """What a script returns in the page, run as the body of a function of `arguments`; a promise is waited for."""

    @abstractmethod
    def click(self, where: str) -> None:
        """Press something, once it is there."""

    @abstractmethod
    def write(self, where: str, text: str) -> None:
        """Put a text into a field, in place of what is there."""

    @abstractmethod
    def complaints(self) -> list[str]:
        """What the browser objected to so far, as far as its driver tells: uncaught errors, errors that were written to
        the console, breaches of the content security policy."""

    def text(self, selector: str) -> str:
        """The text of the first such element; empty where there is none."""
        return str(self.run("return document.querySelector(arguments[0])?.textContent ?? ''", selector))

    def attribute(self, selector: str, name: str) -> str:
        """Of the first such element; empty where there is none."""
        script = "return document.querySelector(arguments[0])?.getAttribute(arguments[1]) ?? ''"
        return str(self.run(script, selector, name))

    def attributes(self, selector: str, name: str) -> list[str]:
        """Of all such elements."""
        script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.getAttribute(arguments[1]))"
        found: list[str] = self.run(script, selector, name)
        return found


def button(name: str) -> str:
    """Where the button is on which this stands, besides a countdown maybe."""
    return f"//button[contains(., '{name}')]"
