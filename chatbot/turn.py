"""The steps of a turn, each from values to a value: begin, gather, write, hold; `chatbot.turn_record` has the last.

`chatbot.bot` takes them in this order and is the only place where failures are caught. Every value is frozen, so that
whatever interrupts a turn, what has been reached so far can be recorded.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import replace

from chatbot.drafts import Candidate as Written
from chatbot.drafts import Jury
from chatbot.engines import Completion, Request, Sampling
from chatbot.errors import MessageError, ReadOnlyError
from chatbot.events import Question
from chatbot.grounding import check_reply
from chatbot.language import (
    WITHOUT_BOOKS,
    Kind,
    asked_for,
    clean_message,
    comparable,
    is_about_visitor,
    kind_of,
    language_of,
    names_in,
    spelled_out,
    stands_alone,
)
from chatbot.library.search import Evidence, Found
from chatbot.library.texts import RECOLLECTION
from chatbot.limits import message_limit, too_long
from chatbot.modes import get_mode
from chatbot.prompts import Exchange, Prompt, build_prompt
from chatbot.resources import Resources
from chatbot.sampling import check_wishes, sampling_of
from chatbot.trace import Check
from chatbot.turn_drafts import drafts_of
from chatbot.turn_parts import as_answered, joined_draft, joined_held, needs_the_one_before, parts_of, said_once
from chatbot.turn_ready import CERTAIN, answered_first, near, ready_reply
from chatbot.turn_reasoning import concluded, reasoned
from chatbot.turn_recall import acknowledged, forgotten, history_of, perhaps_told, remembered, told_by_visitor
from chatbot.turn_values import Draft, Gathered, Held, Turn

EXAMPLES = 3  # of them that are shown to the model
MAX_PIECES = 3  # for each question
CLEARLY = 0.15  # by how much surer evidence must be that was looked for with what was said before

# ---------------------------------------------------------------------- begin


def begin(resources: Resources, asked: Question) -> Turn:
    """Clean the question and store it.

    Raises:
        BakerStreetError: it cannot be asked: no such persona or mode, an empty message, or it cannot be stored.
    """
    began = time.perf_counter()
    loaded = resources.persona(asked.persona)
    mode = get_mode(asked.mode or loaded.persona.default_mode)
    limit = message_limit(resources.settings.context_tokens)
    if len(asked.text) > limit:
        advice = "Shorten it, or add it as a text to the library and ask about it."
        raise MessageError(too_long("This message", len(asked.text), limit, advice))
    check_wishes(asked, resources.settings.context_tokens)
    text = clean_message(asked.text)
    if not text:
        raise MessageError("The message is empty. Write a question and send it again.")
    turn = Turn(
        resources, loaded, mode, replace(asked, text=spelled_out(text, language_of(loaded.persona))), None, began
    )
    if asked.conversation is None:
        return turn
    try:
        # The last thing that happens here: a question that is stored has a turn that can be ended.
        return replace(turn, id=resources.memory.ask(asked.conversation, asked.parent, mode.name, text))
    except ReadOnlyError as error:  # earlier turns can be read, and the books too
        return replace(turn, warning=f"{error} This is answered, and not stored.")


# ---------------------------------------------------------------------- gather


def gather(turn: Turn) -> Gathered:
    """The exchanges before this turn, and the evidence where the mode searches and there is something to look up.

    Where a message asks several things, each is searched for as if it were asked alone.
    Evidence that is too weak to answer from is not handed over; it is kept among what was dropped.
    """
    history = history_of(turn)
    if line := forgotten(turn):
        return Gathered(history, line=line)
    if line := acknowledged(turn, history):
        return Gathered(history, near=near(turn), line=line)
    asked = parts_of(turn)
    told, summary = remembered(turn)
    if len(asked) == 1:
        return Gathered(history, _found(turn, history), near=near(turn), told=told, summary=summary)
    parts: list[tuple[Turn, Gathered]] = []
    of_himself = is_about_visitor(turn.asked.text, turn.language)
    for part in asked:
        going_on = bool(parts) and needs_the_one_before(part)
        before = (*history, as_answered(*parts[-1])) if going_on else history
        piece = told_by_visitor(part, before, MAX_PIECES, part=True) if of_himself else None
        if piece is None or not (piece.evidence or going_on):
            piece = _found(part, before, going_on=going_on)
        lines = () if of_himself and going_on else near(part)
        parts.append((part, Gathered(history, piece, near=lines, told=told, summary=summary)))
    parts = answered_first(turn, parts)
    found = [gathered.found for _, gathered in parts if gathered.found]
    return Gathered(history, Found.joined(found) if found else None, tuple(parts))


def _found(turn: Turn, history: Sequence[Exchange], *, going_on: bool = False) -> Found | None:
    """What a search for a turn's question found; None where nothing is looked up.

    Args:
        turn: whose question.
        history: what was said before.
        going_on: the question is known to need what was said before.
    """
    exchanges = [(exchange.question, exchange.reply) for exchange in history]
    text, language = turn.asked.text, turn.language
    kind = kind_of(text, language, exchanges)
    if kind not in WITHOUT_BOOKS and (question := asked_for(text, language)) != text:
        text, kind = question, kind_of(question, language, exchanges)
    if kind == "follow-up" and stands_alone(text, language):
        kind = "question"
    if going_on and kind == "question":
        kind = "follow-up"
    if kind == "about the visitor":
        return told_by_visitor(turn, history, MAX_PIECES)
    if kind not in WITHOUT_BOOKS and (own := perhaps_told(turn, history, MAX_PIECES)):
        return own
    if turn.mode.knowledge is None or kind in WITHOUT_BOOKS:
        return None
    library = turn.resources.library(turn.asked.persona, turn.asked.visitor)
    plan, budget = library.plan(turn.mode.knowledge), turn.resources.settings.evidence_tokens

    def searched(kind: Kind) -> Found:
        return library.search(text, plan, kind=kind, history=exchanges, pieces=MAX_PIECES, budget=budget)

    found = searched(kind)
    if (
        exchanges
        and kind == "question"
        and found.confidence < CERTAIN
        and not (found.unknown or names_in(text, language))
    ):
        # "Were the gang ever caught?" has no pronoun and is of what was spoken of all the same.
        again = searched("follow-up")
        found = again if again.confidence > found.confidence + CLEARLY else found
    return found.with_weak_dropped()


# ---------------------------------------------------------------------- write


def write(turn: Turn, gathered: Gathered) -> Generator[Draft]:
    """The draft as it grows. Closing the iterator stops the engine.

    Where a message asks several things, a draft is written for each, one after another, until one is stopped.

    Raises:
        BakerStreetError: the prompt does not fit, the mode needs a voice that there is not, or generation failed.
    """
    if not gathered.parts:
        yield from _written(turn, gathered)
        return
    turns, done = [part for part, _ in gathered.parts], [Draft()]
    for part, found in gathered.parts:
        for draft in _written(part, found):
            done[-1] = said_once(draft, done[:-1], turn.language)
            yield joined_draft(turns, done)
        if done[-1].stopped:
            return
        done.append(Draft())


def _written(turn: Turn, gathered: Gathered) -> Generator[Draft]:
    """The reply to one question as it grows.

    Where the model would have to invent, the persona's own line is the whole of it. Where there are notes, what was
    read in them comes first and at once, and the best of several drafts goes on from there.
    """
    if ready := gathered.ready or ready_reply(turn, gathered):
        yield replace(ready, first_token_ms=turn.milliseconds())
        return
    prompt = _prompt(turn, gathered)
    if prompt.evidence:
        yield from _from_notes(turn, gathered, prompt)
        return
    draft = Draft(prompt=prompt)
    generation = turn.resources.engine.submit(Request(prompt.messages, turn.voice, _sampling(turn)))
    try:
        for piece in generation:
            first = draft.first_token_ms or turn.milliseconds()
            draft = replace(draft, text=draft.text + piece, piece=piece, first_token_ms=first)
            yield draft
    finally:
        generation.cancel()
    yield replace(draft, text=draft.text.strip(), piece="", completion=generation.completion)


def _from_notes(turn: Turn, gathered: Gathered, prompt: Prompt) -> Generator[Draft]:
    """The answer that was read, then the best way on that was written from there.

    Where the persona's own sentence holds the answer, or nothing was read for sure, that sentence is said as it stands:
    the model would spoil the one, and answer the other all the same. Without a reader the model answers.
    """
    lead = prompt.evidence[0]
    if lead.passage.kind == RECOLLECTION:  # his own words, given back: a model would add to them
        told = turn.wording.recalled(prompt.evidence, {exchange.reply for exchange in gathered.history})
        yield Draft(told, told, prompt, first_token_ms=turn.milliseconds())
        return
    jury = _jury(turn, gathered, prompt.evidence)
    opening = turn.wording.opening(prompt.evidence)
    reasoning = (yield from reasoned(turn, prompt, jury)) if turn.mode.reasoning else None
    if reasoning and reasoning.used:
        prompt = _prompt(turn, gathered, reasoning.used)
    draft = Draft(opening, opening, prompt, first_token_ms=turn.milliseconds(), reasoning=reasoning)
    judged: list[Written] = []
    first: Completion | None = None
    if opening:
        yield draft
    if opening or not lead.answer or turn.resources.models(turn.asked.persona).reader() is None:
        request = Request(prompt.messages, turn.voice, _sampling(turn), opening, copies=True)
        for completion in drafts_of(turn, request, turn.loaded.persona.generation.drafts):
            if completion is None:
                yield replace(draft, piece="")  # whoever wants to stop need not wait for the drafts
                continue
            first = first or completion
            judged.append(jury.judged(completion.text.strip(), opening, completion.finish == "stop"))
        if opening:
            judged.append(jury.judged(turn.wording.composed(lead, opening), opening))
    decided = jury.decided(judged, opening)
    best = next((each for each in decided if each.chosen), None)
    text = best.text if best else turn.wording.composed(lead, opening) if opening else turn.wording.noted(lead)
    if not opening and jury.repeats(text):
        text = turn.wording.again(text)
    elif not opening and not best:
        more = concluded(reasoning, text, turn.language) or turn.wording.details(prompt.evidence, text)
        text = " ".join(filter(None, (text, more)))
    yield replace(draft, text=text, piece=text.removeprefix(opening), completion=first, judged=decided)


def _jury(turn: Turn, gathered: Gathered, evidence: Sequence[Evidence]) -> Jury:
    models = turn.resources.models(turn.asked.persona)
    support, tone = models.support(), models.tone()
    pieces = [piece.text for piece in evidence]
    return Jury(
        sources=[*pieces, *_known_texts(turn, gathered, evidence)],
        earlier=[exchange.reply for exchange in gathered.history],
        language=turn.language,
        tone=tone.score if tone and turn.mode.voice else lambda _: 0.0,
        unsupported=(lambda text: support.unsupported_sentences(text, pieces, turn.asked.text)) if support else None,
    )


def _prompt(turn: Turn, gathered: Gathered, reasoning: str = "") -> Prompt:
    persona = turn.loaded.persona
    return build_prompt(
        persona,
        turn.asked.text,
        gathered.evidence,
        gathered.history,
        examples=_examples(turn, gathered),
        count=turn.resources.engine.count,
        budget=turn.prompt_tokens,
        told=gathered.told,
        summary=gathered.summary,
        reasoning=reasoning,
    )


def _examples(turn: Turn, gathered: Gathered) -> list[Exchange]:
    """Exchanges that show the model how the persona speaks: the nearest of its own where there are no notes."""
    if turn.mode.examples:
        return [Exchange(example.user, example.assistant) for example in turn.loaded.persona.examples]
    if gathered.evidence or not turn.mode.voice:
        return []
    return [Exchange(near.user, near.reply) for near in reversed(gathered.near[:EXAMPLES])]


def _sampling(turn: Turn) -> Sampling:
    return sampling_of(turn.asked, turn.loaded.persona.generation)


# ---------------------------------------------------------------------- hold


def hold(turn: Turn, gathered: Gathered, draft: Draft) -> Held:
    """Hold a draft against the evidence; where it does not rest on it, another reply is given in its place."""
    if draft.parts:
        asked = gathered.parts[: len(draft.parts)]
        return joined_held(draft.parts, [hold(*part, each) for part, each in zip(asked, draft.parts, strict=True)])
    if draft.prompt is None:
        return Held(draft.text, Check(verdict=draft.ready or "declined"))
    persona, wording, evidence = turn.loaded.persona, turn.wording, draft.evidence
    known = _known_texts(turn, gathered, draft.evidence)
    check = check_reply(draft.text, [piece.text for piece in evidence], known, turn.language)
    if turn.mode.knowledge is None or draft.stopped:
        return Held(draft.text, check)
    if evidence and check.verdict == "declined" and not _is_note(draft.text, evidence[0]):
        # There were notes: visitors should hear what comes nearest, and judge for themselves.
        addition = " " + wording.with_quote(persona.nearest, evidence[0])
        return Held(draft.text + addition, check, addition)
    if check.verdict == "withheld":
        reply = wording.with_quote(persona.readings, evidence[0])
    elif not draft.text or (not evidence and check.unsupported):
        reply = wording.line(persona.declines)
    else:
        return Held(draft.text, check)
    return Held(reply, check.model_copy(update={"verdict": "withheld"}), replaced=True)


def _is_note(reply: str, lead: Evidence) -> bool:
    """Whether a reply begins with the leading note: "The texts do not record it" is what he knows, and no decline."""
    return bool(lead.key) and comparable(reply).startswith(comparable(lead.key))


def _known_texts(turn: Turn, gathered: Gathered, evidence: Sequence[Evidence]) -> list[str]:
    """Texts beside the evidence whose names and numbers a reply may use."""
    persona = turn.loaded.persona
    works = [piece.passage.work for piece in evidence]
    read = [text for piece in evidence for text in (piece.answer, piece.correction)]
    earlier = [text for exchange in gathered.history for text in (exchange.question, exchange.reply)]
    before = [*gathered.told, gathered.summary]
    return [turn.asked.text, persona.instruction(), persona.name, *works, *read, *earlier, *before]
