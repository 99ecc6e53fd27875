"""The drawn shop."""

import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from trainer.catalogue import read_catalogue
from trainer.cli import main
from trainer.dataset import read_dataset


def draw(directory: Path, seed: int = 1, photos: int = 2) -> Path:
    assert main(["demo-data", str(directory), "--photos-per-label", str(photos), "--seed", str(seed)]) == 0
    return directory


def content(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


def test_the_same_seed_draws_the_same_bytes(tmp_path: Path) -> None:
    assert content(draw(tmp_path / "one")) == content(draw(tmp_path / "two"))


def test_another_seed_draws_other_photos(tmp_path: Path) -> None:
    one, other = content(draw(tmp_path / "one")), content(draw(tmp_path / "two", seed=2))
    assert one.keys() == other.keys()
    assert all(one[name] != other[name] for name in one if name.endswith(".jpg"))


def test_labels_catalogue_and_lists_fit_together(tmp_path: Path) -> None:
    shop = draw(tmp_path / "shop", photos=7)
    dataset, catalogue = read_dataset(shop, seed=1), read_catalogue(shop)
    assert len(dataset.labels) == 11
    assert set(catalogue.products) == set(dataset.labels) - {"unknown"}
    assert all(product.price_pence for product in catalogue.products.values())
    assert dataset.left_out == ()
    listed = [photo.path for photo in (*dataset.train, *dataset.val, *dataset.test)]
    assert sorted(listed) == sorted(shop.glob("*/*.jpg"))
    assert {photo.label for photo in dataset.val} == {photo.label for photo in dataset.test} == set(range(11))


def test_photos_are_pictures_of_a_camera_s_shape(tmp_path: Path) -> None:
    for path in draw(tmp_path / "shop", photos=1).glob("*/*.jpg"):
        picture = cv2.imread(str(path))
        assert picture is not None
        assert picture.shape == (240, 320, 3)
        assert picture.std() > 5, f"{path} is all one colour"


def test_a_directory_that_holds_something_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("ten years of work")
    assert main(["demo-data", str(tmp_path)]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "not empty" in line
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_help_and_drawing_do_not_load_tensorflow(tmp_path: Path) -> None:
    program = (
        "import sys; from trainer.cli import main\n"
        "assert main(['build', '--help']) == 0\n"
        f"assert main(['demo-data', {str(tmp_path / 'shop')!r}, '--photos-per-label', '1']) == 0\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [[], ["paint"], ["demo-data"], ["demo-data", "x", "--seed", "-1"], ["demo-data", "x", "--photos-per-label", "0"]],
)
def test_a_command_used_wrongly_exits_with_two(arguments: list[str]) -> None:
    assert main(arguments) == 2
