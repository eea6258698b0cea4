"""Photos that the program draws: a house with as much damage as the grade says, and the word EXERCISE across it."""

import io
import random

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 960, 720
WALL, ROOF, SKY, GROUND, HOLE = (214, 196, 168), (150, 72, 52), (176, 204, 224), (120, 116, 100), (48, 44, 42)


def draw(seed: int, grade: int) -> bytes:
    """A JPEG of a made-up house with damage ``grade`` 0–4; the same seed and grade draw the same picture."""
    dice = random.Random(seed)  # noqa: S311 - a drawing needs no secret dice
    image = Image.new("RGB", (WIDTH, HEIGHT), tuple(max(0, c - dice.randrange(40)) for c in SKY))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 520, WIDTH, HEIGHT), fill=tuple(c + dice.randrange(-15, 15) for c in GROUND))
    left, top, wide, floors = (
        dice.randrange(120, 300),
        dice.randrange(200, 300),
        dice.randrange(320, 520),
        dice.randrange(1, 4),
    )
    _house(pen, (left, top, left + wide, 560), floors, grade, dice)
    _damage(pen, (left, top, left + wide, 560), grade, dice)
    pen.text(
        (30, HEIGHT - 70), "EXERCISE", fill=(255, 255, 255), font_size=48, stroke_width=3, stroke_fill=(107, 47, 160)
    )
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82)
    return out.getvalue()


def _house(
    pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], floors: int, grade: int, dice: random.Random
) -> None:
    left, top, right, bottom = box
    shade = dice.randrange(-30, 30)
    pen.rectangle(box, fill=tuple(max(0, min(255, c + shade)) for c in WALL), outline=(60, 50, 40), width=3)
    if grade < 2:
        pen.polygon([(left - 25, top), ((left + right) // 2, top - 110), (right + 25, top)], fill=ROOF)
    for floor in range(floors + 1):
        for column in range(4):
            x, y = left + 30 + column * (right - left - 60) // 4, top + 30 + floor * (bottom - top - 60) // (floors + 1)
            broken = grade >= 1 and dice.random() < 0.3 * grade
            pen.rectangle(
                (x, y, x + 46, y + 56), fill=HOLE if broken else (120, 160, 190), outline=(250, 250, 245), width=3
            )


def _damage(pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], grade: int, dice: random.Random) -> None:
    left, top, right, bottom = box
    for _ in range(3 * grade):
        x, y = dice.randrange(left, right), dice.randrange(top, bottom)
        pen.line(
            [(x + dice.randrange(-12, 12) * step, y + 14 * step) for step in range(6)],
            fill=(70, 58, 48),
            width=2 + grade,
        )
    if grade >= 3:
        reach = (right - left) // (5 - grade)
        pen.polygon(
            [
                (right, top - 5),
                (right - reach, top - 5),
                (right - reach // 2, (top + bottom) // 2),
                (right, bottom - 40),
            ],
            fill=SKY,
        )
    if grade >= 2:
        for _ in range(14 * grade):
            x, y, size = dice.randrange(left - 60, right + 60), dice.randrange(540, 640), dice.randrange(8, 34)
            pen.polygon(
                [(x, y), (x + size, y - size // 2), (x + size + 8, y + size // 2), (x + 4, y + size)],
                fill=tuple(c - 30 for c in WALL),
            )
