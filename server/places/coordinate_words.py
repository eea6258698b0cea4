"""The words and letters by which people name the four quarters and the two axes, case-folded. Pure data.

Letters that mean two things in the languages of the pages are left out: Arabic «ش» is both north and east.
"""

_NORTH = "n north northern nord norte с сев север северная северной пн пнш північ північна شمال شمالا شمالي"
_SOUTH = "s south southern sud sur sul ю юж юг южная пд пдш південь південна جنوب جنوبا جنوبي"
_EAST = "e east eastern est este в вост восток восточная сх схд схід східна شرق شرقا شرقي"
_WEST = "w west western ouest oeste o з зап запад западная зх зхд захід західна غرب غربا غربي"
_LAT = "lat latitude latitud широта ш العرض عرض"
_LON = "lon lng long longitude longitud долгота довгота д الطول طول"
_DEGREES = "d deg degs degree degrees grad grados degrés degres град градус градуса градусов градусів درجة"
_MINUTES = "m min mins minute minutes minutos мин минута минут минуты хв хвилин хвилини دقيقة"
_SECONDS = "s sec secs second seconds segundos secondes с сек секунд секунды секунди ثانية"

_FILLERS = (
    "and et y и і та gps wgs coordinates coords coordonnées coordenadas координаты координати خط إحداثيات الإحداثيات و"
)

HEMISPHERES = {
    word: letter
    for letter, words in {"N": _NORTH, "S": _SOUTH, "E": _EAST, "W": _WEST}.items()
    for word in words.split()
}
AXES = {word: axis for axis, words in {"lat": _LAT, "lon": _LON}.items() for word in words.split()}
MARK_WORDS = {
    word: mark
    for mark, words in {"degrees": _DEGREES, "minutes": _MINUTES, "seconds": _SECONDS}.items()
    for word in words.split()
}
FILLERS = frozenset(_FILLERS.split())
