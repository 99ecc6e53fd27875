"""`kiosk moments`."""

import json
from pathlib import Path

import pytest
import yaml

from kiosk.cli import main
from kiosk.moments.album import Album, Kept
from tests.moments.test_album import JPEG, moment


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config whose state directory holds two moments, one with a choice."""
    album = Album(tmp_path / "state" / "hard-moments", keep=9, most_bytes=10_000)
    album.add(moment(86400.0, "twix"), [JPEG, JPEG])
    album.add(moment(86400.0 * 40), [JPEG])
    path = tmp_path / "kiosk.yaml"
    path.write_text(yaml.safe_dump({"state_dir": str(tmp_path / "state")}))
    return path


def kept(config: Path) -> list[Kept]:
    """What is still there."""
    return Album(config.parent / "state" / "hard-moments", 9, 10_000).all()


def test_the_list_names_each_with_its_pictures(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["moments", "list", "--json", "--config", str(config)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["reason"], line["guessed"], line["chosen"], len(line["pictures"])) for line in lines] == [
        ("undone", "cola", "twix", 2),
        ("undone", "cola", None, 1),
    ]
    assert main(["moments", "list", "--config", str(config)]) == 0
    assert "cola (93%, chose twix)" in capsys.readouterr().out


def test_taken_pictures_lie_where_the_trainer_reads_them(config: Path, tmp_path: Path) -> None:
    data, [first, second] = tmp_path / "photos", kept(config)
    assert main(["moments", "take", str(data), first.id, "--remove", "--config", str(config)]) == 0
    assert main(["moments", "take", str(data), second.id, "--label", "unknown", "--config", str(config)]) == 0
    assert sorted(path.relative_to(data).as_posix() for path in data.rglob("*.jpg")) == [
        f"twix/moment-{first.id}-00.jpg",
        f"twix/moment-{first.id}-01.jpg",
        f"unknown/moment-{second.id}-00.jpg",
    ]
    assert kept(config) == [second]


@pytest.mark.parametrize("label", ["../up", ".hidden", "a/b", ""])
def test_a_label_that_is_no_folder_is_refused(label: str, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [_, second] = kept(config)
    taken = main(["moments", "take", str(config.parent / "d"), second.id, "--label", label, "--config", str(config)])
    assert taken == 1
    assert capsys.readouterr().err.startswith("kiosk: ")
    assert not (config.parent / "d").exists()


def test_what_nobody_chose_needs_a_label(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["moments", "take", str(config.parent / "d"), kept(config)[1].id, "--config", str(config)]) == 1
    assert "--label" in capsys.readouterr().err


def test_removed_is_gone(config: Path) -> None:
    assert main(["moments", "remove", *(one.id for one in kept(config)), "--config", str(config)]) == 0
    assert kept(config) == []
