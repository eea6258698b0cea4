"""A labelled file as other people would have made it: pins a quarter further off, words left out, misspelt, added or in another order.

    .venv/bin/python -m tests.bench.variants held.csv other.csv pins words
"""

import math
import random
import sys
from collections.abc import Callable

import pandas as pd

METRES_PER_DEGREE = 111_195.0
WIDER = 0.75  # of the stated accuracy: added to what is there, it makes a spread 1.25 times as wide
USUAL_M, LEAST_M = 25.0, 15.0
ADDED = ("please", "urgent", "confirmed", "there is", "damage", "шкода", "ми", "خبر", "daños")

Row = dict[str, str]


def pins(row: Row, dice: random.Random) -> Row:
    """The pin moved at random, as far as its accuracy allows for."""
    lat, lon = float(row["lat"]), float(row["lon"])
    spread = WIDER**2 * max(float(row.get("accuracy_m") or USUAL_M), LEAST_M) / METRES_PER_DEGREE
    lon += dice.gauss(0, spread) / max(0.1, math.cos(math.radians(lat)))
    return {**row, "lat": str(lat + dice.gauss(0, spread)), "lon": str(lon)}


def words(row: Row, dice: random.Random) -> Row:
    """A quarter of the words gone (never a number), letters lost, a word too many, another order."""
    said = [word for word in row["text"].split() if _is_number(word) or dice.random() > 0.25]
    if dice.random() < 0.5:
        said = [word if len(word) < 4 or _is_number(word) or dice.random() > 0.15 else word[0] + word[2:] for word in said]
    if dice.random() < 0.3:
        said.insert(0, dice.choice(ADDED))
    if dice.random() < 0.3:
        dice.shuffle(said)
    return {**row, "text": " ".join(said)}


CHANGES: dict[str, Callable[[Row, random.Random], Row]] = {"pins": pins, "words": words}


def change(source: str, target: str, *names: str) -> None:
    """Write the file with these changes."""
    dice = random.Random(5)
    rows = pd.read_csv(source, dtype=str, keep_default_na=False).to_dict("records")
    for name in names:
        rows = [CHANGES[name](row, dice) for row in rows]
    pd.DataFrame(rows).to_csv(target, index=False)


def _is_number(word: str) -> bool:
    return any(letter.isdigit() for letter in word)


if __name__ == "__main__":
    change(*sys.argv[1:])
