"""The ten products of the drawn shop. Two pairs share brand and shape, as they do on any real shelf."""

from dataclasses import dataclass

import cv2

from trainer.synthetic.packaging import Design, Pattern, Shape

WHITE = (250, 250, 250)
YELLOW = (60, 220, 250)


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the shop."""

    label: str
    name: str
    price_pence: int
    design: Design


PRODUCTS = (
    Product(
        "apple-juice",
        "Appelo Apple Juice",
        110,
        Design(Shape.CARTON, (60, 165, 70), (150, 235, 190), WHITE, Pattern.RAYS, "Appelo", "APPLE",
               cv2.FONT_HERSHEY_COMPLEX),
    ),
    Product(
        "chocolate-bar",
        "Moonbar Chocolate",
        75,
        Design(Shape.BAR, (125, 25, 85), (70, 180, 225), (120, 225, 250), Pattern.DIAMONDS, "MOONBAR", "CHOCO"),
    ),
    Product(
        "cola",
        "Fizzo Cola",
        90,
        Design(Shape.CAN, (28, 22, 36), (40, 30, 205), WHITE, Pattern.BAND, "Fizzo", "COLA",
               cv2.FONT_HERSHEY_SCRIPT_COMPLEX),
    ),
    Product(
        "gummy-bears",
        "Bubbli Gummy Bears",
        95,
        Design(Shape.PACKET, (185, 110, 245), (90, 215, 140), WHITE, Pattern.DOTS, "Bubbli", "BEARS",
               cv2.FONT_HERSHEY_DUPLEX),
    ),
    Product(
        "iced-coffee",
        "Mokka Iced Coffee",
        150,
        Design(Shape.CARTON, (200, 228, 245), (35, 60, 100), WHITE, Pattern.BAND, "MOKKA", "COFFEE"),
    ),
    Product(
        "lemonade",
        "Fizzo Lemonade",
        90,
        Design(Shape.CAN, (40, 215, 248), (60, 150, 40), (60, 110, 20), Pattern.STRIPES, "Fizzo", "LEMON",
               cv2.FONT_HERSHEY_SCRIPT_COMPLEX),
    ),
    Product(
        "oat-bar",
        "Oatie Oat Bar",
        60,
        Design(Shape.BAR, (145, 190, 220), (70, 130, 60), (40, 90, 40), Pattern.BAND, "OATIE", "HONEY"),
    ),
    Product(
        "paprika-crisps",
        "Krispo Paprika Crisps",
        80,
        Design(Shape.PACKET, (35, 35, 205), (40, 170, 250), YELLOW, Pattern.WAVES, "KRISPO", "PAPRIKA"),
    ),
    Product(
        "peanuts",
        "Nutties Peanuts",
        70,
        Design(Shape.PACKET, (30, 145, 245), (30, 60, 115), (25, 40, 90), Pattern.DIAMONDS, "Nutties", "SALTED",
               cv2.FONT_HERSHEY_COMPLEX),
    ),
    Product(
        "sea-salt-crisps",
        "Krispo Sea Salt Crisps",
        80,
        Design(Shape.PACKET, (200, 95, 20), (245, 225, 190), WHITE, Pattern.WAVES, "KRISPO", "SEA SALT"),
    ),
)  # fmt: skip
