"""The replies that are there already: what the persona says to just this, or where a model would have to invent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from chatbot.exchanges import OF_THE_SORT, NearExchange
from chatbot.language import (
    Language,
    act_of,
    asked_for,
    asks_of_somebody,
    is_about_visitor,
    is_own_matter,
    is_question,
    is_small_talk,
    meaning_words,
    names_in,
    points_back,
    sentences_of_message,
    speaks_to,
    tells_of_self,
    to_plain,
    words_of,
)
from chatbot.line_kinds import ACTS, GENERAL, MOODS, PUZZLE, REACTIONS
from chatbot.recall import INTENT
from chatbot.turn_parts import needs_the_one_before
from chatbot.turn_values import Draft, Gathered, Turn
from chatbot.wording import unsaid

LONGEST = 200  # words of a message that a line may answer
NEAR = 5  # of the persona's own exchanges that are looked at
SORTS = 20  # of those of one sort
FAREWELL, BEYOND, CASE_TALK, ADVICE = "farewell", "beyond", "case-talk", "advice"
PROVOCATION = "provocation"
CERTAIN = 0.8  # the confidence from which on the evidence answers, and no line that is merely near
# The same where a line fits, but tells what the books tell: a visitor is to read the passage beside the answer.
RATHER_THE_BOOKS = {**dict.fromkeys(GENERAL, 0.3), CASE_TALK: 0.5, "about-him": 0.8}
OF_THE_BOOKS = 0.3  # the same where a fact is asked for that is of neither of those who talk,
OF_HIM = 0.6  # and where one is asked for that is of the persona, and others
PER_CONFIDENCE = 0.2  # the margin that a line needs for each unit of the evidence's confidence
FIRM = 0.15  # the margin of a line that advises
OF_A_PART = 0.1  # taken from the margin of a line that answers one sentence of several
KNOWN_ACT = 0.15  # added to the margin of a line whose act a pattern has found in the message
DECLINING = frozenset({"beyond", "silent", "unread"})  # kinds of lines that say that the persona does not know


def near(
    turn: Turn, text: str = "", number: int = NEAR, kinds: frozenset[str] = frozenset()
) -> tuple[NearExchange, ...]:
    """The persona's own exchanges that are most like what was said, or like a part of it."""
    exchanges = turn.resources.exchanges(turn.asked.persona) if turn.mode.voice else None
    text = text or asked_for(turn.asked.text, turn.language)
    if not exchanges or len(words_of(text)) > LONGEST:
        return ()
    return tuple(exchanges.nearest(text, number, kinds))


def ready_reply(turn: Turn, gathered: Gathered) -> Draft | None:
    """The reply of a turn that is there already; None where the model is to write it."""
    earlier = {exchange.reply for exchange in gathered.history}
    if gathered.found is not None and gathered.found.intent == INTENT:
        # What he told answers, or nothing does, and no line to another who asked in such words.
        return None if gathered.evidence else _untold(turn, earlier)
    text, language, persona = turn.asked.text, turn.language, turn.loaded.persona
    exchanges = [(exchange.question, exchange.reply) for exchange in gathered.history]
    # What the visitor tells or wants advised upon is his own matter, whatever the books have that sounds like it.
    told = is_own_matter(text, language, exchanges) or _does_alone(turn) or _speaks(turn, gathered)
    his_own = told or _wants_advice(turn, gathered)
    # Where the books are silent, or none were opened, what he says to much the same is better than nothing.
    silent = gathered.found is None or his_own or (gathered.found.weak and not gathered.found.unknown)
    known = gathered.found is not None and not gathered.found.weak and not his_own
    if known and gathered.history and language.explaining.match(text):
        return None  # "And why?" asks for what the books tell of the matter, and not for a line that always fits
    if (deduced := _deduced(turn, gathered.near, known, his_own)) and deduced not in earlier and not turn.asked.attempt:
        return Draft(deduced, deduced, ready="unchecked")
    said = list({line.reply: line for line in _lines(turn, gathered, silent) if line.reply not in earlier}.values())
    if turn.asked.attempt < len(said):  # a retry is answered by the next of them, and then by the model
        line = said[turn.asked.attempt]
        return Draft(line.reply, line.reply, ready="declined" if line.kind in DECLINING else "unchecked")
    if gathered.line:
        return Draft(gathered.line, gathered.line, ready="unchecked")
    replies = turn.wording.without_model(gathered.found, turn.mode.voice, his_own=his_own)
    if not replies:
        return None
    reply = unsaid(replies, earlier)
    return Draft(reply, reply, ready="unchecked" if reply in (*persona.listening, *persona.counsel) else "declined")


def _untold(turn: Turn, earlier: Collection[str]) -> Draft:
    persona = turn.loaded.persona
    reply = unsaid(turn.wording.in_turn(persona.untold or persona.declines), earlier)
    return Draft(reply, reply, ready="declined")


def answered_first(turn: Turn, parts: Sequence[tuple[Turn, Gathered]]) -> list[tuple[Turn, Gathered]]:
    """The questions of a message, those first that are answered; of the others it is said once that nothing tells.

    Args:
        turn: of the whole message.
        parts: a turn for each question, with what was gathered for it.
    """
    known = [(part, replace(gathered, ready=ready_reply(part, gathered))) for part, gathered in parts]
    answered = [each for each in known if not _declined(each[1])]
    declined = [each for each in known if _declined(each[1])]
    partly = turn.loaded.persona.partly
    if not answered or not declined or not partly:
        return known
    strange = [each for each in declined if each[1].found and each[1].found.unknown]
    if strange:
        return [*answered, *strange]  # each of these names the word that is strange to him
    if all(gathered.ready and gathered.ready.ready == "unchecked" for _, gathered in answered):
        # A line takes up the whole of such talk: "Are you often alone? Don't you mind?"
        declined = [each for each in declined if not needs_the_one_before(each[0])]
    if not declined:
        return answered
    part, gathered = declined[0]
    line = turn.wording.line(partly)
    return [*answered, (part, replace(gathered, ready=Draft(line, line, ready="declined")))]


def _declined(gathered: Gathered) -> bool:
    return gathered.ready is not None and gathered.ready.ready == "declined"


def _deduced(turn: Turn, near: Sequence[NearExchange], known: bool, his_own: bool) -> str:
    """What the persona reads in what a message describes; empty where it describes nothing, or asks for the books."""
    text, language, persona = turn.asked.text, turn.language, turn.loaded.persona
    deductions = turn.resources.deductions(turn.asked.persona) if turn.mode.voice else None
    asks = bool(language.talk.asks_deduction.search(text))
    described = his_own or text.count(",") > 1 or len(sentences_of_message(text, language)) > 1
    describes = described or (asks and tells_of_self(text, language))
    if deductions is None or not describes or (known and names_in(text, language)):
        return ""
    if any(line.kind == PUZZLE and line.will_do for line in near):
        return ""  # somebody has thought about just this
    answered = any(line.fits and line.likely is not None for line in near)
    if not asks and (answered or _asks_advice(text, language)):
        return ""  # somebody who tells of a stain and asks how to get it out wants no deduction
    if reply := deductions.reply(text, persona.deducing, persona.deduced):
        return reply
    wants_reading = his_own and language.talk.asks_reading.search(text)
    return turn.wording.line(persona.unread) if wants_reading and persona.unread else ""


def _does_alone(turn: Turn) -> bool:
    """Whether a message greets, thanks, takes leave ..., and asks nothing else."""
    language = turn.language
    return bool(act_of(turn.asked.text, language)) and not any(
        is_question(sentence, language) and not is_small_talk(sentence, language) and not act_of(sentence, language)
        for sentence in sentences_of_message(turn.asked.text, language)
    )


def _answers_better(line: NearExchange, turn: Turn, gathered: Gathered, books: float) -> bool:
    """Whether a line answers, rather than the evidence: it fits, or is the nearer the surer the evidence is.

    Args:
        line: that is near.
        turn: whose message.
        gathered: with the evidence.
        books: the confidence from which on the evidence answers, whatever line there is (`_books_from`).
    """
    found = gathered.found
    if line.kind == CASE_TALK and not turn.mode.knowledge:
        return False  # what a mode without books knows is what its model knows
    if found and found.confidence >= min(RATHER_THE_BOOKS.get(line.kind, 2.0), books):
        return False
    if line.fits or found is None or not line.will_do or not turn.mode.knowledge:
        return line.fits
    if found.unknown and (line.likely is None or is_question(turn.asked.text, turn.language)):
        return line.kind in (BEYOND, PROVOCATION)  # it has the strange word too, or is of the persona alone
    if found.confidence >= CERTAIN:
        return False
    return line.margin >= PER_CONFIDENCE * found.confidence


def _points_away(turn: Turn, gathered: Gathered) -> bool:
    """Whether a question is of somebody or something that was spoken of before, which no line knows."""
    language, text = turn.language, turn.asked.text
    question = asked_for(text, language)
    words = set(words_of(question))
    if not gathered.history or not is_question(question, language) or asks_of_somebody(text, language):
        return False
    if tells_of_self(text, language) or is_small_talk(question, language) or _does_alone(turn):
        return False
    bare = len(meaning_words(question, language)) <= 1 and not words & language.second_person
    return bool(words & language.talk.third_person) or (bare and points_back(question, language))


def _books_from(question: str, language: Language) -> float:
    """The confidence from which on the evidence answers a question for a fact that names somebody or something, rather
    than a line: the sooner where it does not speak to the persona either; out of reach for any other question.
    """
    if (
        not asks_of_somebody(question, language)
        or tells_of_self(question, language)
        or language.talk.asks_opinion.search(question)
    ):
        return 2.0
    return OF_HIM if speaks_to(question, language) else OF_THE_BOOKS


def _wants_advice(turn: Turn, gathered: Gathered) -> bool:
    """Whether a visitor wants advice in a matter of his own, of which no book tells: "my spreadsheets", "our lad"."""
    text, language = turn.asked.text, turn.language
    strange = gathered.found is not None and bool(gathered.found.unknown)
    of_nobody = strange or not asks_of_somebody(text, language)
    return _asks_advice(text, language) and tells_of_self(text, language) and of_nobody


def _asks_advice(text: str, language: Language) -> bool:
    return bool(language.talk.asks_advice.search(to_plain(text))) and not language.talk.asks_deduction.search(text)


def _speaks(turn: Turn, gathered: Gathered) -> bool:
    """Whether a message says something of the visitor or to the persona, and asks and tells nothing of the books.

    Names that no book has are his own people's: "Darlene and I are doing Europe".
    """
    text, language = turn.asked.text, turn.language
    if any(is_question(each, language) for each in sentences_of_message(text, language)):
        return False
    if names_in(text, language):
        found = gathered.found
        return tells_of_self(text, language) and found is not None and (found.weak or bool(found.unknown))
    return tells_of_self(text, language) or speaks_to(text, language)


def _lines(turn: Turn, gathered: Gathered, silent: bool) -> list[NearExchange]:
    """The lines that may be said, the best first: those that fit just this, and where nothing else answers, those to
    much the same and to whatever is of the same sort.
    """
    text, language = turn.asked.text, turn.language
    if _points_away(turn, gathered):
        return []
    advised, books = _asks_advice(text, language), _books_from(asked_for(text, language), language)
    act = act_of(text, language) if _does_alone(turn) else ""
    # Advice in another matter is worse than a general counsel.
    said = [line for line in gathered.near if not advised or line.fits or (line.kind == ADVICE and line.margin >= FIRM)]
    said.sort(key=lambda line: not advised or line.kind != ADVICE)
    fitting = [
        line
        for line in said
        if (line.kind not in GENERAL or (line.likely is not None and act in ("", line.kind)))
        and _answers_better(line, turn, gathered, books)
    ]
    if not silent or not (turn.mode.voice and turn.mode.knowledge) or is_about_visitor(text, language):
        return fitting  # without books it is the voice that talks
    of_act = list(near(turn, text, SORTS, frozenset({act}))) if act in ACTS else []
    if act == FAREWELL:
        return [*fitting, *of_act]
    same = [line for line in said if line.will_do and line.kind not in GENERAL]
    pool = [(line.margin, line) for line in (*same, *_of_the_sort(turn))]
    pool += [(line.margin - OF_A_PART, line) for line in (() if advised else _of_a_part(turn))]
    pool += [(line.margin + KNOWN_ACT, line) for line in of_act]
    return [*fitting, *(line for _, line in sorted(pool, key=lambda each: -each[0]))]


def _of_a_part(turn: Turn) -> list[NearExchange]:
    """Of a message of several sentences, the line to its question and the one to the last: "A wet night. All well?"."""
    sentences = sentences_of_message(turn.asked.text, turn.language)
    if len(sentences) < 2:
        return []
    asked = next((each for each in reversed(sentences) if is_question(each, turn.language)), sentences[-1])
    found = [line for part in dict.fromkeys((asked, sentences[-1])) for line in near(turn, part, 1)]
    return [line for line in found if line.will_do and line.kind not in GENERAL]


def _of_the_sort(turn: Turn) -> list[NearExchange]:
    """The general lines to a mood, or to what he reacts with, where nothing is asked."""
    text, language = turn.asked.text, turn.language
    sentences = sentences_of_message(text, language)
    if any(is_question(sentence, language) and not act_of(sentence, language) for sentence in sentences):
        return []
    of_himself = tells_of_self(text, language) or speaks_to(text, language)
    found = near(turn, text, SORTS, MOODS | REACTIONS if of_himself else REACTIONS)
    return [line for line in found if line.will_do or (line.likely is None and line.cosine >= OF_THE_SORT)]
