"""Two personas as unlike as can be answer to the same tests: a detective in English, an abbess of 1247 in German."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes import FakeEngine, unjudged
from searching import ScriptedLanguageModel, bare
from typer.testing import CliRunner

from chatbot.bot import Bot, Question
from chatbot.cli import app
from chatbot.engines import Request
from chatbot.engines.openvino import OpenVinoEngine
from chatbot.evaluation.questions import read_known_questions
from chatbot.events import Searched
from chatbot.grounding import check_reply, unsupported_terms
from chatbot.language import Language, declines, is_small_talk, language_of, words_of
from chatbot.library.search import MODULAR, Library
from chatbot.library.search.inquiry import Inquiry
from chatbot.library.search.modules import Hyde
from chatbot.resources import Resources
from chatbot.settings import Settings
from chatbot.trace import from_stored
from chatbot.visitors import Visitor
from chatbot.web.chat_handlers import ChatHandlers
from chatbot.web.views import Seat
from memory import Memory
from personas import LoadedPersona

PERSONAS = Path(__file__).parent / "personas"
ASKED = 12  # of each persona's questions
WITHOUT_VOICE = ("few-shot", "rag", "modular-rag")  # all kinds of prompts: examples, notes, what a visitor said


@dataclass(frozen=True)
class Case:
    """What is said to a persona, and what must come of it.

    Attributes:
        strange: a question, and its word from outside the persona's world.
        misspelt: a question, its word with a letter that is wrong, and the name of the books that is meant.
        told: what the visitor says of himself, a question about it, and the title under which it is remembered.
        introduced: how the visitor gives his name, something else that he tells, and how he asks for his name.
        question: one that the books answer, and a word of the answer.
        marked: a word of the question as its evidence has it.
        of_the_world: a sentence with names that nobody questions.
        invented: a sentence, and its name that is in no evidence.
        foreign: words that may not appear in what the persona, its prompts and its evidence say.
    """

    id: str
    small_talk: tuple[str, ...]
    strange: tuple[str, str]
    misspelt: tuple[str, str, str]
    told: tuple[str, str, str]
    introduced: tuple[str, str, tuple[str, ...]]
    question: tuple[str, str]
    marked: str
    of_the_world: str
    invented: tuple[str, str]
    declining: tuple[str, ...]
    foreign: re.Pattern[str]


CASES = {
    case.id: case
    for case in (
        Case(
            id="sherlock",
            small_talk=("Good evening, Mr. Holmes!", "Who are you?", "Thank you very much."),
            strange=("What do you think of the iPhone?", "iPhone"),
            misspelt=("Who was Dr. Roylot?", "Roylot", "Roylott"),
            told=("My dog is called Pompey.", "Do you remember what I told you of my dog?", "What you told me on "),
            introduced=(
                "I am Tomoko Arai and I keep bees in Sussex.",
                "My garden has a wall.",
                ("What is my name?", "tell me my name", "Who am I?", "You said my name was what?"),
            ),
            question=("What killed Julia Stoner?", "snake"),
            marked="killed",
            of_the_world="The cab was driven through London by Watson, and Scotland Yard was told on Monday.",
            invented=("That was surely the work of Fotheringay.", "Fotheringay"),
            declining=("My notes do not say.", "I have no record of the price.", "I will not dress it up, sir."),
            foreign=re.compile(r"mechthild|walburg|äbtissin|abbess|notizen|frage\b", re.IGNORECASE),
        ),
        Case(
            id="mechthild",
            small_talk=("Grüß Gott, ehrwürdige Mutter!", "Wer bist du?", "Vielen Dank, Mechthild."),
            strange=("Was hältst du vom Smartphone?", "Smartphone"),
            misspelt=("Was malte Schwester Adelgundt?", "Adelgundt", "Adelgund"),
            told=("Mein Hund heißt Pompejus.", "Was habe ich dir von meinem Hund erzählt?", "Was du mir am "),
            introduced=(
                "Ich bin Klara Weiß und züchte Bienen.",
                "Mein Garten hat eine Mauer.",
                ("Wie heiße ich?", "Sag mir meinen Namen.", "Wer bin ich?", "Weißt du noch, wie ich heiße?"),
            ),
            question=("Wer hat die große Glocke gegossen?", "Hartwig"),
            marked="großen",
            of_the_world="Das Wasser der Lauter stieg am Montag, und Maria hat die Glocke von Walburg bewahrt.",
            invented=("Das war gewiss das Werk von Adalbero.", "Adalbero"),
            declining=("Davon weiß ich nicht viel.", "Meine Blätter sagen nichts darüber.", "Da fehlt mir die Kunde."),
            foreign=re.compile(
                r"sherlock|holmes|watson|baker|detective|victorian|london|\b(?:notes|question|you|your|the|and|his)\b",
                re.IGNORECASE,
            ),
        ),
    )
}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture(scope="module")
def shared(settings: Settings, library: Library) -> Resources:
    """What both share; the libraries are in one home."""
    resources = unjudged(Resources(settings.model_copy(update={"personas": PERSONAS}), engine=FakeEngine()))
    resources.prepare("mechthild")
    return resources


@pytest.fixture(scope="module")
def loaded(shared: Resources, case: Case) -> LoadedPersona:
    return shared.persona(case.id)


@pytest.fixture(scope="module")
def language(loaded: LoadedPersona) -> Language:
    return language_of(loaded.persona)


@pytest.fixture
def bot(shared: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bot]:
    """A bot with the shared libraries, a memory of its own, and an engine that says nothing until a test tells it."""
    monkeypatch.setattr(shared, "_engine", FakeEngine())
    monkeypatch.setitem(shared.__dict__, "memory", Memory(f"sqlite:///{tmp_path / 'memory.sqlite3'}"))
    yield Bot(shared)
    shared.remembering.settle()  # it writes into that memory


def said_by(bot: Bot, *replies: str) -> list[Request]:
    """Has the bot's engine reply so; gives the requests it was and will be sent."""
    engine = bot.resources.engine
    assert isinstance(engine, FakeEngine)
    engine.replies = list(replies)
    return engine.requests


def test_the_file_has_no_mistakes(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKERSTREET_PERSONAS", str(PERSONAS))
    checked = CliRunner().invoke(app, ["personas", "check", case.id])
    assert (checked.exit_code, checked.output) == (0, f"{case.id}: no mistakes\n")


def test_the_questions_are_answered_by_one_of_four_pieces(shared: Resources, loaded: LoadedPersona) -> None:
    assert loaded.questions is not None
    known = read_known_questions(loaded.questions, ("plain",))
    questions = known[:: len(known) // ASKED][:ASKED]
    library = shared.library(loaded.id)
    found = [
        question.answered_by(" ".join(piece.text for piece in library.search(question.question, pieces=4).evidence))
        for question in questions
    ]
    assert len(found) == ASKED
    assert sum(found) >= ASKED - 2


def test_small_talk_opens_no_books(bot: Bot, case: Case) -> None:
    requests = said_by(bot, *["..."] * len(case.small_talk))
    for message in case.small_talk:
        events = list(bot.answer(Question(message, persona=case.id, mode="rag")))
        assert not [event for event in events if isinstance(event, Searched)]
        assert message in requests[-1].messages[-1].content


def test_the_suggestions_are_questions_and_at_most_the_strange_one_is_small_talk_or_unknown(
    shared: Resources, loaded: LoadedPersona, language: Language, case: Case
) -> None:
    suggestions = loaded.persona.suggestions
    assert len(suggestions) >= 3
    assert not [question for question in suggestions if is_small_talk(question, language)]
    library = shared.library(case.id)
    weak = [question for question in suggestions if library.search(question, MODULAR).weak]
    assert weak in ([], [case.strange[0]])


def test_a_word_from_outside_the_world_is_declined_in_the_personas_own_words(
    bot: Bot, loaded: LoadedPersona, case: Case
) -> None:
    message, word = case.strange
    reply = bot.reply(Question(message, persona=case.id, mode="rag"))
    assert reply.reply in [line.format(word=word) for line in loaded.persona.strangers]
    assert reply.trace.check is not None and reply.trace.check.verdict == "declined"
    assert said_by(bot) == []


def test_a_misspelt_name_is_searched_for_as_the_books_have_it_and_stored_as_it_was_written(
    bot: Bot, case: Case
) -> None:
    question, written, meant = case.misspelt
    said_by(bot, "...")
    memory = bot.resources.memory
    conversation = memory.start("visitor", case.id)
    trace = bot.reply(Question(question, case.id, "rag", conversation)).trace
    assert trace.search is not None and not trace.weak
    assert trace.search.taken_for == ((written, meant),)
    assert meant in trace.evidence[0].text
    (turn,) = memory.traced_turns(conversation)
    stored = from_stored(turn.evidence, turn.trace)
    assert turn.question == question
    assert stored is not None and stored.search is not None
    assert stored.search.taken_for == trace.search.taken_for


def test_declines_are_recognised_the_personas_own_and_others(
    loaded: LoadedPersona, language: Language, case: Case
) -> None:
    for line in (*loaded.persona.declines, *case.declining):
        assert declines(line, language), line
        assert check_reply(line, ["A note.", "Ein Blatt."], [], language).verdict == "declined"


def test_an_answer_in_the_language_is_no_decline(language: Language, case: Case) -> None:
    assert not declines(case.of_the_world, language)


def test_names_of_the_world_are_not_questioned_and_invented_ones_are(language: Language, case: Case) -> None:
    said, name = case.invented
    known = case.of_the_world.replace("Watson", "").replace("Maria", "").lower()
    assert unsupported_terms(case.of_the_world, [known], language) == []
    assert unsupported_terms(said, [said.replace(name, "")], language) == [name]


def test_an_invented_name_is_replaced_by_a_note_in_the_personas_own_words(bot: Bot, case: Case) -> None:
    question, answer = case.question
    said_by(bot, case.invented[0])
    reply = bot.reply(Question(question, persona=case.id, mode="rag"))
    assert reply.trace.check is not None and reply.trace.check.verdict == "grounded"
    assert all(draft.why for draft in reply.trace.drafts)
    assert answer in reply.reply


def test_a_decline_with_notes_is_followed_by_the_nearest(bot: Bot, loaded: LoadedPersona, case: Case) -> None:
    said_by(bot, loaded.persona.declines[0])
    reply = bot.reply(Question(case.question[0], persona=case.id, mode="rag")).reply
    assert reply.startswith(loaded.persona.declines[0])
    assert any(line.partition("{quote}")[0] in reply for line in loaded.persona.nearest)


def test_every_prompt_holds_the_personas_instruction_and_nothing_of_another(
    bot: Bot, loaded: LoadedPersona, case: Case
) -> None:
    told, about_it, _ = case.told
    conversation = bot.resources.memory.start("visitor", case.id)
    parent: str | None = None
    replies: list[str] = []
    for mode in WITHOUT_VOICE:
        for message in (case.small_talk[0], told, case.question[0], about_it, case.strange[0]):
            requests = said_by(bot, loaded.persona.examples[0].assistant)
            asked = Question(message, persona=case.id, mode=mode, conversation=conversation, parent=parent)
            done = bot.reply(asked)
            parent = done.turn_id
            replies.append(done.reply)
    assert {request.messages[0].content for request in requests} == {loaded.persona.instruction()}
    sent = [message.content for request in requests for message in request.messages]
    assert any("Pompe" in reply for reply in replies), "what the visitor said is given back"
    assert not [text for text in (*sent, *replies) if case.foreign.search(text)]


def test_a_name_that_was_told_is_recalled_however_often_it_was_asked_for(bot: Bot, case: Case) -> None:
    name, other, questions = case.introduced
    said_by(bot, *["..."] * 10)
    memory = bot.resources.memory
    for told in (name, other):
        bot.reply(Question(told, case.id, "few-shot", memory.start("visitor", case.id)))
    for question in (*questions, *questions):
        asked = Question(question, case.id, "modular-rag", memory.start("visitor", case.id))
        evidence = bot.reply(asked).trace.evidence
        assert name.startswith(evidence[0].text.rstrip(".")), question
        assert all(set(words_of(piece.text)) <= set(words_of(f"{name} {other}")) for piece in evidence)


def test_a_made_up_answer_is_asked_for_in_the_personas_words(loaded: LoadedPersona, language: Language) -> None:
    model = ScriptedLanguageModel(writes="")
    Hyde()(Inquiry("A?"), bare(language=language, small=model))
    assert model.prompts == [loaded.persona.prompts.hypothetical.format(question="A?")]


def test_the_words_of_the_question_are_marked_in_the_evidence(bot: Bot, case: Case) -> None:
    said_by(bot, "...")
    handlers = ChatHandlers(bot.resources)
    (*_, last) = handlers.send(Visitor("web-ann"), Seat(handlers.greeting(case.id)), "rag", case.question[0])
    assert f"<mark>{case.marked}</mark>" in last.evidence


def test_the_page_greets_in_the_personas_words(shared: Resources, loaded: LoadedPersona, case: Case) -> None:
    view = ChatHandlers(shared).greeting(case.id)
    assert [message["content"] for message in view.messages] == [loaded.persona.greeting]
    assert not case.foreign.search(loaded.persona.greeting)


@pytest.mark.slow
def test_what_the_real_model_may_say_is_in_the_notes(
    shared: Resources,
    engine: OpenVinoEngine,
    loaded: LoadedPersona,
    language: Language,
    case: Case,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared, "_engine", engine)
    question, answer = case.question
    done = Bot(shared).reply(Question(question, persona=case.id, mode="rag"))
    evidence = [piece.text for piece in done.trace.evidence]
    assert answer in " ".join(evidence)
    assert done.reply and not case.foreign.search(done.reply)
    works = [piece.passage.work for piece in done.trace.evidence]
    known = [*evidence, *works, question, loaded.persona.instruction(), *loaded.persona.readings]
    assert unsupported_terms(done.reply, known, language) == []
