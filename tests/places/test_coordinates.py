"""What a person types about a place, and the point that is read from it."""

import time

import pytest

from server.places.coordinates import Doubt, Form, NoPoint, read_place

pytestmark = pytest.mark.pure

KYIV = (30.5234, 50.4501)
# text, form, lon, lat, tolerance in degrees
READABLE = [
    ("50.4501, 30.5234", Form.DECIMAL, *KYIV, 1e-9),
    ("50.4501,30.5234", Form.DECIMAL, *KYIV, 1e-9),
    ("50.4501 30.5234", Form.DECIMAL, *KYIV, 1e-9),
    ("50.4501;30.5234", Form.DECIMAL, *KYIV, 1e-9),
    ("50.4501 / 30.5234", Form.DECIMAL, *KYIV, 1e-9),
    ("(50.4501, 30.5234)", Form.DECIMAL, *KYIV, 1e-9),
    ("50,4501 30,5234", Form.DECIMAL, *KYIV, 1e-9),
    ("50,4501; 30,5234", Form.DECIMAL, *KYIV, 1e-9),
    ("50,4501, 30,5234", Form.DECIMAL, *KYIV, 1e-9),
    ("50,4501,30,5234", Form.DECIMAL, *KYIV, 1e-9),
    ("50.4501N 30.5234E", Form.DECIMAL, *KYIV, 1e-9),
    ("N50.4501 E30.5234", Form.DECIMAL, *KYIV, 1e-9),
    ("N 50.4501, E 30.5234", Form.DECIMAL, *KYIV, 1e-9),
    ("30.5234E 50.4501N", Form.DECIMAL, *KYIV, 1e-9),
    ("50.4501° N, 30.5234° E", Form.DECIMAL, *KYIV, 1e-9),
    ("50.4501° 30.5234°", Form.DECIMAL, *KYIV, 1e-9),
    ("lat: 50.4501 lon: 30.5234", Form.DECIMAL, *KYIV, 1e-9),
    ("lon=30.5234, lat=50.4501", Form.DECIMAL, *KYIV, 1e-9),
    ("Latitude 50.4501\nLongitude 30.5234", Form.DECIMAL, *KYIV, 1e-9),
    ('{"lat": 50.4501, "lng": 30.5234}', Form.DECIMAL, *KYIV, 1e-9),
    ("широта 50.4501 долгота 30.5234", Form.DECIMAL, *KYIV, 1e-9),
    ("50.4501 с.ш., 30.5234 в.д.", Form.DECIMAL, *KYIV, 1e-9),
    ("50,4501 пн. ш. 30,5234 сх. д.", Form.DECIMAL, *KYIV, 1e-9),
    ("٥٠٫٤٥٠١، ٣٠٫٥٢٣٤", Form.DECIMAL, *KYIV, 1e-9),
    ("٥٠٫٤٥٠١ شمالاً ٣٠٫٥٢٣٤ شرقاً", Form.DECIMAL, *KYIV, 1e-9),
    ("خط العرض 50.4501 خط الطول 30.5234", Form.DECIMAL, *KYIV, 1e-9),
    ("۵۰.۴۵۰۱, ۳۰.۵۲۳۴", Form.DECIMAL, *KYIV, 1e-9),
    ("\u200e50.4501,\u00a030.5234\u202c", Form.DECIMAL, *KYIV, 1e-9),
    ("５０.４５０１, ３０.５２３４", Form.DECIMAL, *KYIV, 1e-9),
    ("we are at 50.4501, 30.5234 behind the school", Form.DECIMAL, *KYIV, 1e-9),
    ("школа 50.4501, 30.5234 вхід з двору", Form.DECIMAL, *KYIV, 1e-9),
    ("−33.8688, 151.2093", Form.DECIMAL, 151.2093, -33.8688, 1e-9),
    ("33.8688 S 151.2093 E", Form.DECIMAL, 151.2093, -33.8688, 1e-9),
    ("18.5392 N, 72.3364 O", Form.DECIMAL, -72.3364, 18.5392, 1e-9),
    ("18.5392 -72.3364", Form.DECIMAL, -72.3364, 18.5392, 1e-9),
    ("130.5234, 50.4501", Form.DECIMAL, 130.5234, 50.4501, 1e-9),
    ("50°27'00.4\"N 30°31'24.2\"E", Form.DMS, *KYIV, 1e-4),
    ("50° 27′ 00.4″ N, 30° 31′ 24.2″ E", Form.DMS, *KYIV, 1e-4),
    ("50º27’00.4” N 30º31’24.2” E", Form.DMS, *KYIV, 1e-4),
    ("50°27'0,4\" 30°31'24,2\"", Form.DMS, *KYIV, 1e-4),
    ("50°27'00.4''N, 30°31'24.2''E", Form.DMS, *KYIV, 1e-4),
    ("N 50°27.006' E 30°31.404'", Form.DMS, *KYIV, 1e-4),
    ("50 27.006 N 30 31.404 E", Form.DMS, *KYIV, 1e-4),
    ("50 27 00.4, 30 31 24.2", Form.DMS, *KYIV, 1e-4),
    ("50 27 00.4 30 31 24.2", Form.DMS, *KYIV, 1e-4),
    ("50:27:00.4 N 30:31:24.2 E", Form.DMS, *KYIV, 1e-4),
    ("50-27-00.4 N 30-31-24.2 E", Form.DMS, *KYIV, 1e-4),
    ("50d27m00.4s N 30d31m24.2s E", Form.DMS, *KYIV, 1e-4),
    ("502700N 0303124E", Form.DMS, *KYIV, 2e-4),
    ("50°27'00.4\" с. ш. 30°31'24.2\" в. д.", Form.DMS, *KYIV, 1e-4),
    ("50 градусов 27.006 минут с.ш. 30 градусов 31.404 минут в.д.", Form.DMS, *KYIV, 1e-4),
    ("33°30′47″ شمال 36°17′32″ شرق", Form.DMS, 36.29222, 33.51306, 1e-4),
    ("36UUA2418291607", Form.MGRS, *KYIV, 1e-4),
    ("36U UA 24182 91607", Form.MGRS, *KYIV, 1e-4),
    ("MGRS: 36u ua 2418 9160", Form.MGRS, *KYIV, 2e-4),
    ("36U 323970 5591120", Form.UTM, 30.520643, 50.445655, 1e-4),
    ("36 N 323970mE 5591120mN", Form.UTM, 30.520643, 50.445655, 1e-4),
    ("UTM zone 36U E: 323970 N: 5591120", Form.UTM, 30.520643, 50.445655, 1e-4),
    ("9G2GFG2F+2C", Form.PLUS_CODE, 30.5235, 50.45006, 1e-3),
    ("9g2gfg2f+2c Київ", Form.PLUS_CODE, 30.5235, 50.45006, 1e-3),
    ("FG2F+2C Kyiv", Form.PLUS_CODE, 30.5235, 50.45006, 1e-3),
    ("Київ, FG2F+2C", Form.PLUS_CODE, 30.5235, 50.45006, 1e-3),
    ("geo:50.4501,30.5234", Form.GEO_URI, *KYIV, 1e-9),
    ("geo:50.4501,30.5234,180;crs=wgs84;u=35", Form.GEO_URI, *KYIV, 1e-9),
    ("geo:0,0?q=50.4501,30.5234(School)", Form.GEO_URI, *KYIV, 1e-9),
    ("GEO:50.4501,30.5234?z=17", Form.GEO_URI, *KYIV, 1e-9),
    ("https://www.google.com/maps/@50.4501,30.5234,17z", Form.MAP_LINK, *KYIV, 1e-9),
    ("https://google.com/maps/place/X/@50.1,30.1,17z/data=!3m1!8m2!3d50.4501!4d30.5234", Form.MAP_LINK, *KYIV, 1e-9),
    ("https://google.com/maps/place/50%C2%B027'00.4%22N+30%C2%B031'24.2%22E/@50.4501,30.5", Form.MAP_LINK, *KYIV, 1e-4),
    ("https://maps.google.com/?q=50.4501,30.5234", Form.MAP_LINK, *KYIV, 1e-9),
    ("https://maps.google.com/maps?q=loc:50.4501,30.5234", Form.MAP_LINK, *KYIV, 1e-9),
    ("https://www.google.com/maps/search/?api=1&query=50.4501%2C30.5234", Form.MAP_LINK, *KYIV, 1e-9),
    ("https://www.google.com/maps/search/50.4501,+30.5234", Form.MAP_LINK, *KYIV, 1e-9),
    ("https://www.openstreetmap.org/?mlat=50.4501&mlon=30.5234#map=17/50.1/30.1", Form.MAP_LINK, *KYIV, 1e-9),
    ("https://www.openstreetmap.org/#map=17/50.4501/30.5234", Form.MAP_LINK, *KYIV, 1e-9),
    ("https://maps.apple.com/?ll=50.4501,30.5234&q=Pin", Form.MAP_LINK, *KYIV, 1e-9),
    ("https://www.bing.com/maps?cp=50.4501~30.5234&lvl=17", Form.MAP_LINK, *KYIV, 1e-9),
    ("https://yandex.ru/maps/?ll=30.5234%2C50.4501&z=17", Form.MAP_LINK, *KYIV, 1e-9),
    ("https://2gis.ru/geo/30.5234,50.4501", Form.MAP_LINK, *KYIV, 1e-9),
    ("https://www.waze.com/ul?ll=50.4501%2C30.5234&navigate=yes", Form.MAP_LINK, *KYIV, 1e-9),
    ("https://wego.here.com/?map=50.4501,30.5234,17,normal", Form.MAP_LINK, *KYIV, 1e-9),
    ("https://osmand.net/map?pin=50.4501,30.5234#17/50.45/30.52", Form.MAP_LINK, *KYIV, 1e-9),
    ("Here: https://maps.google.com/?q=50.4501,30.5234.", Form.MAP_LINK, *KYIV, 1e-9),
]  # fmt: skip

UNREADABLE = [
    ("", NoPoint.EMPTY),
    (" \u200f\n", NoPoint.EMPTY),
    ("opposite the bakery on Peace Street", NoPoint.UNREADABLE),
    ("ул. Мира 12, кв. 45", NoPoint.UNREADABLE),
    ("вулиця Шевченка, 7", NoPoint.UNREADABLE),
    ("12, 45", NoPoint.AMBIGUOUS),
    ("50,45", NoPoint.AMBIGUOUS),
    ("50.4501", NoPoint.UNREADABLE),
    ("+380 44 123 45 67", NoPoint.UNREADABLE),
    ("50.4501, 30.5234 or 50.4600, 30.5300", NoPoint.AMBIGUOUS),
    ("50.4501N 30.5234N", NoPoint.UNREADABLE),
    ("50°61'00\"N 30°31'00\"E", NoPoint.UNREADABLE),
    ("-50.4501 N 30.5234 E", NoPoint.UNREADABLE),
    ("91.5N 30.5E", NoPoint.OUT_OF_RANGE),
    ("95.123, 95.123", NoPoint.OUT_OF_RANGE),
    ("50.45, 181.2", NoPoint.OUT_OF_RANGE),
    ("1e3, 1e400", NoPoint.UNREADABLE),
    ("NaN, Infinity", NoPoint.UNREADABLE),
    ("99UUA2418291607", NoPoint.OUT_OF_RANGE),
    ("36UUA241829160", NoPoint.UNREADABLE),
    ("61U 323970 5591120", NoPoint.OUT_OF_RANGE),
    ("FG2F+2C", NoPoint.LOCALITY_NEEDED),
    ("FG2F+2C Nowhereville", NoPoint.LOCALITY_UNKNOWN),
    ("geo:91,30", NoPoint.OUT_OF_RANGE),
    ("geo:50.4,30.5;crs=EPSG:3857", NoPoint.UNREADABLE),
    ("geo:here", NoPoint.UNREADABLE),
    ("https://maps.app.goo.gl/AbCdEf123", NoPoint.SHORT_LINK),
    ("https://goo.gl/maps/AbCdEf123", NoPoint.SHORT_LINK),
    ("https://osm.org/go/0EEQjE--", NoPoint.SHORT_LINK),
    ("https://yandex.ru/maps/-/CCUABC", NoPoint.SHORT_LINK),
    ("https://what3words.com/filled.count.soap", NoPoint.SHORT_LINK),
    ("https://example.org/news/2024/01/12", NoPoint.NO_POINT_IN_LINK),
    ("https://[::bad/?q=1,2", NoPoint.UNREADABLE),
]


def towns(words: str) -> tuple[float, float] | None:
    """A gazetteer of one town."""
    return (30.5238, 50.4547) if words in {"Kyiv", "Київ"} else None


@pytest.mark.parametrize(("text", "form", "lon", "lat", "tolerance"), READABLE)
def test_a_place_is_read_in_the_form_in_which_it_was_typed(text, form, lon, lat, tolerance):
    reading = read_place(text, find_locality=towns)
    assert reading.point == pytest.approx((lon, lat), abs=tolerance)
    assert (reading.form, reading.no_point) == (form, None)
    assert reading.words == text.strip()


@pytest.mark.parametrize(("text", "why"), UNREADABLE)
def test_text_that_names_no_point_stays_words_with_a_reason(text, why):
    reading = read_place(text, find_locality=towns)
    assert reading.point is None
    assert reading.no_point is why


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("50.4501, 30.5234", 11.1),
        ("50.45, 30.5", 1112),
        ("50.45010000000000001, 30.5", 1.0),
        ("50°27'N 30°31'E", 1853),
        ("50°27'00\"N 30°31'24\"E", 30.9),
        ("36UUA24189160", 10),
        ("36UUA29", 10_000),
        ("9G2GFG2F+2C", 13.9),
        ("geo:50.4501,30.5234;u=35", 35),
        ("geo:50.4501,30.5234;u=0", 1),
    ],
)
def test_precision_follows_from_the_digits(text, metres):
    assert read_place(text).precision_m == pytest.approx(metres, rel=0.02)


def test_false_precision_is_rounded_away():
    assert read_place("50.45010000000000007, 30.52340000000000009").point == KYIV


def test_a_latitude_that_cannot_be_one_is_read_as_longitude_and_doubted():
    assert Doubt.MAYBE_SWAPPED in read_place("130.5234, 50.4501").doubts


def test_swapped_numbers_are_offered_the_other_way_round_when_that_falls_inside_the_area():
    reading = read_place("30.5234, 50.4501", is_inside=in_ukraine)
    assert reading.point == (50.4501, 30.5234)
    assert set(reading.doubts) == {Doubt.MAYBE_SWAPPED, Doubt.OUTSIDE_AREA}
    assert reading.swapped().point == KYIV
    assert Doubt.MAYBE_SWAPPED not in reading.swapped().doubts


def test_a_point_far_outside_is_kept_and_doubted():
    reading = read_place("33.51, 36.29", is_inside=in_ukraine)
    assert reading.point == (36.29, 33.51)
    assert reading.doubts == (Doubt.OUTSIDE_AREA,)
    assert read_place("50.4501, 30.5234", is_inside=in_ukraine).doubts == ()


def test_null_island_is_kept_and_doubted():
    assert Doubt.NULL_ISLAND in read_place("0.0, 0.0").doubts
    assert read_place("0.0, 0.0").has_point


def test_a_wide_area_is_doubted():
    assert read_place("50.5N 30.5E").doubts == (Doubt.COARSE,)


def test_s_is_a_grid_band_where_it_can_be_one_and_south_elsewhere():
    damascus = read_place("37S 250000 3711000")
    assert damascus.lat == pytest.approx(33.5, abs=0.1)
    assert damascus.doubts == (Doubt.MAYBE_OTHER_HEMISPHERE,)
    assert read_place("56S 334000 6252000").lat == pytest.approx(-33.9, abs=0.1)


@pytest.mark.parametrize(
    "text",
    [
        "9" * 10_000, "1," * 5_000, "1 " * 999, "-" * 1_999, "°'\"" * 600, "N" * 1_999, "geo:" * 499, "50.45," * 330,
        "https://" + "a/@" * 600, "https://x.org/?" + "q=1&" * 480, "2" * 1_990 + "+", ("5" * 30 + ".") * 60,
        "36U" + " " * 1_900 + "UA", "(" * 1_999, "\u0300" * 1_999, "\ud800" * 100, "\x00" * 1_999, "N1" * 140,
        "https://x.org/" + "/1," * 600, "a" * 28 + "!",
    ],
)  # fmt: skip
def test_hostile_text_is_answered_at_once(text):
    started = time.perf_counter()
    reading = read_place(text, find_locality=towns)
    assert time.perf_counter() - started < 0.05
    assert reading.point is None


def in_ukraine(lon: float, lat: float) -> bool:
    """The box of Ukraine, roughly."""
    return 22 < lon < 41 and 44 < lat < 53
