"""Metres, boxes and map cells on the globe. Pure; longitude comes before latitude; degrees unless a name says metres."""

from math import asin, atan, cos, exp, floor, log, pi, radians, sin, sqrt, tan

EARTH_RADIUS_M = 6_371_008.8
METRES_PER_DEGREE = EARTH_RADIUS_M * pi / 180
CELL_LEVEL = 24  # the Z-order key q names one web-mercator cell of 1/2^24 of the world, about 2.4 m at the equator
MERCATOR_LIMIT = 85.05112878


def metres_between(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Great-circle distance in metres (haversine, mean Earth radius)."""
    half_lat, half_lon = radians(lat2 - lat1) / 2, radians(lon2 - lon1) / 2
    chord = sin(half_lat) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(chord)))


def box_around(lon: float, lat: float, metres: float) -> tuple[float, float, float, float]:
    """West, south, east, north of a box that holds the circle of ``metres`` round a point (not across the date line)."""
    rise = metres / METRES_PER_DEGREE
    run = rise / max(0.01, cos(radians(min(89.0, abs(lat)))))
    return lon - run, max(-90.0, lat - rise), lon + run, min(90.0, lat + rise)


def mercator(lon: float, lat: float) -> tuple[float, float]:
    """Web-mercator position as fractions of the world, x eastward and y southward, both in [0, 1)."""
    lat = max(-MERCATOR_LIMIT, min(MERCATOR_LIMIT, lat))
    x = (lon + 180) / 360
    y = 0.5 - log(tan(pi / 4 + radians(lat) / 2)) / (2 * pi)
    top = 1 - 2**-30
    return min(top, max(0.0, x)), min(top, max(0.0, y))


def cell_key(lon: float, lat: float) -> int:
    """The Z-order (Morton) key of the level-24 cell that holds a point: each coarser cell is a range of keys."""
    x, y = mercator(lon, lat)
    return interleave(floor(x * 2**CELL_LEVEL), floor(y * 2**CELL_LEVEL))


def interleave(x: int, y: int) -> int:
    """Two 24-bit numbers woven into one 48-bit key, x in the even bits."""
    return _spread(x) | (_spread(y) << 1)


def tile_range(z: int, x: int, y: int, level: int) -> tuple[int, int]:
    """The half-open range of keys at ``level`` (>= z) that lie in tile z/x/y."""
    shift = 2 * (level - z)
    low = interleave(x, y) << shift
    return low, low + (1 << shift)


def key_centre(key: int, level: int) -> tuple[float, float]:
    """Longitude and latitude of the middle of the cell ``key`` at ``level``."""
    side = 2**level
    x, y = (_gather(key) + 0.5) / side, (_gather(key >> 1) + 0.5) / side
    return x * 360 - 180, (2 * atan(exp((0.5 - y) * 2 * pi)) - pi / 2) * 180 / pi




def _spread(value: int) -> int:
    value &= 0xFFFFFFFF
    value = (value | (value << 16)) & 0x0000FFFF0000FFFF
    value = (value | (value << 8)) & 0x00FF00FF00FF00FF
    value = (value | (value << 4)) & 0x0F0F0F0F0F0F0F0F
    value = (value | (value << 2)) & 0x3333333333333333
    return (value | (value << 1)) & 0x5555555555555555


def _gather(value: int) -> int:
    value &= 0x5555555555555555
    value = (value | (value >> 1)) & 0x3333333333333333
    value = (value | (value >> 2)) & 0x0F0F0F0F0F0F0F0F
    value = (value | (value >> 4)) & 0x00FF00FF00FF00FF
    value = (value | (value >> 8)) & 0x0000FFFF0000FFFF
    return (value | (value >> 16)) & 0xFFFFFFFF
