"""What `kiosk bundle show` and `kiosk bundle verify` print."""

from kiosk.bundle.bundle import Bundle
from kiosk.bundle.manifest import Calibration, VotingDefaults
from kiosk.bundle.self_test import run_golden
from kiosk.money import pounds
from kiosk.recognition.recogniser import open_recogniser


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


def describe_golden(bundle: Bundle, engine: str, threads: int) -> tuple[str, bool]:
    """How the golden images came out on this device, and whether all were good."""
    recogniser = open_recogniser(bundle, engine, threads)
    results = run_golden(bundle, lambda bgr: recogniser.predict(bgr).probabilities)
    lines = [
        f"{'ok  ' if result.good else 'FAIL'}  {result.image}: {result.found}"
        + ("" if result.expected == result.found else f" (expected {result.expected})")
        + f", probabilities within {result.difference:.3f}"
        for result in results
    ]
    good = all(result.good for result in results)
    count = sum(result.good for result in results)
    last = f"{bundle.manifest.id}: every file is whole, {count} of {len(results)} golden images good"
    return "\n".join([*lines, f"{last} on {recogniser.engine_name}"]), good
