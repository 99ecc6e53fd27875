"""What `kiosk bundle show` and `kiosk bundle verify` print."""

from kiosk.bundle.bundle import Bundle
from kiosk.bundle.self_test import run_golden
from kiosk.money import pounds
from kiosk.recognition.recogniser import open_recogniser


def describe(bundle: Bundle) -> str:
    """What a bundle is, for a person."""
    manifest = bundle.manifest
    vote, network = manifest.voting, manifest.network
    total_bytes = sum(file.size_bytes for file in manifest.files.values())
    lines = [
        f"bundle    {manifest.id}, built {manifest.created:%Y-%m-%d %H:%M}, every file as its manifest says",
        f"where     {bundle.directory}",
        f"network   {network.name} x{network.multiplier:g} at {network.size_px} px, {total_bytes / 1e6:.1f} MB in all",
        f"vote      {vote.votes} predictions in a row of at least {vote.threshold:.0%}; gone for {vote.release}",
        f"labels    {len(manifest.labels)}",
        *(f"  {label.id:<24} {pounds(label.price_pence):>9}  {label.name}" for label in manifest.labels),
    ]
    return "\n".join(lines)


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
