"""How photos are dealt out, whatever shop it is."""

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.trainer.pictures import draw_shop, save, scene
from trainer.dataset import Dataset, read_dataset
from trainer.photos import Photo
from trainer.splits import Dealt, deal

VAL, TEST = 0.15, 0.2


@st.composite
def shops(draw: st.DrawFn) -> tuple[list[Photo], list[int]]:
    """Photos of a few labels and the group of each; some groups hold several labels."""
    drawn = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=120))
    mixed = draw(st.booleans())
    photos = [Photo(Path(f"{label}/{n}.jpg"), label, 200, str(n)) for n, (label, _) in enumerate(drawn)]
    return photos, [group if mixed and not group % 9 else 100 * label + group for label, group in drawn]


def sides(dealt: Dealt) -> dict[Path, str]:
    return {photo.path: side for side in ("train", "val", "test") for photo in getattr(dealt, side)}


@given(shops(), st.integers(0, 5))
def test_a_group_never_stands_on_two_sides_and_nobody_is_lost(shop: tuple[list[Photo], list[int]], seed: int) -> None:
    photos, groups = shop
    dealt = deal(photos, groups, seed, VAL, TEST)
    side = sides(dealt)
    assert len(dealt.train) + len(dealt.val) + len(dealt.test) == len(photos) == len(side)
    for group in set(groups):
        assert len({side[photo.path] for photo, its in zip(photos, groups, strict=True) if its == group}) == 1


@given(shops(), st.integers(0, 5))
def test_each_label_trains_on_most_of_its_photos(shop: tuple[list[Photo], list[int]], seed: int) -> None:
    photos, groups = shop
    dealt = deal(photos, groups, seed, VAL, TEST)
    trained = Counter(photo.label for photo in dealt.train)
    for label, count in Counter(photo.label for photo in photos).items():
        assert trained[label] >= count * (1 - VAL - TEST) / 2


@given(shops(), st.integers(0, 5))
def test_a_label_whose_photos_are_all_single_gets_its_exact_shares(
    shop: tuple[list[Photo], list[int]], seed: int
) -> None:
    photos, _ = shop
    dealt = deal(photos, range(len(photos)), seed, VAL, TEST)
    for label, count in Counter(photo.label for photo in photos).items():
        assert sum(photo.label == label for photo in dealt.val) == round(count * VAL)
        assert sum(photo.label == label for photo in dealt.test) == round(count * TEST)
    assert dealt.unmeasured == []


@given(shops(), st.integers(0, 5))
def test_the_seed_alone_decides(shop: tuple[list[Photo], list[int]], seed: int) -> None:
    photos, groups = shop
    assert sides(deal(photos, groups, seed, VAL, TEST)) == sides(deal(photos, groups, seed, VAL, TEST))


def test_a_label_taken_at_one_go_is_trained_on_and_named() -> None:
    photos = [Photo(Path(f"{n}"), n % 2, 200, str(n)) for n in range(40)]
    dealt = deal(photos, [0 if photo.label == 0 else n + 1 for n, photo in enumerate(photos)], 1, VAL, TEST)
    assert dealt.unmeasured == [0]
    assert sum(photo.label == 0 for photo in dealt.train) == 20
    assert len(dealt.val) == 3


def test_few_bursts_are_still_measured_with_when_one_can_be_spared() -> None:
    photos = [Photo(Path(f"{n}"), 0, 200, str(n)) for n in range(20)]
    dealt = deal(photos, [n // 5 for n in range(20)], 1, VAL, 0)
    assert len(dealt.val) == 5


def side_of(dataset: Dataset, name: str) -> str:
    path = dataset.directory / name
    [side] = [s for s in ("train", "val", "test") if path in {photo.path for photo in getattr(dataset, s)}]
    return side


def test_a_burst_and_a_copy_never_stand_on_both_sides_of_a_split(tmp_path: Path) -> None:
    data = draw_shop(tmp_path / "data", cola=20, unknown=20)
    for number in range(6):
        save(data / "cola" / f"IMG_20240131_14230{number}.jpg", scene(100 + number))
        save(data / "unknown" / f"copy{number}.jpg", scene(number, 1).resize((160, 120)))
    for seed in range(6):
        dataset = read_dataset(data, seed)
        assert len({side_of(dataset, f"cola/IMG_20240131_14230{number}.jpg") for number in range(6)}) == 1
        for number in range(6):
            assert side_of(dataset, f"unknown/copy{number}.jpg") == side_of(dataset, f"unknown/{number:04d}.jpg")
