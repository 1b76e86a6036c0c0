"""The prompt inspector, as HTML: the exact prompt of a turn by the origin of its parts, what was cut and why, how much
came from the cache, and the drafts with what spoke for and against each. All of it from the trace, in a dialog.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from chatbot.progress import counted
from chatbot.prompts import Origin
from chatbot.trace import PromptPiece, Trace, WrittenDraft
from chatbot.web.panels import reasoning_html, verdict_html

ORIGINS: dict[Origin, str] = {
    "persona": "who he is, and his standing instructions",
    "example": "how he speaks",
    "history": "what was said before",
    "recollection": "what you told him of yourself",
    "evidence": "what the books tell",
    "reasoning": "what the plain model made of that",
    "question": "what you asked",
}
TEMPLATE = "template"  # what stands around the messages
NO_MODEL = "No model was asked: this is a line of the persona's own, or what was found is read out as it stands."
UNKNOWN = "Where the parts come from was not kept when this was written."
NOT_SENT = "it was not sent, because what was found answers by itself."
NO_TRACE = "There is nothing to show yet: the answer is being written, or was never finished."


def inspector_html(question: str, trace: Trace | None, notice: str = "") -> str:
    """The dialog.

    Args:
        question: of the turn.
        trace: of the turn; None: it has none.
        notice: why there is nothing to show.
    """
    said = notice or ("" if trace else NO_TRACE)
    body = f'<p class="aside">{escape(said)}</p>' if said or trace is None else _body(trace)
    return f"""<dialog id="inspector" aria-labelledby="inspector-title"><header>
<h2 id="inspector-title">Why this answer</h2><form method="dialog"><button>Close</button></form></header>
<p class="aside">{escape(question)}</p>{body}</dialog>"""


def _body(trace: Trace) -> str:
    if not trace.prompt:
        return f"<p>{NO_MODEL}</p>{_cut(trace)}{_judged(trace)}"
    made = (_sizes, reasoning_html, _judged, _cut)
    return f"{''.join(part(trace) for part in made)}<h3>The exact prompt</h3>{_messages(trace)}"


# ---------------------------------------------------------------------- the prompt


def _sizes(trace: Trace) -> str:
    """How long the prompt is, how much of it was known, and what it is made of: a bar, and a list that says so too."""
    tokens = trace.tokens
    most = f" of at most {trace.budget:,}" if trace.budget else ""
    counts = dict.fromkeys(ORIGINS, 0)
    for piece in (piece for pieces in trace.pieces for piece in pieces):
        counts[piece.origin] += piece.tokens
    parts: list[tuple[str, str, int]] = [
        (origin, ORIGINS[origin], number) for origin, number in counts.items() if number
    ]
    rest = tokens.prompt - sum(counts.values())
    if trace.pieces and rest > 0:
        parts.append((TEMPLATE, "marks between the messages", rest))
    whole = sum(number for *_, number in parts)
    bar = "".join(
        f'<span data-origin="{origin}" style="flex-grow:{number}" title="{origin}: {number}"></span>'
        for origin, _, number in parts
    )
    legend = "".join(
        f'<li><span class="origin" data-origin="{origin}">{origin}</span> {counted(number, "token")}, '
        f"{number / whole:.0%}<small>{meaning}</small></li>"
        for origin, meaning, number in parts
    )
    known = f"{tokens.cached:,} came from the cache ({tokens.cached / tokens.prompt:.0%})" if tokens.prompt else ""
    read = f"{counted(tokens.prompt, 'token')}{most}; {known}." if tokens.prompt else NOT_SENT
    voice = "the tuned voice" if trace.voice else "no voice"
    return f"""<p><b>The prompt</b>: {read} {escape(trace.model)}, {voice}.</p>
<div class="sizes" aria-hidden="true">{bar}</div><ul class="legend">{legend}</ul>"""


def _messages(trace: Trace) -> str:
    shown = [] if trace.pieces else [f'<p class="aside">{UNKNOWN}</p>']
    begun = 0  # a message that asked several things was answered in several prompts
    for (role, text), pieces in zip(trace.prompt, trace.pieces or ((),) * len(trace.prompt), strict=True):
        begun += role == "system"
        again = f" of prompt {begun}" if role == "system" and begun > 1 else ""
        parts = "".join(_piece(part, piece) for part, piece in _parts(text, pieces))
        shown.append(f"<section><h4>{escape(role)}{again}</h4>{parts}</section>")
    return f'<div class="prompt">{"".join(shown)}</div>'


def _parts(text: str, pieces: Sequence[PromptPiece]) -> Iterator[tuple[str, PromptPiece | None]]:
    begin = 0
    for piece in pieces:
        yield text[begin : begin + piece.characters], piece
        begin += piece.characters
    if begin < len(text):
        yield text[begin:], None


def _piece(text: str, piece: PromptPiece | None) -> str:
    if piece is None:
        return f"<pre>{escape(text)}</pre>"
    return (
        f'<div class="part" data-origin="{piece.origin}"><span class="origin" data-origin="{piece.origin}">'
        f"{piece.origin} <small>{piece.tokens}</small></span><pre>{escape(text)}</pre></div>"
    )


# ---------------------------------------------------------------------- what was cut, and what was written


def _cut(trace: Trace) -> str:
    """What is not in the prompt, and why."""
    room = f"no room in {trace.budget:,} tokens" if trace.budget else "no room"
    lines = [(what, room) for what in trace.left_out]
    if trace.earlier:
        lines.append((f"history: {counted(trace.earlier, 'exchange')} before the last", "a prompt has the last alone"))
    if trace.search and trace.search.why_weak:
        lines.append(("what was found", trace.search.why_weak))
    if not lines:
        return "<p><b>Nothing was cut.</b></p>" if trace.prompt else ""
    items = "".join(f"<li>{escape(what)} <small>{escape(why)}</small></li>" for what, why in lines)
    return f'<h3>Cut</h3><ul class="cut">{items}</ul>'


def _judged(trace: Trace) -> str:
    """The drafts, and what the check made of the one that was said."""
    drafts = "".join(_draft(draft, number) for number, draft in enumerate(trace.drafts, 1))
    if drafts:
        drafts = f'<h3>{counted(len(trace.drafts), "draft")}</h3><ol class="drafts">{drafts}</ol>'
    elif trace.raw_reply:
        by = "What the model wrote" if trace.tokens.prompt else "What was said without the model"
        drafts = f"<h3>{by}</h3><blockquote>{escape(trace.raw_reply)}</blockquote>"
    strange = trace.check.unsupported if trace.check else ()
    why = f" <small>not in the evidence: {escape(', '.join(strange))}</small>" if strange else ""
    return f"{drafts}<p><b>The check</b>: {verdict_html(trace)}{why}</p>"


def _struck(written: str, kept: str) -> str:
    """A text with all struck out that is not kept, which is its beginning, or is made of parts of it."""
    said, rest = (kept, written[len(kept) :]) if written.startswith(kept) else ("", written)
    return escape(said) + (f"<del>{escape(rest)}</del>" if rest.strip() else "")


def _draft(draft: WrittenDraft, number: int) -> str:
    """A draft; what of it may not be said is struck out."""
    written = draft.written or draft.text
    kept = "" if written.startswith(draft.text) else f"<p>{escape(draft.text)}</p>"
    tag = '<span class="tag good">said</span> ' if draft.chosen else ""
    marks = f"worth {draft.worth:.2f}, tone {draft.tone:.2f}" if draft.text else "nothing of it may be said"
    why = f"<br><small>against it: {escape(draft.why)}</small>" if draft.why else ""
    return f"<li>{tag}<small>draft {number}: {marks}</small><p>{_struck(written, draft.text)}</p>{kept}{why}</li>"
