"""Grafana's own model of a dashboard, as a check: what of a file it does not know, or would read as another type.

Grafana itself is not needed: `grafana-foundation-sdk` is generated from its schemas, those of the panels included.
"""

import json
import typing
from collections.abc import Iterator
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from pydantic import ConfigDict, TypeAdapter, ValidationError

_STRICTLY = ConfigDict(strict=True, arbitrary_types_allowed=True)


def objections(dashboard: dict[str, Any]) -> list[str]:
    """One line for each thing in the dashboard that the model does not take as it is."""
    register_default_plugins()
    known = Dashboard.from_json(dashboard)
    return [*_lost(dashboard, json.loads(JSONEncoder().encode(known)), "dashboard"), *_mistyped(known, "dashboard")]


def _lost(given: Any, kept: Any, where: str) -> Iterator[str]:
    """What is not in the model's own rendering any more."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for key, value in given.items():
            if key in kept:
                yield from _lost(value, kept[key], f"{where}.{key}")
            else:
                yield f"{where}.{key}: unknown"
    elif isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        for place, (one, other) in enumerate(zip(given, kept, strict=True)):
            yield from _lost(one, other, f"{where}[{place}]")
    elif given != kept:
        yield f"{where}: {given!r} is read as {kept!r}"


def _mistyped(thing: Any, where: str) -> Iterator[str]:
    """What is of another type than the model says."""
    if isinstance(thing, list):
        for place, one in enumerate(thing):
            yield from _mistyped(one, f"{where}[{place}]")
    if not type(thing).__module__.startswith("grafana_foundation_sdk.models"):
        return
    for name, kind in typing.get_type_hints(type(thing)).items():
        value = getattr(thing, name)
        try:
            # As JSON, so that a string may stand for the member of an enumeration, and for nothing else.
            plain = json.dumps(value)
        except TypeError:
            yield from _mistyped(value, f"{where}.{name}")
            continue
        try:
            TypeAdapter(kind, config=_STRICTLY).validate_json(plain)
        except ValidationError as error:
            yield f"{where}.{name}: {error.errors(include_url=False)[0]['msg']}"
