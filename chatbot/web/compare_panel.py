"""The replies of several modes side by side, as HTML: under each its tone, its support, its timings and its evidence.

Every button names what it does in `data-do`; `scripts.PRESS` hands that to the page's events.
"""

from __future__ import annotations

from html import escape
from itertools import pairwise

from chatbot.language import ENGLISH, Language
from chatbot.modes import MODES
from chatbot.web.comparing import Comparison, Side
from chatbot.web.judged import Judged, Span
from chatbot.web.panels import evidence_html, timings_html, waiting_html
from chatbot.web.views import WRITING, without_folders

BEFORE = "The answers stand here side by side, written together."
CHOOSE = "Which answer is best? Say so, and it is counted."
HIDDEN = "Which answer is best? What they are made of is shown when you have chosen."


def comparison_html(shown: Comparison, language: Language = ENGLISH, open_conversation: bool = False) -> str:
    """The replies.

    Args:
        shown: what is compared.
        language: the persona's.
        open_conversation: whether there is a conversation that a reply can be taken into.
    """
    said = shown.notice or (BEFORE if not shown.sides else "")
    if not said and shown.open:
        said = HIDDEN if shown.hidden else CHOOSE
    asked = f"<h2>{escape(shown.question)}</h2>" if shown.question else ""
    sides = "".join(_side(shown, at, language, open_conversation) for at in range(len(shown.sides)))
    return (
        f'<div class="compare">{asked}<p class="said" role="status">{escape(said)}</p>'
        f'<div class="sides">{sides}</div></div>'
    )


def marked(reply: str, verdict: Judged | None) -> str:
    """A reply with its doubtful sentences underlined and the words that the evidence does not hold marked."""
    if verdict is None:
        return escape(reply)
    edges = sorted({0, len(reply), *(edge for span in (*verdict.doubtful, *verdict.strange) for edge in span)})
    parts = []
    for begin, end in pairwise(edges):
        part = escape(reply[begin:end])
        if _within(begin, verdict.strange):
            part = f'<mark title="not in the evidence">{part}</mark>'
        if _within(begin, verdict.doubtful):
            part = f'<u title="the evidence hardly supports this sentence">{part}</u>'
        parts.append(part)
    return "".join(parts)


def _within(at: int, spans: tuple[Span, ...]) -> bool:
    return any(begin <= at < end for begin, end in spans)


def _side(shown: Comparison, at: int, language: Language, open_conversation: bool) -> str:
    side, name = shown.sides[at], shown.name(at)
    best = shown.chosen is not None and side.mode in shown.best(shown.chosen)
    made_of = "" if shown.hidden else f"<p>{escape(MODES[side.mode].summary)}</p>"
    mark = ' <span class="tag good">best</span>' if best else ""
    details = "" if shown.hidden else _details(shown, side, at, language)
    return f"""<article class="side{" best" if best else ""}" aria-labelledby="side-{at}">
<header><h3 id="side-{at}">{escape(name)}{mark}</h3>{made_of}</header>
<div class="reply">{_reply(shown, side)}</div>{details}{_acts(shown, at, name, open_conversation)}</article>"""


def _reply(shown: Comparison, side: Side) -> str:
    if side.progress.error:
        return f'<p class="aside">{escape(without_folders(side.progress.error))}</p>'
    stopped = " <em>(stopped)</em>" if side.progress.ended and not side.whole else ""
    return marked(side.progress.reply or WRITING, None if shown.hidden else side.judged) + stopped


def _details(shown: Comparison, side: Side, at: int, language: Language) -> str:
    progress = side.progress
    if progress.trace is None:
        return "" if progress.ended else waiting_html("writing" if progress.searched else "thinking")
    held = f'<p class="held">{_held(side)}</p>' if side.judged else ""
    number = len(progress.trace.evidence)
    panel = evidence_html(shown.question, progress.found, language, among=f"side-{at}-")
    evidence = f"<details><summary>Evidence: {number}</summary>{panel}</details>"
    return f"{timings_html(progress.trace)}{held}{evidence}"


def _held(side: Side) -> str:
    """What the judges say, in a line."""
    verdict = side.judged or Judged()
    tone = f"tone {verdict.tone:.2f}" if verdict.tone is not None else ""
    if verdict.claims is None:
        support = "nothing to hold it against"
    elif not verdict.claims:
        support = "claims nothing"
    else:
        support = f"supported {verdict.supported} of {verdict.claims}"
    against = f" by the evidence of {escape(side.against)}" if side.against and verdict.claims else ""
    return " · ".join(filter(None, (tone, support + against)))


def _acts(shown: Comparison, at: int, name: str, open_conversation: bool) -> str:
    if not shown.sides[at].whole or shown.busy:
        return ""
    buttons = []
    if shown.open:
        buttons.append(_button("best", at, "This one is best", f"This one is best: {name}"))
    if not shown.hidden:
        buttons.append(
            _button("continue", at, "Continue with this one", f"Continue with this one: {name}, in a new conversation")
        )
        if open_conversation:
            buttons.append(
                _button("continue", at, "… in the open one", f"… in the open one: continue with {name}", "open")
            )
    return f'<div class="acts">{"".join(buttons)}</div>'


def _button(do: str, at: int, text: str, label: str, where: str = "new") -> str:
    return (
        f'<button type="button" id="{do}-{where}-{at}" data-do="{do}" data-side="{at}" data-where="{where}" '
        f'aria-label="{escape(label)}">{text}</button>'
    )
