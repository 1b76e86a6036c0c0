"""The panels beside the chat as HTML: the evidence with the matching words marked, and the line of timings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from chatbot.text import STOPWORDS, stem, words_of
from chatbot.trace import Check, EvidenceRecord, Timings, Tokens, Trace

NO_SEARCH = "No books were opened for this answer."
NOTHING = "Nothing in his books bears on this."
BEFORE = "When he answers, the passages he rests on are shown here."

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
    wanted = {stem(word) for word in words_of(question) if word not in STOPWORDS}
    parts = re.split(r"([A-Za-z0-9]+(?:'[a-z]+)?)", text)
    return "".join(
        f"<mark>{escape(part)}</mark>" if words_of(part) and stem(words_of(part)[0]) in wanted else escape(part)
        for part in parts
    )


def _card(number: int, question: str, piece: EvidenceRecord) -> str:
    source = "his casebook" if piece.kind == "casebook" else f"told by {piece.narrator}, paragraph {piece.place}"
    chapter = f'<span class="chapter">{escape(piece.chapter)}</span>' if piece.chapter else ""
    reasons = " · ".join(f"{reason.module} #{reason.rank} ({reason.score:.2f})" for reason in piece.reasons)
    whole = "".join(f"<p>{mark(line, question)}</p>" for line in piece.passage.split("\n"))
    return f"""<article class="piece">
<header><span class="number">{number}</span><span class="work">{escape(piece.work)}</span>
<span class="score" title="how well it bears on the question, 0 to 1">{piece.score:.2f}</span></header>
<div class="place">{chapter}<span>{escape(source)}</span></div>
<blockquote>{mark(piece.text, question)}</blockquote>
<details><summary>The whole passage, and why it was chosen</summary>{whole}
<p class="aside">{escape(reasons)}</p></details>
</article>"""


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
