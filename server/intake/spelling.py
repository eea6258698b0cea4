"""Words read out over a bad line: letter by letter, in the spelling alphabet of radio and aviation, the same in every language. Pure."""

ALPHABET = {
    letter[0].lower(): letter
    for letter in (
        "Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima", "Mike", "November",
        "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey", "X-ray", "Yankee", "Zulu",
    )
}  # fmt: skip


def spelt(word: str) -> str:
    """A word as it is spelt out: "oak" gives "Oscar Alfa Kilo"; what is no letter stays as it is."""
    return " ".join(ALPHABET.get(letter.lower(), letter) for letter in word)
