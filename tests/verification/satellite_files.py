"""Files of satellite assessments as their makers write them: public field names, made-up land.

UNOSAT: the comprehensive damage assessments on HDX (SiteID, SensorDate_n, Main_Damage_Site_Class_n; classes 1 destroyed, 2 severe,
3 moderate, 4 possible, 6 no visible damage, 11 adjacent). Copernicus EMS: the vector packages of a grading product (builtUpP with
damage_gra, det_method and dmg_src_id, a table source, an areaOfInterestA).
"""

import io
import zipfile

import geopandas
import pandas as pd
from pyogrio import write_dataframe
from shapely import Point, box

HERE = (-56.1645, -34.9011)
METRE = 1 / 111_195


def east(metres, origin=HERE):
    return Point(origin[0] + metres * METRE / 0.82, origin[1])


def unosat(*sites):
    """``(metres east, class, class on the second image)``: a frame as UNOSAT's geodatabase has it."""
    rows = [
        {
            "SiteID": 100 + number, "SensorDate": "2026-11-01", "SensorID": "WorldView-3", "Main_Damage_Site_Class": first,
            "SensorDate_2": "2026-11-21", "SensorID_2": "Pleiades", "Main_Damage_Site_Class_2": second,
            "FieldValidation": number, "geometry": east(metres),
        }
        for number, (metres, first, second) in enumerate(sites)
    ]  # fmt: skip
    return geopandas.GeoDataFrame(rows, crs="EPSG:4326")


def written(frame, folder, name, **options):
    """The bytes of a frame in a format told by the ending of ``name``; a shapefile and a geodatabase zipped."""
    path = folder / name
    write_dataframe(frame, path, **options)
    if path.suffix in {".shp", ".gdb"}:
        return zipped({file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob(f"{path.stem}*") for file in ([file] if file.is_file() else file.rglob("*")) if file.is_file()})
    return path.read_bytes()


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def copernicus(folder, *grades, area=True):
    """A zipped vector package of Copernicus EMS: buildings with these grades, the table of images, the area of interest."""
    stem = "EMSR999_AOI01_GRA_PRODUCT"
    built = geopandas.GeoDataFrame(
        [
            {"obj_type": "11-Residential Buildings", "damage_gra": grade, "det_method": "Photo-interpretation", "dmg_src_id": 3, "or_src_id": 1, "geometry": east(40 * at)}
            for at, grade in enumerate(grades)
        ],
        crs="EPSG:4326",
    )
    source = pd.DataFrame(
        [
            {"src_id": 1, "source_nam": "OpenStreetMap", "src_date": "01/11/2026", "sensor_gsd": "", "eventphase": "Pre-event"},
            {"src_id": 3, "source_nam": "Pleiades-1A", "src_date": "21/11/2026", "sensor_gsd": "0.5 m", "eventphase": "Post-event"},
        ]
    )
    write_dataframe(built, folder / f"{stem}_builtUpP_v1.shp")
    write_dataframe(source, folder / f"{stem}_source_v1.dbf", driver="ESRI Shapefile")
    if area:
        frame = geopandas.GeoDataFrame({"geometry": [box(HERE[0] - 0.01, HERE[1] - 0.01, HERE[0] + 0.01, HERE[1] + 0.01)]}, crs="EPSG:4326")
        write_dataframe(frame, folder / f"{stem}_areaOfInterestA_v1.shp")
    return zipped({file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()})
