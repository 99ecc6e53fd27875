"""TensorFlow, loaded when it is needed and without its chatter.

TensorFlow and its converters write dozens of lines to stderr that mean nothing to a volunteer, most of them from C++,
below Python's logging and warnings. They go to a file instead, which is named when something fails.
"""

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from trainer.errors import TrainerError

_ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
}


def load_tensorflow() -> None:
    """Import TensorFlow and Keras, so that later imports of them are instant and silent.

    Raises:
        TrainerError: they are not installed.
    """
    os.environ.update(_ENVIRONMENT)
    try:
        with native_output_hidden():
            import keras
            import tensorflow as tf

            # The first operation makes TensorFlow announce the processor's features. With several machines there
            # may be none before it knows them all (see trainer.training.distribution).
            if "TF_CONFIG" not in os.environ:
                tf.constant(0) + 1
    except ImportError as error:
        raise TrainerError(
            "TensorFlow is not installed here: install the trainer's packages, `pip install 'honesty-kiosk[trainer]'`,"
            f" under Python 3.11 to 3.13 ({error})"
        ) from error
    tf.get_logger().setLevel("ERROR")
    keras.utils.disable_interactive_logging()


@contextlib.contextmanager
def native_output_hidden(log: Path | None = None) -> Iterator[None]:
    """Send everything written to stdout and stderr, from C++ too, to `log` (default: nowhere) while this lasts."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with contextlib.ExitStack() as stack:
        target = stack.enter_context((log or Path(os.devnull)).open("ab"))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        os.dup2(target.fileno(), 1)
        os.dup2(target.fileno(), 2)
        try:
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, original in enumerate(kept, start=1):
                os.dup2(original, number)
                os.close(original)
