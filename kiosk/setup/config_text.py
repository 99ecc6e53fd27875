"""Sets values in the text of a config. All else in it, comments too, stays as it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).with_name("kiosk.yaml")
"""Every key with its default, explained: `deploy/kiosk.yaml`."""

Key = tuple[str] | tuple[str, str]


def with_values(text: str, values: Mapping[Key, Any]) -> str:
    """The config `text`, which is valid YAML, with each of `values` set; a missing key or section is added."""
    for key, value in values.items():
        text = _with_value(text, key, value)
    return text


def _with_value(text: str, key: Key, value: Any) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    entry = _entry(root, key[0])
    if entry is None:
        added = value if len(key) == 1 else {key[1]: value}
        return f"{text.rstrip()}\n\n{yaml.safe_dump({key[0]: added}, sort_keys=False)}".lstrip()
    name, node = entry
    if len(key) == 1:
        return _replaced(text, node, value)
    if not isinstance(node, yaml.MappingNode):
        return _after_line(text, name, f"  {key[1]}: {_flow(value)}")
    inner = _entry(node, key[1])
    return _inserted(text, node, key[1], value) if inner is None else _replaced(text, inner[1], value)


def _entry(node: yaml.Node | None, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    """The key's node and its value's."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((pair for pair in pairs if pair[0].value == name), None)


def _replaced(text: str, node: yaml.Node, value: Any) -> str:
    start = node.start_mark
    is_block = isinstance(value, dict) and not getattr(node, "flow_style", True)
    lines = [f"{name}: {_flow(one)}" for name, one in value.items()] if is_block else [_flow(value)]
    return text[: start.index] + f"\n{' ' * start.column}".join(lines) + text[_end(node) :]


def _end(node: yaml.Node) -> int:
    """Where the last thing in `node` ends. A block's own mark stands after the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _inserted(text: str, section: yaml.MappingNode, name: str, value: Any) -> str:
    start = section.start_mark
    if section.flow_style:
        comma = ", " if section.value else ""
        return f"{text[: start.index + 1]}{name}: {_flow(value)}{comma}{text[start.index + 1 :]}"
    return f"{text[: start.index]}{name}: {_flow(value)}\n{' ' * start.column}{text[start.index :]}"


def _after_line(text: str, node: yaml.Node, line: str) -> str:
    """For a section whose every key is commented out."""
    end = text.find("\n", node.end_mark.index)
    return f"{text}\n{line}\n" if end < 0 else f"{text[:end]}\n{line}{text[end:]}"


def _flow(value: Any) -> str:
    return yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=100_000).strip()[1:-1]
