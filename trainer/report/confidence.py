"""Whether confidences mean what they say: the reliability picture, and what was done about it."""

from collections.abc import Sequence

from kiosk.bundle.manifest import Calibration
from trainer.calibration import BINS, LEAST_PHOTOS, Bin
from trainer.evaluation import KIOSK_FORM
from trainer.report.content import ReportContent
from trainer.report.html import Column, folded, paragraph, percent, section, table

_SIDE = 300
_ENOUGH_PHOTOS = 10
"""Fewer in a bar are shown as chance."""
_LEFT, _TOP, _BOTTOM = 64, 12, 44


def confidence(content: ReportContent) -> str:
    """The part of the report about confidence."""
    bins = content.evaluation.reliability
    error = 100 * content.evaluation.ece[KIOSK_FORM]
    text = (
        "When the model says 80 %, it should be right eight times in ten. Each bar holds the photos of one step of"
        " confidence and reaches up to the share of them that was named rightly; the line is where bars should end."
        " Bars below the line: too sure of itself; above: too modest. The number at its foot is its photos; a pale"
        f" bar holds fewer than {_ENOUGH_PHOTOS}, which is chance."
    )
    source = (
        f"Expected calibration error: {error:.1f} points. It is the mean distance between confidence and share named"
        f" rightly over {BINS} equal steps, weighed by photos (Naeini et al. 2015; Guo et al. 2017). Few photos make it"
        " look larger than it is."
    )
    told = "\n".join((paragraph(text), paragraph(_treatment(content.calibration)), paragraph(source, quiet=True)))
    rows = [(_step(one), str(one.photos), percent(one.confidence), percent(one.right)) for one in bins if one.photos]
    columns = [Column("step"), Column("photos", number=True), Column("mean confidence", number=True)]
    columns.append(Column("named rightly", number=True))
    return section(
        "confidence",
        "Does its confidence mean what it says?",
        f'<div class="split">{_picture(bins)}<div>{told}</div></div>',
        folded("The same in numbers", table("Confidence against truth", columns, rows)),
    )


def _step(one: Bin) -> str:
    return f"{100 * one.low:.0f}\N{EN DASH}{100 * one.high:.0f} %"


def _treatment(calibration: Calibration | None) -> str:
    if calibration is None:
        return "This bundle was built without a temperature: its confidences are as the training left them."
    if calibration.photos < LEAST_PHOTOS:
        return f"No temperature was fitted: {calibration.photos} val photos are too few, {LEAST_PHOTOS} are needed."
    before = f"{100 * calibration.ece_before:.1f} points"
    if calibration.temperature == 1:
        return f"The temperature stayed at 1 (val photos: off by {before}): another would not have helped new photos."
    kind = "too sure of itself" if calibration.temperature > 1 else "too modest"
    return (
        f"Temperature {calibration.temperature:.2f}: after training the model was {kind}, so its last layer was divided"
        " by this number, which changes no answer, only how sure it is. Fitted on"
        f" {calibration.photos} val photos, where confidence was off by {before} before, and by"
        f" {100 * calibration.ece_after:.1f} after (fitted on one half, measured on the other). Val photos also watched"
        " the training, so new photos may fare a little worse."
    )


def _picture(bins: Sequence[Bin]) -> str:
    bars = "".join(_bar(one) for one in bins)
    ticks = "".join(_tick(share) for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))
    told = "; ".join(f"at {percent(one.confidence, 0)}, {percent(one.right, 0)} right" for one in bins if one.photos)
    width, height = _LEFT + _SIDE + 24, _TOP + _SIDE + _BOTTOM
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
        f' aria-label="Reliability: {told}">{ticks}{bars}'
        f'<path d="M{_x(0):g} {_y(0):g}L{_x(1):g} {_y(1):g}" stroke="var(--warn-bar)" stroke-width="2"/>'
        f'<text class="quiet" x="{_x(0.5):g}" y="{height - 6}" text-anchor="middle">confidence</text>'
        f'<text class="quiet" transform="translate(14 {_y(0.5):g}) rotate(-90)" text-anchor="middle">named rightly'
        "</text></svg>"
    )


def _bar(one: Bin) -> str:
    if not one.photos:
        return ""
    x, width = _x(one.low) + 1.5, _SIDE * (one.high - one.low) - 3
    height = max(_SIDE * one.right, 1)
    opacity = 0.75 if one.photos >= _ENOUGH_PHOTOS else 0.25
    return (
        f'<rect x="{x:.1f}" y="{_y(one.right):.1f}" width="{width:.1f}" height="{height:.1f}" rx="2"'
        f' fill="var(--accent)" opacity="{opacity}"/>'
        f'<text class="small" x="{x + width / 2:.1f}" y="{_y(0) - 5:.1f}" text-anchor="middle">{one.photos}</text>'
    )


def _tick(share: float) -> str:
    return (
        f'<path d="M{_x(0):g} {_y(share):g}H{_x(1):g}" stroke="var(--line)"/>'
        f'<text class="quiet" x="{_x(0) - 5:g}" y="{_y(share) + 4:g}" text-anchor="end">{100 * share:.0f} %</text>'
        f'<text class="quiet" x="{_x(share):g}" y="{_y(0) + 16:g}" text-anchor="middle">{100 * share:.0f} %</text>'
    )


def _x(share: float) -> float:
    return _LEFT + _SIDE * share


def _y(share: float) -> float:
    return _TOP + _SIDE * (1 - share)
