"""`trainer tune`: votes compared on simulated presentations, the best put into the bundle."""

import json
import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from kiosk.bundle.bundle import open_bundle
from kiosk.bundle.manifest import UNKNOWN, VotingDefaults
from kiosk.demo import bundle_directory
from kiosk.recognition.voting import Duel, Evidence, VotingSettings
from tests.trainer.conftest import NEEDS_TENSORFLOW, Built, run_trainer
from trainer.photos import Photo
from trainer.tuning.choosing import PARTS, Chooser, Thresholds, folds, lures
from trainer.tuning.contenders import Contender, contenders, from_log_odds, log_odds, seen_by
from trainer.tuning.curves import Curve, Mark, Point, trace, worth_tracing
from trainer.tuning.picture import draw
from trainer.tuning.predicting import Presentation
from trainer.tuning.scene import SIDE_PX, Stretch, draw_stretch, film
from trainer.tuning.scoring import Score, Shown, add_up, judge, upper_bound
from trainer.tuning.shown import UNKNOWN_SHARE, ShownPhotos, deal
from trainer.tuning.tuning import recommend, whole_showing_bound, write_recommendation

LABELS = ("a", "b", UNKNOWN)
EMPTY, SLIDE, HELD = 12, 4, 20
FRAMES = EMPTY + 2 * SLIDE + HELD


def shown(label: str | None, evidence: dict[int, Evidence], photo: str = "photo", burst: str = "") -> Shown:
    """A presentation of which only the frames named say anything."""
    return Shown(
        photo=photo,
        burst=burst or photo,
        label=label,
        first_held=EMPTY + SLIDE,
        last_held=EMPTY + SLIDE + HELD - 1,
        firsts=tuple(evidence[frame].label if frame in evidence else UNKNOWN for frame in range(FRAMES)),
        evidence=tuple(evidence.get(frame) for frame in range(FRAMES)),
    )


def sure(label: str, strength: float = 0.95) -> Evidence:
    return Evidence(label, strength, strength)


def photo(name: str, label: int) -> Photo:
    return Photo(Path(f"{name}.jpg"), label, 100, name)


def test_right_wrong_missed_extra_and_false_are_counted_as_the_till_would_feel_them() -> None:
    held = EMPTY + SLIDE
    outcomes = judge(
        [
            shown("a", {held + 3: sure("a")}),
            shown("a", {held + 1: sure("b")}),
            shown("a", {}),
            shown("a", {held: sure("a"), held + 9: sure("b")}),
            shown(None, {held: sure("a")}),
            shown("b", {2: sure("a"), held + 5: sure("b")}),
        ],
        VotingSettings(0.9, 1, 3),
    )
    score = add_up(outcomes)
    assert (score.products, score.right, score.wrong, score.missed) == (5, 3, 1, 1)
    assert (score.extra, score.false) == (1, 2), "one of what is not sold, one on the empty counter"
    assert score.harmful == 4
    assert score.delay_frames == pytest.approx(2), "the median of 3, 1, 0 and 5"


def test_none_seen_is_not_taken_for_none_there_is() -> None:
    assert upper_bound(0.0, 1000) == pytest.approx(0.003)
    assert upper_bound(0.0, 100) == pytest.approx(0.03)
    assert upper_bound(0.002, 1000) == pytest.approx(0.0073, abs=0.0002)
    assert upper_bound(0.5, 0) == 1


def test_showing_one_photo_again_makes_nothing_surer() -> None:
    once = add_up(judge([shown("a", {}, photo=f"{number}") for number in range(50)], VotingSettings()))
    often = add_up(judge([shown("a", {}, photo=f"{number % 50}") for number in range(500)], VotingSettings()))
    assert often.harmful_per_1000_at_most == once.harmful_per_1000_at_most == pytest.approx(60)


def test_a_burst_never_stands_on_both_sides_of_a_cut() -> None:
    presentations = [
        shown("a" if number % 3 else None, {}, photo=f"{number}", burst=f"{number % 17}-{number % 3}")
        for number in range(200)
    ]
    cuts = folds(presentations, seed=3, times=4)
    assert len(cuts) == 4 * PARTS
    for one, other in cuts:
        assert not {each.burst for each in one} & {each.burst for each in other}
        assert len(one) + len(other) == len(presentations)
    for first in range(0, len(cuts), PARTS):
        measured = sorted(each.photo for _, part in cuts[first : first + PARTS] for each in part)
        assert measured == sorted(each.photo for each in presentations), "each is measured once in every cutting"


def test_products_that_attract_wrong_sales_get_a_threshold_of_their_own() -> None:
    presentations = [
        *(shown("a", {EMPTY + SLIDE: sure("a", 0.93)}, photo=f"a{number}") for number in range(20)),
        *(shown("b", {EMPTY + SLIDE: sure("b", 0.9)}, photo=f"b{number}") for number in range(20)),
        *(shown(None, {EMPTY + SLIDE: sure("b", 0.95)}, photo=f"u{number}") for number in range(10)),
    ]
    alike, own = (
        Chooser(Contender("duel", 1, Duel, "duel", per_product=per_product), 3, 2.0).measure(presentations, seed=1)
        for per_product in (False, True)
    )
    assert own.settings.stricter.keys() == {"b"}
    assert own.settings.stricter["b"] > 0.95 > own.settings.threshold
    assert (own.score.harmful, alike.score.harmful) == (0, 0)
    assert own.score.right_share == pytest.approx(0.5)
    assert alike.score.right_share == 0


def test_products_share_the_risk() -> None:
    held = EMPTY + SLIDE
    never = [shown(label, {}, photo=label) for label in ("a", "b", "c", "d")]
    wrong = [
        *(shown(None, {held: sure("b", 0.9), held + 1: sure("b", 0.8)}, photo=f"b{number}") for number in range(2)),
        shown(None, {held: sure("c", 0.9)}, photo="c"),
        shown("a", {held: sure("c", 0.6), held + 1: sure("a", 0.99)}, photo="a sold as c"),
    ]
    more = lures([*never, *wrong], slope=1.0)
    assert more.keys() == {"b", "c"}, "nothing was taken for a or d"
    odds = {"b": 2 * 9.0, "c": 9.0 + 1.5}
    usual = 0.4 * sum(odds.values()) / 4
    assert more == {label: pytest.approx(np.log(1 + odds[label] / usual)) for label in odds}
    halved = lures([*never, *wrong], slope=0.5)
    assert halved["b"] > more["b"], "where strong mistakes are no rarer than weak ones, keeping off takes more"
    assert lures(never, slope=1.0) == {}


def test_thresholds_are_measured_on_photos_that_they_were_not_chosen_on() -> None:
    chance = [
        shown("a", {EMPTY + SLIDE: sure(f"never shown {number}" if number % 2 else "a")}, photo=f"{number}")
        for number in range(60)
    ]
    chooser = Chooser(Contender("duel", 1, Duel, "duel", per_product=True), 3, 1000.0)
    assert add_up(judge(chance, chooser.settings(chance, chooser.choose(chooser.tries(chance, 1))))).harmful == 0, (
        "every wrong one was seen and is kept off"
    )
    assert chooser.measure(chance, 1).score.harmful > 0


def test_within_a_part_of_the_budget_something_stricter_is_chosen() -> None:
    def fared(right: int, false: int) -> Score:
        return Score(1000, 100, 800, right, wrong=0, extra=0, false=false, delay_frames=None)

    tries = [
        (Thresholds(4.0, 0.5), fared(100, 1)),
        (Thresholds(3.0, 0.5), fared(300, 2)),
        (Thresholds(2.0, 0.5), fared(700, 3)),
        (Thresholds(4.0, 1.0), fared(50, 3)),
        (Thresholds(3.0, 1.0), fared(900, 1)),
    ]
    chooser = Chooser(Contender("duel", 1, Duel, "duel", per_product=True), 3, 2.0)
    assert chooser.choose(tries) == Thresholds(3.0, 0.5), "what is looser than what broke the budget kept it by chance"
    assert chooser.choose(tries, 0.5) == Thresholds(4.0, 0.5)
    assert chooser.choose(tries, 0.1) == Thresholds(4.0, 0.5), "none keeps that: the strictest"


def test_what_breaks_the_budget_when_measured_is_chosen_anew_with_a_margin() -> None:
    held = EMPTY + SLIDE
    rng = np.random.default_rng(2)
    showings = [
        *(shown("a", {held: sure("a", from_log_odds(rng.normal(3, 2)))}, photo=f"a{number}") for number in range(60)),
        *(shown(None, {held: sure("a", from_log_odds(rng.normal(0, 2)))}, photo=f"u{number}") for number in range(40)),
    ]
    kept = [Chooser(Contender("duel", 1, Duel, "duel"), 3, 20.0).measure(showings, seed) for seed in range(4)]
    assert all(one.meets_budget for one in kept)
    assert len({one.settings.threshold for one in kept}) > 1, "some had to be chosen more strictly than others"


def test_where_no_vote_keeps_the_budget_the_least_harmful_is_recommended_and_said_so() -> None:
    always_wrong = [shown("a", {EMPTY + SLIDE: sure("b", 1.0)}, photo=f"{number}") for number in range(30)]
    compared = [
        Chooser(contender, 3, 2.0).measure(always_wrong, 1)
        for contender in contenders(15)
        if contender.rule is not None
    ]
    best = recommend(compared)
    assert not best.meets_budget
    assert best.score.harmful == min(one.score.harmful for one in compared)


def test_of_votes_within_the_budget_the_one_that_finds_the_greater_share_is_recommended() -> None:
    # What is chosen is measured several times over, so that its bare counts are higher.
    easy = [shown("a", {EMPTY + SLIDE: sure("a", 0.9)}, photo=f"{number}") for number in range(30)]
    hard = [*easy[1:], shown("a", {}, photo="0")]
    fixed = Chooser(Contender("fixed", 3, Duel, "each", 0.8), 3, 2.0).measure(easy, 1)
    chosen = Chooser(Contender("chosen", 3, Duel, "duel"), 3, 2.0).measure(hard, 1)
    assert chosen.score.right > fixed.score.right
    assert recommend([chosen, fixed]) is fixed


def test_a_curve_tells_what_is_found_for_as_many_false_decisions() -> None:
    held = EMPTY + SLIDE
    presentations = [
        *(shown("a", {held: sure("a", strength)}, photo=f"a{strength}") for strength in (0.7, 0.9, 0.99)),
        *(shown(None, {held: sure("a", strength)}, photo=f"u{strength}") for strength in (0.65, 0.95)),
    ]
    chooser = Chooser(Contender("duel", 1, Duel, "duel"), 3, 2.0)
    curve = trace("duel", chooser, None, presentations, seed=1)
    assert [point.threshold for point in curve.points] == sorted((p.threshold for p in curve.points), reverse=True)
    assert curve.found_within(0) == pytest.approx(1 / 3), "only the one that is surer than 0.95"
    assert curve.found_within(500) == 1, "all, for one of two things not sold"
    assert curve.found_within(-1) is None
    assert (curve.points[-1].right_share, curve.points[-1].false_per_1000) == (1, 1000)


def test_a_vote_with_a_given_threshold_lies_on_the_curve_of_the_same_vote() -> None:
    traced = worth_tracing(contenders(15))
    assert "three in a row (default)" not in [one.name for one in traced]
    assert {one.name for one in contenders(15)} - {one.name for one in traced} == {"three in a row (default)"}


def test_the_picture_is_higher_for_what_finds_more_and_further_right_for_what_sells_more_falsely() -> None:
    def place(right: float, false: float) -> tuple[float, float]:
        curve = Curve("<b>", (Point(0.9, right, false), Point(0.8, right, false)))
        found = re.search(r'<path d="M([0-9.]+) ([0-9.]+)L', draw([curve], [], 0.8))
        assert found
        return float(found[1]), float(found[2])

    assert place(0.6, 5)[1] < place(0.5, 5)[1]
    assert place(0.6, 5)[0] < place(0.6, 50)[0] < place(0.6, 1000)[0] == place(0.6, 1500)[0], "and never out of it"
    score = add_up(judge([shown("a", {})], VotingSettings()))
    picture = draw([Curve("<b>", (Point(0.9, 0.5, 1.0),))], [Mark("single & sure", score)], 0.7)
    names = [element.text for element in ElementTree.fromstring(picture).iter() if element.text]
    assert {"<b>", "single & sure"} <= set(names), "names are only text"


def test_log_odds_and_back() -> None:
    for share in (0.5, 0.8, 0.98, 0.999):
        assert from_log_odds(log_odds(share)) == pytest.approx(share, abs=1e-4)
    assert 0 < from_log_odds(40) <= 1


def test_scenes_begin_empty_slide_hold_and_end_empty_and_the_seed_decides_all() -> None:
    picture = np.full((100, 100, 3), (0, 0, 255), np.uint8)
    rng = np.random.default_rng(4)
    stretch = draw_stretch(rng, 15)
    assert 9 <= stretch.empty < 24
    assert 15 <= stretch.held < 45
    frames = list(film(picture, stretch, 15, rng))
    again = np.random.default_rng(4)
    assert draw_stretch(again, 15) == stretch
    assert all(np.array_equal(*pair) for pair in zip(frames, film(picture, stretch, 15, again), strict=True))
    assert len(frames) == stretch.frames
    assert all(frame.shape == (SIDE_PX, SIDE_PX, 3) for frame in frames)
    red = [(frame[..., 2].astype(int) - frame[..., 0] > 100).mean() for frame in frames]
    assert max(red[: stretch.empty]) < 0.01
    assert min(red[stretch.first_held : stretch.last_held + 1]) > 0.85
    assert red[-1] < 0.1


def test_every_product_is_shown_equally_often_and_a_fifth_is_not_sold() -> None:
    photos = ShownPhotos(
        products=tuple(
            photo(f"{label}{number}", label) for label, count in ((0, 3), (1, 30)) for number in range(count)
        ),
        others=tuple(photo(f"u{number}", 2) for number in range(40)),
        unseen=0,
        trained_left_out=0,
    )
    dealt = deal(photos, 100, seed=1)
    assert [sum(one.label == label for one in dealt) for label in (0, 1, 2)] == [40, 40, round(100 * UNKNOWN_SHARE)]
    assert len({one.sha256 for one in dealt if one.label == 1}) == 30, "its photos in turn"
    assert dealt == deal(photos, 100, seed=1) != deal(photos, 100, seed=2)


def test_the_bound_is_what_the_mean_of_the_whole_showing_names_rightly_among_products() -> None:
    stretch = Stretch(empty=1, slide=1, held=2)
    frames = np.array([[0, 1, 0], [0, 1, 0], [0.4, 0, 0.6], [0.1, 0.2, 0.7], [0, 1, 0]], np.float32)
    assert whole_showing_bound([Presentation(photo("x", 0), stretch, frames)], nothing=2) == 1
    assert whole_showing_bound([Presentation(photo("x", 1), stretch, frames)], nothing=2) == 0


def test_what_a_rule_sees_starts_anew_with_each_presentation() -> None:
    frames = np.tile(np.array([0.98, 0.01, 0.01], np.float32), (FRAMES, 1))
    one = Presentation(photo("x", 0), Stretch(EMPTY, SLIDE, HELD), frames)
    for contender in contenders(15):
        for seen in seen_by(contender, [one, one], LABELS, {"x": "x"}):
            assert all(evidence is None for evidence in seen.evidence[: contender.votes - 1]), contender.name
            assert seen.evidence[contender.votes - 1] is not None


def test_a_recommendation_leaves_the_bundle_whole(tmp_path: Path) -> None:
    shutil.copytree(bundle_directory(), tmp_path / "bundle")
    before = open_bundle(tmp_path / "bundle")
    write_recommendation(before, VotingSettings(0.97, 7, 3, "duel", {"cola": 0.99}))
    after = open_bundle(tmp_path / "bundle")
    assert after.manifest.voting == VotingDefaults(
        threshold=0.97, votes=7, release=3, rule="duel", stricter={"cola": 0.99}
    )
    assert after.manifest.model_copy(update={"voting": before.manifest.voting}) == before.manifest
    assert not list((tmp_path / "bundle").glob("*partial*"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, built: Built) -> Path:
    """A copy of the tiny bundle and of its record, to be written to."""
    place = tmp_path_factory.mktemp("tuned")
    shutil.copytree(built.bundle, place / "bundle")
    shutil.copytree(built.bundle.with_name("bundle.work"), place / "bundle.work")
    return place / "bundle"


def tuned(*arguments: str | Path) -> tuple[dict[str, Any], str]:
    done = run_trainer("tune", *arguments, "--presentations", "40", "--json")
    assert done.returncode == 0, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures, done.stderr


@NEEDS_TENSORFLOW
@pytest.mark.timeout(300)
def test_the_command_compares_writes_what_it_recommends_and_is_quick_the_second_time(
    bundle: Path, built: Built
) -> None:
    before = (bundle / "bundle.json").read_bytes()
    trial, _ = tuned(bundle, built.data, "--dry-run")
    assert (bundle / "bundle.json").read_bytes() == before, "--dry-run writes nothing"
    kept = bundle.with_name("bundle.work") / "presentations.npz"
    first = kept.stat().st_mtime_ns
    figures, said = tuned(bundle, built.data)
    assert figures == trial
    assert kept.stat().st_mtime_ns == first, "the photos were not shown again"
    assert "the vote is put in" in said
    assert len(figures["rules"]) == len(contenders(15))
    assert [curve["name"] for curve in figures["curves"]] == [one.name for one in worth_tracing(contenders(15))]
    for rule in figures["rules"]:
        assert rule["right"] + rule["wrong"] + rule["missed"] == pytest.approx(800, abs=0.1), (
            "four in five are products"
        )
        assert rule["harmful_at_most"] > rule["harmful"]
    recommended = dict(figures["recommended"])
    del recommended["name"]
    assert open_bundle(bundle).manifest.voting == VotingDefaults(**recommended)


@NEEDS_TENSORFLOW
@pytest.mark.timeout(300)
def test_photos_that_were_trained_on_are_never_shown(bundle: Path, built: Built, tmp_path: Path) -> None:
    shutil.copytree(built.data, tmp_path / "data", ignore=shutil.ignore_patterns("*.txt"))
    figures, _ = tuned(bundle, tmp_path / "data", "--dry-run")
    assert figures["photos"]["trained_left_out"] == 112
    assert figures["photos"]["products"] + figures["photos"]["others"] == 48


@NEEDS_TENSORFLOW
@pytest.mark.timeout(300)
@pytest.mark.parametrize("record", [None, '{"weights_sha256": "of another", "trained_photos": []}'])
def test_where_nothing_tells_what_was_trained_on_no_vote_is_chosen(
    built: Built, tmp_path: Path, record: str | None
) -> None:
    bundle = shutil.copytree(built.bundle, tmp_path / "bundle")
    if record is not None:
        (tmp_path / "bundle.work").mkdir()
        (tmp_path / "bundle.work" / "training.json").write_text(record)
    shutil.copytree(built.data, tmp_path / "data", ignore=shutil.ignore_patterns("*.txt"))
    before = (bundle / "bundle.json").read_bytes()
    done = run_trainer("tune", bundle, tmp_path / "data")
    assert done.returncode == 1
    assert "nothing tells which photos this bundle was trained on" in done.stderr
    assert ("belongs to another build" in done.stderr) == (record is not None)
    assert (bundle / "bundle.json").read_bytes() == before


@NEEDS_TENSORFLOW
@pytest.mark.timeout(300)
def test_for_a_person_there_is_one_screen_with_a_recommendation(bundle: Path, built: Built) -> None:
    done = run_trainer("tune", bundle, built.data, "--presentations", "40", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) <= 24
    assert "recommended: " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 120


@NEEDS_TENSORFLOW
@pytest.mark.timeout(300)
def test_the_curve_is_drawn_and_told_when_asked_for(bundle: Path, built: Built, tmp_path: Path) -> None:
    wanted = ("tune", bundle, built.data, "--presentations", "40", "--dry-run", "--curve")
    done = run_trainer(*wanted, tmp_path / "curve.svg")
    assert done.returncode == 0, done.stderr
    assert "Right in 100 products, if the threshold is such" in done.stdout
    assert ElementTree.parse(tmp_path / "curve.svg").getroot().tag.endswith("svg")
    done = run_trainer(*wanted, tmp_path / "no such place" / "curve.svg")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("name a --curve that you may write")


@NEEDS_TENSORFLOW
@pytest.mark.timeout(300)
def test_too_few_photos_and_another_shop_s_are_refused_in_one_line(bundle: Path, built: Built, tmp_path: Path) -> None:
    (tmp_path / "other" / "hats").mkdir(parents=True)
    (tmp_path / "few" / UNKNOWN).mkdir(parents=True)
    shutil.copytree(built.data / "cola", tmp_path / "few" / "cola", ignore=shutil.ignore_patterns("broken*"))
    for data, expected in (("other", "none of its labels is known"), ("few", "say nothing about a vote")):
        done = run_trainer("tune", bundle, tmp_path / data)
        assert done.returncode == 1
        assert expected in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
    assert run_trainer("tune", bundle, built.data, "--budget", "-1").returncode == 2
