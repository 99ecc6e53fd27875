"""`kiosk setup`: the first start."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from kiosk.config.file import TILL_KINDS

_EPILOG = """\
Finds the cameras and saves a picture of what each sees (they stay on this device), asks for the till, makes the page's
certificate, writes the config with every key explained, and runs `kiosk check`. A config that you changed is changed
only if you say so, and a copy is kept. Secrets are not shown and never get into the config: they are kept in
/etc/credstore for the service, else beside the config, for the kiosk only.

Without questions:
  kiosk setup --yes --camera auto --till honesty_store --store-code abc --secret-file /media/stick/token"""


def add_setup(parsers: Any) -> None:
    """`kiosk setup`."""
    setup = parsers.add_parser(
        "setup", help="the first start: find the camera, ask for the till, write the config",
        epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    setup.set_defaults(run=_setup)
    setup.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the config file to write; without one, the service's own, /etc/kiosk/kiosk.yaml",
    )
    setup.add_argument("--camera", metavar="SOURCE", help="what camera.source may be; a number is one of those found")
    setup.add_argument("--till", choices=TILL_KINDS, help="where sales go")
    setup.add_argument("--till-url", metavar="URL", help="the till's address")
    setup.add_argument("--store-code", metavar="CODE", help="the store's code at an honesty.store till")
    setup.add_argument("--secret-file", type=Path, metavar="FILE", help="a file with the till's secret; - is stdin")
    setup.add_argument(
        "--tablets", action=argparse.BooleanOptionalAction, default=None, help="whether tablets may reach the page"
    )
    setup.add_argument(
        "--pictures", type=Path, metavar="DIR", default=Path(), help="where pictures are saved; without one, here"
    )
    setup.add_argument("--yes", action="store_true", help="ask nothing: take what is offered for all that is not given")
    setup.add_argument("--overwrite", action="store_true", help="change a config that a person changed without asking")


def _setup(options: argparse.Namespace) -> int:
    from kiosk.config.values import CREDENTIAL_STORE
    from kiosk.setup.asking import Defaults, Terminal
    from kiosk.setup.daemon import SERVICE_CONFIG, Service
    from kiosk.setup.tills import GivenTill
    from kiosk.setup.walk import Given, Walk

    if not options.yes and not sys.stdin.isatty():
        print("kiosk setup: there is nobody to ask here; give --yes and what is wanted as options", file=sys.stderr)
        return 2
    config = options.config or SERVICE_CONFIG
    is_service = config == SERVICE_CONFIG
    given = Given(
        config,
        options.camera,
        GivenTill(options.till, options.till_url, options.store_code, options.secret_file),
        options.tablets,
        options.pictures,
        options.overwrite,
    )
    walk = Walk(
        Defaults() if options.yes else Terminal(),
        given,
        lambda line: print(line, flush=True),
        CREDENTIAL_STORE if is_service else None,
        Service() if is_service and os.geteuid() == 0 else None,
    )
    return 0 if walk.run() else 1
