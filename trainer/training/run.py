"""A training from its first pass to its last, or from where it was cut off."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from trainer.console import say
from trainer.dataset import Dataset
from trainer.errors import LearningError, TrainerError
from trainer.model import NO_WEIGHTS, NetworkSettings, make_network
from trainer.training.distribution import Team, Workers, gather_team
from trainer.training.epochs import WHOLE, Epoch, Phase, phases_of
from trainer.training.health import Health, came_apart
from trainer.training.learning import Learner, Tally, assign, values_of
from trainer.training.progress import Screen, Watcher
from trainer.training.resume import Belongings, Keeping, State, belongings, pack_state, state_to_take_up, write_state
from trainer.training.schedule import make_optimizer, rate_now
from trainer.training.soup import Ingredient, Weights, make_soup, taken_back, what_is_in
from trainer.training.streams import TrainingStream, watched_batches
from trainer.training.tensorboard import TensorBoardLog
from trainer.training_settings import TrainingSettings


def train(
    dataset: Dataset,
    network: NetworkSettings,
    settings: TrainingSettings,
    keeping: Keeping | None = None,
    start: Weights | None = None,
) -> tuple[Any, list[Epoch]]:
    """Train a network on the data set's training photos; the val photos only watch, and choose the best pass.

    `start` are the weights of a network that has learnt these labels before, to go on from.

    The model comes back with the weights (averaged, where the settings say so) of the pass of the whole network with
    the lowest loss on the val photos; of several runs, with the mean of theirs. Under TF_CONFIG all machines return the
    same.

    Raises:
        WeightsError: the weights to begin with cannot be had.
        ResumeError: what is to be gone on with belongs to other settings or photos.
        WorkersError: the machines that are to train together cannot be reached.
        LearningError: the loss is no longer a number.
    """
    import keras
    import tensorflow as tf

    team = gather_team()
    keras.utils.set_random_seed(settings.seed)
    tf.config.experimental.enable_op_determinism()
    fitting = settings if network.pretrained or start else settings.from_nothing()
    training = _Training(dataset, network, fitting, keeping or Keeping(), team)
    with _told_how_to_go_on(training):
        training.run(start or [])
    return training.plain_model(), list(training.epochs)


@contextmanager
def _told_how_to_go_on(training: "_Training") -> Iterator[None]:
    import tensorflow as tf

    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(training.how_to_go_on()) from None
    except tf.errors.OpError as error:
        raise TrainerError(f"{_last_line(error)}; {training.how_to_go_on()}") from error
    finally:
        training.close()


class _Training:
    def __init__(
        self, dataset: Dataset, network: NetworkSettings, settings: TrainingSettings, keeping: Keeping, team: Team
    ) -> None:
        self._dataset, self._network, self._settings = dataset, network, settings
        self._keeping, self._team = keeping, team
        self._stream = TrainingStream(dataset, network.size_px, settings, team.replicas)
        self._watched = watched_batches(dataset, network.size_px, settings.batch_size)
        self._phases = phases_of(settings.head_epochs, settings.epochs, settings.runs)
        self._health = Health(dataset, settings.epochs)
        self._watchers: list[Watcher] = []
        self.epochs: list[Epoch] = []
        self._best: Ingredient | None = None
        """Of the phase that is going on."""
        self._runs: list[Ingredient] = []
        self._start: Weights = []
        """What each run of the whole network begins with; empty until the last layer has learnt."""
        self._owner: Belongings
        """Known once there is something to begin with."""
        self._judge: Learner | None = None
        """The last phase's learner, which also tells how good a mean is."""

    def run(self, start: Weights) -> None:
        """All passes still to be done, from `start` if it holds any; the model then has the weights to keep."""
        self._start = start
        self._owner = belongings(self._dataset, self._network, self._settings, start)
        state = state_to_take_up(self._keeping, self._owner, self._team)
        with self._team.strategy.scope():
            self._model, self._backbone = make_network(self._network, len(self._dataset.labels))
        self._take_up(state)
        self._watchers = self._make_watchers()
        for phase in self._phases:
            if phase.last > self._done or phase.holds(self.epochs[-1].number):
                self._run_phase(phase, state)
        self._keep_the_soup()

    def _run_phase(self, phase: Phase, state: State | None) -> None:
        goes_on = state is not None and phase.holds(state.epochs[-1].number)
        if not goes_on:
            self._begin(phase)
        self._judge = learner = self._learner(phase)
        if state is not None and goes_on:
            assign(learner.state, state.variables)
        first, share = max(self._done, phase.first), self._team.share
        batches = iter(
            self._team.strategy.distribute_datasets_from_function(
                lambda _: self._stream.batches(first, phase.last, share)
            )
        )
        for number in range(first, phase.last):
            if self._enough(phase):
                break
            self._run_epoch(number, phase, learner, batches)
        self._say_what_is_kept(phase)
        if phase.name == WHOLE and self._best is not None:
            self._runs.append(self._best)

    def _begin(self, phase: Phase) -> None:
        self._best = None
        if phase.name == WHOLE and not self._start:
            self._start = values_of(self._weights)
        elif phase.name == WHOLE:
            assign(self._weights, self._start)

    def _learner(self, phase: Phase) -> Learner:
        self._backbone.trainable = phase.name == WHOLE
        with self._team.strategy.scope():
            optimizer = make_optimizer(phase, self._settings, self._stream.steps)
        if optimizer.use_ema:
            _forget_statistics_as_slowly_as_weights(self._backbone, optimizer.ema_momentum)
        return Learner(self._model, optimizer, self._settings, self._team, self._stream.batch)

    def _run_epoch(self, number: int, phase: Phase, learner: Learner, batches: Any) -> None:
        began, tally = time.monotonic(), Tally()
        for watcher in self._watchers:
            watcher.began(number)
        for _ in range(self._stream.steps):
            tally.add(*learner.learn(batches), self._stream.batch)
            self._require_numbers(number, tally.loss)
            for watcher in self._watchers:
                watcher.step(phase.name, tally.mean_loss, tally.accuracy)
        for watcher in self._watchers:
            watcher.looking()
        learner.share_statistics()
        with learner.averages_in_place():
            seen = learner.watch(self._watched)
            self._require_numbers(number, seen.loss)
            self._keep_if_best(number, round(seen.loss, 4))
        loss, right, val_loss, val_right = (
            round(x, 4) for x in (tally.mean_loss, tally.accuracy, seen.loss, seen.accuracy)
        )
        rate, seconds = rate_now(learner.optimizer), time.monotonic() - began
        self.epochs.append(Epoch(number, phase.name, loss, right, val_loss, val_right, rate, seconds))
        self._write_state(learner)
        for watcher in self._watchers:
            watcher.ended(self.epochs[-1])
        told = self._health.look(self.epochs[-1]) if not self._runs else None
        if told is not None and self._team.workers.chief:
            say(told)

    def _require_numbers(self, number: int, loss: float) -> None:
        if came_apart(loss):
            raise LearningError(_CAME_APART.format(epoch=number + 1, rate=self._settings.learning_rate))

    def _keep_if_best(self, number: int, val_loss: float) -> None:
        if self._best is None or val_loss < self._best.val_loss:
            self._best = Ingredient(number, val_loss, values_of(self._weights))

    def _enough(self, phase: Phase) -> bool:
        patience, best = self._settings.patience_epochs, self._best
        return best is not None and phase.is_enough(self._done, best.epoch, patience)

    def _write_state(self, learner: Learner) -> None:
        directory = self._keeping.directory
        if directory is None or self._best is None or not self._team.workers.chief:
            return
        state = State(tuple(self.epochs), self._best, tuple(self._runs), values_of(learner.state), self._start)
        write_state(directory, pack_state(state, self._owner))

    def _take_up(self, state: State | None) -> None:
        if state is None:
            return
        self.epochs, self._best = list(state.epochs), state.best
        self._runs, self._start = list(state.runs), state.start
        assign(self._model.variables, state.variables[: len(self._model.variables)])
        for epoch in self.epochs if not self._runs else ():
            self._health.look(epoch)
        say(f"going on after epoch {self._done} of {self._phases[-1].last}")

    def _make_watchers(self) -> list[Watcher]:
        if not self._team.workers.chief:
            return []
        watchers: list[Watcher] = [Screen(self._phases, self._stream.steps, self._done)]
        if self._keeping.tensorboard is not None:
            watchers.append(TensorBoardLog(self._keeping.tensorboard))
        return watchers

    def _say_what_is_kept(self, phase: Phase) -> None:
        if self._best is None or phase.name != WHOLE or not self._team.workers.chief:
            return
        done, best = self._done, self._best.epoch
        if done < phase.last:
            say(f"stopped after epoch {done} of {phase.last}: the last {done - 1 - best} were no better on val")
        if best + 1 < done:
            say(f"the weights of epoch {best + 1} are kept: the lowest loss on val")

    def _keep_the_soup(self) -> None:
        """The model has the mean of the runs' weights, or the only one's, taken back a little where that helps."""
        judge = self._judge
        assert judge is not None, "there is a run"

        def val_loss_of(weights: Weights) -> float:
            assign(self._weights, weights)
            return round(judge.watch(self._watched).loss, 4)

        soup = make_soup(self._runs, val_loss_of)
        kept = taken_back(soup, self._start, self._settings.most_of_start, val_loss_of)
        assign(self._weights, kept.weights)
        for line in what_is_in(soup, kept, self._runs) if self._team.workers.chief else ():
            say(line)

    @property
    def _done(self) -> int:
        """Number of the next pass that could follow the last one."""
        return self.epochs[-1].number + 1 if self.epochs else 0

    @property
    def _weights(self) -> list[Any]:
        """What a model is saved by, without its random seeds."""
        return list(self._model.weights)

    def how_to_go_on(self) -> str:
        """What a person can do about a training that was cut off."""
        if self._keeping.directory is None or not self.epochs:
            return "stopped before the first epoch was done; nothing is kept"
        planned = self._phases[-1].last
        return f"stopped after epoch {self._done} of {planned}; the same command with --resume goes on from there"

    def plain_model(self) -> Any:
        """The model, free of any strategy, so that exporting it needs no other machine."""
        if self._team.replicas == 1 and self._team.workers == Workers():
            return self._model
        # Built without its first weights: all of them are set.
        model, _ = make_network(replace(self._network, weights=NO_WEIGHTS), len(self._dataset.labels))
        model.set_weights(values_of(self._weights))
        return model

    def close(self) -> None:
        """Nothing more is told."""
        for watcher in self._watchers:
            watcher.close()


_CAME_APART = (
    "the training came apart in epoch {epoch}: its loss is no longer a number. Nothing is wrong with the computer: the"
    " steps were too large. Try a third of the --learning-rate ({rate:g}), or the weights that the network should begin"
    " with are damaged"
)


def _forget_statistics_as_slowly_as_weights(backbone: Any, momentum: float) -> None:
    """Let batch normalisation remember over as many steps as the averaged weights, to which its statistics belong."""
    import keras

    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = momentum


def _last_line(error: Exception) -> str:
    """What went wrong, out of TensorFlow's many words."""
    text = str(getattr(error, "message", error))
    told = [line.strip() for line in text.splitlines() if "Error: " in line]
    return (told[-1] if told else text.splitlines()[0]).split("Error: ")[-1]
