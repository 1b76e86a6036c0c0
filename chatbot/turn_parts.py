"""A message that asks several things: each is a turn of its own until all are recorded as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from chatbot.engines import Completion
from chatbot.language import Language, content_words, names_in, points_back, split_sentences, sub_questions
from chatbot.library.texts import RECOLLECTION
from chatbot.prompts import Exchange, Prompt
from chatbot.trace import Check
from chatbot.turn_values import Draft, Gathered, Held, Reasoning, Turn

BREAK = "\n\n"  # between two replies
ENDS = (".", "!", "?")  # of a sentence that is whole


def parts_of(turn: Turn) -> tuple[Turn, ...]:
    """The turns for the questions that its message asks; the turn itself alone where it asks one thing."""
    testing = turn.language.talk.testing
    asked = sub_questions(turn.asked.text, turn.language)
    questions = [each for each in asked if not testing.search(each)] or asked  # "I want to know if you were listening"
    if len(questions) == 1:
        return (turn,)
    return tuple(replace(turn, asked=replace(turn.asked, text=_as_sentence(question))) for question in questions)


def _as_sentence(question: str) -> str:
    """A question that was a part of a sentence, as one of its own."""
    end = "" if question[-1] in ".!?\"')" else "?"
    return f"{question[:1].upper()}{question[1:]}{end}"


def needs_the_one_before(part: Turn) -> bool:
    """Whether a later question of a message needs the one before it: "and where did he live?", "which ship was it?"."""
    question = part.asked.text
    return points_back(question, part.language) or not names_in(question, part.language)


def as_answered(part: Turn, gathered: Gathered) -> Exchange:
    """A question of a message with the sentence that was found for it: what the search for the next goes on from."""
    lead = gathered.evidence[0] if gathered.evidence else None
    return Exchange(part.asked.text, (lead.key or lead.text) if lead else "")


def said_once(draft: Draft, earlier: Sequence[Draft], language: Language) -> Draft:
    """A draft without the sentences that were said to an earlier question of the message."""
    said = [content_words(each, language) for draft in earlier for each in split_sentences(draft.text, language)]
    if not said or not draft.text.endswith(ENDS):
        return draft
    sentences = split_sentences(draft.text, language)
    new = [each for each in sentences if not any(content_words(each, language) <= words for words in said)]
    if not new or _gives_back(draft, [each for each in sentences if each not in new], language):
        return replace(draft, text="", piece="", prompt=None, ready="grounded")
    text, shown = " ".join(new), draft.text.removesuffix(draft.piece)
    if len(new) == len(sentences) or not text.startswith(shown):  # what a reader has seen is not taken back
        return draft
    return replace(draft, text=text, piece=text.removeprefix(shown))


def _gives_back(draft: Draft, said: Sequence[str], language: Language) -> bool:
    """Whether what a draft gives back of what the visitor told is among sentences that were said: the rest only says
    that he told it.
    """
    lead = draft.evidence[0] if draft.evidence else None
    if lead is None or lead.passage.kind != RECOLLECTION:
        return False
    told = content_words(lead.key, language)
    return any(words and words <= told for each in said for words in [content_words(each, language)])


def joined_draft(parts: Sequence[Turn], drafts: Sequence[Draft]) -> Draft:
    """The drafts for the questions of a message as one, of which the last may still be growing.

    Args:
        parts: the turns for these questions, in order.
        drafts: for the first of them.
    """
    last = drafts[-1]
    begins = any(draft.text for draft in drafts[:-1]) and last.text == last.piece and bool(last.piece)
    prompts = [draft.prompt for draft in drafts if draft.prompt]
    prompt = Prompt(
        messages=tuple(chain.from_iterable(prompt.messages for prompt in prompts)),
        evidence=tuple(chain.from_iterable(prompt.evidence for prompt in prompts)),
        left_out=tuple(chain.from_iterable(prompt.left_out for prompt in prompts)),
        turn=BREAK.join(
            draft.prompt.sent if draft.prompt else part.asked.text for part, draft in zip(parts, drafts, strict=False)
        ),
        pieces=tuple(chain.from_iterable(prompt.pieces for prompt in prompts)),
        earlier=max((prompt.earlier for prompt in prompts), default=0),
    )
    return Draft(
        text=BREAK.join(draft.text for draft in drafts if draft.text),
        piece=f"{BREAK}{last.piece}" if begins else last.piece,
        prompt=prompt if prompts else None,
        completion=_joined_completion([draft.completion for draft in drafts if draft.completion]),
        first_token_ms=drafts[0].first_token_ms,
        judged=tuple(chain.from_iterable(draft.judged for draft in drafts)),
        reasoning=_joined_reasoning([draft.reasoning for draft in drafts if draft.reasoning]),
        parts=tuple(drafts),
    )


def _joined_reasoning(reasonings: Sequence[Reasoning]) -> Reasoning | None:
    if not reasonings:
        return None
    return Reasoning(
        thoughts=tuple(chain.from_iterable(each.thoughts for each in reasonings)),
        tokens=sum(each.tokens for each in reasonings),
        milliseconds=sum(each.milliseconds for each in reasonings),
    )


def _joined_completion(completions: Sequence[Completion]) -> Completion | None:
    if not completions:
        return None
    return replace(
        completions[-1],
        text=BREAK.join(each.text for each in completions),
        prompt_tokens=sum(each.prompt_tokens for each in completions),
        cached_tokens=sum(each.cached_tokens for each in completions),
        reply_tokens=sum(each.reply_tokens for each in completions),
        first_token_ms=completions[0].first_token_ms,
        total_ms=sum(each.total_ms for each in completions),
    )


def joined_held(drafts: Sequence[Draft], held: Sequence[Held]) -> Held:
    """The drafts for the questions of a message after each was held.

    Args:
        drafts: as they were written.
        held: of each.
    """
    reply = BREAK.join(each.reply for each in held if each.reply)
    shown = 0
    quoted: list[int] = []
    for draft, each in zip(drafts, held, strict=True):
        quoted += [shown + number for number in each.check.quoted]
        shown += len(draft.evidence)
    verdicts = {each.check.verdict for each in held}
    check = Check(
        verdict=next(verdict for verdict in ("withheld", "grounded", "declined", "unchecked") if verdict in verdicts),
        quoted=tuple(quoted),
        unsupported=tuple(dict.fromkeys(chain.from_iterable(each.check.unsupported for each in held))),
    )
    earlier_changed = any(each.replaced or each.addition for each in held[:-1])
    addition = "" if earlier_changed else held[-1].addition
    return Held(reply, check, addition, replaced=earlier_changed or held[-1].replaced)
