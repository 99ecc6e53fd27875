"""Asks a person, or answers for one who asked for no questions."""

import getpass
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

from kiosk.errors import KioskError, SetupError

Check = Callable[[str], str]
"""Gives an answer back as it is to be used, or raises KioskError with what is allowed."""


class Asker(Protocol):
    """Where answers come from."""

    def text(self, question: str, default: str | None, check: Check) -> str:
        """An answer that `check` accepts. Raises SetupError when there is nobody to ask and no default will do."""

    def secret(self, question: str, check: Check, /) -> str:
        """The same, never shown. Raises SetupError."""

    def yes(self, question: str, /, *, default: bool) -> bool:
        """Yes or no."""


def one_of(names: Sequence[str]) -> Check:
    """A check that takes one of `names`, or its number from 1 up."""

    def check(answer: str) -> str:
        if answer.isdecimal() and 0 < int(answer) <= len(names):
            return names[int(answer) - 1]
        if answer in names:
            return answer
        raise SetupError(f"one of {', '.join(names)}, or its number")

    return check


class Terminal:
    """Asks on the terminal, again and again until the answer will do."""

    def text(self, question: str, default: str | None, check: Check) -> str:
        """See `Asker`."""
        offered = "" if default is None else f" [{default}]"
        return _until_good(lambda: input(f"{question}{offered}: ").strip() or default or "", check)

    def secret(self, question: str, check: Check, /) -> str:
        """See `Asker`."""
        return _until_good(lambda: getpass.getpass(f"{question} (not shown): ").strip(), check)

    def yes(self, question: str, /, *, default: bool) -> bool:
        """See `Asker`."""
        offered = "Y/n" if default else "y/N"
        answer = _until_good(lambda: input(f"{question} [{offered}]: ").strip().lower(), _yes_or_no)
        return default if not answer else answer.startswith("y")


class Defaults:
    """For `--yes`: takes what is offered, and says what is missing."""

    def text(self, question: str, default: str | None, check: Check) -> str:
        """See `Asker`."""
        if default is None:
            raise SetupError(f"{question}: must be given as an option (kiosk setup --help)")
        return check(default)

    def secret(self, question: str, _check: Check, /) -> str:
        """See `Asker`."""
        raise SetupError(f"{question}: must be given with --secret-file")

    def yes(self, _question: str, /, *, default: bool) -> bool:
        """See `Asker`."""
        return default


def _yes_or_no(answer: str) -> str:
    if answer in ("", "y", "yes", "n", "no"):
        return answer
    raise SetupError("y or n")


def _until_good(ask: Callable[[], str], check: Check) -> str:
    while True:
        try:
            return check(ask())
        except EOFError as error:
            raise SetupError("the answers ended; nothing was changed") from error
        except KioskError as error:
            print(f"  allowed: {error}", file=sys.stderr)
