"""Any point written in any form comes back as the same point, as far as its digits go; any text gets an answer."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mgrs import MGRS
from openlocationcode import openlocationcode as plus_codes

from server.core.geography import metres_between
from server.places.coordinates import Form, read_place

pytestmark = pytest.mark.pure

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
patiently = settings(settings.get_profile("patient"))
LATITUDES = st.floats(-79.9, 83.9)
LONGITUDES = st.floats(-179.9, 179.9)
ARABIC_DIGITS = str.maketrans("0123456789.,", "٠١٢٣٤٥٦٧٨٩٫،")


@patiently
@given(lat=LATITUDES, lon=LONGITUDES, decimals=st.integers(4, 9))
def test_decimal_degrees_come_back(lat, lon, decimals):
    for text in (f"{lat:.{decimals}f}, {lon:.{decimals}f}", f"{lat:.{decimals}f} {lon:.{decimals}f}"):
        assert_near(text, lon, lat, within_m=1.1 * max(1.2, 111_320 * 10**-decimals))
        assert_near(text.translate(ARABIC_DIGITS), lon, lat, within_m=1.1 * max(1.2, 111_320 * 10**-decimals))


@patiently
@given(lat=LATITUDES, lon=LONGITUDES)
def test_decimal_commas_come_back(lat, lon):
    text = f"{lat:.5f}; {lon:.5f}".replace(".", ",")
    assert_near(text, lon, lat, within_m=2)
    assert_near(text.replace(";", ","), lon, lat, within_m=2)


@patiently
@given(lat=LATITUDES, lon=LONGITUDES)
def test_degrees_minutes_and_seconds_come_back(lat, lon):
    quarters = "N" if lat >= 0 else "S", "E" if lon >= 0 else "W"
    north, east = sexagesimal(lat), sexagesimal(lon)
    marked = "{}°{:02d}'{:05.2f}\" {} {}°{:02d}'{:05.2f}\" {}".format(*north, quarters[0], *east, quarters[1])
    spaced = "{1} {2} {3:.2f} {0}, {5} {6} {7:.2f} {4}".format(quarters[0], *north, quarters[1], *east)
    for text in (marked, spaced, marked.replace(".", ",")):
        assert_near(text, lon, lat, within_m=2)


@patiently
@given(lat=LATITUDES, lon=LONGITUDES)
def test_mgrs_comes_back(lat, lon):
    assert_near(MGRS().toMGRS(lat, lon), lon, lat, within_m=2, form=Form.MGRS)


@patiently
@given(lat=LATITUDES, lon=LONGITUDES)
def test_plus_codes_come_back_whole_and_shortened(lat, lon):
    code = plus_codes.encode(lat, lon)
    assert_near(code, lon, lat, within_m=15, form=Form.PLUS_CODE)
    town = lon + 0.02, lat + 0.02
    short = plus_codes.shorten(code, town[1], town[0])
    reading = read_place(f"{short} Town", find_locality={"Town": town}.get)
    assert metres_between(lon, lat, *reading.point) < 15


@patiently
@given(lat=LATITUDES, lon=LONGITUDES, metres=st.integers(1, 9999))
def test_geo_links_and_map_links_come_back(lat, lon, metres):
    reading = read_place(f"geo:{lat:.6f},{lon:.6f};u={metres}")
    assert (reading.form, reading.precision_m) == (Form.GEO_URI, metres)
    assert_near(f"geo:{lat:.6f},{lon:.6f}", lon, lat, within_m=1, form=Form.GEO_URI)
    link = f"https://www.openstreetmap.org/?mlat={lat:.6f}&mlon={lon:.6f}"
    assert_near(link, lon, lat, within_m=1, form=Form.MAP_LINK)


@settings(patiently, max_examples=400)
@given(text=st.text(max_size=300) | st.text("0123456789.,;°'\"NSEWСЮВЗشغ -+/:!@()geo", max_size=80))
def test_any_text_gets_an_answer_and_a_point_only_on_earth(text):
    reading = read_place(text)
    if reading.has_point:
        assert abs(reading.lon) <= 180
        assert abs(reading.lat) <= 90
        assert reading.precision_m >= 1
        assert reading.no_point is None
    else:
        assert reading.no_point is not None


def sexagesimal(angle: float) -> tuple[int, int, float]:
    """Degrees, minutes and seconds to 1/100, never 60."""
    hundredths = round(abs(angle) * 360_000)
    return hundredths // 360_000, hundredths // 6_000 % 60, hundredths % 6_000 / 100


def assert_near(text: str, lon: float, lat: float, *, within_m: float, form: Form | None = None) -> None:
    """The text is read as a point not farther than so many metres."""
    reading = read_place(text)
    assert reading.has_point, (text, reading)
    assert metres_between(lon, lat, *reading.point) <= within_m, (text, reading)
    assert form in {None, reading.form}
