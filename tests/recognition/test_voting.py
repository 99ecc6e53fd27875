"""The voting rule, as the table of cases that the page runs too."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.bundle.manifest import VotingRule
from kiosk.recognition.prediction import Prediction
from kiosk.recognition.voting import RULES, Voter, VotingSettings

VECTORS = sorted((Path(__file__).parent.parent / "vectors" / "voting").glob("*.json"))
LABELS = ("unknown", "a", "b", "c")


def prediction(label: str, confidence: float) -> Prediction:
    """A prediction whose top label and confidence are as given; the rest is spread so thin that it never wins."""
    probabilities = np.full(len(LABELS), min(confidence, 1 - confidence) / 100, np.float64)
    probabilities[LABELS.index(label)] = confidence
    return Prediction(LABELS, probabilities)  # type: ignore[arg-type]  # float64, so that 0.8 is 0.8


def tabled(entry: Any) -> Prediction:
    """A prediction as a table writes it."""
    if isinstance(entry, dict):
        probabilities = np.array([entry.get(label, 0.0) for label in LABELS])
        return Prediction(LABELS, probabilities)
    return prediction(*entry)


def cases() -> list[Any]:
    return [
        pytest.param(table["settings"], case, id=f"{path.stem}: {case['name']}")
        for path in VECTORS
        for table in [json.loads(path.read_text())]
        for case in table["cases"]
    ]


@pytest.mark.parametrize(("settings", "case"), cases())
def test_decisions_are_those_of_the_table(settings: dict[str, Any], case: dict[str, Any]) -> None:
    voter = Voter(VotingSettings(**settings))
    decisions = []
    for index, entry in enumerate(case["predictions"]):
        decision = voter.update(tabled(entry), now=index / 15)
        if decision is not None:
            assert decision.at == index / 15
            assert decision.votes == settings["votes"]
            decisions.append([index, decision.label])
    assert decisions == case["decisions"]


def test_confidence_of_a_decision_is_the_mean_of_its_votes() -> None:
    voter = Voter(VotingSettings())
    decisions = [voter.update(prediction("a", confidence), 0.0) for confidence in (0.99, 0.1, 0.8, 0.9, 1.0)]
    assert decisions[-1] is not None
    assert decisions[-1].confidence == pytest.approx(0.9)


@given(
    st.lists(st.tuples(st.sampled_from(LABELS), st.floats(0.3, 1.0))),
    st.integers(1, 5),
    st.integers(1, 5),
)
def test_no_decision_without_its_votes_and_never_twice_without_a_gap(
    predictions: list[tuple[str, float]], votes: int, release: int
) -> None:
    voter = Voter(VotingSettings(threshold=0.8, votes=votes, release=release))
    last: tuple[int, str] | None = None
    for index, (label, confidence) in enumerate(predictions):
        decision = voter.update(prediction(label, confidence), float(index))
        if decision is None:
            continue
        run = predictions[max(index - votes + 1, 0) : index + 1]
        assert len(run) == votes
        assert all(voted == decision.label != "unknown" and sure >= 0.8 for voted, sure in run)
        if last is not None:
            since = [seen for seen, _ in predictions[last[0] + 1 : index + 1]]
            assert sum(seen != last[1] for seen in since) >= release
        last = index, decision.label


SETTINGS = st.builds(
    VotingSettings,
    threshold=st.sampled_from((0.3, 0.6, 0.8, 0.97)),
    votes=st.integers(1, 7),
    release=st.integers(1, 5),
    rule=st.sampled_from(("each", "duel")),
    stricter=st.dictionaries(st.sampled_from(LABELS), st.sampled_from((0.5, 0.9, 0.99)), max_size=2),
)
PREDICTIONS = st.lists(
    st.lists(st.integers(0, 255), min_size=4, max_size=4).filter(sum).map(lambda row: np.array(row) / sum(row)),
    max_size=60,
).map(lambda rows: [Prediction(LABELS, row) for row in rows])


@given(PREDICTIONS, SETTINGS)
def test_unknown_is_never_decided_and_nothing_before_the_window_is_full(
    predictions: list[Prediction], settings: VotingSettings
) -> None:
    voter = Voter(settings)
    for index, one in enumerate(predictions):
        decision = voter.update(one, float(index))
        if decision is not None:
            assert decision.label != "unknown"
            assert index + 1 >= settings.votes
            assert 0 < decision.confidence <= 1 + 1e-9
            assert decision.confidence >= settings.threshold_of(decision.label)


@given(PREDICTIONS, SETTINGS, st.sampled_from(LABELS[1:]))
def test_one_presentation_never_gives_two_decisions_for_its_product(
    predictions: list[Prediction], settings: VotingSettings, product: str
) -> None:
    held = [one for one in predictions if one.label == product]
    voter = Voter(settings)
    decisions = [voter.update(one, 0.0) for one in held]
    assert sum(decision is not None for decision in decisions) <= 1


@given(PREDICTIONS, SETTINGS)
def test_between_two_decisions_for_the_same_product_it_was_not_first_for_release_predictions(
    predictions: list[Prediction], settings: VotingSettings
) -> None:
    voter = Voter(settings)
    last: tuple[int, str] | None = None
    for index, one in enumerate(predictions):
        decision = voter.update(one, 0.0)
        if decision is None:
            continue
        if last is not None and last[1] == decision.label:
            since = [seen.label for seen in predictions[last[0] + 1 : index + 1]]
            assert sum(label != decision.label for label in since) >= settings.release
        last = index, decision.label


@given(PREDICTIONS, st.integers(1, 7))
def test_a_duel_hardly_cares_whether_probabilities_are_floats_or_bytes(
    predictions: list[Prediction], votes: int
) -> None:
    exact, stepped = (RULES["duel"](votes) for _ in range(2))
    for one in predictions:
        bytewise = Prediction(LABELS, np.round(one.probabilities * 256) / 256)
        found, found_in_steps = exact.update(one), stepped.update(bytewise)
        if found and found_in_steps and found.label == found_in_steps.label:
            assert found.strength == pytest.approx(found_in_steps.strength, abs=0.2)
            if found.strength > 0.9 and one.probabilities.max() > 0.5:
                assert found_in_steps.strength > 0.8


def test_a_waiting_voter_decides_nothing_until_the_view_was_clear() -> None:
    voter = Voter(VotingSettings(release=2), waiting=True)
    held = ["a"] * 9 + ["unknown"] + ["b"] * 9
    assert [voter.update(prediction(label, 0.99), 0.0) for label in held] == [None] * len(held)
    assert voter.latched
    assert not voter.clear
    shown = [voter.update(prediction(label, 0.99), 0.0) for label in ["unknown", "unknown", "a", "a", "a"]]
    assert [decision.label for decision in shown if decision is not None] == ["a"]


def test_a_view_is_clear_while_nothing_is_held_up() -> None:
    voter = Voter(VotingSettings())
    clear = [voter.clear]
    for label in ["a", "a", "a", "unknown", "unknown", "unknown"]:
        voter.update(prediction(label, 0.99), 0.0)
        clear.append(voter.clear)
    assert clear == [True, False, False, False, False, False, True]


@pytest.mark.parametrize(("votes", "threshold"), [(7, 0.8), (7, 0.9), (7, 0.98), (10, 0.8), (10, 0.95)])
def test_what_was_held_before_never_speaks_for_a_sale_after_the_waiting(votes: int, threshold: float) -> None:
    voter = Voter(VotingSettings(threshold=threshold, votes=votes, rule="duel"), waiting=True)
    held, fading = {"a": 0.998, "b": 0.001, "c": 0.001}, {"unknown": 0.55, "a": 0.45}
    shown = [held] * 20 + [fading] * 20
    assert [voter.update(tabled(one), 0.0) for one in shown] == [None] * len(shown)


@given(PREDICTIONS, SETTINGS)
def test_a_decision_after_waiting_has_all_its_votes_from_after_it(
    predictions: list[Prediction], settings: VotingSettings
) -> None:
    voter, free = Voter(settings, waiting=True), 0
    for one in predictions:
        waited = voter.latched and free == 0
        decision = voter.update(one, 0.0)
        free = 0 if waited else free + 1
        if decision is not None:
            assert free >= settings.votes
            break


SHOWN: st.SearchStrategy[Prediction] = st.builds(prediction, st.sampled_from(LABELS), st.floats(0.3, 0.99))
EMPTY: st.SearchStrategy[Prediction] = st.builds(prediction, st.just("unknown"), st.floats(0.3, 0.99))


def test_a_vote_that_began_anew_is_settled_only_when_its_window_is_full_again() -> None:
    voter = Voter(VotingSettings(rule="duel", votes=4, release=3), waiting=True)
    settled = []
    for label in ("a", "a", "a", *["unknown"] * 9):
        voter.update(prediction(label, 0.5), 0.0)
        settled.append(voter.settled)
    waited = settled.index(True)
    assert settled == [False] * waited + [True] * (12 - waited)
    assert waited >= 3 + 3 + 4, "release, then four votes"


@pytest.mark.parametrize("rule", RULES)
@given(before=st.lists(SHOWN, max_size=12), empty=EMPTY, times=st.integers(1, 30), after=st.lists(SHOWN))
def test_once_settled_seeing_the_empty_place_again_and_again_changes_nothing(
    rule: VotingRule, before: list[Prediction], empty: Prediction, times: int, after: list[Prediction]
) -> None:
    resting, looking = (Voter(VotingSettings(rule=rule, votes=4, release=3), waiting=True) for _ in range(2))
    for voter in (resting, looking):
        # The first end the waiting, after which the votes begin anew.
        for one in (*before, *[empty] * 12):
            voter.update(one, 0.0)
    assert resting.settled
    for _ in range(times):
        assert looking.update(empty, 0.0) is None
        assert looking.settled
    assert [resting.update(one, 0.0) for one in after] == [looking.update(one, 0.0) for one in after]


def test_nothing_is_settled_before_a_product_was_gone_for_as_long_as_releases_it() -> None:
    voter = Voter(VotingSettings(votes=2, release=5))
    assert not voter.settled
    settled = []
    for label in ("a", "a", "unknown", "unknown", "unknown", "unknown", "unknown", "unknown", "a"):
        voter.update(prediction(label, 0.9), 0.0)
        settled.append(voter.settled)
    assert settled == [False] * 6 + [True, True, False]
