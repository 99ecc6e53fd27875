"""The voting rule, as the table of cases that the page runs too."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.recognition.prediction import Prediction
from kiosk.recognition.voting import Voter, VotingSettings

VECTORS = sorted((Path(__file__).parent.parent / "vectors" / "voting").glob("*.json"))
LABELS = ("unknown", "a", "b", "c")


def prediction(label: str, confidence: float) -> Prediction:
    """A prediction whose top label and confidence are as given; the rest is spread so thin that it never wins."""
    probabilities = np.full(len(LABELS), min(confidence, 1 - confidence) / 100, np.float64)
    probabilities[LABELS.index(label)] = confidence
    return Prediction(LABELS, probabilities)  # type: ignore[arg-type]  # float64, so that 0.8 is 0.8


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
    for index, (label, confidence) in enumerate(case["predictions"]):
        decision = voter.update(prediction(label, confidence), now=index / 15)
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
