"""What `kiosk bundle` prints."""

from kiosk.bundle.bundle import Bundle
from kiosk.bundle.manifest import Calibration, VotingDefaults
from kiosk.bundle.pointer import Placed, Pointer
from kiosk.bundle.store import BundleStore
from kiosk.installation.install import Installed
from kiosk.installation.trial import Trial
from kiosk.money import pounds
from kiosk.parts.bundle import INSTALLED
from kiosk.rollout.following import Followed

_FIRST = "a running kiosk takes it when it is restarted: systemctl restart kiosk"
_NEXT = "a running kiosk takes it at the next reload: systemctl reload kiosk (or kill -HUP its process)"


def describe(bundle: Bundle) -> str:
    """What a bundle is, for a person."""
    manifest = bundle.manifest
    network = manifest.network
    total_bytes = sum(file.size_bytes for file in manifest.files.values())
    lines = [
        f"bundle    {manifest.id}, built {manifest.created:%Y-%m-%d %H:%M}, every file as its manifest says",
        f"where     {bundle.directory}",
        f"network   {network.name} x{network.multiplier:g} at {network.size_px} px, {total_bytes / 1e6:.1f} MB in all",
        f"vote      {_vote(manifest.voting)}",
        f"sureness  {_calibration(manifest.calibration)}",
        f"labels    {len(manifest.labels)}",
        *(f"  {label.id:<24} {pounds(label.price_pence):>9}  {label.name}" for label in manifest.labels),
    ]
    return "\n".join(lines)


def _vote(vote: VotingDefaults) -> str:
    how = "together " if vote.rule == "duel" else ""
    rival = " against the strongest rival" if vote.rule == "duel" else ""
    own = f"; stricter for {len(vote.stricter)} products" if vote.stricter else ""
    enough = f"{how}at least {vote.threshold:.1%}{rival}"
    return f"{vote.votes} predictions in a row of {enough}; gone for {vote.release}{own}"


def _calibration(calibration: Calibration | None) -> str:
    if calibration is None:
        return "nothing tells whether its confidences mean what they say"
    treated = "as trained" if calibration.temperature == 1 else f"temperature {calibration.temperature:.2f}"
    return (
        f"{treated}; confidences are off by {100 * calibration.ece_after:.1f} points"
        f" (untreated {100 * calibration.ece_before:.1f}, on {calibration.photos} photos)"
    )


def describe_trial(bundle: Bundle, trial: Trial) -> str:
    """How the golden images came out on this device."""
    lines = [
        f"{'ok  ' if result.good else 'FAIL'}  {result.image}: {result.found}"
        + ("" if result.expected == result.found else f" (expected {result.expected})")
        + f", probabilities within {result.difference:.3f}"
        for result in trial.results
    ]
    count = sum(result.good for result in trial.results)
    last = f"{bundle.manifest.id}: every file is whole, {count} of {len(trial.results)} golden images good"
    return "\n".join([*lines, f"{last} on {trial.engine}"])


def describe_store(store: BundleStore, in_use: str) -> str:
    """Which bundles are installed. `in_use`: what the config names."""
    pointer = store.read()
    if pointer is None:
        return "installed none; `kiosk bundle install` brings one"
    previous = "none" if pointer.previous is None else _placed(pointer.previous)
    return "\n".join([f"installed {_placed(pointer.current)}", f"previous  {previous}", *_not_used(in_use)])


def describe_installed(done: Installed, in_use: str) -> str:
    """What an installation did, and what to do next."""
    manifest = done.bundle.manifest
    if done.trial is None:
        return "\n".join([f"{manifest.id} is in use already; nothing was changed", *_not_used(in_use)])
    signed = "" if done.signed is None else f", signed ({done.signed})"
    previous = done.pointer.previous
    return "\n".join(
        [
            f"{manifest.id}: {len(manifest.labels)} labels, every file whole{signed},"
            f" {len(done.trial.results)} golden images good on {done.trial.engine}",
            f"now current; {'nothing before it' if previous is None else f'kept for going back: {previous.place}'}",
            *(_not_used(in_use) or [_FIRST if previous is None else _NEXT]),
        ]
    )


def describe_followed(done: Followed, in_use: str) -> str:
    """What a round of following did, and what to do next."""
    if done.dealt.refused is not None:
        return f"REFUSED: {done.dealt.refused}\nthe bundle in use stays; once mended: kiosk bundle follow --again"
    if done.installed is not None:
        return describe_installed(done.installed, in_use)
    if not done.in_use:
        return "was installed before and gone back from since; to have it again: kiosk bundle follow --again"
    return "\n".join(["is in use already; nothing was changed", *_not_used(in_use)])


def describe_rolled_back(pointer: Pointer, in_use: str) -> str:
    """What a rollback did, and what to do next."""
    assert pointer.previous is not None
    lines = [f"now current: {pointer.current.place}; kept: {pointer.previous.place}"]
    return "\n".join([*lines, *(_not_used(in_use) or [_NEXT])])


def _placed(placed: Placed) -> str:
    if placed.refused is not None:
        account = f"REFUSED: {placed.refused}"
    elif placed.proven:
        account = "has run well"
    elif placed.starts:
        account = f"being tried out, starts so far: {placed.starts}"
    else:
        account = "not run for long yet"
    return f"{placed.place}, since {placed.installed_at.astimezone():%Y-%m-%d %H:%M}, {account}"


def _not_used(in_use: str) -> list[str]:
    if in_use == INSTALLED:
        return []
    return [f"NOTE: the config says bundle: {in_use}; the installed one is used when it says bundle: {INSTALLED}"]
