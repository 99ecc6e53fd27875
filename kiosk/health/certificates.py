"""When the page's certificates end."""

import math

from kiosk.access.certificates import CertificateSource
from kiosk.errors import CertificateError
from kiosk.metrics import Metrics
from kiosk.web.tls import TlsKeeper


def show_certificates(metrics: Metrics, source: CertificateSource, tls: TlsKeeper) -> None:
    """Have each scrape tell when the certificate in use ends, and the kiosk's own authority where there is one.

    NaN while there is none that is good.
    """

    def page() -> float:
        return math.nan if tls.expires_at is None else tls.expires_at.timestamp()

    def authority() -> float:
        try:
            found = source.authority()
        except CertificateError:
            # The certificate's keeper has logged why, and tries again.
            return math.nan
        return math.nan if found is None else found.not_valid_after_utc.timestamp()

    metrics.certificate_expiry.labels("page").set_function(page)
    metrics.certificate_expiry.labels("authority").set_function(authority)
