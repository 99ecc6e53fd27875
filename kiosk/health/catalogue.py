"""How the catalogue is, for Prometheus."""

import math

from kiosk.metrics import Metrics
from kiosk.sales.catalogue import Catalogue


def show_catalogue(metrics: Metrics, catalogue: Catalogue) -> None:
    """Have the metrics look at the catalogue whenever they are scraped."""
    metrics.catalogue_products.set_function(lambda: len(catalogue.all()))
    metrics.catalogue_not_listed.set_function(lambda: len(catalogue.not_listed()))
    metrics.catalogue_age.set_function(lambda: math.nan if (age := catalogue.age_seconds) is None else age)
