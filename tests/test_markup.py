"""What the page shows of text from outside: emphasis and lists, and nothing else that Markdown or HTML can do."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from chatbot.web.markup import as_shown, as_written

GITHUB = MarkdownIt("gfm-like", {"linkify": False, "html": True})
ALIVE = re.compile(r"<(?!/?(?:p|em|strong|ul|ol|li|br)\b)\w[^>]*>")

HOSTILE = [
    "![x](http://127.0.0.1:9/a.png)",
    "[x](http://127.0.0.1:9/)",
    "![x][y]\n\n[y]: http://127.0.0.1:9/a.png",
    "[y]\n\n  [y]: <http://127.0.0.1:9/>",
    "<img src=http://127.0.0.1:9/a.png>",
    "<http://127.0.0.1:9/>",
    "- <script>alert(1)</script>",
    "<svg\nonload=alert(1)>",
    "1. ![x](//127.0.0.1:9/a.png)",
    "# Heading",
    "- # Heading in an item",
    "- > quoted",
    "> quoted",
    "Under\n===",
    "Under\n---",
    "Under\n-",
    "***",
    "- - -",
    "_ _ _",
    "    code",
    "\tcode",
    "-     code",
    "- a\n\n      code",
    "`code` and ``` more",
    "```\n![x](y)\n```",
    "~~~\ncode\n~~~",
    "~~gone~~",
    "|a|b|\n|-|-|\n|c|d|",
    "a|b\n-|-\nc|d",
    "- [ ] to do",
    "&lt;b&gt; &#60; &copy;",
    "\\*not\\* \\[x\\]",
    "[^1] and\n\n[^1]: note",
    "*[x](http://127.0.0.1:9/)*",
    "**![x](http://127.0.0.1:9/a)**",
    "1) 2) ![x](y)",
    "+ + <b>x</b>",
]


def words(html: str) -> str:
    """What a reader sees of HTML, without spaces."""
    return re.sub(r"\s+", "", unescape(re.sub(r"<[^>]+>", "", html)))


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_neither_emphasis_nor_a_list_is_shown_as_text(text: str) -> None:
    html = GITHUB.render(as_shown(text))
    assert not ALIVE.search(html), html
    plain = re.sub(r"\s+", "", text)
    assert words(html) in (plain, re.sub(r"^(?:[-+*]|\d[.)])", "", plain), plain.strip("*")), html


@pytest.mark.parametrize("address", ["http://a.example/b", "HTTPS://a.example", "www.a.example", "mailto:a@b.example"])
def test_a_bare_address_is_broken_where_a_renderer_would_find_it(address: str) -> None:
    shown = as_shown(f"See {address} there")
    assert not re.search(r"://|www\.|mailto:|@", shown, re.IGNORECASE)
    assert words(GITHUB.render(shown)) == f"See{address}there"


def test_emphasis_and_lists_are_kept() -> None:
    html = GITHUB.render(
        as_shown("*Elementary*, **my dear** _fellow_:\n\n- one\n  - two\n- three\n\n1. first\n2. second")
    )
    for element in ("<em>Elementary</em>", "<strong>my dear</strong>", "<em>fellow</em>", "<ol>"):
        assert element in html
    assert html.count("<li>") == 5 and html.count("<ul>") == 2


def test_ordinary_text_is_not_touched() -> None:
    text = "It was 5 - 3 = 2, 'quoted' & \"more\"; cost $5 (about 10%), they said: no!\n\n*(stopped)*"
    assert as_shown(text) == text


@given(st.text(st.sampled_from("ab1 \n\t#*_-+=>[]()!`~|<&;:/\\.@w$^\"'"), max_size=60))
def test_no_text_comes_alive_and_every_text_comes_back(text: str) -> None:
    shown = as_shown(text)
    assert as_written(shown) == text
    html = GITHUB.render(shown)
    assert not ALIVE.search(html), html
