"""The persona's lines that rest on the casebook, with notes as a turn hands them over.

The voice is trained on what it will read: the evidence that the search finds for the question, the sentence that
answers first, the answer marked as the reader marks it; sometimes unmarked, and sometimes with nothing that answers, so
that it learns to decline. Where the answer is marked the reply begins with it word for word, as it will in a turn.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from chatbot.language import content_words, holds, split_sentences
from chatbot.library.search import ADVANCED, Library
from chatbot.library.texts import Passage
from chatbot.lines import Example
from chatbot.progress import Progress
from chatbot.prompts import Message, render_turn
from chatbot.wording import sentence_of
from personas import Persona

PIECES = 3
BUDGET = 220  # tokens, as `settings.evidence_tokens`
MARKED = 0.85  # the share of examples whose answer is marked
SILENT = 0.1  # the share whose notes do not hold it
NOTE_WORDS = 70
SHORT = 6  # words of a first sentence that is the answer alone


def grounded(
    examples: Sequence[Example],
    library: Library,
    persona: Persona,
    seed: int,
    on_progress: Progress = lambda done, total: None,
) -> list[Example]:
    """The examples with notes before the question where they rest on the casebook; the others as they are.

    Args:
        examples: the persona's lines.
        library: where evidence is looked for.
        persona: whose prompts and declines are used.
        seed: of what is marked and what is left out.
        on_progress: told how many are done, of how many.
    """
    chance = random.Random(seed)
    pages: dict[str, list[Passage]] = {}
    for position in sorted(library.tools.casebook):
        passage = library.tools.passages[position]
        pages.setdefault(passage.work, []).append(passage)
    asked = library.tools.asked()
    corrections = {
        (fact.sentence, fact.answer): fact.correction for fact, _ in (asked.facts if asked else ()) if fact.correction
    }
    made: list[Example] = []
    for done, example in enumerate(examples, 1):
        if example.sentence:
            made += _of_fact(example, library, persona, corrections, chance)
        elif example.work in pages:
            made.append(_of_page(example, pages, persona))
        else:
            made.append(example)
        on_progress(done, len(examples))
    return made


def _of_fact(
    example: Example,
    library: Library,
    persona: Persona,
    corrections: Mapping[tuple[str, str], str],
    chance: random.Random,
) -> list[Example]:
    question = example.messages[0].content
    found = library.search(question, ADVANCED, pieces=PIECES, budget=BUDGET).evidence
    holding = [piece.text for piece in found if example.sentence in piece.text]
    others = [
        (piece.passage.work, piece.text)
        for piece in found
        if example.sentence not in piece.text and not holds(piece.text, example.answer)
    ]
    lead = (example.work, holding[0] if holding else example.sentence)
    notes = [lead, *others][:PIECES]
    said = corrections.get((example.sentence, example.answer)) or example.answer
    if chance.random() < MARKED:
        made = [_with_notes(_begun(example, said), notes, persona, said)]
    else:
        made = [_with_notes(example, notes, persona, "")]
    if others and chance.random() < SILENT:
        silent = replace(
            example,
            kind="silent",
            messages=(example.messages[0], Message("assistant", chance.choice(persona.declines))),
        )
        made.append(_with_notes(silent, others, persona, ""))
    return made


def _begun(example: Example, said: str) -> Example:
    """The example with a reply that begins with what is said: in the place of its first sentence where that is short or
    says the same, before it otherwise.
    """
    reply = example.messages[1].content
    opening = sentence_of(said)
    first, *rest = split_sentences(reply)
    if reply.startswith(opening.rstrip(".")):
        return example
    wanted, held = content_words(said), content_words(first)
    same = len(wanted & held) >= len(wanted) / 2
    if rest and (same or len(first.split()) <= SHORT):
        reply = " ".join([opening, *rest])
    elif not same:
        reply = f"{opening} {reply}"
    return replace(example, messages=(example.messages[0], Message("assistant", reply), *example.messages[2:]))


def _of_page(example: Example, pages: Mapping[str, Sequence[Passage]], persona: Persona) -> Example:
    """A longer reply, with the parts of its page that share most words with it, in their order."""
    said = content_words(" ".join(message.content for message in example.messages if message.role == "assistant"))
    page = pages[example.work]
    best = sorted(range(len(page)), key=lambda at: -len(said & content_words(page[at].text)))[:PIECES]
    notes = [(example.work, _shortened(page[at].text, said)) for at in sorted(best)]
    return _with_notes(example, notes, persona, "")


def _shortened(text: str, said: frozenset[str] | set[str]) -> str:
    """The sentences of a passage that share most words with what is said, in their order."""
    sentences = split_sentences(text)
    order = sorted(range(len(sentences)), key=lambda at: -len(said & content_words(sentences[at])))
    kept: list[int] = []
    words = 0
    for at in order:
        words += len(sentences[at].split())
        if kept and words > NOTE_WORDS:
            break
        kept.append(at)
    return " ".join(sentences[at] for at in sorted(kept))


def _with_notes(example: Example, notes: Sequence[tuple[str, str]], persona: Persona, answer: str) -> Example:
    first, *rest = example.messages
    prompt = render_turn(first.content, notes, persona.prompts, answer)
    return replace(example, messages=(replace(first, content=prompt), *rest))
