"""The config file: everything has a default, and what is wrong is told all at once."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from kiosk.camera.view import AS_IT_COMES, View
from kiosk.config import Config
from kiosk.config.file import read_config
from kiosk.config.tills import HonestyStoreTill, LedgerTill
from kiosk.errors import ConfigError
from kiosk.parts.camera import configured_view

Write = Callable[[str], Path]
EXAMPLE = Path(__file__).parents[2] / "deploy" / "kiosk.yaml"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_text(text: str) -> Path:
        path = tmp_path / "kiosk.yaml"
        path.write_text(text)
        return path

    return write_text


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    return [line.removeprefix(f"{path}") for line in caught.value.problems]


def test_without_a_file_everything_has_a_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    config = read_config(None)
    assert config.state_dir == tmp_path / "kiosk"
    assert config.till == LedgerTill()
    assert (config.web.host, config.web.port, config.metrics.port) == ("127.0.0.1", 8443, 9464)


def test_systemd_chooses_the_state_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/kiosk")
    assert Config().state_dir == Path("/var/lib/kiosk")


def test_the_example_names_every_key_and_gives_the_defaults() -> None:
    # Commented out are the vote's keys, as an installed example must not override what the bundle recommends, and files
    # that need not be there.
    keys = "threshold|votes|release|rule|stricter|certificate_file|key_file|pictures_dir"
    keys += "|frames_each_second|exposure_ms|white_balance_kelvin|focus"
    text = re.sub(rf"^  # ({keys}):", r"  \1:", EXAMPLE.read_text(), flags=re.MULTILINE)
    given = yaml.safe_load(text)
    config = read_config(EXAMPLE)
    assert set(given) == set(Config.model_fields)
    for name, section in given.items():
        if isinstance(section, dict):
            assert set(section) == set(type(getattr(config, name)).model_fields), name
    assert config.model_dump(exclude={"state_dir"}) == Config().model_dump(exclude={"state_dir"})


def test_all_problems_are_told_at_once_with_line_key_given_and_allowed(write: Write) -> None:
    path = write(
        "colour: red\n"
        "voting:\n"
        "  threshold: 1.5\n"
        "  vote: 3\n"
        "recognition: {engine: gpu}\n"
        "till: {kind: honesty_store, url: 'http://till.example'}\n"
    )
    assert sorted(problems(path)) == [
        ":1: colour: unknown key; allowed here: "
        "bundle, bundle_channel, bundle_keys, camera, hard_moments, metrics, name, recognition, sales, state_dir, till,"
        " voting, web",
        ":3: voting.threshold: given 1.5; allowed: less than or equal to 1",
        ":4: voting.vote: unknown key; allowed here: release, rule, stricter, threshold, votes",
        ":5: recognition.engine: given 'gpu'; allowed: 'auto', 'litert' or 'tflite-runtime'",
        ":6: till.store_code: missing; it must be given",
        ":6: till.url: given 'http://till.example'; allowed: "
        "an https address such as https://honesty.store (http only to this machine itself)",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("voting: [", ":1: not valid YAML: expected the node content, but found '<stream end>'"),
        ("- a list", ":1: given ['a list']; allowed: `key: value` lines, see deploy/kiosk.yaml"),
        ("voting: 3", ":1: voting: not a section; allowed: the keys release, rule, stricter, threshold, votes"),
        ("till: {kind: card}", ":1: till.kind: given 'card'; allowed: ledger or honesty_store or webhook"),
        ("till: {}", ":1: till.kind: missing; allowed: ledger or honesty_store or webhook"),
        ("till: {kind: ledger, url: x}", ":1: till.url: unknown key; allowed here: kind"),
        ("voting: &b {x: *b}", ":1: *aliases are not understood; write each value out"),
        ("voting: {votes: yes}", ":1: voting.votes: given True; allowed: a valid integer"),
        (
            "metrics: {host: a..b}",
            ":1: metrics.host: given 'a..b'; allowed: an address or a host name such as 127.0.0.1",
        ),
        ("state_dir: ''", ":1: state_dir: given ''; allowed: a path such as /var/lib/kiosk"),
        (
            "web: {port: 9464}",
            ": web and metrics: given the same host and port; allowed: two that differ",
        ),
        ("bundle: demo\nbundle: mine", ":2: bundle: given twice; keep one"),
        ("web: {port: 70000}", ":1: web.port: given 70000; allowed: less than or equal to 65535"),
    ],
)
def test_a_wrong_file_is_explained(write: Write, text: str, problem: str) -> None:
    assert problems(write(text)) == [problem]


def test_the_page_is_for_this_machine_only_unless_the_config_says_otherwise(write: Write) -> None:
    assert not Config().web.is_open
    assert not read_config(write("web: {host: localhost}")).web.is_open
    assert read_config(write("web: {host: 0.0.0.0}")).web.is_open
    assert read_config(write("web: {host: '::'}")).web.is_open
    assert read_config(write("web: {host: kiosk.office.example}")).web.is_open


@pytest.mark.parametrize(
    ("web", "said"),
    [
        ("host: 0.0.0.0, plain_port: 8443", "web.plain_port: given a port that is used already"),
        ("certificate_file: /etc/page.crt", "certificate_file and key_file together, or neither"),
        ("names: [a b]", "a name such as kiosk.office.example"),
        (f"names: [{'a' * 64}.example]", "a name such as kiosk.office.example"),
        ("announce: yes please", "a valid boolean"),
    ],
)
def test_a_wrong_access_to_the_page_is_explained(write: Write, web: str, said: str) -> None:
    [problem] = problems(write(f"web: {{{web}}}"))
    assert said in problem


def test_a_missing_or_unreadable_file_is_explained(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.yaml") == [
        ": No such file or directory; give a file that can be read, or none for the defaults"
    ]
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert problems(binary) == [": not UTF-8 text; save it as UTF-8"]


def test_a_section_with_every_key_commented_out_is_the_default(write: Write) -> None:
    assert read_config(write("voting:\n  # threshold: 0.9\nmetrics:\n")).voting == Config().voting


@pytest.mark.parametrize(("given", "source"), [("0", "0"), ("auto", "auto"), ("/dev/v4l/by-id/x", "/dev/v4l/by-id/x")])
def test_a_camera_is_an_index_or_a_text(write: Write, given: str, source: str) -> None:
    assert read_config(write(f"camera: {{source: {given}}}")).camera.source == source


@pytest.mark.parametrize(
    ("camera", "said"),
    [
        ("rotation_degrees: 45", "0, 90, 180 or 270"),
        ("region: [0.5, 0, 0.8, 1]", "within the picture, such as [0.25, 0, 0.5, 1]"),
        ("region: [0, 0, 0.01, 1]", "within the picture"),
        ("size_px: [640, 0]", "greater than or equal to 16"),
        ("exposure_ms: 0", "greater than or equal to 0.1"),
    ],
)
def test_a_wrong_setting_of_the_camera_is_explained(write: Write, camera: str, said: str) -> None:
    [problem] = problems(write(f"camera: {{{camera}}}"))
    assert said in problem


def test_the_camera_s_view_is_that_of_the_config(write: Write) -> None:
    config = read_config(write("camera: {rotation_degrees: 90, mirror: true, region: [0.25, 0, 0.5, 1], source: csi}"))
    assert configured_view(config) == View(90, True, (0.25, 0.0, 0.5, 1.0))
    assert configured_view(Config()) == AS_IT_COMES


def test_secrets_are_found_among_systemd_credentials(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    path = write("till: {kind: honesty_store, url: 'https://t.example/', store_code: a, refresh_token_file: token}")
    till = read_config(path).till
    assert isinstance(till, HonestyStoreTill)
    assert till.refresh_token_file == tmp_path / "token"
    assert till.url == "https://t.example"
