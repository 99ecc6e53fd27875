"""A simulated honesty.store till with an account of its own, for trying the kiosk out without money.

    python -m tests.tills.simulated --bundle kiosk/demo/bundle --database till.sqlite --refresh-token-file token \\
      --fault drop_after=0.1

It prints one line of JSON with its address, its store and a refresh token, on stderr what to put into the kiosk's
config, and runs until it is stopped (Ctrl-C); then it says which sales it charged how often. With --database its books,
and the kiosk's refresh token, outlive it: stop it and start it again on the same --port, and it was only away.

While it runs, faults are switched at its own address (the real till has no such thing):

    curl -d '["drop_after", "html"]' http://127.0.0.1:PORT/simulated/faults     the next purchases fail like this
    curl -d '{"drop_after": 0.1, "drop_before": 0.05}' .../simulated/rates      shares of the purchases, from now on
    curl -d '{"late": 0.5}' .../simulated/other_rates                           and of all other requests
    curl -d '3600' .../simulated/clock                                          its clock is an hour ahead
    curl -d '30' .../simulated/away                                             gone for 30 seconds
    curl -d 'null' .../simulated/expire_access                                  as if five minutes had passed
    curl -d 'null' .../simulated/sign_in_elsewhere                              the kiosk's token is worth nothing
    curl -d 'null' .../simulated/books                                          what was charged how often
"""

import argparse
import asyncio
import json
import logging
import signal
import sys
from pathlib import Path

from aiohttp import web

from tests.tills.simulated_account import SHELVES, Account, AccountSettings, shelves_of_bundle
from tests.tills.simulated_clock import SimulatedClock
from tests.tills.simulated_faults import Fault, Faults
from tests.tills.simulated_till import SimulatedTill
from tests.tills.simulated_tokens import Tokens

HOST = "127.0.0.1"
EXAMPLE = """\
till:
  kind: honesty_store
  url: {url}
  store_code: {store_code}
  refresh_token_file: {token_file}"""


def _rate(text: str) -> tuple[Fault, float]:
    name, _, rate = text.partition("=")
    return Fault(name), float(rate)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.tills.simulated",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--store-code", default="demo")
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="sell what this bundle recognises; default: a few")
    parser.add_argument("--database", type=Path, metavar="FILE", help="the till's books; default: in memory")
    parser.add_argument("--report", action="store_true", help="print what --database says was charged, and end")
    parser.add_argument("--refresh-token-file", type=Path, metavar="FILE", help="also write the refresh token there")
    parser.add_argument("--access-token-seconds", type=float, default=300)
    parser.add_argument("--balance", type=int, default=1000, metavar="PENCE")
    parser.add_argument("--credit-limit", type=int, default=-500, metavar="PENCE")
    parser.add_argument("--first-page", type=int, choices=(0, 1), default=0, help="number of the list's first page")
    parser.add_argument("--clock-offset", type=float, default=0, metavar="SECONDS", help="how far its clock is ahead")
    parser.add_argument("--late-seconds", type=float, default=5, help="of the faults late and arrives_late")
    shares = {"--fault": f"share of the purchases: {', '.join(Fault)}", "--other-fault": "share of all other requests"}
    for name, meaning in shares.items():
        parser.add_argument(name, type=_rate, action="append", default=[], metavar="NAME=RATE", help=meaning)
    parser.add_argument("--seed", type=int, default=0, help="of what fails when")
    return parser.parse_args()


def _account(options: argparse.Namespace, clock: SimulatedClock) -> Account:
    settings = AccountSettings(
        options.store_code,
        options.balance,
        options.credit_limit,
        (SHELVES if options.bundle is None else shelves_of_bundle(options.bundle)),
        options.first_page,
    )
    return Account(options.database or ":memory:", settings, clock)


def _report(account: Account) -> str:
    return json.dumps({"charges": account.charges(), "refunds": account.refunds(), "balance": account.balance})


async def _serve(options: argparse.Namespace) -> None:
    clock = SimulatedClock(options.clock_offset)
    account = _account(options, clock)
    refresh = account.kept("refresh token", "")
    tokens = Tokens(options.access_token_seconds, clock, account.signing_key(), refresh)
    faults = Faults(dict(options.fault), dict(options.other_fault), options.seed)
    till = SimulatedTill(account, tokens, faults, clock, options.late_seconds)
    runner = web.AppRunner(till.application(), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, HOST, options.port)
    await site.start()
    refresh = refresh or account.keep("refresh token", tokens.issue_refresh())
    if options.refresh_token_file is not None:
        options.refresh_token_file.touch(mode=0o600)
        options.refresh_token_file.write_text(refresh)
    port = runner.addresses[0][1]
    told = {"url": f"http://{HOST}:{port}", "store_code": options.store_code, "refresh_token": refresh}
    print(EXAMPLE.format(**told, token_file=options.refresh_token_file or "FILE"), file=sys.stderr)
    print(json.dumps(told), flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    going_away = asyncio.create_task(_go_away_when_told(till, runner, site, port))
    await stop.wait()
    going_away.cancel()
    await runner.cleanup()
    print(_report(account), file=sys.stderr)


async def _go_away_when_told(till: SimulatedTill, runner: web.AppRunner, site: web.TCPSite, port: int) -> None:
    """While it is away nothing listens, so that a connection is refused as it is where a till is down."""
    while True:
        seconds = await till.away.get()
        await site.stop()
        await asyncio.sleep(seconds)
        site = web.TCPSite(runner, HOST, port)
        await site.start()


def main() -> None:
    """Serve, or report."""
    options = _options()
    if options.report:
        print(_report(_account(options, SimulatedClock())))
        return
    logging.basicConfig(level=logging.INFO)
    asyncio.run(_serve(options))


if __name__ == "__main__":
    main()
