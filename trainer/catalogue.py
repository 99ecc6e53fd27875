"""`DATA/catalogue.yaml`: what each product is called on the till, and what it costs.

    products:
      apple-juice: {name: Appelo Apple Juice, price_pence: 110}
      oat-bar: {name: Oatie Oat Bar}

The keys are the names of the photo directories. A product that is not in it is called by its label and has no price.
"""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kiosk.bundle.manifest import UNKNOWN, Label
from trainer.errors import DataError

CATALOGUE_NAME = "catalogue.yaml"


class Entry(BaseModel):
    """A product's line in the catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    price_pence: int | None = Field(default=None, ge=0)


class Catalogue(BaseModel):
    """The whole of `catalogue.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    products: dict[str, Entry] = {}

    def label(self, label: str) -> Label:
        """The manifest's entry for a label."""
        entry = self.products.get(label)
        if entry is None:
            return Label(id=label, name="Unknown" if label == UNKNOWN else label)
        return Label(id=label, name=entry.name, price_pence=entry.price_pence)


def read_catalogue(directory: Path) -> Catalogue:
    """The catalogue in a data directory; an empty one where there is none.

    Raises:
        DataError: it is there and wrong.
    """
    path = directory / CATALOGUE_NAME
    if not path.exists():
        return Catalogue()
    try:
        catalogue = Catalogue.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; make it readable or remove it") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: is not YAML: {' '.join(str(error).split())}; correct or remove it") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise DataError(f"{path}: {where}: {first['msg']}; see `trainer build --help` for how it looks") from error
    if UNKNOWN in catalogue.products:
        raise DataError(f"{path}: `{UNKNOWN}` is not a product and cannot be sold; remove it from the catalogue")
    return catalogue
