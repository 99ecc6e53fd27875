"""Which installed bundle is in use: what the pointer file says, and how each event changes it.

All of this is values; `kiosk.bundle.store` keeps them on disk.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kiosk.errors import BundleError

CRASHES = 2
"""After so many starts with a new bundle that ended in a crash, the one before is taken."""

PlaceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Placed(_Part):
    """An installed bundle."""

    place: PlaceName
    """Its directory's name."""
    installed_at: datetime
    starts: int = Field(default=0, ge=0)
    """Starts of the kiosk with it that have not come to a good end yet."""
    proven: bool = False
    """Whether the kiosk has run well with it for a while; from then on crashes are not held against it."""
    refused: str | None = None
    """Why the kiosk itself went back from it."""


class Pointer(_Part):
    """The whole of the pointer file."""

    format: Literal[1] = 1
    current: Placed
    previous: Placed | None = None

    def places(self) -> set[str]:
        """The directories that must stay."""
        return {self.current.place} | ({self.previous.place} if self.previous else set())


def installed(pointer: Pointer | None, place: str) -> Pointer:
    """A new bundle is current. The one before it is kept, or still the one before that, if that is the better known."""
    new = Placed(place=place, installed_at=datetime.now(UTC).replace(microsecond=0))
    if pointer is None:
        return Pointer(current=new)
    before = pointer.previous
    keep_older = before is not None and before.proven and before.refused is None and not pointer.current.proven
    return Pointer(current=new, previous=before if keep_older else _rested(pointer.current))


def rolled_back(pointer: Pointer, refused: str | None = None) -> Pointer:
    """The two change places. `refused`: why, where the kiosk itself does it; such a one is never gone back to.

    Raises:
        BundleError: there is none to go back to.
    """
    before = pointer.previous
    if before is None:
        raise BundleError("there is no earlier bundle to go back to; install one with `kiosk bundle install`")
    if before.refused is not None:
        raise BundleError(
            f"{before.place} is not gone back to: {before.refused}; to try it again: `kiosk bundle install`"
        )
    away = _rested(pointer.current).model_copy(update={"refused": refused})
    return Pointer(current=_rested(before), previous=away)


def begun(pointer: Pointer) -> Pointer:
    """The kiosk starts with the current bundle."""
    current = pointer.current
    return pointer if current.proven else _with_current(pointer, starts=current.starts + 1)


def ended_well(pointer: Pointer, place: str) -> Pointer:
    """The kiosk stopped in good order: that start is not held against the bundle."""
    current = pointer.current
    return _with_current(pointer, starts=current.starts - 1) if current.place == place and current.starts else pointer


def ran_well(pointer: Pointer, place: str) -> Pointer:
    """The kiosk has run well with the bundle at `place` for a while."""
    proof = {"proven": True, "starts": 0}
    if pointer.current.place == place and not pointer.current.proven:
        return _with_current(pointer, **proof)
    before = pointer.previous
    if before is not None and before.place == place and not before.proven:
        return pointer.model_copy(update={"previous": before.model_copy(update=proof)})
    return pointer


def has_crashed_too_often(pointer: Pointer) -> bool:
    """Whether the current bundle is to be left, and there is one to go back to."""
    before = pointer.previous
    worn = not pointer.current.proven and pointer.current.starts >= CRASHES
    return worn and before is not None and before.refused is None


def _rested(placed: Placed) -> Placed:
    return placed.model_copy(update={"starts": 0})


def _with_current(pointer: Pointer, **changes: object) -> Pointer:
    return pointer.model_copy(update={"current": pointer.current.model_copy(update=changes)})
