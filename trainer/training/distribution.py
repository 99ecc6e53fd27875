"""One machine, several GPUs, or several machines: which it is, and what differs.

Several machines learn together where the environment's TF_CONFIG names them (its form:
https://www.tensorflow.org/api_docs/python/tf/distribute/cluster_resolver/TFConfigClusterResolver); the same command
runs on each. The work itself is TensorFlow's `tf.distribute`.
"""

import json
import os
from dataclasses import dataclass
from typing import Any

from trainer.console import say
from trainer.errors import WorkersError
from trainer.quiet import native_output_hidden
from trainer.training.streams import Share

_VARIABLE = "TF_CONFIG"
_EXAMPLE = (
    '{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, "task": {"type": "worker", "index": 0}}, with another'
    " index on each machine"
)


@dataclass(frozen=True, slots=True)
class Workers:
    """The machines that learn together."""

    count: int = 1
    index: int = 0
    """Place of this machine among them."""

    @property
    def chief(self) -> bool:
        """Whether this machine is the one that writes."""
        return self.index == 0


@dataclass(frozen=True, slots=True)
class Team:
    """TensorFlow's strategy and this machine's place in it."""

    strategy: Any
    workers: Workers

    @property
    def replicas(self) -> int:
        """Copies of the network that learn together, on all machines."""
        return int(self.strategy.num_replicas_in_sync)

    @property
    def share(self) -> Share:
        """What this machine's replicas are shown."""
        here = self.replicas // self.workers.count
        return Share(self.workers.index * here, here, self.replicas)


def read_workers() -> Workers:
    """What TF_CONFIG says; without it this machine is alone.

    Raises:
        WorkersError: it says something that cannot be.
    """
    text = os.environ.get(_VARIABLE, "").strip()
    if not text:
        return Workers()
    try:
        config = json.loads(text)
        cluster, task = config.get("cluster", {}), config.get("task", {})
        chiefs, others = cluster.get("chief", []), cluster.get("worker", [])
        index = int(task.get("index", 0)) + (len(chiefs) if task.get("type") == "worker" else 0)
    except (ValueError, TypeError, AttributeError) as error:
        raise WorkersError(f"{_VARIABLE} cannot be read ({error}); unset it, or write it like {_EXAMPLE}") from error
    if not cluster:
        return Workers()
    count = len(chiefs) + len(others)
    if task.get("type") not in ("chief", "worker") or not 0 <= index < count:
        raise WorkersError(f"{_VARIABLE}: this task is none of its {count} workers; write it like {_EXAMPLE}")
    return Workers(count, index)


def gather_team() -> Team:
    """Choose the strategy; with several machines, wait for all of them.

    To be called before anything is computed: TensorFlow wants to know its workers first.

    Raises:
        WorkersError: TF_CONFIG says something that cannot be, or the others cannot be reached.
    """
    import tensorflow as tf

    workers = read_workers()
    if workers.count > 1:
        say(f"this is machine {workers.index + 1} of {workers.count}; waiting for the others")
        try:
            with native_output_hidden():
                return Team(tf.distribute.MultiWorkerMirroredStrategy(), workers)
        except (RuntimeError, ValueError, tf.errors.OpError) as error:
            raise WorkersError(
                f"the machines in {_VARIABLE} cannot be reached ({str(error).splitlines()[0]}); is the same command"
                " running on each of them, and may they open these ports?"
            ) from error
    if len(tf.config.list_physical_devices("GPU")) > 1:
        return Team(tf.distribute.MirroredStrategy(), workers)
    return Team(tf.distribute.get_strategy(), workers)
