"""Which photos are used, and for what."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.dataset import Dataset, read_dataset
from trainer.errors import DataError

Shop = Callable[..., Path]


def names(dataset: Dataset, split: str) -> set[str]:
    return {photo.path.relative_to(dataset.directory).as_posix() for photo in getattr(dataset, split)}


def test_labels_are_the_directories_sorted(shop: Shop) -> None:
    dataset = read_dataset(shop(pear=8, unknown=8, apple=8), seed=1)
    assert dataset.labels == ("apple", "pear", "unknown")
    assert {dataset.labels[photo.label] for photo in dataset.train} == {"apple", "pear", "unknown"}
    assert all(photo.path.parent.name == dataset.labels[photo.label] for photo in dataset.train)


def test_without_lists_every_label_is_dealt_out_in_the_same_shares(shop: Shop) -> None:
    dataset = read_dataset(shop(apple=20, unknown=40), seed=1)
    for split, shares in {"train": (14, 28), "val": (3, 6), "test": (3, 6)}.items():
        labels = [photo.label for photo in getattr(dataset, split)]
        assert (labels.count(0), labels.count(1)) == shares
    assert len(names(dataset, "train") | names(dataset, "val") | names(dataset, "test")) == 60


def test_the_seed_alone_decides_who_is_dealt_where(shop: Shop) -> None:
    data = shop(apple=20, unknown=20)
    first, again, other = (names(read_dataset(data, seed), "val") for seed in (1, 1, 2))
    assert first == again != other


def test_lists_win(shop: Shop) -> None:
    data = shop(apple=4, unknown=4)
    (data / "train.txt").write_text("apple/0.jpg\nunknown/0.jpg\n\n")
    (data / "val.txt").write_text("apple/1.jpg\n./unknown/1.jpg\n")
    dataset = read_dataset(data, seed=1)
    assert names(dataset, "train") == {"apple/0.jpg", "unknown/0.jpg"}
    assert names(dataset, "val") == {"apple/1.jpg", "unknown/1.jpg"}
    assert dataset.test == ()


def test_a_missing_train_list_means_all_that_no_list_names(shop: Shop) -> None:
    data = shop(apple=3, unknown=3)
    (data / "val.txt").write_text("apple/1.jpg\n")
    dataset = read_dataset(data, seed=1)
    assert names(dataset, "val") == {"apple/1.jpg"}
    assert len(dataset.train) == 5


def test_a_missing_val_list_is_dealt_out_of_the_training_photos(shop: Shop) -> None:
    data = shop(apple=20, unknown=20)
    (data / "test.txt").write_text("apple/1.jpg\n")
    dataset = read_dataset(data, seed=1)
    assert names(dataset, "test") == {"apple/1.jpg"}
    assert len(dataset.val) == 6
    assert not names(dataset, "train") & (names(dataset, "val") | {"apple/1.jpg"})


@pytest.mark.parametrize("content", [b"", b"not a photo", b"\xff\xd8\xff\xe0 not really", b"\x89PNG\r\n\x1a\n"])
def test_a_broken_photo_is_reported_and_left_out(
    shop: Shop, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    data = shop(apple=8, unknown=8)
    broken = data / "apple" / "broken.jpg"
    broken.write_bytes(content)
    dataset = read_dataset(data, seed=1)
    assert dataset.left_out == (broken,)
    assert len(dataset.train) + len(dataset.val) + len(dataset.test) == 16
    assert f"left out: {broken}" in capsys.readouterr().err


def test_a_listed_photo_that_nobody_has_is_reported(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    data = shop(apple=8, unknown=8)
    (data / "val.txt").write_text("apple/1.jpg\napple/gone.jpg\n")
    assert read_dataset(data, seed=1).left_out == (data / "apple" / "gone.jpg",)
    assert "apple/gone.jpg is listed" in capsys.readouterr().err


def test_a_photo_cannot_be_trained_on_and_measured_with(shop: Shop) -> None:
    data = shop(apple=4, unknown=4)
    (data / "train.txt").write_text("apple/0.jpg\nunknown/0.jpg\n")
    (data / "test.txt").write_text("apple/0.jpg\n")
    with pytest.raises(DataError, match=r"apple/0\.jpg is in train\.txt too"):
        read_dataset(data, seed=1)


def test_without_unknown_nothing_is_trained(shop: Shop) -> None:
    with pytest.raises(DataError, match="no directory `unknown`; make one"):
        read_dataset(shop(apple=4, pear=4), seed=1)


def test_only_who_asks_for_it_trains_without_unknown(shop: Shop) -> None:
    dataset = read_dataset(shop(apple=8, pear=8, zebra=8), seed=1, without_unknown=True)
    assert dataset.labels == ("apple", "pear", "unknown", "zebra")
    assert {dataset.labels[photo.label] for photo in dataset.train} == {"apple", "pear", "zebra"}


def test_without_a_product_nothing_is_trained(shop: Shop) -> None:
    with pytest.raises(DataError, match="no product beside `unknown`"):
        read_dataset(shop(unknown=4), seed=1)


def test_a_label_without_photos_is_named(shop: Shop) -> None:
    with pytest.raises(DataError, match="no photos to train on for pear;"):
        read_dataset(shop(apple=4, pear=0, unknown=4), seed=1)


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone: No such file or directory"):
        read_dataset(tmp_path / "gone", seed=1)


def copy_otherwise(photo: Path, to: Path) -> None:
    """The same picture in another file."""
    to.write_bytes(photo.read_bytes() + b"edited")


def test_a_leak_between_given_lists_is_warned_of_and_not_changed(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    data = shop(apple=4, unknown=4)
    copy_otherwise(data / "apple" / "0.jpg", data / "apple" / "again.jpg")
    (data / "train.txt").write_text("apple/0.jpg\nunknown/0.jpg\n")
    (data / "val.txt").write_text("apple/again.jpg\nunknown/1.jpg\n")
    dataset = read_dataset(data, seed=1)
    assert names(dataset, "val") == {"apple/again.jpg", "unknown/1.jpg"}
    assert "warning: 1 of the 2 photos in val.txt" in capsys.readouterr().err


def test_an_unlisted_copy_of_a_photo_kept_for_measuring_is_not_trained_on(shop: Shop) -> None:
    data = shop(apple=4, unknown=4)
    copy_otherwise(data / "apple" / "0.jpg", data / "apple" / "again.jpg")
    (data / "val.txt").write_text("apple/0.jpg\n")
    dataset = read_dataset(data, seed=1)
    assert "apple/again.jpg" not in names(dataset, "train")
    assert dataset.left_out == (data / "apple" / "again.jpg",)


def test_a_copy_of_a_test_photo_is_not_dealt_to_val(shop: Shop) -> None:
    data = shop(apple=20, unknown=20)
    for number in range(10):
        copy_otherwise(data / "apple" / f"{number}.jpg", data / "apple" / f"again{number}.jpg")
    (data / "test.txt").write_text("".join(f"apple/{number}.jpg\n" for number in range(10)))
    (data / "train.txt").write_text(
        "".join(f"apple/{number}.jpg\nunknown/{number}.jpg\n" for number in range(10, 20))
        + "".join(f"apple/again{number}.jpg\n" for number in range(10))
    )
    dataset = read_dataset(data, seed=1)
    assert not any("again" in name for name in names(dataset, "val"))
    assert len({name for name in names(dataset, "train") if "again" in name}) == 10


def test_photos_all_taken_at_one_go_are_still_trained_on_with_a_warning(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    data = shop(apple=20, unknown=20)
    for photo in sorted(data.glob("*/*.jpg")):
        photo.rename(photo.with_name(f"IMG_20240131_1423{int(photo.stem):02d}.jpg"))
    dataset = read_dataset(data, seed=1)
    assert dataset.val
    assert "figures will be too good" in capsys.readouterr().err


def test_a_cut_off_photo_is_left_out(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    data = shop(apple=8, unknown=8)
    cut = data / "apple" / "3.jpg"
    cut.write_bytes(cut.read_bytes()[:-40])
    assert read_dataset(data, seed=1).left_out == (cut,)
    assert "is cut off" in capsys.readouterr().err


def test_files_that_are_no_photos_by_name_are_reported(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    data = shop(apple=8, unknown=8)
    for name in ("IMG_1.HEIC", "IMG_2.HEIC", "Thumbs.db", ".hidden"):
        (data / "apple" / name).write_bytes(b"x")
    read_dataset(data, seed=1)
    assert f"left out: 2 files like {data / 'apple' / 'IMG_1.HEIC'}" in capsys.readouterr().err
