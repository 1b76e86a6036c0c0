"""What a visitor tells is drawn out, replaced, forgotten and brought back, in a conversation as it is held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from fakes import FakeEngine, unjudged
from typer.testing import CliRunner

from chatbot.bot import Answered, Bot, Question
from chatbot.cli import app
from chatbot.drawing import drawn_from
from chatbot.language import ENGLISH, LANGUAGES, Wish, kind_of, told_in, told_statements, wish_to_forget
from chatbot.library.encoders import ReadText
from chatbot.library.encoders.embedder import Embedder
from chatbot.library.search import Library
from chatbot.library.texts import RECOLLECTION
from chatbot.resources import Resources
from chatbot.settings import Settings
from chatbot.summary import KEPT, LINES, STEP, summary_of
from memory import Drawn, Memory, OwnMemory, Profile

# A message, and what it tells: text, topic, matter.
TELLS: dict[str, list[tuple[str, str, str]]] = {
    "My name is Margaret Thorne and I am a botanist from Leeds.": [
        ("My name is Margaret Thorne.", "name", "name"),
        ("I am a botanist.", "work", "work"),
        ("I am from Leeds.", "home", "home"),
    ],
    "I live in Leeds and work as a clerk.": [
        ("I live in Leeds.", "home", "home"),
        ("I work as a clerk.", "work", "work"),
    ],
    "Good evening! I have moved to Bath. Who was Irene Adler?": [("I have moved to Bath.", "home", "home")],
    "I have a sister. Her name is Clara. She lives in York.": [
        ("I have a sister. Her name is Clara. She lives in York.", "family", "")
    ],
    "My dog's name is Rex.": [("My dog's name is Rex.", "called", "called:dog")],
    "My sister has moved to Hull": [("My sister has moved to Hull.", "home", "home:sister")],
    "I'm 34 years old, and I am married.": [
        ("I'm 34 years old.", "age", "age"),
        ("I am married.", "family", "marital"),
    ],
    "I don't like coffee.": [("I don't like coffee.", "taste", "taste:coffee")],
    "I shall sail for Lisbon in May.": [("I shall sail for Lisbon in May.", "plan", "")],
    "I keep bees.": [("I keep bees.", "other", "")],
    "I'm Karen, and this is my daughter Maisie, she's ten.": [
        ("I'm Karen.", "name", "name"),
        ("This is my daughter Maisie, she's ten.", "family", ""),
    ],
    "I'm Nadia, a nurse from Hull, and my sister sings.": [
        ("I'm Nadia.", "name", "name"),
        ("I'm a nurse.", "work", "work"),
        ("I'm from Hull.", "home", "home"),
        ("My sister sings.", "family", ""),
    ],
    "hi im 16 and i live in hull": [("I'm 16.", "age", "age"), ("I live in hull.", "home", "home")],
    "The name is Okafor.": [("The name is Okafor.", "name", "name")],
    "I am Lady Honoria Vane.": [("I am Lady Honoria Vane.", "name", "name")],
    "We leave on Tuesday.": [("We leave on Tuesday.", "plan", "")],
    "I'm reading Middlemarch.": [("I'm reading Middlemarch.", "reading", "reading")],
    "They took my laptop and my ring.": [("They took my laptop and my ring.", "other", "")],
    "My pals and I go fishing.": [("My pals and I go fishing.", "other", "")],
    "I don't live in Leeds any more, I'm in York.": [("I don't live in Leeds any more, I'm in York.", "home", "home")],
    "I came to England when I was nine.": [("I came to England when I was nine.", "other", "")],
    "I am English.": [("I am English.", "other", "")],
    "I think the butler did it.": [],
    "The butler did it.": [],
    "I would like to know who did it.": [],
    "Where do I live?": [],
    "I am very tired.": [],
    "Forget that I live in Leeds.": [],
    "": [],
}
TELLS_GERMAN: dict[str, list[tuple[str, str, str]]] = {
    "Ich heiße Ada und wohne in Ulm.": [("Ich heiße Ada.", "name", "name"), ("Ich wohne in Ulm.", "home", "home")],
    "Ich bin nach Bonn gezogen.": [("Ich bin nach Bonn gezogen.", "home", "home")],
    "Mein Hund heißt Pompejus.": [("Mein Hund heißt Pompejus.", "called", "called:hund")],
    "Ich glaube, es war der Müller.": [],
}


def test_what_a_message_tells_is_known_by_the_rules_of_its_language() -> None:
    for language, cases in ((ENGLISH, TELLS), (LANGUAGES["de"], TELLS_GERMAN)):
        for message, tells in cases.items():
            told = told_in(told_statements(message, language), language)
            assert [(each.text, each.topic, each.matter) for each in told] == tells, message


CORRECTIONS: dict[str, tuple[str, str]] = {
    "I live in Leeds.|Not Leeds, Bath.": ("I live in Bath.", "home"),
    "I live in Leeds.|It's Bath now.": ("I live in Bath.", "home"),
    "I play on Fridays.|Actually, it's Mondays now, the club is shut.": ("I play on Mondays.", "1"),
    "I was robbed on Saturday.|Not Saturday, sorry. Sunday it was.": ("I was robbed on Sunday.", "1"),
    "I'm flying to India next month.|The flight is in two weeks, not next month.": (
        "I'm flying to India in two weeks.",
        "1",
    ),
    "I am deaf in my left ear.|I said left ear, but it's the right that's deaf.": ("I am deaf in my right ear.", "1"),
    "I am deaf in my left ear.|It's the right ear, I said left by mistake.": ("I am deaf in my right ear.", "1"),
    "My brother Edmund sings.|He's called Edgar, not Edmund.": ("My brother Edgar sings.", "1"),
    "My sister Clara sings.|She lives in York.": ("My sister Clara sings. She lives in York.", "1"),
    "My sister Clara sings.|Clara is a nurse.": ("Clara is a nurse.", "2"),
    "I live in Leeds.|It is raining now.": ("", ""),
    "I live in Leeds.|The butler is guilty, not the maid.": ("", ""),
    "I live in Leeds.|Irene Adler sings.": ("", ""),
}


@pytest.mark.parametrize("said", CORRECTIONS)
def test_what_is_put_right_or_gone_on_with_takes_its_place_in_what_was_told(said: str) -> None:
    text, matter = CORRECTIONS[said]
    first, then = said.split("|")
    (told,) = told_in(told_statements(first, ENGLISH), ENGLISH)
    kept = [Drawn("I keep bees.", "other", "0"), Drawn(told.text, told.topic, told.matter or "1")]
    drawn = drawn_from(then, ENGLISH, kept, kept[1:])
    assert [each.text for each in drawn] == [text] * bool(text)
    if matter == "2":
        assert drawn[0].matter not in ("0", "1"), "it stands beside what was told before"
    elif matter:
        assert drawn[0].matter == (told.matter or matter)
    german = drawn_from("Nicht Ulm, sondern Bonn.", LANGUAGES["de"], [Drawn("Ich wohne in Ulm.", "home", "home")])
    assert german == [Drawn("Ich wohne in Bonn.", "home", "home")]


WISHES: dict[str, Wish | None] = {
    "forget that": Wish("last"),
    "Please forget what I just told you.": Wish("last"),
    "Forget everything I told you about me, please.": Wish("everything"),
    "Forget what I told you about my sister.": Wish("about", "my sister"),
    "Would you forget my name!": Wish("about", "my name"),
    "Forget that I live in Leeds.": Wish("about", "I live in Leeds"),
    "Do not forget my name.": None,
    "Did you forget my name?": None,
    "I forgot my umbrella.": None,
    "Forget the blue carbuncle.": None,
}


def test_who_wants_something_forgotten_is_understood_and_nobody_else() -> None:
    assert {message: wish_to_forget(message, ENGLISH) for message in WISHES} == WISHES
    german = LANGUAGES["de"]
    assert wish_to_forget("Vergiss das.", german) == Wish("last")
    about = "Vergiss, was ich dir über meinen Hund erzählt habe."
    assert wish_to_forget(about, german) == Wish("about", "meinen Hund")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("I have moved to Bath.", True),
        ("My sister Clara teaches the piano.", True),
        ("I would like to hear about Moriarty.", False),
        ("The Red-Headed League", False),
    ],
)
def test_what_is_told_of_oneself_is_searched_in_no_book(message: str, told: bool) -> None:
    assert (kind_of(message, ENGLISH) == "told by the visitor") is told


class _Reader:
    """Says that whatever has a word in it answers the question for a name."""

    def __init__(self, word: str) -> None:
        self._word = word

    def read(self, question: str, texts: Sequence[str], skip: Sequence[int] = ()) -> list[ReadText]:
        return [ReadText(5.0 if "name" in question and self._word in text else -5.0, 0, 1, 1.0) for text in texts]


def test_what_is_so_no_longer_is_found_and_what_no_rule_knows_is_read(embedder: Embedder) -> None:
    kept = [Drawn("I keep bees behind the house.", "other", "1"), Drawn("I play the violin.", "other", "2")]
    for model in (None, embedder):
        (ended,) = drawn_from("I no longer keep bees.", ENGLISH, kept, embedder=model)
        assert (ended.text, ended.matter) == ("I no longer keep bees.", "1")
        (other,) = drawn_from("I no longer ride.", ENGLISH, kept, embedder=model)
        assert other.matter not in ("1", "2")
    (again,) = drawn_from("I play the violin!", ENGLISH, kept)
    assert again.matter == "2"
    (read,) = drawn_from("Ivy stands on all my letters.", ENGLISH, reader=_Reader("Ivy"))
    assert (read.topic, read.matter) == ("name", "name")
    (unread,) = drawn_from("Ivy stands on all my letters.", ENGLISH, reader=_Reader("Oak"))
    assert unread.topic == "other"


# ---------------------------------------------------------------------- held with a bot


class Held:
    """A visitor's conversations with a bot whose engine says what it is told to."""

    def __init__(self, settings: Settings, memory: Memory) -> None:
        self.engine, self.memory, self.own = FakeEngine(), memory, OwnMemory(memory, "ann")
        self.resources = unjudged(Resources(settings, engine=self.engine))
        self.resources.__dict__["memory"] = memory
        self.bot = Bot(self.resources)
        self.conversation, self.parent = self.own.start("sherlock"), ""

    def say(self, text: str, mode: str = "standard", reply: str = "Indeed.") -> Answered:
        self.engine.replies = [reply]
        asked = Question(text, mode=mode, conversation=self.conversation, parent=self.parent or None)
        answered = self.bot.reply(asked)
        self.parent = answered.turn_id or ""
        return answered

    def anew(self) -> None:
        """Begin another conversation."""
        self.conversation, self.parent = self.own.start("sherlock"), ""

    def told(self) -> list[str]:
        self.resources.remembering.settle()
        return [told.text for told in self.own.recollections("sherlock")]


@pytest.fixture
def held(settings: Settings, library: Library, tmp_path: Path) -> Iterator[Held]:
    with closing(Memory(f"sqlite:///{tmp_path / 'memory.sqlite3'}")) as memory:
        held = Held(settings, memory)
        yield held
        held.resources.remembering.close()


def test_what_was_told_last_is_given_back_and_what_it_replaced_never(held: Held) -> None:
    persona = held.resources.persona("sherlock").persona
    first = held.say("I live in Leeds.")
    assert first.reply in persona.noted and first.trace.search is None
    assert held.told() == ["I live in Leeds."]
    leeds, _ = held.conversation, held.anew()
    held.say("I have moved to Bath.")
    moved = held.conversation
    held.anew()
    asked = held.say("Where do I live?", "rag")
    assert "Bath" in asked.reply and [piece.text for piece in asked.trace.evidence] == ["I have moved to Bath."]
    assert asked.trace.evidence[0].passage.kind == RECOLLECTION
    held.own.delete(moved)
    assert "Leeds" in held.say("Where do I live?").reply
    held.own.delete(leeds)
    assert held.say("Where do I live?").reply in persona.untold
    held.own.undelete(moved)
    assert "Bath" in held.say("Where do I live?", "ft").reply


def test_what_a_visitor_wants_forgotten_is_and_he_hears_so(held: Held) -> None:
    persona = held.resources.persona("sherlock").persona
    held.say("My name is Ann Quill.")
    held.say("My sister Clara teaches the piano, and I keep bees.")
    assert held.say("Forget that.").reply in persona.forgotten
    assert held.told() == ["My name is Ann Quill."]
    held.own.restore_recollection(held.own.recollections("sherlock", state="forgotten")[-1].id)
    assert held.say("Forget what I told you about my sister.", "rag").reply in persona.forgotten
    assert held.say("Forget my name, please.").reply in persona.forgotten
    assert held.told() == []
    assert held.say("Forget my name.").reply in persona.untold
    assert held.say("What is my name?").reply in persona.untold
    held.say("My name is Ann Quill.")
    assert held.told() == ["My name is Ann Quill."]
    assert held.say("Forget everything.").reply in persona.forgotten and held.told() == []


def test_what_bears_on_a_question_stands_before_it_and_the_beginning_stays(held: Held) -> None:
    held.say("My brother Edwin sails to Lisbon in October.")
    held.say("I keep bees behind the house.")
    instruction = held.resources.persona("sherlock").persona.instruction()
    for mode in ("standard", "rag"):
        held.say("Would you say that bees behind a house are a nuisance?", mode)
        system, *_, sent = held.engine.requests[-1].messages
        assert system.content == instruction
        assert (
            'The visitor has told you: "I keep bees behind the house."' in sent.content and "Edwin" not in sent.content
        )
    held.own.set_recall(False)
    held.say("Would you say that bees behind a house are a nuisance, sir?")
    assert "told you" not in held.engine.requests[-1].messages[-1].content
    held.say("I live in Leeds.")
    held.resources.remembering.settle()
    held.anew()
    assert held.say("Where do I live?").reply in held.resources.persona("sherlock").persona.untold
    held.own.set_recall(True)
    assert "I live in Leeds." not in held.told()  # what was said meanwhile was not for keeping


def test_a_profile_names_him_until_he_says_another_name_and_what_is_not_kept_is_made_again(held: Held) -> None:
    held.say("My name is Ann Quill.")
    held.own.set_profile("sherlock", name="Margaret Thorne", about="I am your brother's physician.")
    assert "Margaret Thorne" in held.say("What is my name?").reply
    for file in held.resources.settings.recollections_dir.rglob("*.npz"):
        file.write_bytes(b"damaged")
    assert "physician" in held.say("Do you remember what I am to your brother?").reply
    held.say("My name is Peg Thorne.")
    assert "Peg Thorne" in held.say("What is my name?").reply
    held.own.set_profile("sherlock", name="", about="")
    assert held.own.profile("sherlock") == Profile()


def test_what_was_stored_by_others_is_drawn_out_when_it_is_needed(held: Held) -> None:
    for said in ("My name is Ann Quill.", "Call me Nan."):  # as an import or an earlier version leaves it
        turn = held.memory.ask(held.own.start("sherlock"), None, "rag", said)
        held.memory.answer(turn, sent=said, reply="Indeed.", state="done")
    assert "Nan" in held.say("What is my name?").reply
    assert held.told() == ["Call me Nan."]


def test_an_edited_question_takes_back_what_its_first_version_told(held: Held) -> None:
    held.say("My name is Anna.")
    held.parent = ""
    held.say("My name is Anne.")
    assert held.told() == ["My name is Anne."]


# ---------------------------------------------------------------------- summaries


def test_a_summary_is_made_once_from_what_was_said_and_reads_the_end_of_a_branch_alone(tmp_path: Path) -> None:
    with closing(Memory(f"sqlite:///{tmp_path / 'memory.sqlite3'}")) as memory:
        conversation, turns = memory.start("ann", "sherlock"), list[str]()
        texts: list[str] = []
        for number in range(3 * STEP):
            turns.append(memory.ask(conversation, turns[-1] if turns else None, "rag", f"Question {number}?"))
            memory.answer(turns[-1], sent="", reply=f"Answer {number}. And more.", state="done")
            texts.append(summary_of(memory, conversation, turns[-1], ENGLISH))
        assert texts[0] == "" and texts[KEPT] == "Question 0? - Answer 0."
        for before, after in pairwise(texts):  # between two summaries it only grows
            assert after.startswith(before) or len(after.splitlines()) <= LINES + 1
        assert sum(after.startswith(before) for before, after in pairwise(texts)) >= 2 * STEP
        assert texts[-1].splitlines()[-1] == f"Question {3 * STEP - 1 - KEPT}? - Answer {3 * STEP - 1 - KEPT}."
        assert len(texts[-1].splitlines()) < LINES + STEP
        read: list[int] = []
        path = memory.path

        def counted(*arguments: str, limit: int | None = None) -> object:
            found = path(*arguments, limit=limit)
            read.append(len(found))
            return found

        memory.path = counted  # type: ignore[method-assign, assignment]
        assert summary_of(memory, conversation, turns[-1], ENGLISH) == texts[-1]
        assert len(read) == 1 and read[0] <= 2 * STEP + KEPT
        beside = memory.ask(conversation, turns[STEP + 3], "rag", "Another?")  # a branch has what was said on its way
        assert (
            summary_of(memory, conversation, beside, ENGLISH).splitlines()[-1]
            == f"Question {STEP + 3}? - Answer {STEP + 3}."
        )


def test_a_long_conversation_of_before_is_summed_up_once(tmp_path: Path) -> None:
    with closing(Memory(f"sqlite:///{tmp_path / 'memory.sqlite3'}")) as memory:
        conversation, last = memory.start("ann", "sherlock"), None
        for number in range(5 * STEP):
            last = memory.ask(conversation, last, "rag", f"Question {number}?")
            memory.answer(last, sent="", reply=f"Answer {number}.", state="done")
        lines = summary_of(memory, conversation, last, ENGLISH).splitlines()
        assert lines[-1] == f"Question {5 * STEP - 1 - KEPT}? - Answer {5 * STEP - 1 - KEPT}."
        kept = memory.summary_on([turn.id for turn in memory.path(conversation)])
        assert kept is not None and kept.turns == 4 * STEP


@pytest.mark.parametrize(("remembers", "told", "summed"), [("window", False, False), ("both", True, True)])
def test_what_of_the_past_goes_into_a_prompt_is_chosen(held: Held, remembers: str, told: bool, summed: bool) -> None:
    held.resources.settings = held.resources.settings.model_copy(update={"remembers": remembers})
    held.say("I keep bees behind the house.")
    for question in (
        "Would you call that wise?",
        "Is the weather to your liking?",
        "Are bees behind a house a nuisance?",
    ):
        held.say(question)
    system, *_, sent = held.engine.requests[-1].messages
    assert ('"I keep bees behind the house."' in sent.content) is told
    assert ("I keep bees behind the house. - " in system.content) is summed
    assert system.content.startswith(held.resources.persona("sherlock").persona.instruction())


# ---------------------------------------------------------------------- the command line


def test_the_command_line_shows_forgets_and_restores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Settings(home=tmp_path)  # type: ignore[call-arg]
    monkeypatch.setattr("chatbot.settings.get_settings", lambda: own)

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["memory", *arguments])
        assert done.exit_code == code, done.output
        return done.output

    with closing(Memory(own.memory_url)) as memory:
        bees = OwnMemory(memory, own.user).remember("sherlock", "I keep bees.")
    assert "I keep bees." in run("recollections") and "by hand" in run("recollections")
    run("forget", bees.id[:8])
    assert "(forgotten)" in run("recollections", "--all") and "I keep" not in run("recollections")
    assert "I keep bees." in run("restore", bees.id[:8])
    run("profile", "--name", "Ann")
    assert "Name: Ann\nAbout: A friend." in run("profile", "--about", "A friend.")
    assert (run("recall").strip(), run("recall", "--off").strip(), run("recall", "--on").strip()) == ("on", "off", "on")
    run("forget", "--all")
    run("forget", bees.id[:8], "--erase")
    assert "I keep" not in run("recollections", "--all")
    assert "up 0, down 0" in run("ratings")
