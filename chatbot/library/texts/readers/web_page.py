"""HTML and XHTML: headings and paragraphs, without scripts, styles, navigation and page numbers.

`html.parser` resolves only HTML's own entities and fetches nothing. Some broken markup makes it read the same text
again and again; comments, scripts and styles are therefore removed first, and a deadline is kept.
"""

from __future__ import annotations

import re
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
_UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(script|style)\b[^>]{0,2000}(?<!/)>.*?(?:</\1\s*>|\Z)"
    r"|<!\[CDATA\[|\]\]>|<!\[[^>]{0,500}>?",  # only the marks are removed, their content stays
    re.DOTALL | re.IGNORECASE,
)


def read_markup(text: str, deadline: Deadline) -> Draft:
    """The blocks of a page; its `<title>` is the text's title where it has no heading of the highest level.

    Raises:
        SourceError: parsing takes too long.
    """
    page = _Page(deadline)
    page.feed(_UNSEEN.sub(" ", text))
    page.close()
    page.flush()
    return Draft(page.blocks, author=page.author, fallback_title=" ".join(page.title.split()) or None)


class _Page(HTMLParser):
    def __init__(self, deadline: Deadline) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.title = ""
        self.author: str | None = None
        self._deadline = deadline
        self._held: list[str] = []
        self._heading = 0
        self._in_title = False
        self._in_pre = False
        self._skipping = ""
        self._depth = 0  # elements of the skipped kind that are open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, or skip one."""
        self._deadline.check()
        if self._skipping:
            self._depth += tag == self._skipping
            return
        said = dict(attrs)
        if tag == "meta" and (said.get("name") or "").lower() == "author" and not self.author:
            self.author = said.get("content")
        elif tag not in _VOID and (tag in _SKIPPED or _is_unseen(said)):
            self._skipping, self._depth = tag, 1
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
            self._in_pre = tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        """End a block, or what was skipped."""
        self._deadline.check()
        if self._skipping:
            if tag == self._skipping:
                self._depth -= 1
                self._skipping = self._skipping if self._depth else ""
        elif tag == "title":
            self._in_title = False
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
            self._held.append(data.replace("\n", " "))

    def flush(self) -> None:
        """End the block that is being read."""
        text = "".join(self._held).strip()
        if text:
            self.blocks.append(Block(text, self._heading))
        self._held, self._heading = [], 0

    def _line_end(self) -> None:
        """Two line breaks in a row end a paragraph."""
        while self._held and not self._held[-1].strip(" "):
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
