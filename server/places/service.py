"""What other rooms may ask of places: where words lead, which areas a point lies in, and in what mode those are."""

from server.core.response import this_response
from server.places.area_files import AreasLoaded, UnusableAreas, load_admin_areas
from server.places.areas import (
    AreaCodes,
    UnusableContext,
    assign_areas,
    assign_areas_many,
    context_at,
    contexts_at,
    set_context,
)
from server.places.coordinates import PlaceReading, read_place
from server.places.gazetteer import FoundPlace, find_locality, load_gazetteer, nearest_place, search_places

__all__ = [
    "AreaCodes", "AreasLoaded", "FoundPlace", "PlaceReading", "UnusableAreas", "UnusableContext", "assign_areas",
    "assign_areas_many", "context_at", "contexts_at", "find_locality", "is_in_operating_area", "load_admin_areas",
    "load_gazetteer", "nearest_place", "read_where", "search_places", "set_context",
]  # fmt: skip


def is_in_operating_area(lon: float, lat: float) -> bool:
    """True when a point lies in the box of this response, or no box is set."""
    area = this_response().operating_area
    return area is None or (area[0] <= lon <= area[2] and area[1] <= lat <= area[3])


def read_where(text: str) -> PlaceReading:
    """Read a place as `read_place` does, with our gazetteer for short plus codes and the area of this response."""
    return read_place(text, find_locality=find_locality, is_inside=is_in_operating_area)
