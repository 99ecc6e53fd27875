"""A config that a disk, a slip or somebody else spoiled is refused in plain words, and its secrets are not repeated."""

from pathlib import Path

import pytest

from kiosk.config.file import read_config
from kiosk.errors import ConfigError

TAGS = ["!!timestamp x", "!!int ''", "!!bool x", "!!binary '%'", "!!python/object/apply:os.system [ls]", "!mine 3"]
HOOK = "till: {kind: webhook, url: https://t.example, secret_variable: NAME"


def problem(tmp_path: Path, text: str) -> str:
    """What is said of a file of one line, without its name."""
    path = tmp_path / "kiosk.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    [line] = caught.value.problems
    return line.removeprefix(f"{path}:1: ")


@pytest.mark.parametrize("value", TAGS)
def test_a_tag_is_refused_whether_it_fits_or_not(tmp_path: Path, value: str) -> None:
    assert problem(tmp_path, f"bundle: {value}") == "tags such as !!str are not understood; leave them away"


@pytest.mark.parametrize("text", ['bundle: "a\\0b"', '"\\e[31m": 1', 'camera: {source: "/dev/\\x9b"}'])
def test_a_control_character_is_refused(tmp_path: Path, text: str) -> None:
    assert problem(tmp_path, text) == "holds a control character; write it anew by keyboard"


def test_a_number_of_thousands_of_digits_is_refused_in_words(tmp_path: Path) -> None:
    said = problem(tmp_path, f"web: {{port: 0x{'f' * 5000}}}")
    assert said.startswith("web.port: given a number of thousands of digits; allowed:")


def test_a_key_of_any_length_is_told_in_brief(tmp_path: Path) -> None:
    assert problem(tmp_path, f"{'x' * 900}: 1").startswith(f"{'x' * 57}...: unknown key; allowed here: ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("till: {kind: webhook, secret_variable: NAME, url: 'https://me:hunter2@t.example'}", "//***@t.example"),
        ("metrics: {host: 'http://me:hunter2@x y'}", "//***@x y"),
        (HOOK + ", headers: {Authorization: 'höhunter2'}}", "what may be a secret"),
        (HOOK + ", secret_headers: {X-Key: hunter2}}", "not a section"),
        ("till: {kind: webhook, url: https://t.example, secret_variable: 'hunter2 here'}", "what may be a secret"),
        ("till: {kind: webhook, url: https://t.example, secret_file: [hunter2]}", "what may be a secret"),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(tmp_path: Path, text: str, told: str) -> None:
    """What is said reaches the log, and the page when a reload is refused."""
    said = problem(tmp_path, text)
    assert told in said
    assert "hunter2" not in said


def test_a_config_shows_no_password_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.yaml"
    path.write_text(f"camera: {{source: 'http://me:hunter2@camera/'}}\n{HOOK}, headers: {{X-Key: hunter2}}}}\n")
    config = read_config(path)
    assert "hunter2" in config.camera.source
    assert "hunter2" not in repr(config) + str(config)
