"""HTML and XHTML: headings and paragraphs, without scripts, styles, navigation and page numbers.

`html.parser` resolves only HTML's own entities and fetches nothing. Some broken markup makes it read the same text
again and again; comments, scripts and styles are therefore removed first, and a deadline is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

from chatbot.library.texts.headings import is_label
from chatbot.library.texts.readers.blocks import MAX_HEADING, Block, Draft
from chatbot.library.texts.readers.limits import Deadline

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3}
_BLOCKS = frozenset(
    """address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form
    h4 h5 h6 header hr li main ol p pre section summary table tr ul""".split()
)
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_SKIPPED = frozenset(
    "script style nav template svg math iframe object noscript button select textarea audio video".split()
)
_PAGE_NUMBERS = frozenset("pagenum pageno pagenumber page-number".split())
_RUBY = frozenset("rt rp rtc".split())  # how signs are read, beside them
_ITEMS = frozenset("p li dd dt".split())  # that end where another block begins, whether it is said or not
# What the parser, a browser's in some versions, would take everything behind for, where it is never closed.
_OPENING = re.compile(
    r"<!--|<(script|style|title|textarea|xmp|noembed|noframes|plaintext)\b[^>]{0,2000}(?<!/)>"
    r"|<!\[CDATA\[|\]\]>|<!\[[^>]{0,500}>?",  # only the marks are removed, their content stays
    re.IGNORECASE,
)
_BEHIND_CODE = re.compile(r"</head\b|<(?:body|h[1-6]|p|div)\b", re.IGNORECASE)
_CLOSED = re.compile(r"</(\w+)")
_NOTE_MARK = re.compile(r"[\[(]?(?:[\d⁰¹²³⁴-⁹]{1,3}|[*†‡§¶]{1,3}|(?<=[\[(])[a-z])[\])]?")
_GLUED_MARK = re.compile(r"(?<=[^\s\d\[(])\[\d{1,3}\]")
_NO_WORD = re.compile(r"(?:(?<!\w)[^\W\d_]{1,2}|\d|\))$")  # before a power: a unit or a number
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def read_markup(text: str, deadline: Deadline) -> Draft:
    """The blocks of a page; its `<title>` is the text's title where it has no heading of the highest level.

    Raises:
        SourceError: parsing takes too long.
    """
    seen = _without_code(text)
    page = _Page(deadline, Counter(tag.lower() for tag in _CLOSED.findall(seen)))
    page.feed(seen)
    page.close()
    page.flush()
    return Draft(page.blocks, author=page.author, fallback_title=" ".join(page.title.split()) or None)


def _without_code(text: str) -> str:
    """A page without comments, scripts and styles. One that is not closed costs no more than itself."""
    kept: list[str] = []
    never_closed: set[str] = set()
    at = 0
    while found := _OPENING.search(text, at):
        kept.append(text[at : found.start()])
        tag = (found[1] or "").lower()
        at = found.end()
        if found[0] != "<!--" and not tag:
            continue
        closer = None
        if tag not in never_closed:
            closer = re.compile(rf"</{tag}\s*>" if tag else "-->", re.IGNORECASE).search(text, at)
        if closer is None:
            never_closed.add(tag)
            if tag in ("script", "style"):
                behind = _BEHIND_CODE.search(text, at)
                at = behind.start() if behind else len(text)
        elif tag in ("", "script", "style"):
            at = closer.end()
        else:
            kept.append(found[0])
    return "".join([*kept, text[at:]])


class _Page(HTMLParser):
    def __init__(self, deadline: Deadline, closers: Counter[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.title = ""
        self.author: str | None = None
        self._deadline = deadline
        self._held: list[str] = []
        self._heading = 0
        self._in_title = False
        self._in_code = False
        self._in_pre = False
        self._closers = closers  # how many ends of each element are to come
        self._marks: list[tuple[str, int]] = []  # <sup> and links within the page that are open: what is held before
        self._skipping = ""
        self._depth = 0  # elements of the skipped kind that are open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, or skip one."""
        self._deadline.check()
        if self._skipping and not self._ended_by(tag):
            self._depth += tag == self._skipping
            return
        self._skipping = ""
        said = dict(attrs)
        if tag == "meta" and (said.get("name") or "").lower() == "author" and not self.author:
            self.author = said.get("content")
        elif tag not in _VOID and (tag in _SKIPPED or tag in _RUBY or _is_unseen(said)) and self._will_end(tag):
            self._skipping, self._depth = tag, 1
        elif tag == "sup" or (tag == "a" and "#" in (said.get("href") or "")):
            self._marks.append((tag, len(self._held)))
        elif tag == "code":
            self._in_code = True
        elif tag == "title":
            self._in_title = True
        elif tag in _HEADINGS:
            self.flush()
            self._heading = _HEADINGS[tag]
        elif tag == "br":
            self._line_end()
        elif tag in ("td", "th"):
            self._held.append(" ")
        elif tag in _BLOCKS and not (self._heading and tag in ("div", "center")):
            self.flush()
            self._in_pre = self._in_code = tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        """End a block, or what was skipped."""
        self._deadline.check()
        self._closers[tag] -= 1
        if self._skipping:
            if tag == self._skipping:
                self._depth -= 1
            if not self._depth or not self._will_end(self._skipping) or (tag == "ruby" and self._skipping in _RUBY):
                self._skipping = ""
        elif tag == "title":
            self._in_title = False
        elif self._marks and tag == self._marks[-1][0]:
            self._end_mark(*self._marks.pop())
        elif tag in _HEADINGS or (tag in _BLOCKS and not (self._heading and tag in ("div", "center"))):
            self.flush()
            self._in_pre = False

    def handle_data(self, data: str) -> None:
        """Keep text that a reader of the page sees."""
        self._deadline.check()
        if self._skipping:
            return
        if self._in_title:
            if len(self.title) < MAX_HEADING:
                self.title += data
        elif self._in_pre:
            *whole, last = re.split(r"\n[ \t]*\n", data)
            for part in whole:
                self._held.append(part)
                self.flush()
            self._held.append(last)
        else:
            self._held.append(data.replace("\n", "\r"))  # the end of a line of the file and not of the page

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """Take `<![` for a comment, as browsers do; the base class would raise AssertionError."""
        return self.parse_bogus_comment(i)

    def flush(self) -> None:
        """End the block that is being read."""
        text = "".join(self._held).strip()
        if not self._in_code:
            text = _GLUED_MARK.sub("", text)
        if text:
            self.blocks.append(Block(text, self._heading))
        self._held, self._heading, self._marks, self._in_code = [], 0, [], self._in_pre

    def _will_end(self, tag: str) -> bool:
        """Whether an element is closed somewhere; one that is not would take the rest of the page with it."""
        return self._closers[tag] > 0 or (tag in _RUBY and self._closers["ruby"] > 0)

    def _ended_by(self, tag: str) -> bool:
        """Whether a new element ends the one that is skipped without saying so."""
        blocks = self._skipping in _ITEMS and (tag in _BLOCKS or tag in _HEADINGS)
        return blocks or (self._skipping in _RUBY and (tag in _RUBY or tag == "rb"))

    def _end_mark(self, tag: str, start: int) -> None:
        """Take out the mark of a note; a power keeps its place in the line as a sign of its own."""
        said = "".join(self._held[start:]).strip()
        if not _NOTE_MARK.fullmatch(said):
            return
        power = tag == "sup" and said.isdecimal() and _NO_WORD.search("".join(self._held[:start]))
        self._held[start:] = [said.translate(_RAISED)] if power else []

    def _line_end(self) -> None:
        """Two line breaks in a row end a paragraph."""
        while self._held and not self._held[-1].strip(" \r"):
            self._held.pop()
        if self._heading:
            self._held.append(": " if is_label("".join(self._held).strip()) else " ")
        elif self._held and self._held[-1] == "\n":
            self.flush()
        else:
            self._held.append("\n")


def _is_unseen(attributes: dict[str, str | None]) -> bool:
    kinds = f"{attributes.get('epub:type') or ''} {attributes.get('role') or ''}".split()
    classes = (attributes.get("class") or "").lower().split()
    return (
        "hidden" in attributes
        or bool(_PAGE_NUMBERS & set(classes))
        or any(kind in ("pagebreak", "noteref", "doc-pagebreak", "doc-noteref") for kind in kinds)
    )
