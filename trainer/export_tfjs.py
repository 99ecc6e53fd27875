"""The network as `tfjs/`: written out of `model.tflite`, so that page and kiosk reckon with one network."""

from importlib.metadata import version
from pathlib import Path

from trainer.bundle_writer import Workplace
from trainer.steps import read_network
from trainer.tfjs_writer import write_tfjs

TFJS_NAME = "tfjs"
WEIGHT_TYPE = "uint8"
"""How the weights are stored: as the kiosk's integers, one byte each."""


def export_tfjs(model: Path, place: Workplace) -> Path:
    """Write the kiosk's network, the file `model`, for the page into the bundle that is being made; returns where.

    Raises:
        ExportError: the network has a part that the page's form is not made for.
    """
    directory = place.partial / TFJS_NAME
    directory.mkdir()
    write_tfjs(read_network(model.read_bytes()), directory, f"honesty-kiosk {version('honesty-kiosk')}")
    return directory
