"""The rules of CAP 1.2 (OASIS Standard, 1 July 2010, chapter 3 and its schema), written down as they stand there.

No copy of the schema is at hand offline, so each rule is said here once: the elements of each block in their order, which must
be there, which may come again, what their words may be.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from xml.etree import ElementTree as ET

NAMESPACE = "{urn:oasis:names:tc:emergency:cap:1.2}"
# name: (fewest, most); None for as many as one likes. In the order of the schema, which is a sequence.
BLOCKS = {
    "alert": {
        "identifier": (1, 1), "sender": (1, 1), "sent": (1, 1), "status": (1, 1), "msgType": (1, 1), "source": (0, 1), "scope": (1, 1),
        "restriction": (0, 1), "addresses": (0, 1), "code": (0, None), "note": (0, 1), "references": (0, 1), "incidents": (0, 1),
        "info": (0, None),
    },
    "info": {
        "language": (0, 1), "category": (1, None), "event": (1, 1), "responseType": (0, None), "urgency": (1, 1), "severity": (1, 1),
        "certainty": (1, 1), "audience": (0, 1), "eventCode": (0, None), "effective": (0, 1), "onset": (0, 1), "expires": (0, 1),
        "senderName": (0, 1), "headline": (0, 1), "description": (0, 1), "instruction": (0, 1), "web": (0, 1), "contact": (0, 1),
        "parameter": (0, None), "resource": (0, None), "area": (0, None),
    },
    "area": {"areaDesc": (1, 1), "polygon": (0, None), "circle": (0, None), "geocode": (0, None), "altitude": (0, 1), "ceiling": (0, 1)},
    "geocode": {"valueName": (1, 1), "value": (1, 1)},
}  # fmt: skip
CODES = {
    "status": {"Actual", "Exercise", "System", "Test", "Draft"},
    "msgType": {"Alert", "Update", "Cancel", "Ack", "Error"},
    "scope": {"Public", "Restricted", "Private"},
    "category": {"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"},
    "responseType": {"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"},
    "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
    "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
}  # fmt: skip
TIMES = {"sent", "effective", "onset", "expires"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")  # never "Z", never parts of a second
LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
NO_SPACES = {"identifier", "sender"}  # "MUST NOT include spaces, commas or restricted characters (< and &)"
LONGEST_HEADLINE = 160


def broken(message: bytes) -> Iterator[str]:
    """The rules that a message breaks, each with what broke it; nothing where it keeps all."""
    try:
        alert = ET.fromstring(message)  # noqa: S314 - our own message
    except ET.ParseError as error:
        yield f"no XML: {error}"
        return
    if alert.tag != f"{NAMESPACE}alert":
        yield f"not an alert of 1.2: {alert.tag}"
    yield from _block(alert)
    sent, expires = alert.findtext(f"{NAMESPACE}sent"), {one.text for one in alert.iter(f"{NAMESPACE}expires")}
    if not list(broken_times([sent, *expires])) and any(_read(one) <= _read(sent) for one in expires):
        yield "it is over before it is sent"
    if alert.findtext(f"{NAMESPACE}status") == "Exercise" and not alert.findtext(f"{NAMESPACE}note"):
        yield "an exercise without a note that names it"
    languages = [one.text for one in alert.iter(f"{NAMESPACE}language")]
    if len(languages) != len(set(languages)) or len(languages) != len(alert.findall(f"{NAMESPACE}info")):
        yield f"its infos are not one for each language: {languages}"


def broken_times(words: list[str | None]) -> Iterator[str]:
    """The times that are not as the standard writes them."""
    yield from (f"time {word!r}" for word in words if not (word and MOMENT.fullmatch(word)))


def _block(element: ET.Element) -> Iterator[str]:
    name = element.tag.removeprefix(NAMESPACE)
    rule, found = BLOCKS[name], [child.tag.removeprefix(NAMESPACE) for child in element]
    if unknown := set(found) - set(rule):
        yield f"{name} holds {unknown}"
        return
    if found != sorted(found, key=list(rule).index):
        yield f"{name} is out of order: {found}"
    for part, (fewest, most) in rule.items():
        if not fewest <= found.count(part) <= (most or len(found)):
            yield f"{name} has {found.count(part)} of {part}"
    for child in element:
        yield from _block(child) if child.tag.removeprefix(NAMESPACE) in BLOCKS else _words(child)


def _words(element: ET.Element) -> Iterator[str]:
    name, words = element.tag.removeprefix(NAMESPACE), element.text or ""
    if not words.strip() or words != words.strip():
        yield f"{name} is empty, or has spaces around it"
    if name in CODES and words not in CODES[name]:
        yield f"{name} is {words!r}"
    if name in TIMES:
        yield from broken_times([words])
    if name in NO_SPACES and re.search(r"[\s,<&]", words):
        yield f"{name} has a space, a comma or a restricted character: {words!r}"
    if name == "language" and not LANGUAGE.fullmatch(words):
        yield f"language {words!r}"
    if name == "headline" and len(words) > LONGEST_HEADLINE:
        yield "a headline too long for a telephone"
    if name == "polygon":
        yield from _polygon(words)


def _polygon(words: str) -> Iterator[str]:
    """Pairs of latitude and longitude, four at least, the last the first."""
    pairs = words.split(" ")
    if len(pairs) < 4 or pairs[0] != pairs[-1]:
        yield "a polygon that is not closed, or has fewer than four corners"
    for pair in pairs:
        lat, _, lon = pair.partition(",")
        if not (abs(float(lat)) <= 90 and abs(float(lon)) <= 180):
            yield f"{pair} is nowhere"


def _read(word: str | None) -> datetime:
    return datetime.fromisoformat(word or "")
