"""`trainer check`: what it finds, what it says, what it moves."""

import io
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.trainer.conftest import run_trainer
from tests.trainer.pictures import draw_shop, encoded, save, scene
from trainer.audit.checking import CheckSettings, check
from trainer.cli import main
from trainer.photo_files import HEIC_ADVICE

RNG = np.random.default_rng(0)
GOOD = {"cola": 8, "tea": 8, "unknown": 16}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return draw_shop(tmp_path / "data", **GOOD)


def noise() -> Image.Image:
    """A picture like no other, at once."""
    return Image.fromarray(RNG.integers(0, 256, (24, 32, 3), np.uint8)).resize((200, 170))


def checked(data: Path, *options: str, code: int | None = None) -> dict[str, Any]:
    """What `trainer check` wrote for machines."""
    returned = main(["check", str(data), *options])
    if code is not None:
        assert returned == code
    read: dict[str, Any] = json.loads((data / "_check" / "check.json").read_text())
    return read


def finding(report: dict[str, Any], kind: str) -> dict[str, Any]:
    [found] = [one for one in report["findings"] if one["kind"] == kind]
    return dict(found)


def kinds(report: dict[str, Any]) -> set[str]:
    return {one["kind"] for one in report["findings"]}


def files(found: dict[str, Any]) -> set[str]:
    return {file for example in found["examples"] for file in example["files"]}


def everything(data: Path) -> dict[str, bytes]:
    """All files but the report and the log."""
    ours = ("_check", "moved.txt")
    paths = (path for path in data.rglob("*") if path.is_file() and not set(ours) & set(path.relative_to(data).parts))
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in paths}


def test_a_good_shop_only_gets_advice_about_numbers(data: Path) -> None:
    report = checked(data, code=0)
    assert kinds(report) == {"too_few"}
    assert report["fit"]
    assert report["labels"] == GOOD


def test_the_drawn_shop_comes_out_clean_but_for_advice(tmp_path: Path) -> None:
    drawn = run_trainer("demo-data", tmp_path / "shop", "--photos-per-label", "8", "--seed", "1")
    assert drawn.returncode == 0, drawn.stderr
    done = run_trainer("check", tmp_path / "shop", "--json")
    assert done.returncode == 0, done.stderr
    assert kinds(json.loads(done.stdout)) <= {"too_few", "few"}


def test_broken_cut_off_and_foreign_files_are_named_each_with_what_to_do(data: Path) -> None:
    whole = (data / "cola" / "0000.jpg").read_bytes()
    gif = io.BytesIO()
    scene(50).save(gif, "GIF")
    spoilt = {
        "cut.jpg": whole[:-900], "empty.jpg": b"", "text.jpg": b"hello", "gif.jpg": gif.getvalue(),
        "heic.jpg": b"\0\0\0\x18ftypheic" + bytes(99),
    }  # fmt: skip
    foreign = ("IMG_1.HEIC", "moving.gif", "clip.mp4", "raw.CR2", "scan.tif", "list.txt")
    for name, content in {**spoilt, **dict.fromkeys(foreign, b"x"), ".hidden.jpg": b"", "Thumbs.db": b""}.items():
        (data / "cola" / name).write_bytes(content)
    report = checked(data, code=0)
    assert files(finding(report, "broken")) == {f"cola/{name}" for name in spoilt}
    assert files(finding(report, "wrong_format")) == {f"cola/{name}" for name in foreign}
    notes = {example["files"][0]: example["note"] for example in finding(report, "wrong_format")["examples"]}
    assert HEIC_ADVICE in notes["cola/IMG_1.HEIC"]
    assert "save JPEG" in notes["cola/raw.CR2"]
    assert report["photos"] == 32


def test_tiny_misnamed_and_loose_photos_are_named(data: Path) -> None:
    save(data / "cola" / "tiny.jpg", scene(60).resize((90, 70)))
    save(data / "cola" / "png.jpg", scene(61), "PNG")
    save(data / "loose.jpg", scene(62))
    report = checked(data, code=0)
    assert files(finding(report, "tiny")) == {"cola/tiny.jpg"}
    assert files(finding(report, "misnamed")) == {"cola/png.jpg"}
    assert files(finding(report, "loose")) == {"loose.jpg"}


def test_what_is_tiny_depends_on_the_network(data: Path) -> None:
    save(data / "cola" / "small.jpg", scene(60).resize((160, 120)))
    assert "tiny" in kinds(checked(data))
    assert "tiny" not in kinds(checked(data, "--size", "96"))


def test_copies_are_found_the_best_is_kept(data: Path) -> None:
    best = save(data / "cola" / "zz.jpg", scene(70, width_px=640, height_px=480))
    save(data / "cola" / "aa.jpg", scene(70, width_px=640, height_px=480).resize((320, 240)), quality=60)
    (data / "tea" / "copy.jpg").write_bytes((data / "tea" / "0003.jpg").read_bytes())
    report = checked(data, code=0)
    assert finding(report, "near_duplicates")["examples"][0]["files"] == ["cola/zz.jpg", "cola/aa.jpg"]
    assert files(finding(report, "duplicates")) == {"tea/0003.jpg", "tea/copy.jpg"}
    report = checked(data, "--fix", code=0)
    assert {move["from"] for move in report["moved"]} == {"cola/aa.jpg", "tea/copy.jpg"}
    assert best.exists()


def test_fixing_moves_and_neither_deletes_nor_overwrites(data: Path) -> None:
    (data / "cola" / "deep").mkdir()
    (data / "cola" / "deep" / "0000.jpg").write_bytes((data / "cola" / "0000.jpg").read_bytes())
    (data / "cola" / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    (data / ".aside" / "cola").mkdir(parents=True)
    (data / ".aside" / "cola" / "cut.jpg").write_bytes(b"from last time")
    before = everything(data)
    report = checked(data, "--fix", code=0)
    after = everything(data)
    assert sorted(after.values()) == sorted(before.values())
    assert after[".aside/cola/cut.jpg"] == b"from last time"
    assert {move["to"] for move in report["moved"]} == {".aside/cola/cut-2.jpg", ".aside/cola/deep/0000.jpg"}
    log = (data / ".aside" / "moved.txt").read_text()
    for move in report["moved"]:
        assert f"{move['from']}\t{move['to']}\t{move['why']}" in log
        (data / move["to"]).rename(data / move["from"])
    assert everything(data) == before
    assert kinds(checked(data, "--fix")) == kinds(report), "it does the same again"


def test_two_files_moved_at_once_never_land_in_the_same_place(data: Path) -> None:
    photo = (data / "cola" / "0000.jpg").read_bytes()
    for name in ("spare.jpg", "spare-2.jpg"):
        (data / "cola" / name).write_bytes(photo)
    (data / ".aside" / "cola").mkdir(parents=True)
    (data / ".aside" / "cola" / "spare.jpg").write_bytes(b"from last time")
    before = everything(data)
    checked(data, "--fix", code=0)
    assert sorted(everything(data).values()) == sorted(before.values())


def test_a_photo_whose_name_is_not_utf8_is_left_out_and_named(data: Path) -> None:
    photo = (data / "cola" / "0000.jpg").read_bytes()
    Path(os.fsdecode(os.fsencode(data / "cola") + b"/caf\xe9.jpg")).write_bytes(photo)
    done = run_trainer("check", data, "--json")
    assert "its name is not UTF-8; rename it" in done.stderr
    assert "Traceback" not in done.stderr


def test_fixing_keeps_the_copy_that_a_list_names(data: Path) -> None:
    save(data / "cola" / "listed.jpg", scene(70, width_px=640, height_px=480).resize((320, 240)), quality=60)
    save(data / "cola" / "larger.jpg", scene(70, width_px=640, height_px=480))
    (data / "train.txt").write_text(
        "".join(f"{p.relative_to(data)}\n" for p in sorted(data.glob("*/*.jpg")) if p.name != "larger.jpg")
    )
    report = checked(data, "--fix")
    assert {move["from"] for move in report["moved"]} == {"cola/larger.jpg"}


def test_fixing_strikes_what_it_moved_off_the_lists_and_keeps_the_old_ones(data: Path) -> None:
    (data / "cola" / "copy.jpg").write_bytes((data / "cola" / "0000.jpg").read_bytes())
    (data / "train.txt").write_text("cola/0000.jpg\ncola/0001.jpg\ntea/0001.jpg\nunknown/0001.jpg\n")
    (data / "val.txt").write_text("cola/copy.jpg\ncola/0002.jpg\n")
    assert "leak" in kinds(checked(data, code=1))
    report = checked(data, "--fix", code=0)
    assert "leak" not in kinds(report)
    assert (data / "val.txt").read_text() == "cola/0002.jpg\n"
    assert (data / ".aside" / "val.txt").read_text() == "cola/copy.jpg\ncola/0002.jpg\n"
    assert "list_names_missing" not in kinds(report)


def test_one_photo_under_two_labels_is_for_a_person_to_decide(data: Path) -> None:
    (data / "tea" / "same.jpg").write_bytes((data / "cola" / "0000.jpg").read_bytes())
    save(data / "tea" / "near.jpg", scene(1), quality=50)
    before = everything(data)
    report = checked(data, "--fix", code=1)
    assert files(finding(report, "two_labels")) == {"cola/0000.jpg", "tea/same.jpg"}
    assert files(finding(report, "near_two_labels")) == {"cola/0001.jpg", "tea/near.jpg"}
    assert everything(data) == before


def test_a_copy_and_a_burst_on_both_sides_of_given_lists_is_a_leak(data: Path) -> None:
    save(data / "cola" / "copy.jpg", scene(0).resize((160, 120)))
    for second in (1, 3):
        save(data / "tea" / f"IMG_20240131_14230{second}.jpg", scene(80 + second))
    (data / "train.txt").write_text("cola/0000.jpg\ntea/IMG_20240131_142301.jpg\nunknown/0000.jpg\n")
    (data / "val.txt").write_text("cola/copy.jpg\ntea/0001.jpg\n")
    (data / "test.txt").write_text("tea/IMG_20240131_142303.jpg\n")
    leak = finding(checked(data, code=1), "leak")
    assert leak["gravity"] == "serious"
    assert [example["files"] for example in leak["examples"]] == [
        ["cola/copy.jpg", "cola/0000.jpg"],
        ["tea/IMG_20240131_142303.jpg", "tea/IMG_20240131_142301.jpg"],
    ]


def test_lists_that_name_missing_photos_or_forget_some_are_named(data: Path) -> None:
    (data / "train.txt").write_text("cola/0000.jpg\ncola/gone.jpg\nunknown/0000.jpg\n")
    (data / "val.txt").write_text("cola/0001.jpg\n")
    report = checked(data, code=1)
    assert finding(report, "list_names_missing")["examples"][0]["note"] == "train.txt: cola/gone.jpg"
    assert "tea/0000.jpg" in files(finding(report, "unlisted"))
    assert finding(report, "not_trained")["what"] == "train.txt names no photo of tea."
    assert [example["note"] for example in finding(report, "not_measured")["examples"]] == ["tea", "unknown"]


def test_lists_that_contradict_each_other_are_serious(data: Path) -> None:
    for split in ("train", "val"):
        (data / f"{split}.txt").write_text("cola/0000.jpg\n")
    assert "cola/0000.jpg is in train.txt too" in finding(checked(data, code=1), "lists")["what"]


def test_few_photos_imbalance_and_a_thin_unknown_are_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for label, count in {"cola": 100, "tea": 29, "crisps": 40, "unknown": 35}.items():
        for number in range(count):
            save(data / label / f"{number}.jpg", noise())
    report = checked(data, code=0)
    assert finding(report, "too_few")["examples"] == [{"files": [], "note": "tea: 29"}]
    assert [example["note"] for example in finding(report, "few")["examples"]] == ["unknown: 35", "crisps: 40"]
    assert "3.4 times" in finding(report, "imbalance")["what"]
    assert "crisps" not in finding(report, "imbalance")["advice"]
    assert finding(report, "unknown_thin")["gravity"] == "warning"


def test_a_large_unknown_is_no_imbalance(tmp_path: Path) -> None:
    assert "imbalance" not in kinds(checked(draw_shop(tmp_path / "data", cola=5, tea=5, unknown=40)))


def test_a_missing_unknown_is_serious(tmp_path: Path) -> None:
    data = draw_shop(tmp_path / "data", cola=4, tea=4)
    assert finding(checked(data, code=1), "unknown_missing")["gravity"] == "serious"
    (data / "Unknown").mkdir()
    save(data / "Unknown" / "0.jpg", scene(90))
    assert "`Unknown` would be sold" in finding(checked(data, code=1), "unknown_missing")["what"]


def test_the_catalogue_and_the_labels_are_held_against_each_other(data: Path) -> None:
    (data / "catalogue.yaml").write_text("products:\n  cola: {name: Cola}\n  mars: {name: Mars}\n")
    report = checked(data, code=0)
    assert [example["note"] for example in finding(report, "not_in_catalogue")["examples"]] == ["tea"]
    assert [example["note"] for example in finding(report, "no_photos")["examples"]] == ["mars"]
    (data / "catalogue.yaml").write_text("products: 7\n")
    assert "catalogue" in kinds(checked(data, code=1))


def test_photos_all_of_one_go_cannot_be_measured_with(data: Path) -> None:
    for number, photo in enumerate(sorted((data / "tea").iterdir())):
        photo.rename(photo.with_name(f"IMG_20240131_14230{number}.jpg"))
    report = checked(data, code=0)
    assert [example["note"] for example in finding(report, "one_go")["examples"]] == ["tea"]
    assert len(finding(report, "bursts")["examples"][0]["files"]) == 8


def test_the_summary_fits_a_screen_and_ends_in_what_to_do_next(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", str(data)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{data}: 32 photos of 3 labels"
    assert lines[-1] == f"Next: trainer build {data} --out BUNDLE"
    (data / "tea" / "same.jpg").write_bytes((data / "cola" / "0000.jpg").read_bytes())
    for number in range(40):
        (data / "cola" / f"broken{number}.jpg").write_bytes(b"")
    main(["check", str(data)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    assert "SERIOUS" in lines[1]
    assert "Not fit to train on yet: two labels." in lines
    assert "Check again." in lines[-1]


def test_the_json_form_is_what_the_file_holds(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = checked(data, "--json")
    assert json.loads(capsys.readouterr().out) == report


def test_the_page_needs_nothing_but_itself(data: Path) -> None:
    (data / "cola" / "<b>&.jpg").write_bytes((data / "cola" / "0000.jpg").read_bytes())
    checked(data)
    html = (data / "_check" / "index.html").read_text()
    assert "cola/&lt;b&gt;&amp;.jpg" in html
    assert "<b>&." not in html
    assert "<script" not in html
    assert all(source.startswith("data:") for source in re.findall(r'(?:src|href)="([^#][^"]*)"', html))
    assert len(re.findall(r'<img alt="[^"]+" src="data:image/webp', html)) == 2
    assert 'name="viewport"' in html


def test_the_page_stays_small_however_much_is_found(tmp_path: Path) -> None:
    data = draw_shop(tmp_path / "data", cola=3, unknown=6)
    for number in range(400):
        (data / "cola" / f"copy{number}.jpg").write_bytes((data / "cola" / f"{number % 3:04d}.jpg").read_bytes())
        (data / "cola" / f"broken{number}.jpg").write_bytes(b"")
        save(data / "cola" / f"tiny{number}.jpg", noise().resize((30, 30)))
    report = checked(data)
    assert len(finding(report, "broken")["examples"]) == 400
    page = data / "_check" / "index.html"
    assert page.stat().st_size < 1_000_000
    assert "more; check.json names them all" in page.read_text()


def test_the_report_goes_where_it_is_wanted_and_is_no_label(data: Path, tmp_path: Path) -> None:
    check(CheckSettings(data, tmp_path / "elsewhere", 160))
    assert (tmp_path / "elsewhere" / "index.html").exists()
    assert not (data / "_check").exists()
    assert set(checked(data)["labels"]) == set(checked(data)["labels"]) == set(GOOD), "also when the report lies there"


def test_a_report_that_cannot_be_written_is_said_in_one_line(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "taken").write_text("")
    assert main(["check", str(data), "--out", str(data / "taken" / "here")]) == 1
    said = capsys.readouterr().err
    assert "--out" in said
    assert "Traceback" not in said


def test_a_directory_that_is_not_there_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "gone")]) == 1
    assert "name the directory that holds the photos" in capsys.readouterr().err


def test_photos_turned_by_exif_are_no_fault_and_copies_of_them_are_found(data: Path) -> None:
    (data / "cola" / "turned.jpg").write_bytes(encoded(scene(0), orientation=6))
    report = checked(data, code=0)
    assert report["turned_by_exif"] == 1
    assert files(finding(report, "near_duplicates")) == {"cola/0000.jpg", "cola/turned.jpg"}


def test_without_the_trainer_s_packages_it_says_what_to_install(data: Path) -> None:
    import subprocess
    import sys

    hidden = "import sys; sys.modules['PIL'] = None; from trainer.cli import main; raise SystemExit(main())"
    done = subprocess.run(
        [sys.executable, "-c", hidden, "check", str(data)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install 'honesty-kiosk[trainer]'" in done.stderr
    assert "Traceback" not in done.stderr
