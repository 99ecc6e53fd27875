"""What happens in front of the drawn counter: a product shown, something else shown, nobody there."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from trainer.synthetic.camera import Pose, place
from trainer.synthetic.drawing import Cutout, Image, Random
from trainer.synthetic.packaging import Shape, draw
from trainer.synthetic.people import HELD_LEFT_PX, HELD_TOP_PX, bare_hand, held, person
from trainer.synthetic.products import PRODUCTS, Product
from trainer.synthetic.surroundings import background
from trainer.synthetic.things import other_thing


@dataclass(frozen=True, slots=True)
class Shown:
    """Something to put in front of a camera."""

    cutout: Cutout
    middle_px: tuple[float, float]
    """The point of the cutout that is its middle to the eye."""
    extent_px: float
    """The longer side of the thing itself, without hand and arm."""


def product_shown(product: Product, rng: Random) -> Shown:
    """A product, mostly in a hand."""
    return _maybe_held(draw(product.design, rng), rng, 0.7)


def other_thing_shown(rng: Random) -> Shown:
    """A thing that the shop does not sell, mostly in a hand."""
    return _maybe_held(other_thing(rng), rng, 0.7)


def bare_hand_shown(rng: Random) -> Shown:
    """A hand with nothing in it."""
    hand = bare_hand(rng)
    return Shown(hand, (hand.shape[1] / 2, hand.shape[0] * 0.4), hand.shape[0] * 0.7)


def pose_for(shown: Shown, rng: Random, width_px: int, height_px: int, size: tuple[float, float]) -> Pose:
    """A way to hold it before the camera; `size` is the range of its extent as a share of the picture's height."""
    return Pose(
        centre_x_px=width_px / 2 + rng.normal(0, 0.08) * height_px,
        centre_y_px=height_px / 2 + rng.normal(0, 0.07) * height_px,
        scale=rng.uniform(*size) * height_px / shown.extent_px,
        turn_degrees=rng.normal(0, 13),
        lean_x=rng.uniform(-0.5, 0.5),
        lean_y=rng.uniform(-0.4, 0.4),
    )


def product_scene(product: Product, rng: Random, width_px: int, height_px: int) -> Image:
    """A product held up somewhere."""
    scene = _somewhere(rng, width_px, height_px)
    shown = product_shown(product, rng)
    pose = pose_for(shown, rng, width_px, height_px, (0.5, 1.2))
    if product.design.shape is Shape.BAR and rng.random() < 0.25:
        pose = replace(pose, turn_degrees=pose.turn_degrees + rng.choice([-80.0, 80.0]))
    return place(scene, shown.cutout, pose, shown.middle_px)


def unknown_scene(rng: Random, width_px: int, height_px: int) -> Image:
    """Anything but a product in full view."""
    kinds: tuple[Callable[[Random, Image], Image], ...] = (_nobody, _hand, _thing, _thing, _thing, _scrap)
    scene = _somewhere(rng, width_px, height_px)
    return kinds[rng.integers(len(kinds))](rng, scene)


def _somewhere(rng: Random, width_px: int, height_px: int) -> Image:
    scene = background(rng, width_px, height_px)
    if rng.random() < 0.25:
        size = rng.uniform(0.5, 1.3) * height_px / 460
        pose = Pose(rng.uniform(0, 1) * width_px, height_px * rng.uniform(0.6, 0.9), size, rng.normal(0, 5))
        scene = place(scene, person(rng), pose)
    return scene


def _nobody(_rng: Random, scene: Image) -> Image:
    return scene


def _hand(rng: Random, scene: Image) -> Image:
    height, width = scene.shape[:2]
    shown = bare_hand_shown(rng)
    return place(scene, shown.cutout, pose_for(shown, rng, width, height, (0.5, 1.3)), shown.middle_px)


def _thing(rng: Random, scene: Image) -> Image:
    height, width = scene.shape[:2]
    shown = other_thing_shown(rng)
    return place(scene, shown.cutout, pose_for(shown, rng, width, height, (0.45, 1.2)), shown.middle_px)


def _scrap(rng: Random, scene: Image) -> Image:
    """A product that has all but left the square which the network sees: too little of it to tell."""
    height, width = scene.shape[:2]
    product = PRODUCTS[rng.integers(len(PRODUCTS))]
    shown = product_shown(product, rng)
    pose = pose_for(shown, rng, width, height, (0.6, 1.1))
    thing_width = draw(product.design, rng).shape[1] * pose.scale * (1 - 0.4 * abs(pose.lean_x))
    beyond = height / 2 + thing_width * rng.uniform(0.40, 0.6)
    aside = width / 2 + rng.choice([-1, 1]) * beyond
    return place(scene, shown.cutout, replace(pose, centre_x_px=aside), shown.middle_px)


def _maybe_held(thing: Cutout, rng: Random, share: float) -> Shown:
    height, width = thing.shape[:2]
    if rng.random() >= share:
        return Shown(thing, (width / 2, height / 2), max(height, width))
    middle = HELD_LEFT_PX + width / 2, HELD_TOP_PX + height / 2
    return Shown(held(thing, rng), middle, max(height, width))
