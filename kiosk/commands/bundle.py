"""`kiosk bundle`: the model on this device."""

import argparse
import re
import sys
import time
from typing import Any

from kiosk.commands.arguments import add_actions, add_bundle_argument, add_config
from kiosk.config.file import read_config

_SOURCE_HELP = "what `trainer build` wrote: the directory, a .zip, .tar or .tar.gz of it, or the https address of one"

_EPILOG = """\
A new model, without fear:
  kiosk bundle install DIR      checks every file, tries the golden images on this device, and only then switches
  systemctl reload kiosk        the running kiosk takes it, without missing a sale (or: kill -HUP its process);
                                after the very first one: systemctl restart kiosk
  kiosk bundle rollback         back to the one before; then reload again

A bundle that is cut off, changed, or gives wrong answers here is refused, and the one in use stays. One that crashes
the kiosk twice soon after a start is gone back from by itself; `kiosk bundle show` says so.
Pack one for many kiosks:       tar -czf bundle.tar.gz -C BUNDLE .        (see `kiosk bundle follow --help`)
Sign it first, if you like:     minisign -Sm BUNDLE/bundle.json      (and put the public key into bundle_keys)"""


_FOLLOW = (
    "A channel is a small file at an https address that many kiosks read: it names a bundle for all, and perhaps the"
    " next one for a share of them. With bundle_keys it has to be signed, as the bundles: minisign -Sm channel.json."
    " A kiosk whose config has bundle_channel does this by itself. What was refused here, or gone back from, is not"
    " installed again until the channel offers another one."
)


def add_bundle(parsers: Any) -> None:
    """`kiosk bundle` and its actions."""
    actions = add_actions(parsers, "bundle", help="the model on this device: install, check, go back", epilog=_EPILOG)
    show = actions.add_parser("show", help="what a bundle is: labels, network, vote; and which ones are installed")
    show.set_defaults(run=_show)
    verify = actions.add_parser("verify", help="check every file, and the golden images on this device")
    verify.set_defaults(run=_verify)
    for action in (show, verify):
        add_bundle_argument(action)
    install = actions.add_parser("install", help="check a bundle, try it on this device, and make it the current one")
    install.set_defaults(run=_install)
    install.add_argument("source", metavar="SOURCE", help=_SOURCE_HELP)
    install.add_argument("--sha256", type=_sha256, metavar="HEX", help="of the packed file; anything else is refused")
    follow = actions.add_parser("follow", help="install what a channel offers this kiosk", description=_FOLLOW)
    follow.set_defaults(run=_follow)
    follow.add_argument("url", metavar="URL", nargs="?", help="the channel's https address; without one, the config's")
    follow.add_argument("--again", action="store_true", help="also what was refused here, or gone back from, before")
    follow.add_argument("--dry-run", action="store_true", help="only say what would be installed, and why")
    rollback = actions.add_parser("rollback", help="back to the bundle before")
    rollback.set_defaults(run=_rollback)
    add_config(actions.choices.values())


def _sha256(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError("allowed: 64 hexadecimal digits, as sha256sum prints them")
    return text.lower()


def _show(options: argparse.Namespace) -> int:
    from kiosk.commands.bundle_view import describe, describe_store
    from kiosk.parts.bundle import bundle_store, configured_bundle

    config = read_config(options.config)
    try:
        print(describe(configured_bundle(config, options.bundle)))
    finally:
        # Also when the one in use is damaged: what there is to go back to is then what a person wants to see.
        if options.bundle is None:
            print(describe_store(bundle_store(config), in_use=config.bundle))
    return 0


def _verify(options: argparse.Namespace) -> int:
    from kiosk.commands.bundle_view import describe_trial
    from kiosk.installation.trial import try_bundle
    from kiosk.parts.bundle import configured_bundle

    config = read_config(options.config)
    bundle = configured_bundle(config, options.bundle)
    trial = try_bundle(bundle, config.recognition.engine, config.recognition.threads)
    print(describe_trial(bundle, trial))
    return 0 if trial.good else 1


def _install(options: argparse.Namespace) -> int:
    from kiosk.commands.bundle_view import describe_installed
    from kiosk.installation.install import Demands, install
    from kiosk.parts.bundle import bundle_store

    config = read_config(options.config)
    demands = Demands(config.recognition.engine, config.recognition.threads, config.bundle_keys, options.sha256)
    done = install(options.source, bundle_store(config), demands, _Progress())
    print(describe_installed(done, in_use=config.bundle))
    return 0


def _follow(options: argparse.Namespace) -> int:
    from kiosk.commands.bundle_view import describe_followed
    from kiosk.errors import ConfigError
    from kiosk.installation.install import Demands
    from kiosk.parts.bundle import bundle_store, following
    from kiosk.rollout.channel import describe_offer, read_channel
    from kiosk.rollout.following import follow

    config = read_config(options.config)
    url = options.url or config.bundle_channel.url
    if url is None:
        raise ConfigError(["no channel: give its https address, or set bundle_channel.url in the config"])
    kiosk, channel = following(config, url).kiosk, read_channel(url, config.bundle_keys)
    print(describe_offer(channel, kiosk))
    if options.dry_run:
        return 0
    demands = Demands(config.recognition.engine, config.recognition.threads, config.bundle_keys)
    done = follow(channel.offer_for(kiosk), bundle_store(config), demands, _Progress(), again=options.again)
    print(describe_followed(done, in_use=config.bundle))
    return 1 if done.dealt.refused else 0


def _rollback(options: argparse.Namespace) -> int:
    from kiosk.commands.bundle_view import describe_rolled_back
    from kiosk.parts.bundle import bundle_store

    config = read_config(options.config)
    print(describe_rolled_back(bundle_store(config).roll_back(), in_use=config.bundle))
    return 0


class _Progress:
    """On a terminal, how much has come, once it takes longer than two seconds."""

    def __init__(self) -> None:
        self._shown_at = time.monotonic() + 1.5

    def __call__(self, so_far: int, total: int | None) -> None:
        """See `Progress`."""
        now = time.monotonic()
        if not sys.stderr.isatty() or now - self._shown_at < 0.5:
            return
        self._shown_at = now
        of = f" of {total / 1e6:.1f}" if total else ""
        end = "\n" if so_far == total else ""
        print(f"\r{so_far / 1e6:.1f}{of} MB", end=end, file=sys.stderr, flush=True)
