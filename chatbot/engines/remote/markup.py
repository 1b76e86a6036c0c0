"""Text for a server whose tokenizer is not known here: nothing in it reads like a control token."""

from __future__ import annotations

import re

# A token in angle brackets (<|im_start|>, <s>, <start_of_turn>, <<SYS>>), also with spaces between bars, or in square
# ones and capitals ([INST], [/TOOL_CALLS], [gMASK]). The numbers of notes, [1], are none.
_OPENING = re.compile(r"<(?=[^<>\s]{1,60}>|[|｜][^<>\n]{1,60}[|｜]>)|\[(?=/?[a-z]?[A-Z_]{2,40}\])")


def as_letters(text: str) -> str:
    """The text with a space after the bracket of whatever reads like a control token of a common chat template.

    A visible space, because tokenizers may drop an invisible character and so put the token together again.
    """
    return _OPENING.sub(r"\g<0> ", text)
