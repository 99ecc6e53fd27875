"""What a training shows, says and keeps."""

import _thread
import contextlib
import re
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.trainer.conftest import NEEDS_TENSORFLOW
from trainer.bundle_writer import weights_sha256
from trainer.dataset import Dataset, read_dataset
from trainer.errors import LearningError, ResumeError
from trainer.model import NO_WEIGHTS, NetworkSettings, make_network
from trainer.training import Keeping, train
from trainer.training.epochs import WHOLE, Epoch, phases_of
from trainer.training.health import Health
from trainer.training.resume import belongings, read_state
from trainer.training.streams import Share, TrainingStream
from trainer.training_settings import TrainingSettings

pytestmark = [NEEDS_TENSORFLOW, pytest.mark.timeout(600)]
SMALL = NetworkSettings(multiplier=0.35, size_px=96, weights=NO_WEIGHTS)
SETTINGS = TrainingSettings(epochs=3, batch_size=4, averaged_share=0, mixup_alpha=0, cutmix_alpha=0)


@pytest.fixture(autouse=True)
def few_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested here is the training: of a network with three layers of MobileNet V2's kind. Whole ones are
    trained, cut off and gone on with in test_build.py and test_long_trainings.py."""
    from trainer import model

    def backbone(settings: NetworkSettings, weights: str | None) -> Any:
        import keras

        pixels = keras.Input((settings.size_px, settings.size_px, 3))
        features = keras.layers.Conv2D(8, 3, 4, use_bias=False)(pixels)
        features = keras.layers.ReLU(6)(keras.layers.BatchNormalization()(features))
        features = keras.layers.DepthwiseConv2D(3, 2, use_bias=False)(features)
        features = keras.layers.ReLU(6)(keras.layers.BatchNormalization()(features))
        return keras.Model(pixels, features, name="mobilenet_v2")

    monkeypatch.setattr(model, "_backbone", backbone)


@pytest.fixture
def dataset(shop: Callable[..., Path]) -> Dataset:
    return read_dataset(shop(apple=6, unknown=7), seed=1)


def shown(stream: TrainingStream, first: int, last: int, share: Share | None = None) -> list[tuple[Any, Any]]:
    from trainer.quiet import load_tensorflow

    load_tensorflow()
    return [(pixels.numpy(), truth.numpy()) for pixels, truth in stream.batches(first, last, share or Share())]


def same(one: list[tuple[Any, Any]], other: list[tuple[Any, Any]]) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(a, b) for left, right in zip(one, other, strict=True) for a, b in zip(left, right, strict=True)
    )


def test_every_photo_is_shown_in_every_pass_each_time_in_another_order_and_changed_otherwise(dataset: Dataset) -> None:
    settings = replace(SETTINGS, batch_size=1, augmentation=replace(SETTINGS.augmentation, noise_share=1.0))
    first, second = (shown(TrainingStream(dataset, 96, settings), epoch, epoch + 1) for epoch in (0, 1))
    assert len(first) == len(second) == len(dataset.train)
    assert sum(truth for _, truth in first).tolist() == sum(truth for _, truth in second).tolist()
    assert not same(first, second)


@pytest.mark.parametrize("mixing", [{}, {"mixup_alpha": 0.4, "cutmix_alpha": 1.0}])
def test_a_pass_shows_the_same_whether_or_not_others_came_before_it(dataset: Dataset, mixing: dict[str, float]) -> None:
    stream = TrainingStream(dataset, 96, replace(SETTINGS, **mixing))  # type: ignore[arg-type]
    assert same(shown(stream, 0, 3)[2 * stream.steps :], shown(stream, 2, 3))


def test_the_shares_of_all_machines_together_are_the_batches_of_one(dataset: Dataset) -> None:
    alone = shown(TrainingStream(dataset, 96, SETTINGS), 0, 1)
    shares = [shown(TrainingStream(dataset, 96, SETTINGS, 2), 0, 1, Share(index, 1, 2)) for index in (0, 1)]
    together = [
        tuple(np.concatenate(parts) for parts in zip(*halves, strict=True)) for halves in zip(*shares, strict=True)
    ]
    assert same(alone, together)


@pytest.mark.parametrize("mixing", [{"mixup_alpha": 0.4}, {"cutmix_alpha": 1.0}])
def test_what_is_half_one_photo_and_half_another_is_called_half_each(
    dataset: Dataset, mixing: dict[str, float]
) -> None:
    from trainer.quiet import load_tensorflow

    load_tensorflow()
    import tensorflow as tf

    from trainer.training.mixing import mix

    # Black is label 0, white is label 1: the share of white pixels must be the share of label 1.
    truth = np.eye(2, dtype=np.float32)[[0, 1, 1, 0, 0, 1, 0, 1]]
    pixels = np.broadcast_to(truth[:, 1, None, None, None] * 255, (8, 96, 96, 3)).astype(np.float32)
    settings = replace(SETTINGS, **mixing)  # type: ignore[arg-type]
    mixed, told = mix(tf.constant(pixels), tf.constant(truth), seed=tf.constant([5, 1], tf.int64), settings=settings)
    assert np.allclose(mixed.numpy().mean(axis=(1, 2, 3)) / 255, told.numpy()[:, 1], atol=1e-4)
    assert ((told.numpy() > 0.01) & (told.numpy() < 0.99)).any(), "something was mixed"
    again, _ = mix(tf.constant(pixels), tf.constant(truth), seed=tf.constant([5, 1], tf.int64), settings=settings)
    assert np.array_equal(mixed, again)
    unmixed, _ = mix(
        tf.constant(pixels),
        tf.constant(truth),
        seed=tf.constant([5, 1], tf.int64),
        settings=replace(settings, mix_share=0),
    )
    assert np.array_equal(unmixed, pixels)


def test_a_photo_that_vanishes_during_a_training_is_named_once_and_does_not_stop_it(
    dataset: Dataset, capfd: pytest.CaptureFixture[str]
) -> None:
    gone = dataset.train[0].path
    gone.unlink()
    stream = TrainingStream(dataset, 96, SETTINGS)
    assert len(shown(stream, 0, 2)) == 2 * stream.steps
    assert capfd.readouterr().err.count(str(gone)) == 1


@pytest.mark.parametrize(
    ("done", "best", "patience", "enough"),
    [
        (7, 3, 3, True), (6, 3, 3, False), (9, 3, 0, False),
        # The last layer's passes are 0 to 2: what was best there says nothing about the whole network.
        (6, 1, 3, False), (7, 1, 3, True),
    ],
)  # fmt: skip
def test_a_training_stops_when_the_last_passes_were_no_better(
    done: int, best: int, patience: int, enough: bool
) -> None:
    head, whole = phases_of(3, 20)
    assert whole.is_enough(done, best, patience) == enough
    assert not head.is_enough(done, best, patience)


def test_a_loss_that_is_no_number_ends_the_training_and_says_what_to_try(dataset: Dataset) -> None:
    with pytest.raises(LearningError, match=r"Try a third of the --learning-rate \(1e\+30\)"):
        train(dataset, SMALL, replace(SETTINGS, learning_rate=1e30))


def test_what_a_resumed_training_may_not_differ_in_is_named(dataset: Dataset) -> None:
    before = belongings(dataset, SMALL, SETTINGS)
    assert before.difference(belongings(dataset, SMALL, SETTINGS)) is None
    changed = belongings(dataset, replace(SMALL, size_px=128), replace(SETTINGS, epochs=9))
    assert before.difference(changed) == "epochs was 3 and is 9; size_px was 96 and is 128"
    fewer = belongings(replace(dataset, train=dataset.train[1:]), SMALL, SETTINGS)
    assert "apple had 4+1 photos (training + val) and has 3+1" in str(before.difference(fewer))
    others = replace(dataset, train=(replace(dataset.train[0], sha256="0" * 64), *dataset.train[1:]))
    assert "not the same" in str(before.difference(belongings(others, SMALL, SETTINGS)))
    learnt = [np.ones(3, np.float32)]
    going_on = belongings(dataset, SMALL, SETTINGS, learnt)
    assert going_on.difference(belongings(dataset, SMALL, SETTINGS, [np.ones(3, np.float32)])) is None
    for other in (None, [2 * learnt[0]]):
        told = str(going_on.difference(belongings(dataset, SMALL, SETTINGS, other)))
        assert told == "it began with another network"


def _epoch(accuracy: float, val_accuracy: float) -> Epoch:
    return Epoch(0, WHOLE, 1.0, accuracy, 1.0, val_accuracy, 1e-3, 1.0)


@pytest.fixture
def health(dataset: Dataset) -> Health:
    many = replace(dataset, train=dataset.train * 50, val=dataset.val * 50)
    return Health(many, 3)


def test_a_good_training_is_left_in_peace(health: Health) -> None:
    assert [health.look(_epoch(accuracy, accuracy - 0.1)) for accuracy in (0.3, 0.7, 0.9, 0.95)] == [None] * 4


def test_val_far_behind_from_the_start_points_at_the_photos_and_is_said_once(health: Health) -> None:
    told = [health.look(_epoch(accuracy, 0.58)) for accuracy in (0.99, 0.99, 0.99, 0.99)]
    assert told[:2] == [None, None], "the first passes prove nothing"
    assert "learns the training photos by heart" in str(told[2]) or "much worse" in str(told[2])
    assert told[3] is None


@pytest.fixture
def of_one_colour(tmp_path: Path) -> Dataset:
    """Photos without anything on them."""
    for label in ("apple", "pear", "unknown"):
        (tmp_path / "flat" / label).mkdir(parents=True)
        for number in range(14):
            picture = np.full((24, 32, 3), 128, np.uint8)
            picture[0, 0] = number
            cv2.imwrite(str(tmp_path / "flat" / label / f"{number}.png"), picture)
    return read_dataset(tmp_path / "flat", seed=1)


def test_photos_that_show_nothing_are_noticed(of_one_colour: Dataset, capfd: pytest.CaptureFixture[str]) -> None:
    train(of_one_colour, SMALL, replace(SETTINGS, batch_size=8))
    assert "the network learns nothing" in capfd.readouterr().err


@pytest.fixture
def mislabelled(tmp_path: Path) -> Dataset:
    """Plain red, green and blue photos: easy, had they not been put into directories at random."""
    rng = np.random.default_rng(3)
    for label in ("apple", "pear", "unknown"):
        (tmp_path / "mixed-up" / label).mkdir(parents=True)
        for number in range(24):
            picture = rng.integers(0, 60, (24, 32, 3), np.uint8)
            picture[..., rng.integers(3)] += 150
            cv2.imwrite(str(tmp_path / "mixed-up" / label / f"{number}.png"), picture)
    return read_dataset(tmp_path / "mixed-up", seed=1)


def test_labels_at_random_are_noticed(mislabelled: Dataset, capfd: pytest.CaptureFixture[str]) -> None:
    train(mislabelled, SMALL, replace(SETTINGS, batch_size=16))
    said = capfd.readouterr().err
    assert "Look at some photos of each directory" in said or "look at some photos of each directory" in said


@contextlib.contextmanager
def ctrl_c_after(passes: int, place: Path) -> Iterator[None]:
    """While this lasts, Ctrl-C is pressed once a training has put its state after so many passes into `place`."""
    over = threading.Event()

    def press() -> None:
        while not over.wait(0.01):
            found = read_state(place)
            if found is not None and len(found[0].epochs) >= passes:
                _thread.interrupt_main()
                return

    # Whoever runs the tests in the background runs them deaf to Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    presser = threading.Thread(target=press)
    presser.start()
    try:
        yield
    finally:
        over.set()
        presser.join()
        signal.signal(signal.SIGINT, before)


def test_a_small_shops_few_steps_are_averaged_over_the_same_share_as_a_large_ones_many() -> None:
    settings = replace(SETTINGS, averaged_share=0.25)
    assert settings.ema_momentum(2000) == pytest.approx(0.998)
    assert settings.ema_momentum(40) == pytest.approx(0.9)
    assert settings.ema_momentum(3) == 0, "too few steps to average"
    assert replace(settings, averaged_share=0).ema_momentum(2000) == 0


@pytest.fixture
def pretrained(tmp_path: Path) -> NetworkSettings:
    """A network that begins with weights from a file, as ImageNet's would be."""
    _, backbone = make_network(SMALL, 2)
    backbone.save_weights(tmp_path / "first.weights.h5")
    return replace(SMALL, weights=str(tmp_path / "first.weights.h5"))


def test_after_ctrl_c_resume_ends_with_the_weights_of_an_uninterrupted_training(
    dataset: Dataset, pretrained: NetworkSettings, tmp_path: Path
) -> None:
    place = tmp_path / "work"
    place.mkdir()
    settings = replace(SETTINGS, averaged_share=0.5, mixup_alpha=0.2, cutmix_alpha=1.0, head_epochs=1, epochs=2, runs=2)
    resumable = r"the same command with --resume goes on from there"
    with pytest.raises(KeyboardInterrupt, match=resumable), ctrl_c_after(4, place):
        train(dataset, pretrained, settings, Keeping(place))
    resumed, epochs = train(dataset, pretrained, settings, Keeping(place, resume=True, tensorboard=place / "board"))
    whole, others = train(dataset, pretrained, settings)
    assert [replace(epoch, seconds=0) for epoch in epochs] == [replace(epoch, seconds=0) for epoch in others]
    assert weights_sha256(resumed) == weights_sha256(whole)
    assert len(list((place / "board").glob("*/events.*"))) == 2, "one for training, one for val"
    with pytest.raises(ResumeError, match="seed was 1 and is 2"):
        train(dataset, pretrained, replace(settings, seed=2), Keeping(place, resume=True))


def test_of_several_runs_each_begins_alike_and_the_mean_is_kept_where_it_is_no_worse(
    dataset: Dataset,
    pretrained: NetworkSettings,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from trainer.training import run
    from trainer.training.learning import Learner, values_of

    begun: list[list[Any]] = []

    def begin(model: Any, *rest: Any) -> Learner:
        begun.append(values_of(model.weights))
        return Learner(model, *rest)

    monkeypatch.setattr(run, "Learner", begin)
    _, epochs = train(dataset, pretrained, replace(SETTINGS, head_epochs=1, epochs=1, runs=2))
    head, first, second = begun
    assert all(np.array_equal(*both) for both in zip(first, second, strict=True))
    assert not all(np.array_equal(*both) for both in zip(head, first, strict=True)), "the last layer had learnt"
    assert [epoch.number for epoch in epochs] == [0, 1, 2]
    said = capfd.readouterr().err
    assert "(whole network, run 1 of 2)" in said
    assert re.search(r"the mean of epochs \d, \d is kept|epoch \d is kept, no mean is better", said)


def test_networks_that_began_with_nothing_are_trained_once_and_not_averaged_on_the_way(dataset: Dataset) -> None:
    averaged, epochs = train(dataset, SMALL, replace(SETTINGS, epochs=1, runs=3, averaged_share=0.9))
    plain, _ = train(dataset, SMALL, replace(SETTINGS, epochs=1))
    assert [epoch.phase for epoch in epochs] == [WHOLE]
    assert weights_sha256(averaged) == weights_sha256(plain)
