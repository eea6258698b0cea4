"""Reports of damage in made-up towns, as a file for the matching commands: what the truth is, is known, and nobody lives there.

    .venv/bin/python -m tests.bench.towns 100000 reports.csv.gz
"""

import csv
import gzip
import math
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

HEADER = (
    "id", "lat", "lon", "reported_at", "category", "text", "lang", "source", "cluster_id", "label", "damage", "accuracy_m", "photo_phash",
)  # fmt: skip
METRE = 1 / 111_195
KINDS = {
    "school": {"en": "school", "uk": "школа", "ar": "مدرسة", "es": "escuela"},
    "clinic": {"en": "clinic", "uk": "поліклініка", "ar": "عيادة", "es": "clínica"},
    "residential": {"en": "apartment block", "uk": "багатоповерхівка", "ar": "مبنى سكني", "es": "edificio residencial"},
    "market": {"en": "market", "uk": "ринок", "ar": "سوق", "es": "mercado"},
    "power": {"en": "substation", "uk": "підстанція", "ar": "محول كهرباء", "es": "subestación"},
}
SAYINGS = {
    "en": ("Explosion at {site}", "{site} was hit", "{site} damaged, {more}", "{more} at {site}", "{site}"),
    "uk": ("вибух, {site}", "влучання: {site}", "{site} пошкоджено, {more}", "{more}, {site}", "{site}"),
    "ar": ("انفجار في {site}", "قصف {site}", "تضرر {site}، {more}", "{site}"),
    "es": ("explosión en {site}", "impacto en {site}", "{site} dañado, {more}", "{site}"),
}
MORE = {
    "en": ("windows blown out", "the roof is gone", "fire on site", "people may be under the rubble"),
    "uk": ("вибиті вікна", "зруйновано дах", "пожежа", "під завалами можуть бути люди"),
    "ar": ("تحطم النوافذ", "حريق في الموقع", "انهار السقف"),
    "es": ("ventanas rotas", "incendio en el lugar", "sin techo"),
}
STREETS = (("Soborna St", "вул. Соборна", "شارع الكاتدرائية", "calle Soborna"), ("Market St", "вул. Ринкова", "شارع السوق", "calle del Mercado"))
TONGUES = ("en", "uk", "ar", "es")
GRADES = ("minor", "partial", "severe", "destroyed")


def rows(count: int, *, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """``count`` rows in the order of HEADER: towns struck on many nights, two to five neighbours at a time, one to nine reports each."""
    dice, made, incident, town = random.Random(seed), 0, 0, 0
    while made < count:
        lat, lon = 20 + (town // 340) * 0.1, -170 + (town % 340) * 1.0
        town += 1
        for night in range(30):
            at = datetime(2024, 1, 1, 18, tzinfo=UTC) + timedelta(days=3 * night, minutes=dice.randrange(600))
            north, east = dice.uniform(-3000, 3000), dice.uniform(-3000, 3000)
            for neighbour in range(dice.choice((1, 1, 2, 3, 5))):
                incident += 1
                site = _site(dice, lat, lon, north + 45 * neighbour, east + dice.gauss(0, 30))
                for _ in range(min(9, 1 + int(dice.expovariate(0.6)))):
                    if made < count:
                        yield _report(dice, f"R{made:08}", f"I{incident:07}", site, at + timedelta(minutes=3 * neighbour))
                        made += 1


def write(path: str, count: int, *, seed: int = 1) -> None:
    """Write a file of them."""
    opened = gzip.open(path, "wt", newline="", encoding="utf-8") if path.endswith(".gz") else open(path, "w", newline="", encoding="utf-8")  # noqa: PTH123, SIM115
    with opened as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        out.writerows(rows(count, seed=seed))


def _site(dice: random.Random, lat: float, lon: float, north: float, east: float) -> dict:
    return {
        "lat": lat + north * METRE, "lon": lon + east * METRE / math.cos(math.radians(lat)), "kind": dice.choice(sorted(KINDS)),
        "number": dice.randrange(1, 140), "street": dice.choice(STREETS), "house": dice.randrange(1, 140), "grade": dice.randrange(4),
        "photo": dice.getrandbits(64),
    }  # fmt: skip


def _report(dice: random.Random, number: str, incident: str, site: dict, at: datetime) -> tuple[str, ...]:
    tongue = dice.choice(TONGUES)
    off = abs(dice.gauss(0, 30)) if dice.random() < 0.9 else dice.uniform(100, 1500)
    turn = dice.uniform(0, 2 * math.pi)
    kind = site["kind"] if dice.random() < 0.8 else dice.choice(sorted(KINDS))
    named = KINDS[site["kind"]][tongue]
    if dice.random() < 0.45:
        named += f" №{site['number']}"
    if dice.random() < 0.4:
        named += f" {site['street'][TONGUES.index(tongue)]} {site['house']}"
    said = dice.choice(SAYINGS[tongue]).format(site=named, more=dice.choice(MORE[tongue])) if dice.random() < 0.9 else ""
    photo = f"{site['photo'] ^ (1 << dice.randrange(64)):016x}" if dice.random() < 0.25 else ""
    grade = GRADES[min(3, max(0, site["grade"] + (dice.random() < 0.2) - (dice.random() < 0.2)))]
    return (
        number, f"{site['lat'] + off * math.cos(turn) * METRE:.6f}", f"{site['lon'] + off * math.sin(turn) * METRE:.6f}",
        (at + timedelta(minutes=dice.expovariate(1 / 200))).isoformat(timespec="seconds"), kind, said, tongue, dice.choice(("app", "web", "sms")),
        incident, "gold", grade, str(dice.randrange(3, 60)) if dice.random() < 0.6 else "", photo,
    )  # fmt: skip


if __name__ == "__main__":
    write(sys.argv[2], int(sys.argv[1]))
