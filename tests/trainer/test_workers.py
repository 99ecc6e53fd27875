"""What TF_CONFIG says about machines that train together."""

import pytest

from trainer.errors import WorkersError
from trainer.training.distribution import Workers, read_workers


@pytest.mark.parametrize(
    ("text", "workers"),
    [
        ("", Workers()),
        ('{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}', Workers(2, 1)),
        ('{"cluster": {"chief": ["a:1"], "worker": ["b:1"]}, "task": {"type": "worker", "index": 0}}', Workers(2, 1)),
    ],
)
def test_tf_config_says_who_the_chief_is(text: str, workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", text)
    assert read_workers() == workers
    assert workers.chief == (workers.index == 0)


@pytest.mark.parametrize(
    "text", ["{", "[1]", '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}']
)
def test_a_tf_config_that_cannot_be_is_refused_with_an_example(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(WorkersError, match=r"write it like \{"):
        read_workers()
