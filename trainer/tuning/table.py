"""What `trainer tune` prints: a table for people, the same as JSON for machines."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from kiosk.recognition.voting import VotingSettings
from trainer.tuning.choosing import Measured
from trainer.tuning.curves import GRANTED
from trainer.tuning.scoring import Score
from trainer.tuning.tuning import Tuned

_WORST = 5


def as_text(tuned: Tuned) -> str:
    """One screen."""
    photos, settings = tuned.photos, tuned.settings
    lines = [
        f"{settings.presentations} simulated presentations at {settings.fps:g} frames a second, of"
        f" {len(photos.products)} photos of products and {len(photos.others)} of other things ({photos.unseen} from"
        " --unseen)",
        f"best possible with this network: {100 * tuned.bound:.1f} % right (mean over each whole showing, no budget)",
        "",
        f"{'':33} right       per 1,000 presentations                  at most   delay",
        f"{'vote':33} in 100   right  wrong missed  extra  false  harmful (95 %)   median",
        *(_line(one, settings.fps) for one in tuned.compared),
        "",
        "Thresholds are chosen on four fifths of the photos and measured on the rest, crosswise, with a margin to the",
        "budget where it took one; fixed votes are measured on all.",
        f"Harmful is wrong + extra + false; the budget is {settings.budget_per_1000:g}. `at most` counts photos, since"
        " one shown twice is no news.",
        "",
        *_advice(tuned),
    ]
    return "\n".join(lines)


def curves_as_text(tuned: Tuned) -> str:
    """What each vote finds where so many false decisions are granted, and what single settings come to."""
    lines = [
        "Right in 100 products, if the threshold is such that there are at most so many false decisions in 1,000",
        "showings of things not sold, whatever is sold for something else:",
        "",
        f"{'vote':33}" + "".join(f"{granted:8}" for granted in GRANTED),
    ]
    for curve in tuned.curves:
        found = [curve.found_within(granted) for granted in GRANTED]
        cells = ["-" if share is None else f"{100 * share:.1f}" for share in found]
        lines.append(f"{curve.name:33}" + "".join(f"{cell:>8}" for cell in cells))
    lines.append("")
    for mark in tuned.marks:
        false = f"{mark.score.false_per_1000_others:.1f} false in 1,000 of things not sold"
        lines.append(f"{mark.name}: right in {100 * mark.score.right_share:.1f}, {false}")
    return "\n".join(lines)


def as_json(tuned: Tuned) -> dict[str, Any]:
    """For machines. All counts are per 1,000 presentations, all shares 0 to 1."""
    return {
        "bundle": tuned.bundle_id,
        "presentations": tuned.settings.presentations,
        "fps": tuned.settings.fps,
        "seed": tuned.settings.seed,
        "photos": {
            "products": len(tuned.photos.products),
            "others": len(tuned.photos.others),
            "unseen": tuned.photos.unseen,
            "trained_left_out": tuned.photos.trained_left_out,
        },
        "bound": round(tuned.bound, 4),
        "budget_per_1000": tuned.settings.budget_per_1000,
        "budget_met": tuned.best.meets_budget,
        "rules": [_figures(one, tuned.settings.fps) for one in tuned.compared],
        "curves": [curve.as_json() for curve in tuned.curves],
        "recommended": {"name": tuned.best.contender.name, **asdict(tuned.recommended)},
        "harmful_cases": [
            {"shown": shown, "sold": sold, "presentations": count} for (shown, sold), count in _harmful(tuned)
        ],
    }


def _line(one: Measured, fps: float) -> str:
    score = one.score
    counts = (score.right, score.wrong, score.missed, score.extra, score.false, score.harmful)
    delay = f"{score.delay_frames / fps:6.2f} s" if score.delay_frames is not None else "      -"
    return (
        f"{one.contender.name:33} {100 * score.right_share:6.1f} "
        + "".join(f"{score.per_1000(count):7.1f}" for count in counts)
        + f"{score.harmful_per_1000_at_most:9.1f} {delay}{'' if one.meets_budget else '  over budget'}"
    )


def _figures(one: Measured, fps: float) -> dict[str, Any]:
    score: Score = one.score
    return {
        "name": one.contender.name,
        "settings": asdict(one.settings) if one.contender.rule else {"threshold": one.settings.threshold},
        "chosen": one.contender.threshold is None,
        "right_share": round(score.right_share, 4),
        **{
            what: round(score.per_1000(getattr(score, what)), 2)
            for what in ("right", "wrong", "missed", "extra", "false", "harmful")
        },
        "false_per_1000_not_sold": round(score.false_per_1000_others, 2),
        "harmful_at_most": round(score.harmful_per_1000_at_most, 2),
        "delay_median_seconds": round(score.delay_frames / fps, 3) if score.delay_frames is not None else None,
        "meets_budget": one.meets_budget,
    }


def _advice(tuned: Tuned) -> list[str]:
    best, score = tuned.best, tuned.best.score
    lines = []
    if not best.meets_budget:
        lines.append(
            f"NO VOTE KEEPS THE BUDGET: {best.contender.name} does least harm"
            f" ({score.per_1000(score.harmful):.1f} in 1,000). More and better photos help; a vote alone cannot."
        )
    share = score.right_share / tuned.bound if tuned.bound else 0.0
    lines.append(
        f"recommended: {best.contender.name}; right on {100 * score.right_share:.1f} in 100,"
        f" {100 * share:.0f} % of what is possible with this network"
    )
    lines.append(f"  voting: {shown_settings(best.settings)}")
    harmful = _harmful(tuned)
    if harmful:
        cases = ", ".join(f"{shown} sold as {sold} ({count})" for (shown, sold), count in harmful[:_WORST])
        lines.append(f"what still goes wrong: {cases}")
    return lines


def shown_settings(settings: VotingSettings) -> str:
    """As the config would have it, products' own thresholds counted."""
    own = f", stricter for {len(settings.stricter)} products" if settings.stricter else ""
    return (
        f"{{rule: {settings.rule}, threshold: {settings.threshold:g}, votes: {settings.votes},"
        f" release: {settings.release}}}{own}"
    )


def _harmful(tuned: Tuned) -> list[tuple[tuple[str, str], int]]:
    """What was sold for what, with the recommended vote over all presentations, most frequent first."""
    cases = Counter[tuple[str, str]]()
    for outcome in tuned.on_all:
        shown = outcome.shown.label or "something not sold"
        cases.update((shown, decision.label) for _, decision in outcome.decisions if decision.label != shown)
    return cases.most_common()
