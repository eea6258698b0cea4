"""Reading a page as a browser does, to tell whether somebody's text became part of it. And the texts that try."""

from html.parser import HTMLParser

# security.md §4, 50–59 and 63: whatever a person can type, in every place where it is shown.
PAYLOADS = {
    "image": "<img src=x onerror=alert(1)>",
    "script": "</script><script>alert(1)</script>",
    "comment": "<!-- <script>",
    "attribute": '" onmouseover="alert(1)" x="',
    "quote": "' autofocus onfocus='alert(1)",
    "textarea": "</textarea></select></title><script>alert(1)</script>",
    "isolation": "</bdi></blockquote></p><h1>broken</h1>",
    "svg": "<svg/onload=alert(1)>",
    "address": "javascript:alert(1)",
    "entities": "&lt;b&gt; &#60; &amp;amp;",
    "back-tick": "`;alert(1);` ${alert(1)}",
    "template": "{{7*7}} ${7*7} #{7*7} {% raw %} {{config}} %(n)s %s {0}",
    "clobber": "<form id=config><input name=tessera>",
    "unclosed": "<a href='",
}
EXACT = {
    "arabic": "انهار سقف المدرسة رقم ١٧ ولم يُصب أحد",
    "ukrainian": "Обвалився дах школи №17, під’їзд 3 — вікон немає",
    "apostrophes": "O'Brien's ‘house’ \"behind\" the mill & the sea",
    "emoji": "👩🏽‍🚒👨‍👩‍👧‍👦 🏚️ 🇺🇦 می‌خواهم",
    "zalgo": "Z" + "\u0301\u0327\u0336" * 300,
}
CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
VOID = {"img", "input", "meta", "link", "br", "hr", "use", "path", "source", "wbr", "area", "base", "col", "embed"}


class Page(HTMLParser):
    """What a browser makes of a page: its elements with their attributes, and the text that stands isolated in <bdi>."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.isolated, self.text, self._open = [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "bdi":
            self.isolated.append("")

    def handle_endtag(self, tag):
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data):
        self.text.append(data)
        if "bdi" in self._open:
            self.isolated[-1] += data

    def values(self):
        """Everything that stands in an attribute."""
        return [value for _tag, attrs in self.elements for value in attrs.values() if value]

    def typed(self):
        """What stands in the fields of the page's forms, in attributes or between tags."""
        return [attrs.get("value") or "" for tag, attrs in self.elements if tag == "input"] + self.text


def dangers(html):
    """What somebody's text has become part of: scripts, handlers, addresses that run, foreign elements."""
    found = []
    for tag, attrs in Page(html).elements:
        if tag in {"svg", "use", "path"} and not any(name.startswith("on") for name in attrs):
            continue
        if tag == "script" and "src" not in attrs and "json" not in attrs.get("type", ""):
            found.append((tag, attrs))
        if any(name.startswith("on") or name in {"style", "srcdoc", "formaction"} for name in attrs):
            found.append((tag, attrs))
        if any((attrs.get(name) or "").strip().lower().startswith(("javascript:", "data:", "vbscript:")) for name in ("href", "src", "action")):
            found.append((tag, attrs))
        if attrs.get("src") == "x" or attrs.get("id") == "config" or tag in {"iframe", "object", "embed", "base"}:
            found.append((tag, attrs))
    return found


def isolates(html, words):
    """Whether the words stand in the page exactly, in an element that keeps their direction to themselves."""
    return any(words in isolated for isolated in Page(html).isolated)
