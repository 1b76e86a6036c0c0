"""Markdown (CommonMark, with tables): rendered, then read as a web page.

A head between `---` may name title and author. It is read line by line and not as YAML, in which a few lines of
merge keys can expand to more than fits into memory.
"""

from __future__ import annotations

import re
from dataclasses import replace

from chatbot.library.texts.readers.blocks import Draft
from chatbot.library.texts.readers.limits import Deadline
from chatbot.library.texts.readers.web_page import read_markup

MAX_HEAD = 20_000  # characters

_FRONT = re.compile(rf"\A---[ \t]*\n(.{{0,{MAX_HEAD}}}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_HEAD_LINE = re.compile(r"[\w-]+:(?:[ \t]|$)|[ \t]+\S|- |#|\s*$")
_SAID = re.compile(r"^(title|author):[ \t]*(\S.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_LINK = re.compile(r"!?\[\[(?:[^\[\]|\n]*\|)?([^\[\]|\n]+)\]\]")  # [[page|shown]], as note-taking programs write it


def read_markdown(text: str, deadline: Deadline) -> Draft:
    """The blocks of a Markdown text. Lines between `---` that are not a head are part of the text."""
    from markdown_it import MarkdownIt

    head, body = _front_matter(text)
    page = MarkdownIt("commonmark").enable("table").render(_LINK.sub(r"\1", body))
    return replace(read_markup(page, deadline), title=head.get("title"), author=head.get("author"))


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    match = _FRONT.match(text)
    if not match or not all(_HEAD_LINE.match(line) for line in match[1].split("\n")):
        return {}, text
    return {key.lower(): value.strip("\"'") for key, value in _SAID.findall(match[1])}, text[match.end() :]
