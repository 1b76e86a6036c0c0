"""The panels beside the chat as HTML: the evidence with matching words marked and the reasons for it, the steps of the
search, and the line of timings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from textwrap import shorten

from chatbot.language import ENGLISH, Language, content_words, words_of
from chatbot.library.search import Evidence, Found, Reason, Step
from chatbot.library.texts import CASEBOOK, RECOLLECTION
from chatbot.progress import counted
from chatbot.trace import Trace

NO_SEARCH = "No books were opened for this answer."
NOTHING = "Nothing in the books bears on this."
BEFORE = "The passages that an answer rests on are shown here."
BEGINNING = 90  # characters shown of a passage that was not used

_VERDICTS = {
    "grounded": ("rests on the notes", "good"),
    "declined": ("says the answer is not known", "plain"),
    "withheld": ("draft set aside: not in the notes", "warn"),
    "unchecked": ("not checked: no notes", "plain"),
}


def evidence_html(
    question: str, found: Found | None, language: Language = ENGLISH, turn: str = "", among: str = ""
) -> str:
    """The passages used, the best first.

    Args:
        question: what was asked.
        found: what was found; None: nothing was searched.
        language: the persona's.
        turn: the id of the turn they belong to.
        among: begins the ids of the passages, where a page has several such panels.
    """
    mended = f'<p class="aside">{escape(found.mended)}</p>' if found and found.mended else ""
    if found is None or not found.evidence:
        weak = f'<p class="aside">{escape(found.why_weak)}</p>' if found and found.why_weak else ""
        said = NOTHING if found and found.considered else NO_SEARCH  # a router may decide to look nothing up
        return f'<div class="evidence"><p class="aside">{said}</p>{mended}{weak}</div>'
    question = f"{question} {' '.join(meant for _, meant in found.taken_for)}"  # to be marked too
    cards = "".join(
        _card(f"{among}piece-{number}", number, question, piece, language)
        for number, piece in enumerate(found.evidence, 1)
    )
    return f'<div class="evidence" data-turn="{escape(turn)}">{mended}{cards}</div>'


def empty_evidence_html() -> str:
    """The panel before the first answer."""
    return f'<div class="evidence"><p class="aside">{BEFORE}</p></div>'


def search_html(search: Found | None) -> str:
    """The search, collapsed: what each module did, and what was found but not used; empty without a search."""
    if search is None or not (search.steps or search.dropped):
        return ""
    # Unknown facts are left out: not every plan has a router, and a router may decide against searching.
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
    timings, tokens = trace.timings, trace.tokens
    parts = [f'<span class="tag mode">{escape(trace.mode)}</span>', verdict_html(trace)]
    if timings.retrieval_ms:
        parts.append(f"<span>search {timings.retrieval_ms:.0f} ms, {counted(len(trace.evidence), 'piece')}</span>")
    parts.append(f"<span>first token {timings.first_token_ms / 1000:.2f} s</span>")
    if tokens.reply > 1:
        parts.append(f"<span>{timings.tokens_per_second(tokens.reply):.0f} tokens/s</span>")
        parts.append(f"<span>prompt {counted(tokens.prompt, 'token')}, {tokens.cached} of them cached</span>")
    wanted = {"length": trace.length, "temperature": trace.temperature, "seed": trace.seed or None}
    parts += [f"<span>{name} {value:g}</span>" for name, value in wanted.items() if value is not None]
    return f'<div class="timings">{"".join(parts)}{reasoning_html(trace)}</div>'


def reasoning_html(trace: Trace) -> str:
    """The reasoning before the answer, collapsed, what the evidence does not hold struck out; empty without any."""
    reasoning = trace.reasoning
    if reasoning is None:
        return ""
    said = " ".join(
        escape(thought.text) if thought.chosen else f"<del>{escape(thought.written)}</del>"
        for thought in reasoning.thoughts
    )
    against = dict.fromkeys(thought.why for thought in reasoning.thoughts if thought.why and not thought.chosen)
    why = f'<p class="aside">not used: {escape("; ".join(against))}</p>' if against else ""
    took = f"{counted(reasoning.tokens, 'token')}, {reasoning.milliseconds / 1000:.1f} s"
    return (
        f'<details class="reasoning"><summary>Reasoning before the answer: {took}</summary><p>{said}</p>{why}</details>'
    )


def verdict_html(trace: Trace) -> str:
    """What the check found."""
    label, tone = _VERDICTS[trace.check.verdict] if trace.check else ("stopped", "plain")
    return f'<span class="tag {tone}">{label}</span>'


def waiting_html(text: str) -> str:
    """The line while a turn is in progress."""
    return f'<div class="timings"><span class="tag">{escape(text)}</span></div>'


def mark(text: str, question: str, language: Language = ENGLISH) -> str:
    """`text` as HTML, with every word marked that shares its stem with a content word of the question."""
    wanted = content_words(question, language)
    parts = re.split(r"([^\W_]+(?:'[^\W_]+)?)", text)
    return "".join(
        f"<mark>{escape(part)}</mark>"
        if words_of(part) and language.stem(words_of(part)[0]) in wanted
        else escape(part)
        for part in parts
    )


def _card(id_: str, number: int, question: str, piece: Evidence, language: Language) -> str:
    chapter = f'<span class="chapter">{escape(piece.passage.chapter)}</span>' if piece.passage.chapter else ""
    whole = "".join(f"<p>{mark(line, question, language)}</p>" for line in piece.passage.text.split("\n"))
    return f"""<article class="piece" id="{id_}" tabindex="-1" aria-label="Evidence {number}">
<header><span class="number">{number}</span><span class="work">{escape(piece.passage.work)}</span>
<span class="score" title="relevance to the question, 0 to 1">{piece.score:.2f}</span></header>
<div class="place">{chapter}<span>{escape(_source(piece))}</span></div>
{_answer(piece)}<blockquote>{_with_answer(piece, question, language)}</blockquote>
<details><summary>The whole passage, and why it was chosen</summary>{whole}
{_reasons(piece.reasons)}</details>
</article>"""


def _answer(piece: Evidence) -> str:
    """What was read in a piece, where that is more than a part of its text."""
    if not piece.said or piece.said.lower() in piece.text.lower():
        return ""
    return f'<p class="answer"><span>answer</span> {escape(piece.said)}</p>'


def _with_answer(piece: Evidence, question: str, language: Language) -> str:
    """The text with the answer that was read in it made strong, and the words of the question marked."""
    begin = piece.text.lower().find(piece.answer.lower()) if piece.said and piece.answer else -1
    if begin < 0:
        return mark(piece.text, question, language)
    end = begin + len(piece.answer)
    before, answer, after = piece.text[:begin], piece.text[begin:end], piece.text[end:]
    return f"{mark(before, question, language)}<strong>{escape(answer)}</strong>{mark(after, question, language)}"


def _source(piece: Evidence) -> str:
    """Where a piece comes from."""
    if piece.passage.kind == RECOLLECTION:
        return "what you said earlier"
    if piece.passage.kind == CASEBOOK:
        return "the casebook"
    return f"told by {piece.passage.narrator}, paragraph {piece.passage.place}"


def _reasons(reasons: Sequence[Reason]) -> str:
    """What each module did to a passage, as a table."""
    rows = [(reason.module, str(reason.rank), _number(reason.score), reason.note) for reason in reasons]
    return _table("why", ("module", "place", "score", "what it did"), rows)


def _steps(steps: Sequence[Step]) -> str:
    # Until the result lists are fused there are no candidates: a dash, because 0 would read as a failure.
    rows = [(step.module, f"{step.milliseconds:.1f}", str(step.candidates or "–"), step.note) for step in steps]
    return _table("steps", ("module", "ms", "left", "what it did"), rows)


def _unused(pieces: Sequence[Evidence]) -> str:
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
            f'<li><span class="work">{escape(piece.passage.work)}</span> {why}'
            f'<div class="beginning">{escape(text)}</div></li>'
        )
    return f'<h3>Found and not used</h3><ul class="unused">{"".join(items)}</ul>'


def _table(name: str, head: Sequence[str], rows: Sequence[tuple[str, str, str, str]]) -> str:
    """A table with two numeric columns in the middle; empty without rows."""
    if not rows:
        return ""
    top = "".join(f'<th scope="col">{title}</th>' for title in head)
    body = "".join(
        f'<tr><th scope="row">{escape(module)}</th><td>{one}</td><td>{two}</td><td>{escape(note)}</td></tr>'
        for module, one, two, note in rows
    )
    return f'<table class="{name}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def _number(score: float) -> str:
    """Two decimals, or two significant digits below 0.1: a reciprocal rank is about 1/60."""
    return f"{score:.2f}" if abs(score) >= 0.1 or score == 0 else f"{score:.2g}"
