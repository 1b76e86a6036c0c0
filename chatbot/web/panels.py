"""The panels beside the chat as HTML: the evidence with the matching words marked and why it was chosen, how the search
went, and the line of timings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from textwrap import shorten
from typing import Any

from chatbot.language import content_words, stem, words_of
from chatbot.library.texts import RECOLLECTION
from chatbot.trace import Check, EvidenceRecord, ReasonRecord, SearchRecord, StepRecord, Timings, Tokens, Trace

NO_SEARCH = "No books were opened for this answer."
NOTHING = "Nothing in his books bears on this."
BEFORE = "When he answers, the passages he rests on are shown here."
BEGINNING = 90  # letters of a passage that was not used

_VERDICTS = {
    "grounded": ("rests on the notes", "good"),
    "declined": ("says he does not know", "plain"),
    "withheld": ("draft set aside: not in the notes", "warn"),
    "unchecked": ("not checked: no notes", "plain"),
}


def evidence_html(question: str, evidence: Sequence[EvidenceRecord], searched: bool, why_weak: str = "") -> str:
    """The passages used, the best first."""
    if not evidence:
        weak = f'<p class="aside">{escape(why_weak)}</p>' if why_weak else ""
        return f'<div class="evidence"><p class="aside">{NOTHING if searched else NO_SEARCH}</p>{weak}</div>'
    cards = "".join(_card(number, question, piece) for number, piece in enumerate(evidence, 1))
    return f'<div class="evidence">{cards}</div>'


def empty_evidence_html() -> str:
    """The panel before the first answer."""
    return f'<div class="evidence"><p class="aside">{BEFORE}</p></div>'


def search_html(search: SearchRecord | None) -> str:
    """How the search went, folded: what each module did, and what was found and not used; empty without a search."""
    if search is None or not (search.steps or search.dropped):
        return ""
    # What is not known is left out: not every plan has a router, and a router may open no books.
    facts = {
        "plan": search.plan,
        "taken for": search.intent,
        "likely to answer": f"{search.confidence:.2f}",
        "passages considered": str(search.considered),
    }
    listed = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items() if value)
    return f"""<details class="search"><summary>How the search went</summary>
<dl>{listed}</dl>{_steps(search.steps)}{_unused(search.dropped)}</details>"""


def timings_html(trace: Trace) -> str:
    """One line: mode, what the check found, and how long it took."""
    return _line(trace.mode, trace.check, trace.timings, trace.tokens, len(trace.evidence))


def stored_timings_html(trace: dict[str, Any], pieces: int) -> str:
    """The same line for a turn that was read from memory; empty where it has no trace."""
    if not trace.get("mode"):
        return ""
    check = Check.model_validate(trace["check"]) if trace.get("check") else None
    timings, tokens = Timings.model_validate(trace["timings"]), Tokens.model_validate(trace["tokens"])
    return _line(trace["mode"], check, timings, tokens, pieces)


def waiting_html(text: str) -> str:
    """The line while something is under way."""
    return f'<div class="timings"><span class="tag">{escape(text)}</span></div>'


def mark(text: str, question: str) -> str:
    """`text` as HTML with the question's words marked, whatever their ending."""
    wanted = content_words(question)
    parts = re.split(r"([A-Za-z0-9]+(?:'[a-z]+)?)", text)
    return "".join(
        f"<mark>{escape(part)}</mark>" if words_of(part) and stem(words_of(part)[0]) in wanted else escape(part)
        for part in parts
    )


def _card(number: int, question: str, piece: EvidenceRecord) -> str:
    chapter = f'<span class="chapter">{escape(piece.chapter)}</span>' if piece.chapter else ""
    whole = "".join(f"<p>{mark(line, question)}</p>" for line in piece.passage.split("\n"))
    return f"""<article class="piece">
<header><span class="number">{number}</span><span class="work">{escape(piece.work)}</span>
<span class="score" title="how well it bears on the question, 0 to 1">{piece.score:.2f}</span></header>
<div class="place">{chapter}<span>{escape(_source(piece))}</span></div>
<blockquote>{mark(piece.text, question)}</blockquote>
<details><summary>The whole passage, and why it was chosen</summary>{whole}
{_reasons(piece.reasons)}</details>
</article>"""


def _source(piece: EvidenceRecord) -> str:
    """Whose words a piece is."""
    if piece.kind == RECOLLECTION:
        return "what you said earlier"
    return "his casebook" if piece.kind == "casebook" else f"told by {piece.narrator}, paragraph {piece.place}"


def _reasons(reasons: Sequence[ReasonRecord]) -> str:
    """What each module made of a passage, as a table."""
    rows = [(reason.module, str(reason.rank), _number(reason.score), reason.note) for reason in reasons]
    return _table("why", ("module", "place", "score", "what it did"), rows)


def _steps(steps: Sequence[StepRecord]) -> str:
    # Before the lists are joined there are no candidates yet: a dash, for a nought would read as a failure.
    rows = [(step.module, f"{step.milliseconds:.1f}", str(step.candidates or "–"), step.note) for step in steps]
    return _table("steps", ("module", "ms", "left", "what it did"), rows)


def _unused(pieces: Sequence[EvidenceRecord]) -> str:
    if not pieces:
        return ""
    items = []
    for piece in pieces:
        last = piece.reasons[-1] if piece.reasons else None
        why = (
            f'<span class="why-not">{escape(last.module)}: {escape(last.note or "left it out")}</span>' if last else ""
        )
        text = shorten(piece.text, BEGINNING, placeholder=" …")
        items.append(
            f'<li><span class="work">{escape(piece.work)}</span> {why}<div class="beginning">{escape(text)}</div></li>'
        )
    return f'<h4>Found and not used</h4><ul class="unused">{"".join(items)}</ul>'


def _table(name: str, head: Sequence[str], rows: Sequence[tuple[str, str, str, str]]) -> str:
    """A table whose two middle columns are numbers; empty without rows."""
    if not rows:
        return ""
    top = "".join(f'<th scope="col">{title}</th>' for title in head)
    body = "".join(
        f'<tr><th scope="row">{escape(module)}</th><td>{one}</td><td>{two}</td><td>{escape(note)}</td></tr>'
        for module, one, two, note in rows
    )
    return f'<table class="{name}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def _number(score: float) -> str:
    """Two places, or two figures where that would show next to nothing: reciprocal ranks are about a sixtieth."""
    return f"{score:.2f}" if abs(score) >= 0.1 or score == 0 else f"{score:.2g}"


def _line(mode: str, check: Check | None, timings: Timings, tokens: Tokens, pieces: int) -> str:
    label, tone = _VERDICTS[check.verdict] if check else ("stopped", "plain")
    parts = [f'<span class="tag mode">{escape(mode)}</span>', f'<span class="tag {tone}">{label}</span>']
    if timings.retrieval_ms:
        parts.append(f"<span>search {timings.retrieval_ms:.0f} ms, {pieces} pieces</span>")
    parts.append(f"<span>first token {timings.first_token_ms / 1000:.2f} s</span>")
    if tokens.reply > 1:
        parts.append(f"<span>{timings.tokens_per_second(tokens.reply):.0f} tokens/s</span>")
        parts.append(f"<span>prompt {tokens.prompt} tokens, {tokens.cached} of them cached</span>")
    return f'<div class="timings">{"".join(parts)}</div>'
