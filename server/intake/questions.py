"""What the report page asks beside the code lists: how exact the place is, and when it happened, in a resident's words.

Pure: the page draws these answers, ``intake/form.py`` turns them into the columns of a report.
"""

from server.core.choices import N_, Choice

PHOTO_LIMIT = 8


class Exactness(Choice):
    """How exact the place is; `metres` is the radius the answer stands for."""

    BUILDING = "BUILDING", N_("This exact building or spot"), "", 15
    STREET = "STREET", N_("The right street, perhaps not the right building"), "", 150
    AREA = "AREA", N_("The right neighbourhood or village"), "", 1000
    TOWN = "TOWN", N_("Only the right town or district"), "", 8000

    def __init__(self, _code: str, _label: str, _icon: str, metres: int) -> None:
        """Keep the radius in metres."""
        self.metres = metres


class When(Choice):
    """The day it happened, as a resident says it."""

    NOW = "NOW", N_("Just now, within the last hour")
    TODAY = "TODAY", N_("Today")
    YESTERDAY = "YESTERDAY", N_("Yesterday")
    DATE = "DATE", N_("Another day")
    UNK = "UNK", N_("Not sure")


class DayPart(Choice):
    """The part of that day; `hours` is the half-open interval in local time."""

    NIGHT = "NIGHT", N_("Night, 0–6 h"), "", 0, 6
    MORNING = "MORNING", N_("Morning, 6–12 h"), "", 6, 12
    AFTERNOON = "AFTERNOON", N_("Afternoon, 12–18 h"), "", 12, 18
    EVENING = "EVENING", N_("Evening, 18–24 h"), "", 18, 24

    def __init__(self, _code: str, _label: str, _icon: str, first: int, last: int) -> None:
        """Keep the hours, the last one not included."""
        self.hours = (first, last)
