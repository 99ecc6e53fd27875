"""The command `kiosk`: parses and wires, no logic."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from kiosk.access_command import add_certificate, add_tablets
from kiosk.bundle_command import add_bundle
from kiosk.camera.picture_limit import limit_pictures
from kiosk.config_file import read_config
from kiosk.errors import KioskError
from kiosk.logs import set_up_logging
from kiosk.moments_command import add_moments
from kiosk.sales_command import add_sales
from kiosk.setup.command import add_setup

CONFIG_HELP = "the config file; without one, embedded defaults that need nothing else"
BENCH_ROUNDS_HELP = "how many rounds of 60 frames each are measured, 1 to 1000 (20)"
BUNDLE_HELP = "a directory that `trainer build` wrote; without one, the bundle that the config names"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 good, 1 what was asked failed, 2 used wrongly."""
    options = _parser().parse_args(arguments)
    set_up_logging(verbose=options.verbose, service=options.run is _run)
    try:
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except KioskError as error:
        print(f"kiosk: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output (`| head`) had enough; without this Python complains once more at exit.
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kiosk",
        description="Hold a snack in front of the camera and the right product is on the till.",
        epilog="Exit codes: 0 good, 1 what was asked failed, 2 used wrongly.",
    )
    parser.add_argument("--version", action="version", version=f"kiosk {version('honesty-kiosk')}")
    parser.add_argument("--verbose", action="store_true", help="tell more of what happens, on stderr")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    run = commands.add_parser("run", help="the kiosk itself: watch the counter until stopped")
    run.set_defaults(run=_run)
    add_setup(commands.add_parser("setup", help="the first start: find the camera, ask for the till, write the config"))
    check = commands.add_parser("check", help="say what would fail, before it fails")
    check.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="where to keep a JPEG of what the camera sees; without one, in the state directory, if there is one yet",
    )
    check.add_argument(
        "--config-only",
        action="store_true",
        help="only read the config; also while a kiosk runs, for tools that write it",
    )
    check.set_defaults(run=_check)
    replay = commands.add_parser("replay", help="what the kiosk would decide on a video or a folder of images")
    replay.add_argument("source", metavar="SOURCE", help="a video file, or a folder of images taken in order of name")
    replay.add_argument("--json", action="store_true", help="one JSON line a decision, and last a summary")
    replay.set_defaults(run=_replay)
    replay.add_argument(
        "--rest", action="store_true",
        help="pass over what looks the same while nothing is held up, as `kiosk run` does; says how much that was",
    )  # fmt: skip
    bench = commands.add_parser(
        "bench",
        help="how fast this device is, and what the kiosk takes of it",
        description="Measures a frame from the camera's JPEG to the decision, in turns with a loop written by hand that"
        " only unpacks, shrinks and runs the network; then starts a kiosk beside it for its start and its memory."
        " Needs no camera, and touches no sale. The quieter the device, the truer the figures.",
    )
    bench.add_argument("--rounds", type=int, choices=range(1, 1001), default=20, metavar="N", help=BENCH_ROUNDS_HELP)
    bench.add_argument("--json", action="store_true", help="the same for machines")
    bench.set_defaults(run=_bench)
    for command in (run, check, replay, bench):
        command.add_argument("--config", type=Path, metavar="FILE", help=CONFIG_HELP)
    for command in (replay, bench):
        command.add_argument("--bundle", metavar="DIR", help=BUNDLE_HELP)

    add_sales(commands.add_parser("sales", help="the sales taken, where each stands, and what to do"), CONFIG_HELP)
    add_certificate(
        commands.add_parser("certificate", help="the local certificate for the page, and how to trust it"), CONFIG_HELP
    )
    add_tablets(
        commands.add_parser("tablets", help="pair tablets with this kiosk, list them, revoke them"), CONFIG_HELP
    )
    add_bundle(commands.add_parser("bundle", help="the model on this device: install, check, go back"), CONFIG_HELP)
    add_moments(commands.add_parser("moments", help="what was not recognised, kept for the next training"), CONFIG_HELP)
    return parser


# Each command imports what it needs only when it is asked for, so that `--help` answers at once.


def _run(options: argparse.Namespace) -> int:
    # What the kiosk writes is its own user's business: sales, certificates, the till's list. Whoever may read more of
    # it is said file by file.
    os.umask(0o077)
    limit_pictures()
    from kiosk.notify import open_notifier
    from kiosk.service import Service

    async def serve() -> None:
        await Service(lambda: read_config(options.config), say=lambda line: print(line, flush=True)).run()

    try:
        asyncio.run(serve())
    except KioskError as error:
        # What `systemctl status` goes on showing when the restarts have been given up.
        open_notifier().status(f"stopped: {str(error).splitlines()[0]}")
        raise
    return 0


def _check(options: argparse.Namespace) -> int:
    limit_pictures()
    from kiosk.check import check, render

    findings = asyncio.run(check(options.config, options.picture, config_only=options.config_only))
    print(render(findings))
    return 0 if all(finding.good for finding in findings) else 1


def _bench(options: argparse.Namespace) -> int:
    from kiosk.bench.command import bench

    return bench(read_config(options.config), options.bundle, options.rounds, as_json=options.json)


def _replay(options: argparse.Namespace) -> int:
    from kiosk.camera.choose import recorded_source
    from kiosk.camera.view import ViewedSource
    from kiosk.parts import configured_bundle, configured_view, voting_settings
    from kiosk.replay import ReplayOptions, replay_and_print

    config = read_config(options.config)
    bundle = configured_bundle(config, options.bundle)
    voting = voting_settings(config.voting, bundle.manifest.voting)
    how = ReplayOptions(
        config.recognition.engine, config.recognition.threads, voting, rests=options.rest, as_json=options.json
    )
    replay_and_print(ViewedSource(recorded_source(options.source), configured_view(config)), bundle, how)
    return 0
