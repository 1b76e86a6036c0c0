"""The casebook: Markdown files beside the persona, one for each work and subject."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from chatbot.errors import SourceError
from chatbot.language import ENGLISH, Language, to_plain
from chatbot.library.texts.line_ends import LineEnds
from chatbot.library.texts.passages import CASEBOOK, Section
from chatbot.library.texts.source_file import read_source_file
from chatbot.progress import Say
from chatbot.yaml_text import parse_yaml

# A heading is a paragraph of its own, with or without blank lines around it.
_HEADING = re.compile(r"^(#+ .*)$", re.MULTILINE)


def casebook_sections(
    folder: Path,
    narrator: str,
    named: Callable[[str], str] = str,
    language: Language = ENGLISH,
    *,
    leave_out: Say | None = None,
) -> list[Section]:
    """Every section of every `*.md` in `folder`.

    A file begins with `---`, YAML with a `title`, and `---`; `##` begins a section.

    Args:
        folder: the casebook.
        narrator: who tells it.
        named: fills `{{user}}` and `{{char}}` in.
        language: the narrator's.
        leave_out: told of every file that cannot be used, which is left out; None: the first of them is an error.

    Raises:
        SourceError: a file is empty, binary, not UTF-8 or has no title.
    """
    sections: list[Section] = []
    for file in sorted(folder.glob("*.md")):
        try:
            title, body = map(named, _front_matter(file))
        except SourceError as error:
            if leave_out is None:
                raise
            leave_out(f"{error} This page is left out.")
            continue
        ends = LineEnds(body, language)
        heading, number = "", 1
        paragraphs: list[str] = []
        for block in [*_HEADING.sub(r"\n\1\n", body).split("\n\n"), "## "]:
            block = block.strip()
            if block.startswith("#"):
                if paragraphs:
                    source = f"casebook/{file.name}"
                    sections.append(Section(CASEBOOK, source, title, heading, narrator, tuple(paragraphs), number))
                    number += len(paragraphs)
                heading, paragraphs = to_plain(block.lstrip("# ")), []
            elif block:
                paragraphs.append(to_plain(ends.joined(block)))
    return sections


def _front_matter(file: Path) -> tuple[str, str]:
    text = read_source_file(file).replace("\r\n", "\n")
    parts = text.split("---\n", 2)
    try:
        if len(parts) != 3 or parts[0].strip():
            raise ValueError("it must begin with a line ---, a line `title: ...` and another line ---")
        return to_plain(str(parse_yaml(parts[1]).data["title"])), parts[2]
    except (KeyError, TypeError) as error:
        raise SourceError(f"{file}: the head of this casebook entry has no title: write `title: ...` in it.") from error
    except ValueError as error:
        raise SourceError(f"{file}: the head of this casebook entry cannot be read: {error}.") from error
