"""/: the first page anybody sees."""

import re


def test_the_front_door_offers_every_language_in_its_own_name_and_three_ways(client):
    page = client.get("/").text
    for name in ("English", "Українська", "العربية", "Français", "Español", "Русский"):
        assert name in page
    assert {"/report", "/map", "/data", "/receipt", "/desk"} <= set(re.findall(r'href="(/[a-z]+)"', page))


def test_the_front_door_speaks_the_language_of_the_browser_and_of_a_choice(client):
    assert '<html lang="uk" dir="ltr">' in client.get("/", headers={"Accept-Language": "uk"}).text
    chosen = client.get("/?lang=ar")
    assert '<html lang="ar" dir="rtl">' in chosen.text
    assert '<html lang="ar"' in client.get("/").text
