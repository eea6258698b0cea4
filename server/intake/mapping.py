"""Which column of a stranger's table says what: by what the sender told, by HXL tags, by headings in six languages. Pure.

A target is a field of a new report, or one of EXTRA. A column without a target is not dropped: its words are kept unread.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

EXTRA = (
    "lat", "lon", "place", "row_key", "event_date", "event_time", "reported_at", "damage_best",
)  # fmt: skip
"""Targets beside the fields of a report: `place` is a place in any form, `damage_best` a bare number of our own scale."""

SEVERAL = frozenset({"text", "place_text", "needs", "hazards", "access_constraints"})
"""Targets that may be told in several columns."""

KEEP = "-"
"""Given as a target, it keeps a column unread although its heading is known."""

HEADINGS: dict[str, tuple[str, ...]] = {
    "lat": (
        "lat", "latitude", "y", "gps latitude", "location latitude", "gps lat", "lat dd", "latitude dd", "y coord", "point y",
        "широта", "خط العرض", "latitud", "geo lat",
    ),
    "lon": (
        "lon", "lng", "long", "longitude", "x", "gps longitude", "location longitude", "gps lon", "lon dd", "longitude dd",
        "x coord", "point x", "довгота", "долгота", "خط الطول", "longitud", "geo lon",
    ),
    "place": (
        "coordinates", "coordinate", "coords", "gps", "gps coordinates", "geopoint", "lat lon", "latlon", "mgrs", "plus code",
        "координати", "координаты", "إحداثيات", "الإحداثيات", "coordenadas", "coordonnées", "coordonnees", "gps location",
    ),
    "place_text": (
        "address", "place", "location", "location name", "place name", "settlement", "city", "town", "village", "street",
        "адреса", "адрес", "місце", "место", "населений пункт", "населенный пункт", "місто", "город", "вулиця", "улица",
        "العنوان", "الموقع", "المكان", "المدينة", "dirección", "direccion", "lugar", "ciudad", "adresse", "lieu", "ville",
    ),
    "row_key": (
        "id", "uuid", "key", "row key", "record id", "external id", "objectid", "object id", "fid", "global id", "globalid",
        "incident id", "report id", "event id", "event id cnty", "number", "no", "№", "номер", "код", "الرقم", "número", "numéro",
    ),
    "event_date": (
        "date", "event date", "incident date", "date of incident", "date of event", "date of attack", "date of damage",
        "occurred", "occurred at", "дата", "дата події", "дата удару", "дата пошкодження", "дата события", "дата удара",
        "дата повреждения", "التاريخ", "تاريخ", "تاريخ الحادث", "fecha", "fecha del suceso", "date de l'incident", "datetime",
    ),
    "event_time": ("time", "event time", "incident time", "time of incident", "час", "час події", "время", "الوقت", "hora", "heure"),
    "event_earliest": ("date start", "start date", "date from", "from", "earliest", "дата початку", "дата начала"),
    "event_latest": ("date end", "end date", "date to", "latest", "дата закінчення", "дата окончания"),
    "event_precision": ("date precision", "time precision"),
    "reported_at": (
        "reported at", "report date", "date reported", "date of report", "reported", "submission time", "timestamp",
        "submitted at", "received at", "дата повідомлення", "дата сообщения", "تاريخ الإبلاغ", "fecha del informe",
        "date du signalement",
    ),
    "site_type": (
        "site type", "category", "type", "facility type", "type of facility", "infrastructure", "infrastructure type",
        "type of infrastructure", "building type", "object type", "object", "type of place", "sector", "facility",
        "тип об'єкта", "об'єкт", "категорія", "вид об'єкта", "тип", "тип объекта", "объект", "категория", "вид объекта",
        "نوع المنشأة", "الفئة", "النوع", "tipo", "categoría", "categoria", "tipo de lugar", "catégorie", "categorie",
        "type de lieu", "type d'infrastructure",
    ),
    "damage": (
        "damage", "damage grade", "damage level", "damage class", "grade", "level of damage", "degree of damage",
        "damage status", "ступінь пошкодження", "ступінь руйнування", "пошкодження", "степень повреждения",
        "степень разрушения", "повреждения", "درجة الضرر", "الضرر", "مستوى الضرر", "daño", "grado de daño",
        "nivel de daño", "dégât", "dégâts", "niveau de dommage", "degré de dommage",
    ),
    "damage_best": ("damage best",),
    "source_scale": ("damage source scale", "scale", "damage scale"),
    "cause": ("cause", "weapon", "type of attack", "причина", "السبب", "causa", "cause des dégâts"),
    "text": (
        "text", "description", "comment", "comments", "notes", "note", "summary", "details", "remarks", "title", "narrative",
        "опис", "примітка", "примітки", "коментар", "описание", "примечание", "примечания", "комментарий",
        "الوصف", "وصف", "ملاحظات", "descripción", "descripcion", "notas", "commentaire", "commentaires", "remarques",
    ),
    "needs": ("needs", "need", "потреби", "нужды", "потребности", "الاحتياجات", "necesidades", "besoins"),
    "hazards": ("hazards", "hazard", "dangers", "небезпеки", "опасности", "المخاطر", "peligros"),
    "functional_status": ("functional status", "functionality", "status of function", "functioning"),
    "pin_accuracy_m": (
        "accuracy", "accuracy m", "gps accuracy", "gps precision", "location accuracy", "location precision", "precision m",
        "точність", "точность", "الدقة", "precisión", "précision",
    ),
    "lang": ("lang", "language", "мова", "язык", "اللغة", "idioma", "langue"),
    "source_type": ("source type", "source", "джерело", "источник", "المصدر", "fuente"),
    "contact": ("contact", "контакт", "جهة الاتصال", "contacto"),
}  # fmt: skip
"""Headings as other people write them, each folded before it is compared; the names and words of our own fields are added."""

TAGS: dict[str, tuple[str, ...]] = {
    "lat": ("#geo+lat",),
    "lon": ("#geo+lon",),
    "place": ("#geo+coord", "#geo+point"),
    "row_key": ("#event+id", "#meta+id", "#meta+uuid", "#loc+id"),
    "event_date": ("#date", "#date+occurred", "#date+event"),
    "event_earliest": ("#date+occurred+start", "#date+start"),
    "event_latest": ("#date+occurred+end", "#date+end"),
    "reported_at": ("#date+reported", "#date+received"),
    "text": ("#description", "#event+description", "#meta+comment"),
    "place_text": ("#loc+name", "#loc", "#adm4+name", "#adm3+name", "#adm2+name", "#adm1+name"),
    "site_type": ("#loc+type", "#loc+type+code", "#loc+category", "#infra+type"),
    "damage": ("#severity+damage", "#severity+damage+code", "#severity", "#impact+damage"),
    "damage_best": ("#severity+damage+code+num",),
}
"""HXL tags of each target; the tags in the passports of our own fields are added."""


def folded(heading: str) -> str:
    """A heading as it is compared: small letters, words parted by single spaces, no marks, no unit in brackets."""
    text = unicodedata.normalize("NFKC", heading).casefold().replace("ʼ", "'").replace("’", "'")
    return " ".join(re.sub(r"[\s_\-./:,;*?!()\[\]\"]+", " ", text).split())


def known_headings(own: Mapping[str, str]) -> dict[str, str]:
    """Every folded heading and its target; `own` holds the names and words of our own fields, which come first."""
    others = {folded(word): target for target, words in HEADINGS.items() for word in words}
    return {**others, **{folded(word): target for word, target in own.items()}}


def propose(
    headings: Sequence[str],
    tags: Sequence[str],
    *,
    known: Mapping[str, str],
    tagged: Mapping[str, str],
    given: Mapping[str, str],
) -> dict[str, str]:
    """`{heading: target}` for the columns that say something: as `given` by the sender, else by tag, else by heading.

    A target is taken once, except those of SEVERAL; the surest column has it, a second one stays unread.
    """
    asked = {folded(heading): target for heading, target in given.items()}
    told = {heading: asked[folded(heading)] for heading in headings if folded(heading) in asked}
    by_tag = [(heading, target_of_tag(tag, tagged)) for heading, tag in zip(headings, tags, strict=False)]
    by_name = [
        (heading, known.get(folded(heading), "")) for heading in sorted(headings, key=lambda h: _doubt(h, known))
    ]
    found = dict(told)
    for heading, target in [*by_tag, *by_name]:
        if target and heading not in found and (target in SEVERAL or target not in found.values()):
            found[heading] = target
    return {heading: found[heading] for heading in headings if found.get(heading, KEEP) != KEEP}


def _doubt(heading: str, known: Mapping[str, str]) -> bool:
    """A heading that is the very name of its target comes before one that is a word for it."""
    return folded(heading) != folded(known.get(folded(heading), ""))


def target_of_tag(tag: str, tagged: Mapping[str, str]) -> str:
    """The target of the tag whose attributes are all in `tag` and are the most; "" if there is none."""
    name, attributes = _parts(tag)
    fitting = [
        (len(wanted), target)
        for other, target in tagged.items()
        if (own := _parts(other))[0] == name and (wanted := own[1]) <= attributes
    ]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting and name else ""


def known_tags(own: Mapping[str, str]) -> dict[str, str]:
    """Every HXL tag and its target; `own` are the tags of our own fields."""
    return {**own, **{tag: target for target, tags in TAGS.items() for tag in tags}}


def _parts(tag: str) -> tuple[str, frozenset[str]]:
    name, *attributes = re.sub(r"\s", "", tag).casefold().split("+")
    return name, frozenset(attributes)


def unknown_targets(targets: Iterable[str], fields: Iterable[str]) -> list[str]:
    """Those of `targets` that no report has."""
    allowed = {*fields, *EXTRA, KEEP}
    return [target for target in targets if target not in allowed]
