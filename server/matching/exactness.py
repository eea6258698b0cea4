"""Who sees the exact place of a damage record, and what everybody else at the desk sees instead: the square of a fixed grid it lies in.

The most protected (S4) are shown in their square to everybody, on maps, in lists and in filters alike, and counted there by the
database itself (``tessera_shown_key``); the exact place of one is on its own page alone, for the protection focal point and for
whom they gave it to.

A grid, never a shift: asking twice, or for a smaller box, teaches nothing more. The squares are cells of the map's own Z-order
grid: some 400 to 600 m wide, twice that for S3, about 20 km for S4 (policy for partners, ``reference/standards`` §4.3).
"""

from collections.abc import Callable
from math import atan, cos, exp, floor, pi, radians, sqrt
from math import ceil as ceiling

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, literal, not_, or_

from server.accounts.policy import Actor, may
from server.core.columns import lon_lat
from server.core.geography import CELL_LEVEL, cell_key, key_centre, mercator
from server.matching.models import Incident
from server.vocabulary import SensitivityClass

USUAL, PROTECTED, SEVERE = 16, 15, 11  # levels of the grid
LEVELS = {SensitivityClass.S3: PROTECTED, SensitivityClass.S4: SEVERE}
SMALLEST_AREA = 3  # the level of areas that would tell too much of the most protected
EQUATOR_M = 40_075_017.0

Box = tuple[float, float, float, float]


def sees_exactly(actor: Actor) -> bool:
    """Whether an actor sees exact places in general, those of S4 excepted; who does not sees one only by an accepted assignment."""
    return may(actor, "see_exact_points")


def sees_place_of(actor: Actor, s_class: SensitivityClass) -> bool:
    """Whether an actor sees the exact place of a record or report of this class without being given it."""
    return sees_exactly(actor) and (s_class is not SensitivityClass.S4 or may(actor, "see_most_protected"))


def level_of(s_class: SensitivityClass) -> int:
    """The level of the grid on which a record of this class is shown."""
    return LEVELS.get(s_class, USUAL)


def square_of(incident: Incident) -> tuple[float, float, float] | None:
    """Longitude, latitude and half the diagonal (metres) of the square a record lies in; None without a place."""
    if incident.point is None:
        return None
    level = level_of(incident.s_class)
    lon, lat = key_centre(cell_key(*lon_lat(incident.point)) >> (2 * (CELL_LEVEL - level)), level)
    return round(lon, 5), round(lat, 5), radius_m(level, lat)


def radius_m(level: int, lat: float) -> float:
    """Half the diagonal of a square at this level and latitude, in metres."""
    return round(EQUATOR_M / 2**level * cos(radians(lat)) / sqrt(2), 0)


def square_key() -> ColumnElement[int]:
    """SQL: the finest key of the middle of the square in which a record is shown."""
    shift = case(
        *((Incident.s_class == s_class, 2 * (CELL_LEVEL - level)) for s_class, level in LEVELS.items()),
        else_=2 * (CELL_LEVEL - USUAL),
    )
    begin = Incident.cell_key.op(">>")(shift).op("<<")(shift)
    return begin + cast(literal(3), BigInteger).op("<<")(shift - 2)


def shown_key() -> ColumnElement[int]:
    """SQL: the key at which the desk shows a record: its own, or the middle of the square of S4."""
    return func.tessera_shown_key(Incident.cell_key, Incident.s_class)


def shown_in_tile(z: int, x: int, y: int, span: Callable[[int, int, int], tuple[int, int]]) -> ColumnElement[bool]:
    """SQL: the records the desk shows in a tile; by the index, S4 by the square that holds the tile where that is smaller."""
    here, around = _between(span(z, x, y)), _between(span(*_parent(z, x, y, SEVERE)))
    low, high = span(z, x, y)
    most = Incident.s_class == SensitivityClass.S4
    return or_(and_(not_(most), *here), and_(most, *around, shown_key() >= low, shown_key() < high))


def in_tile(z: int, x: int, y: int, span: Callable[[int, int, int], tuple[int, int]]) -> ColumnElement[bool]:
    """SQL: the records whose square has its middle in a tile; ``span`` gives the half-open range of finest keys of a tile.

    By the index, each class looks only at the tile, or where the tile is smaller than its squares, at the one square around it.
    """
    low, high = span(z, x, y)
    classes = ((Incident.s_class.not_in(LEVELS), USUAL), *((Incident.s_class == s_class, level) for s_class, level in LEVELS.items()))
    around = [and_(of_class, *_between(span(*_parent(z, x, y, level)))) for of_class, level in classes]
    return and_(or_(*around), square_key() >= low, square_key() < high)


def _parent(z: int, x: int, y: int, level: int) -> tuple[int, int, int]:
    up = max(0, z - level)
    return z - up, x >> up, y >> up


def _between(keys: tuple[int, int]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Incident.cell_key >= keys[0], Incident.cell_key < keys[1]


def in_box(box: Box, *, exact: bool = False) -> ColumnElement[bool]:
    """SQL: the records whose square touches a box (west, south, east, north): the box grown to whole squares, for S4 always."""
    if exact:
        most = Incident.s_class == SensitivityClass.S4
        return or_(and_(not_(most), _inside(box)), and_(most, _inside(grown(box, SEVERE))))
    usual = and_(Incident.s_class.not_in(LEVELS), _inside(grown(box, USUAL)))
    return or_(usual, *(and_(Incident.s_class == s_class, _inside(grown(box, level))) for s_class, level in LEVELS.items()))


def _inside(box: Box) -> ColumnElement[bool]:
    return Incident.point.op("&&")(func.ST_MakeEnvelope(*box, 4326))


def grown(box: Box, level: int) -> Box:
    """A box whose sides lie on the lines of the grid."""
    (left, top), (right, bottom), side = mercator(box[0], box[3]), mercator(box[2], box[1]), 2**level
    west, east = floor(left * side) / side, ceiling(right * side) / side
    north, south = floor(top * side) / side, ceiling(bottom * side) / side
    return west * 360 - 180, _latitude(south), east * 360 - 180, _latitude(north)


def _latitude(y: float) -> float:
    return (2 * atan(exp((0.5 - y) * 2 * pi)) - pi / 2) * 180 / pi
