"""The official TensorFlow.js converter, run by itself: `official_converter.py PACKAGES SAVED_MODEL OUT`.

PACKAGES is where `script/venv` puts `tensorflowjs` without what it depends on. What it imports at its top and does not
use for a SavedModel is stood in for.
"""

import sys
from types import ModuleType
from unittest.mock import MagicMock

_UNUSED = ("tensorflow_decision_forests", "tensorflow_hub", "jax", "jax.experimental", "flax")


def main(packages: str, saved_model: str, out: str) -> None:
    """Convert, with weights as they are."""
    sys.path.append(packages)
    for name in (*_UNUSED, "jax.experimental.jax2tf", "tf_keras"):
        stand_in = MagicMock(spec=ModuleType(name), name=name)
        stand_in.__path__ = []
        sys.modules[name] = stand_in
    # The package's own __init__ gathers every converter; only this one is wanted.
    for package in ("tensorflowjs", "tensorflowjs.converters"):
        plain = ModuleType(package)
        plain.__path__ = [f"{packages}/{package.replace('.', '/')}"]
        sys.modules[package] = plain
    from tensorflowjs.converters import tf_saved_model_conversion_v2

    tf_saved_model_conversion_v2.convert_tf_saved_model(saved_model, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
