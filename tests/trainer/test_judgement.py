"""The figures of the judgement, against ones worked out by hand; and what is advised from them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.bundle.manifest import Preprocessing
from trainer.advice import Facts, advise_on, advise_on_all
from trainer.evaluation import Evaluation, evaluate
from trainer.forms import Answers
from trainer.looks import PoorLooks, find_poor_looks
from trainer.photos import Photo
from trainer.shares import chance_of_higher, wilson_interval
from trainer.strangers import THRESHOLDS, judge_acceptance

LABELS = ("apple", "bread", "unknown")
HOW = Preprocessing(size_px=96)


def test_wilson_s_interval_is_the_textbook_s() -> None:
    # 15 of 20: Brown, Cai and DasGupta 2001, and any table, give 0.531 to 0.888.
    assert wilson_interval(15, 20) == pytest.approx((0.5313, 0.8881), abs=1e-4)
    assert wilson_interval(5, 5) == pytest.approx((0.5655, 1.0), abs=1e-4)
    assert wilson_interval(0, 0) == (0, 1)


def test_the_chance_of_being_higher_counts_pairs_and_equals_by_half() -> None:
    # Of six pairs: 0.9 beats all three, 0.5 beats one, equals one, loses one.
    assert chance_of_higher(np.array([0.9, 0.5]), np.array([0.4, 0.5, 0.6])) == pytest.approx((3 + 1.5) / 6)
    assert chance_of_higher(np.array([1.0]), np.array([0.0])) == 1
    assert chance_of_higher(np.array([]), np.array([0.0])) is None


def test_strangers_count_as_named_only_when_a_product_comes_first_and_is_sure_enough() -> None:
    def row(apple: float, bread: float) -> list[float]:
        return [apple, bread, 1 - apple - bread]

    known = Answers(np.array([row(0.95, 0), row(0.1, 0.75), row(0.2, 0.1), row(0.85, 0), row(0.1, 0)], np.float32))
    truth = np.array([0, 0, 1, 2, 2], np.int64)
    unseen = Answers(np.array([row(0.55, 0), row(0.3, 0.3), row(0, 0)], np.float32))
    found = judge_acceptance(known, truth, LABELS, unseen)
    assert found.product_photos == 3
    assert dict(zip(THRESHOLDS, found.right, strict=True))[0.95] == 1
    assert found.wrong == (1, 1, 1, 0, 0, 0), "an apple named bread at 0.75"
    assert found.lost_to_unknown == 1, "a bread"
    assert found.unknown is not None
    assert found.unknown.named == (1, 1, 1, 1, 0, 0)
    assert found.unseen is not None
    assert found.unseen.named == (1, 0, 0, 0, 0, 0)
    assert found.unseen.auroc == pytest.approx(7 / 9), "0.95 and 0.75 beat all of 0.55, 0.3 and 0; 0.2 beats 0"


@pytest.fixture
def photos(tmp_path: Path) -> list[Photo]:
    """Ten photos whose pixels hold their number, so that a form made for the test knows them."""
    import cv2

    made = []
    for number, label in enumerate((0, 0, 0, 0, 0, 1, 1, 1, 2, 2)):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), np.full((96, 96, 3), number, np.uint8))
        made.append(Photo(path, label, 96, f"{number}"))
    return made


def evaluated(photos: Sequence[Photo], named: Sequence[int], sure: float = 0.9) -> Evaluation:
    """The evaluation of a form that gives photo number i the label `named[i]`."""

    def form(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        found = np.full((len(pixels), 3), (1 - sure) / 2, np.float32)
        found[np.arange(len(pixels)), [named[int(pixel)] for pixel in pixels[:, 0, 0, 0]]] = sure
        return found

    return evaluate({"tflite": form}, photos, LABELS, HOW)


def test_recall_and_precision_are_what_one_counts_by_hand(photos: list[Photo]) -> None:
    #                     apple          bread    unknown
    found = evaluated(photos, (0, 0, 0, 1, 1, 1, 1, 2, 2, 2))
    by_label = {figures.label: figures for figures in found.labels}
    assert (by_label["apple"].recall, by_label["apple"].precision) == (3 / 5, 1.0)
    assert (by_label["bread"].recall, by_label["bread"].precision) == (2 / 3, 2 / 4)
    assert (by_label["unknown"].recall, by_label["unknown"].precision) == (1.0, 2 / 3)
    assert found.top1 == {"tflite": 7 / 10}
    assert found.ece["tflite"] == pytest.approx(0.2)
    assert [(c.label, c.named, c.photos) for c in found.confusions] == [("apple", "bread", 2), ("bread", "unknown", 1)]
    assert found.labels[0].label == "apple", "worst first"


def test_how_sure_a_kiosk_should_be_is_the_mean_over_what_was_named_a_product_rightly_or_not(
    photos: list[Photo],
) -> None:
    def form(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """0 and 1 are apples surely, 2 is bread perhaps, and all others are nothing at all."""
        named = {0: (0.9, 0.1, 0.0), 1: (0.9, 0.1, 0.0), 2: (0.4, 0.6, 0.0)}
        return np.array([named.get(int(pixel), (0.0, 0.0, 1.0)) for pixel in pixels[:, 0, 0, 0]], np.float32)

    assert evaluate({"tflite": form}, photos, LABELS, HOW).product_confidence == pytest.approx(0.8)
    assert evaluated(photos, (2,) * 10).product_confidence is None


def test_a_label_that_nothing_was_named_has_no_precision(photos: list[Photo]) -> None:
    found = evaluated(photos, (0, 0, 0, 0, 0, 0, 0, 0, 2, 2))
    bread = next(figures for figures in found.labels if figures.label == "bread")
    assert bread.precision is None
    assert bread.as_json()["precision"] is None


def advice(found: Evaluation, label: str, trained: dict[str, int] | None = None, looks: PoorLooks | None = None) -> str:
    figures = next(figures for figures in found.labels if figures.label == label)
    return "\n".join(advise_on(figures, Facts(found, LABELS, looks or PoorLooks(), trained)))


def test_what_is_advised_follows_from_what_went_wrong(photos: list[Photo]) -> None:
    found = evaluated(photos, (0, 0, 0, 1, 1, 1, 2, 2, 2, 2))
    assert "Taken for bread (2 of 5)" in advice(found, "apple")
    assert "Held to be nothing that is sold (`unknown`): 2 of 3 photos" in advice(found, "bread")
    assert "Of 3 photos called bread, 2 showed something else: apple (2)" in advice(found, "bread")
    assert advice(found, "unknown") == "", "it missed none"
    assert "learnt from 12 photos" in advice(found, "apple", {"apple": 12})
    assert "learnt from" not in advice(found, "apple"), "where nobody knows, nothing is said"
    dark = PoorLooks(dark=frozenset({photos[3].path, photos[4].path}))
    assert "2 of the 2 missed are darker" in advice(found, "apple", looks=dark)


def test_a_label_that_does_well_gets_no_advice(photos: list[Photo]) -> None:
    found = evaluated(photos, (0, 0, 0, 0, 0, 1, 1, 1, 2, 2))
    assert advice(found, "apple", {"apple": 5}) == ""
    [first, *_] = advise_on_all(Facts(found, LABELS))
    assert first.startswith("Every label is found")


def test_what_was_not_measured_is_said(photos: list[Photo]) -> None:
    found = evaluated(photos[:5] + photos[8:], (0,) * 10, sure=0.95)
    said = "\n".join(advise_on_all(Facts(found, LABELS)))
    assert "no photo was measured, so that nothing is known: bread" in said
    assert "give it with --unseen" in said
    assert "Named wrongly with 90 % confidence or more: 2 photos" in said


def test_dark_and_blurred_photos_are_found_among_the_missed(tmp_path: Path) -> None:
    import cv2

    from trainer.evaluation import Judged

    rng = np.random.default_rng(1)

    def judged(number: int, picture: NDArray[np.uint8], right: bool) -> Judged:
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), picture)
        return Judged(path, "apple", "apple" if right else "bread", "unknown", 0.9)

    usual = [judged(n, rng.integers(0, 255, (120, 160, 3), np.uint8), True) for n in range(30)]
    sharp = rng.integers(0, 255, (120, 160, 3), np.uint8)
    dark = judged(100, (sharp // 8).astype(np.uint8), False)
    blurred = judged(101, np.asarray(cv2.GaussianBlur(sharp, (0, 0), 5), np.uint8), False)
    looks = find_poor_looks([*usual, dark, blurred], HOW)
    assert dark.path in looks.dark
    assert blurred.path in looks.blurred - looks.dark
    assert find_poor_looks([*usual[:10], dark], HOW) == PoorLooks(), "too few right ones to compare with"
