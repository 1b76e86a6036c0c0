"""Placeholders: tried when a file is checked, filled in when a text is said, never an error in a conversation."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from fakes import FakeEngine
from hypothesis import given
from hypothesis import strategies as st
from searching import ScriptedLanguageModel, bare

from chatbot.bot import Bot, Question
from chatbot.language import language_of
from chatbot.library.search.inquiry import Inquiry
from chatbot.library.search.modules import Hyde
from chatbot.lines import read_lines
from chatbot.resources import Resources
from chatbot.settings import Settings
from chatbot.templates import PlaceholderError, checked_template, fill_in, fill_in_names
from chatbot.web.chat_handlers import ChatHandlers
from personas import check_persona, load_persona

CARDS = Path(__file__).parent / "cases" / "placeholders"
LEFT = ("{{", "}}", "{user}", "{char}", "<USER>", "<BOT>")


@pytest.mark.parametrize(
    "written",
    [
        "{x}",
        "{}",
        "{0}",
        "{ x }",
        "{word!r}",
        "{word:>10}",
        "{word.__class__}",
        "{{random}}",
        "{{roll:d20}}",
        "{{x y}}",
    ],
)
def test_a_placeholder_that_is_not_known_is_named_as_it_is_written(written: str) -> None:
    with pytest.raises(PlaceholderError) as caught:
        checked_template(f"So {{word}} and {written}.", ("word",))
    assert caught.value.written == written
    assert "{word}" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{ a brace }", "{ a brace }"),
        ("{1, 2} and {", "{1, 2} and {"),
        ("} {", "} {"),
        ('{"age": 3}', '{"age": 3}'),
        (r"\{x\}", "{x}"),
        (r"\{{word}\}", "{snow}"),
        (r"a\b", r"a\b"),
        ("100 %s %(x)d $x {word}", "100 %s %(x)d $x snow"),
    ],
)
def test_a_brace_can_be_said(text: str, said: str) -> None:
    assert fill_in(checked_template(text, ("word",)), {"word": "snow"}) == said


def test_what_is_filled_in_is_not_looked_at_again() -> None:
    assert fill_in("{word}, {quote}", {"word": r"{quote} \{", "quote": "{word}"}) == r"{quote} \{, {word}"


@given(st.text(alphabet="{}\\ ax.", max_size=12))
def test_filling_in_never_raises_and_what_was_checked_leaves_no_placeholder(text: str) -> None:
    said = fill_in(text, {"a": "1"})
    try:
        checked_template(text, ("a",))
    except PlaceholderError:
        return
    assert "{a}" not in said.replace(r"\{", "{") or r"\{" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{user}} asks {{char}}.", "My friend asks Ada."),
        ("I know {{ User }}. {{USER}}?", "I know my friend. My friend?"),
        ("{{Char}}'s and <BOT>'s, <char> <Bot>", "Ada's and Ada's, Ada Ada"),
        ('"<USER>, come in," said {{ char}}', '"My friend, come in," said Ada'),
        ("You, {{user}}, {user} and {{x}}", "You, my friend, {user} and {{x}}"),
        ("{{{user}}}", "{my friend}"),
    ],
)
def test_the_names_are_filled_in_however_cards_write_them(text: str, said: str) -> None:
    assert fill_in_names(text, "Ada", "my friend") == said


def test_the_check_names_a_placeholder_that_is_not_known_with_its_line() -> None:
    mistakes = check_persona(CARDS / "card")
    assert [(mistake.line, mistake.field) for mistake in mistakes] == [
        (7, "strangers.0"),
        (8, "nearest.0"),
        (9, "readings.0"),
    ]
    assert all("there is no placeholder {user} here" in mistake.message for mistake in mistakes)


def card(folder: Path, old: str = "", new: str = "") -> Path:
    """The card with its mistakes mended, and what a test changes."""
    text = (CARDS / "card" / "persona.yaml").read_text(encoding="utf-8").replace("{user}", "{{user}}")
    text = text.replace("{{{", "{{").replace("}}}", "}}")
    made = folder / "card"
    (made / "casebook").mkdir(parents=True)
    (made / "persona.yaml").write_text(text.replace(old, new) if old else text, encoding="utf-8")
    note = (CARDS / "card" / "casebook" / "harbour-inn.md").read_text(encoding="utf-8")
    (made / "casebook" / "harbour-inn.md").write_text(note.replace("Captain Morrow", "{{char}}"), encoding="utf-8")
    return made


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ("Ahoy,", "Ahoy {x},", 5, "greeting"),
        ("description: You are", "description: >-\n  You are\n  {x}\n ", 4, "description"),
        ("alone.}", "alone., notes: '{n}:'}", 10, "prompts.notes"),
        ("alone.}", "alone., hypothetical: '{question} {x}'}", 10, "prompts.hypothetical"),
        ("alone.}", "alone., hypothetical: 'Say.'}", 10, "prompts.hypothetical"),
        ("default_mode", "repeated: ['Again.']\ndefault_mode", 11, "repeated.0"),
        ("default_mode", "repeated: ['{quote} {reply}']\ndefault_mode", 11, "repeated.0"),
        ("default_mode", "examples: [{user: '{x}', assistant: a}]\ndefault_mode", 11, "examples.0.user"),
    ],
)
def test_every_text_of_a_persona_is_tried(tmp_path: Path, old: str, new: str, line: int, field: str) -> None:
    (mistake,) = check_persona(card(tmp_path, old, new))
    assert (mistake.line, mistake.field) == (line, field)


def test_a_name_that_stands_for_itself_is_named(tmp_path: Path) -> None:
    mistakes = check_persona(card(tmp_path, "name: Captain Morrow", 'name: "{{char}}"'))
    assert (mistakes[0].line, mistakes[0].field) == (1, "name")


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Resources:
    """The captain at home, with an engine that repeats whom it was told of."""
    home = tmp_path_factory.mktemp("harbour")
    card(
        home / "personas",
        "default_mode",
        'examples: [{user: "Are you {{char}}?", assistant: "I am, {{user}}."}]\n'
        "known_names: ['{{CHAR}}']\nsuggestions: ['Who is {{ char }}?']\ndefault_mode",
    )
    (home / "models").symlink_to(settings.models_dir)
    own = settings.model_copy(update={"home": home, "personas": home / "personas"})
    resources = Resources(own, engine=FakeEngine())
    resources.prepare("card")
    return resources


def test_the_names_are_filled_in_everywhere(harbour: Resources) -> None:
    persona = harbour.persona("card").persona
    assert persona.greeting == "Ahoy, my friend! Captain Morrow has kept a chair for you."
    assert persona.instruction() == (
        "You are Captain Morrow, a retired sea captain who has known the visitor for years. "
        "Captain Morrow speaks gruffly. The visitor has come to the harbour inn."
    )
    assert (persona.examples[0].user, persona.examples[0].assistant) == ("Are you Captain Morrow?", "I am, my friend.")
    assert persona.declines == ["I do not know that, my friend."]
    assert persona.readings == ["My log says, my friend: {quote}"]
    assert persona.suggestions == ["Who is Captain Morrow?"]
    (passage,) = [item for item in harbour.library("card").passages if "landlady" in item.text]
    assert "Captain Morrow sleeps" in passage.text
    view = ChatHandlers(harbour).greeting("card")
    assert view.messages[0]["content"] == persona.greeting


def test_a_conversation_says_no_placeholder_and_raises_nothing(harbour: Resources) -> None:
    engine = harbour.engine
    assert isinstance(engine, FakeEngine)
    bot = Bot(harbour)
    said = []
    for reply, question, mode in [
        ("Mrs. Tibbet is the landlady.", "Who is the landlady of the Harbour Inn?", "few-shot"),
        ("It was Mrs. Fotheringay.", "Who is the landlady of the Harbour Inn?", "rag"),
        ("I do not know that, my friend.", "Tell me, who is the landlady of the Harbour Inn?", "rag"),
        ("", "What is an iPhone?", "rag"),
    ]:
        engine.replies = [reply]
        said.append(bot.reply(Question(question, persona="card", mode=mode)).reply)
    assert "Fotheringay" not in said[1] and "Harbour Inn" in said[1]
    assert "The nearest I have, my friend: " in said[2]
    assert said[3] == "iPhone? Never heard of it, my friend."
    prompts = [message.content for request in engine.requests for message in request.messages]
    assert not [text for text in (*said, *prompts) for mark in LEFT if mark in text]


def test_lines_are_read_with_the_names_filled_in(harbour: Resources, tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    messages = [{"role": "user", "content": "Is {{char}} in?"}, {"role": "assistant", "content": "Aye, {{user}} {x}."}]
    file.write_text(json.dumps({"messages": messages}) + "\n", encoding="utf-8")
    (line,) = read_lines(file, partial(harbour.persona("card").persona.named, spoken=True))
    assert [message.content for message in line.messages] == ["Is Captain Morrow in?", "Aye, my friend {x}."]


def test_a_question_with_braces_is_put_into_the_models_request_as_it_is(harbour: Resources) -> None:
    model = ScriptedLanguageModel(writes="")
    question = "What is {word} or {0} or %s?"
    Hyde()(Inquiry(question), bare(language=language_of(harbour.persona("card").persona), small=model))
    assert question in model.prompts[0]


def test_a_german_persona_speaks_to_its_visitor_in_german(tmp_path: Path) -> None:
    card(tmp_path, "default_mode", "language: de\ndecline_phrases: [do not know]\ndefault_mode")
    assert load_persona("card", tmp_path).persona.greeting.startswith("Ahoy, lieber Gast!")
