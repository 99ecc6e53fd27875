"""Reads the config file. What is wrong with it is told all at once, each with file, line, key, given and allowed."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_origin

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kiosk.config import Config
from kiosk.errors import ConfigError
from kiosk.printable import printable

Key = tuple[str | int, ...]

TILL_KINDS = ("ledger", "honesty_store", "webhook")
LARGEST_BYTES = 256 * 1024
_MOST_CHARACTERS = 60
"""Of a value or a key that a message repeats."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PASSWORD = re.compile(r"//[^/@\s]*@")
"""In an address, with the name before it."""
_SECRET_KEYS = frozenset(
    [
        *("headers", "key_file", "refresh_token_file", "refresh_token_variable"),
        *("secret_file", "secret_headers", "secret_variable"),
    ]
)
"""Below these people write secrets, rightly or by mistake."""


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
        _require_plain(path, text)
        data = yaml.safe_load(text) if root is not None else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigError([f"{path}{line}: not valid YAML: {error.problem}"]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError([f"{path}: not valid YAML: {printable(str(error))}"]) from error
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


def _require_plain(path: Path, text: str) -> None:
    """Refuse what no config needs: aliases, tags (PyYAML fails in many ways where one does not fit its value), and
    characters that a path or a name cannot have and a terminal would obey."""
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        mark = event.start_mark
        where = f"{path}:{mark.line + 1}" if mark else path
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError([f"{where}: *aliases are not understood; write each value out"])
        if getattr(event, "tag", None) is not None:
            raise ConfigError([f"{where}: tags such as !!str are not understood; leave them away"])
        if isinstance(event, yaml.ScalarEvent) and _CONTROL.search(event.value):
            raise ConfigError([f"{where}: holds a control character; write it anew by keyboard"])


def _key_lines(node: yaml.Node, above: Key = ()) -> Iterator[tuple[Key, int]]:
    """Each key's path in the document and the line it stands on, counted from 1."""
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        here = (*above, str(key.value))
        yield here, key.start_mark.line + 1
        yield from _key_lines(value, here)


def _repeated(root: yaml.Node | None) -> list[Key]:
    keys = Counter(key for key, _ in _key_lines(root)) if root is not None else Counter()
    return sorted((key for key, times in keys.items() if times > 1), key=str)


def _problem(path: Path, lines: dict[Key, int], detail: ErrorDetails) -> str:
    # pydantic names the chosen kind in the path (`till.honesty_store.url`), and `[key]` where a key itself is wrong;
    # the file has no such keys.
    key = tuple(part for part in detail["loc"] if part not in (*TILL_KINDS, "[key]"))
    line = next((lines[key[:length]] for length in range(len(key), 0, -1) if key[:length] in lines), 1)
    where = f"{path}:{line}: {_dotted(key)}"
    given = f"{where}: given {_shown(detail['input'], key)}; allowed:"
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
    return printable(_brief(".".join(str(part) for part in key)))


def _shown(value: object, key: Key = ()) -> str:
    """A value as messages may repeat it: they reach logs, and the page when a reload is refused."""
    if not _SECRET_KEYS.isdisjoint(key):
        return "what may be a secret"
    try:
        text = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return _brief(_PASSWORD.sub("//***@", text))


def _brief(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 3] + "..."
