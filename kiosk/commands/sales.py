"""`kiosk sales`: the sales taken, and what to do about them."""

import argparse
import re
import sys
import time
from datetime import datetime
from typing import Any

from kiosk.commands.arguments import add_actions, add_config
from kiosk.config.file import read_config
from kiosk.sales.sale import SaleState

_ID_HELP = "the sale's id as `kiosk sales list` shows it; its beginning is enough"
_SPAN = re.compile(r"(\d{1,6})([mhd])")
_SPAN_SECONDS = {"m": 60.0, "h": 3600.0, "d": 86400.0}

_EPILOG = """\
What to do about a sale that is in_doubt: the kiosk sent it and never heard what became of it, and the till's own
list did not tell either. Look at the till. If it is there: kiosk sales settle ID --reason "found at the till".
If it is not: kiosk sales retry ID, which sends it once more. If nobody should pay: kiosk sales cancel ID --reason ...
All of this is safe while the kiosk runs."""


def add_sales(parsers: Any) -> None:
    """`kiosk sales` and its actions."""
    actions = add_actions(parsers, "sales", help="the sales taken, where each stands, and what to do", epilog=_EPILOG)
    _add_list(actions.add_parser("list", help="sales with their id, time, state, price and name, the newest first"))
    show = actions.add_parser("show", help="one sale with its whole history")
    show.set_defaults(run=_show)
    show.add_argument("--json", action="store_true", help="the same for machines")
    retry = actions.add_parser("retry", help="send a rejected or doubtful sale again; make sure the till has it not")
    retry.set_defaults(run=_retry)
    retry.add_argument("--reason", metavar="TEXT", help="why; kept in the sale's history")
    settle = actions.add_parser("settle", help="say that a sale is paid, and send nothing")
    settle.set_defaults(run=_settle)
    settle.add_argument("--reference", metavar="TEXT", help="the till's own id of the purchase, where there is one")
    cancel = actions.add_parser("cancel", help="drop a sale; the till gives back the money of one that is settled")
    cancel.set_defaults(run=_cancel)
    for action in (settle, cancel):
        action.add_argument("--reason", metavar="TEXT", required=True, help="why; kept in the sale's history")
    for action in (show, retry, settle, cancel):
        action.add_argument("id", metavar="ID", help=_ID_HELP)
    export = actions.add_parser("export", help="every sale, archived ones too, the oldest first, on standard output")
    export.set_defaults(run=_export)
    export.add_argument("--format", choices=["csv", "json"], default="csv", help="default: csv")
    _add_filters(export)
    totals = actions.add_parser("totals", help="each day's units, money and refunds in the local ledger")
    totals.set_defaults(run=_totals)
    totals.add_argument("--format", choices=["text", "csv"], default="text", help="csv: for a spreadsheet")
    totals.add_argument("--entries", action="store_true", help="every entry in place of the totals, as csv")
    verify = actions.add_parser("verify", help="read everything kept of sales whole, and say what is damaged")
    verify.set_defaults(run=_verify)
    add_config(actions.choices.values())


def _add_list(listing: argparse.ArgumentParser) -> None:
    listing.set_defaults(run=_list)
    _add_filters(listing)
    listing.add_argument("--limit", type=_count, default=50, metavar="N", help="at most so many (default: 50)")
    listing.add_argument("--archived", action="store_true", help="those moved to the archive, long settled")
    listing.add_argument("--json", action="store_true", help="the same for machines")


def _add_filters(action: argparse.ArgumentParser) -> None:
    states = [state.value for state in SaleState]
    action.add_argument("--state", action="append", choices=states, default=[], help="only these; may be repeated")
    action.add_argument(
        "--since", type=_moment, metavar="WHEN", help="only from then on: 2026-11-23, or 30m, 12h, 7d ago"
    )
    action.add_argument("--until", type=_moment, metavar="WHEN", help="only those before then; as --since")
    action.add_argument("--label", help="only this product's")


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 6 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"given {text}; allowed: a whole number from 1 to 999999")
    return int(text)


def _moment(text: str) -> float:
    """Seconds since 1970, by this device's clock and time zone."""
    span = _SPAN.fullmatch(text)
    if span is not None:
        return time.time() - int(span[1]) * _SPAN_SECONDS[span[2]]
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError) as error:
        allowed = "a date such as 2026-11-23 or '2026-11-23 14:00', or 30m, 12h, 7d"
        raise argparse.ArgumentTypeError(f"given {text}; allowed: {allowed}") from error


def _list(options: argparse.Namespace) -> int:
    from kiosk.sales.listing import list_sales
    from kiosk.sales.outbox_reader import Wanted

    wanted = Wanted([SaleState(state) for state in options.state], options.since, options.until, options.label)
    directory = read_config(options.config).state_dir
    print(list_sales(directory, wanted, options.limit, archived=options.archived, as_json=options.json))
    return 0


def _show(options: argparse.Namespace) -> int:
    from kiosk.sales.listing import show_sale

    print(show_sale(read_config(options.config).state_dir, options.id, as_json=options.json))
    return 0


def _retry(options: argparse.Namespace) -> int:
    from kiosk.sales.by_hand import retry

    print(retry(read_config(options.config).state_dir, options.id, options.reason))
    return 0


def _settle(options: argparse.Namespace) -> int:
    from kiosk.sales.by_hand import settle

    print(settle(read_config(options.config).state_dir, options.id, options.reason, options.reference))
    return 0


def _cancel(options: argparse.Namespace) -> int:
    from kiosk.sales.by_hand import cancel

    print(cancel(read_config(options.config).state_dir, options.id, options.reason))
    return 0


def _export(options: argparse.Namespace) -> int:
    from kiosk.sales.listing import export_sales
    from kiosk.sales.outbox_reader import Wanted

    wanted = Wanted([SaleState(state) for state in options.state], options.since, options.until, options.label)
    print(export_sales(read_config(options.config).state_dir, wanted, options.format))
    return 0


def _totals(options: argparse.Namespace) -> int:
    from kiosk.parts.till import ledger_path
    from kiosk.sales.tills.ledger_book import read_ledger, totals_table, write_csv, write_totals_csv

    entries = read_ledger(ledger_path(read_config(options.config).state_dir))
    if options.entries:
        write_csv(entries, sys.stdout)
    elif options.format == "csv":
        write_totals_csv(entries, sys.stdout)
    else:
        print(totals_table(entries))
    return 0


def _verify(options: argparse.Namespace) -> int:
    from kiosk.access.tablets import tablets_path
    from kiosk.parts.till import ledger_path
    from kiosk.sales.archive import archive_path
    from kiosk.sales.files import outbox_path
    from kiosk.sales.wholeness import verdict_table, verify

    directory = read_config(options.config).state_dir
    outbox = outbox_path(directory)
    verdicts = verify([outbox, archive_path(outbox), ledger_path(directory), tablets_path(directory)])
    print(verdict_table(verdicts))
    return 1 if any(verdict.trouble for verdict in verdicts) else 0
