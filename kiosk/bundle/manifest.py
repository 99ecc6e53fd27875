"""`bundle.json`: what the files of a bundle are and how to use them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

UNKNOWN = "unknown"
MANIFEST_NAME = "bundle.json"


def _inside_the_bundle(path: str) -> str:
    parts = path.split("/")
    odd = path.startswith(("/", MANIFEST_NAME)) or "\\" in path or not path.isprintable()
    if odd or any(part in ("", ".", "..") for part in parts):
        raise ValueError("must be a path inside the bundle, like tfjs/model.json")
    return path


BundlePath = Annotated[str, AfterValidator(_inside_the_bundle)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(_Part):
    """A class of the model: a product, or `unknown`. Its place in the list is its place in the output."""

    id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    price_pence: int | None = Field(default=None, ge=0)


class Preprocessing(_Part):
    """How a frame becomes the network's input; device and page obey it alike.

    The centre square is cut out of the frame and resized to `size_px`: by area (each output pixel is the mean of the
    part of the frame that it covers) when it shrinks, bilinear with half-pixel centres when it grows.
    """

    crop: Literal["centre-square"] = "centre-square"
    resize: Literal["area"] = "area"
    size_px: int = Field(ge=32, le=512)
    colour_order: Literal["RGB"] = "RGB"
    value_range: tuple[Literal[0], Literal[255]] = (0, 255)


class Tensor(_Part):
    """A quantised tensor: real value = scale x (stored value - zero_point)."""

    dtype: Literal["uint8"] = "uint8"
    scale: float = Field(gt=0)
    zero_point: int = Field(ge=0, le=255)


class Quantisation(_Part):
    """Numbers as the two forms of the network store them."""

    input: Tensor
    output: Tensor
    tfjs_weights: Literal["float32", "float16", "uint8"]


VotingRule = Literal["each", "duel"]
"""What the votes must amount to: see `kiosk.recognition.voting`."""
Threshold = Annotated[float, Field(gt=0, le=1)]


class VotingDefaults(_Part):
    """The vote that the trainer recommends for this model; the kiosk's config overrides it."""

    threshold: Threshold = 0.80
    votes: int = Field(default=3, ge=1, le=100)
    release: int = Field(default=3, ge=1, le=100)
    rule: VotingRule = "each"
    stricter: dict[str, Threshold] = {}
    """Products that need a higher confidence than `threshold`, and which."""


class Network(_Part):
    """Which network it is."""

    name: Literal["mobilenet_v2"] = "mobilenet_v2"
    multiplier: float
    size_px: int


class Calibration(_Part):
    """How the network's confidences were made to mean what they say.

    The temperature is already in the network's last layer; nobody who uses the network has to do anything.
    """

    temperature: float = Field(gt=0)
    """What the network's logits were divided by: above 1 it had been too sure of itself, below 1 too modest."""
    fitted_on: Literal["val"] = "val"
    photos: int = Field(ge=0)
    """Photos that it was fitted on."""
    ece_before: float = Field(ge=0, le=1)
    """Expected calibration error on these photos without it: mean gap between confidence and share right."""
    ece_after: float = Field(ge=0, le=1)
    """The same with it, measured crosswise: fitted on one half of the photos and measured on the other."""


class Golden(_Part):
    """A small image and the probabilities that each form must give for it, in the order of the labels."""

    image: BundlePath
    label: str
    float_probabilities: tuple[float, ...]
    tflite_probabilities: tuple[float, ...]


class File(_Part):
    """A file of the bundle, as it must be."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(ge=0)


class Manifest(_Part):
    """The whole of `bundle.json`."""

    format: Literal[1] = 1
    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    created: datetime
    labels: tuple[Label, ...] = Field(min_length=2)
    preprocessing: Preprocessing
    quantisation: Quantisation
    voting: VotingDefaults = VotingDefaults()
    network: Network
    calibration: Calibration | None = None
    """None in bundles that were built before there was one."""
    golden: tuple[Golden, ...] = Field(min_length=1)
    metrics: dict[str, Any] = {}
    files: dict[BundlePath, File]

    @model_validator(mode="after")
    def _consistent(self) -> "Manifest":
        ids = [label.id for label in self.labels]
        if len(set(ids)) != len(ids):
            raise ValueError("labels: each id may stand there once")
        if UNKNOWN not in ids:
            raise ValueError(f"labels: `{UNKNOWN}` is missing; without it every empty counter becomes a product")
        for golden in self.golden:
            lengths = {len(golden.float_probabilities), len(golden.tflite_probabilities)}
            if golden.label not in ids or lengths != {len(ids)} or golden.image not in self.files:
                raise ValueError(f"golden: {golden.image} does not fit the labels or files")
        return self

    @property
    def label_ids(self) -> tuple[str, ...]:
        """The labels in the order of the network's output."""
        return tuple(label.id for label in self.labels)

    @property
    def expected_confidence(self) -> float | None:
        """How sure the kiosk's form was on average, where it named a product of the evaluation's photos, 0 to 1.

        Bundles that were built before this was measured tell how often it was right; a calibrated network is as sure
        as that. None where neither is told.
        """
        sure = _share(self.metrics.get("mean_confidence"), "product")
        return _share(self.metrics.get("top1"), "tflite") if sure is None else sure


def _share(figures: object, key: str) -> float | None:
    found = figures.get(key) if isinstance(figures, dict) else None
    return float(found) if isinstance(found, int | float) and 0 <= found <= 1 else None
