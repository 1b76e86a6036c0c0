"""Citations in the chat: small numbers behind a sentence, which lead to the piece of evidence that it rests on.

In the text of a message they are raised digits, so that a copy of it reads well; in the browser they become buttons.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatbot.citations import Citation

SIGN = "\N{WORD JOINER}"  # before every number, to tell it from raised digits that were said
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

# A press on a number also selects its message, as a press anywhere in it does; the piece is shown as soon as the panel
# has the evidence of that message. Escape leads back from the piece to the number.
CITE = """() => {
    let wanted = null, from = null;
    const messages = (side) => [...document.querySelectorAll(`#chat [data-testid="${side}"]`)];
    const button = (raised) => {
        const number = [...raised].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(digit)).join("");
        const made = document.createElement("button");
        made.type = "button";
        made.className = "cite";
        made.dataset.piece = number;
        made.textContent = number;
        made.setAttribute("aria-label", `Show evidence ${number}`);
        const raise = document.createElement("sup");
        raise.append(made);
        return raise;
    };
    const mark = () => {
        for (const message of messages("bot")) {
            if (!message.textContent.includes("\\u2060")) continue;
            const walk = document.createTreeWalker(message, NodeFilter.SHOW_TEXT), texts = [];
            while (walk.nextNode()) texts.push(walk.currentNode);
            for (const text of texts) {
                const parts = text.data.split(/\\u2060([⁰¹²³⁴⁵⁶⁷⁸⁹]+)/);
                if (parts.length > 1) text.replaceWith(...parts.map((part, at) => (at % 2 ? button(part) : part)));
            }
        }
        show();
    };
    const show = () => {
        const bar = document.querySelector(".turn-bar"), panel = document.querySelector("#evidence .evidence");
        if (!wanted || bar?.dataset.number !== wanted.turn || panel?.dataset.turn !== bar.dataset.turn) return;
        const piece = panel.querySelector(`#piece-${wanted.piece}`);
        wanted = null;
        if (!piece) return;
        for (const other of panel.querySelectorAll(".cited")) other.classList.remove("cited");
        piece.classList.add("cited");
        const drawer = document.querySelector("#evidence-more");
        if (drawer?.offsetParent && !document.querySelector("#right.open")) drawer.click();
        piece.scrollIntoView({block: "nearest"});
        piece.focus({preventScroll: true});
    };
    document.addEventListener("click", (event) => {
        const cite = event.target.closest?.("#chat .cite");
        if (!cite) {
            if (event.isTrusted) wanted = null;
            return;
        }
        const bots = messages("bot"), greetings = bots.length - messages("user").length;
        from = cite;
        wanted = {
            turn: String(bots.indexOf(cite.closest('[data-testid="bot"]')) - greetings + 1),
            piece: cite.dataset.piece,
        };
        show();
    }, true);
    document.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || !document.activeElement?.closest(".cited") || !from?.isConnected) return;
        event.stopImmediatePropagation();
        document.querySelector("#right.open #evidence-close")?.click();
        from.focus();
    }, true);
    new MutationObserver(mark).observe(document.body, {childList: true, subtree: true});
    mark();
}"""


def marked(reply: str, citations: Sequence[Citation]) -> str:
    """A reply with the numbers of its citations behind its sentences."""
    parts, begin = [], 0
    for citation in citations:
        numbers = "".join(SIGN + str(number).translate(_RAISED) for number in citation.pieces)
        parts += [reply[begin : citation.end], numbers]
        begin = citation.end
    return "".join((*parts, reply[begin:]))
