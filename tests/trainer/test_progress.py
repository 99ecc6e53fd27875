"""How much longer a training is said to take."""

import pytest

from trainer.training.epochs import HEAD, WHOLE, Epoch, phases_of
from trainer.training.progress import Screen, TimeLeft, in_words


def test_the_time_left_settles_on_the_truth_and_ignores_the_first_step() -> None:
    left = TimeLeft(phases_of(1, 3), 10)
    assert left.seconds() is None
    for number in range(10):
        left.step(HEAD, 60.0 if not number else 1.0, counts=number > 0)
    left.looked(2.0)
    guessed = left.seconds()
    assert guessed is not None
    assert 45 < guessed < 120, "the whole network is slower, by how much is not known yet"
    for number in range(10):
        left.step(WHOLE, 30.0 if not number else 2.0, counts=number > 0)
    left.looked(2.0)
    assert left.seconds() == pytest.approx(2 * 10 * 2.0 + 2 * 2.0)


def test_the_time_left_after_a_resume_does_not_forget_the_passes_to_come(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    minutes = 0
    monkeypatch.setattr("trainer.training.progress.time.monotonic", lambda: 60.0 * minutes)
    screen = Screen(phases_of(1, 3, 2), 10, begun_at=5)
    screen.began(5)
    for _ in range(10):
        minutes += 1
        screen.step(WHOLE, 1.0, 0.5)
    minutes += 1
    screen.ended(Epoch(5, WHOLE, 1.0, 0.5, 1.0, 0.5, 1e-3, 660.0))
    said = capfd.readouterr().err
    assert "about 11 min left" in said, "of seven passes six are done: ten steps and a look at the val photos are left"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "time left not known yet"), (5.0, "less than a minute left"), (301.0, "about 5 min left"),
        (3900.0, "about 1 h 05 min left"),
    ],
)  # fmt: skip
def test_the_time_left_is_told_as_one_would_tell_it(seconds: float | None, words: str) -> None:
    assert in_words(seconds) == words
