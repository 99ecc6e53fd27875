"""Reads the config file. What is wrong with it is told all at once, each with file, line, key, given and allowed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_origin

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kiosk.config import Config
from kiosk.errors import ConfigError

Key = tuple[str | int, ...]

TILL_KINDS = ("ledger", "honesty_store", "webhook")
LARGEST_BYTES = 256 * 1024


def read_config(path: Path | None) -> Config:
    """Read and check the config at `path`; without one, the embedded defaults.

    Raises:
        ConfigError: with one line for each problem.
    """
    if path is None:
        return Config()
    text = _read_text(path)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise ConfigError([f"{path}: *aliases are not understood; write each value out"])
        data = yaml.safe_load(text) if root is not None else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigError([f"{path}{line}: not valid YAML: {error.problem}"]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError([f"{path}: not valid YAML: {error}"]) from error
    lines = dict(_key_lines(root)) if root is not None else {}
    problems = [f"{path}:{lines[key]}: {_dotted(key)}: given twice; keep one" for key in _repeated(root)]
    if not isinstance(data, dict):
        raise ConfigError([f"{path}:1: given {_shown(data)}; allowed: `key: value` lines, see deploy/kiosk.yaml"])
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        problems += [_problem(path, lines, detail) for detail in error.errors()]
    if problems:
        raise ConfigError(problems)
    return config


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            [f"{path}: {error.strerror}; give a file that can be read, or none for the defaults"]
        ) from error
    if len(raw) > LARGEST_BYTES:
        raise ConfigError([f"{path}: larger than {LARGEST_BYTES // 1024} KiB; is this the config?"])
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: not UTF-8 text; save it as UTF-8"]) from error


def _key_lines(node: yaml.Node, above: Key = ()) -> Iterator[tuple[Key, int]]:
    """Each key's path in the document and the line it stands on, counted from 1."""
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        here = (*above, str(key.value))
        yield here, key.start_mark.line + 1
        yield from _key_lines(value, here)


def _repeated(root: yaml.Node | None) -> list[Key]:
    keys = [key for key, _ in _key_lines(root)] if root is not None else []
    return sorted({key for key in keys if keys.count(key) > 1}, key=str)


def _problem(path: Path, lines: dict[Key, int], detail: ErrorDetails) -> str:
    # pydantic names the chosen kind in the path (`till.honesty_store.url`), and `[key]` where a key itself is wrong;
    # the file has no such keys.
    key = tuple(part for part in detail["loc"] if part not in (*TILL_KINDS, "[key]"))
    line = next((lines[key[:length]] for length in range(len(key), 0, -1) if key[:length] in lines), 1)
    where = f"{path}:{line}: {_dotted(key)}"
    given = f"{where}: given {_shown(detail['input'])}; allowed:"
    match detail["type"]:
        case "missing":
            return f"{where}: missing; it must be given"
        case "extra_forbidden":
            return f"{where}: unknown key; allowed here: {_keys(detail['loc'][:-1])}"
        case "union_tag_not_found":
            return f"{where}.kind: missing; allowed: {' or '.join(TILL_KINDS)}"
        case "union_tag_invalid":
            return f"{where}.kind: given {_shown(detail['ctx']['tag'])}; allowed: {' or '.join(TILL_KINDS)}"
        case "model_type" | "model_attributes_type":
            # What was given instead is not shown: it may be a camera's address with its password.
            return f"{where}: not a section; allowed: the keys {_keys(detail['loc'])}"
    # A rule over several sections stands at no key, and its message says all.
    return f"{given} {_message(detail)}" if key else f"{path}: {_message(detail)}"


def _message(detail: ErrorDetails) -> str:
    return detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")


def _keys(section: Key) -> str:
    """The keys that may stand in a section. A union's part of the path is the chosen kind, if one was."""
    models: list[Any] = [Config]
    for part in section:
        fields = models[0].model_fields if hasattr(models[0], "model_fields") else {}
        if part in fields:
            annotation = fields[str(part)].annotation
            # Of a mapping only the values have keys that we know; the part after it is a name that a person chose.
            models = [annotation.__args__[1]] if get_origin(annotation) is dict else _members(annotation)
        elif len(models) > 1:
            models = [model for model in models if model.model_fields["kind"].annotation.__args__ == (part,)]
    return ", ".join(sorted({name for model in models for name in model.model_fields}))


def _members(annotation: Any) -> list[Any]:
    return list(getattr(annotation, "__args__", (annotation,)))


def _dotted(key: Key) -> str:
    return ".".join(str(part) for part in key)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
