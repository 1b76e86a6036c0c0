"""Languages: words of every script, what English leaves as it was, and the German pack."""

from __future__ import annotations

import ast
import re
import unicodedata
from pathlib import Path

import pytest

from chatbot import DEFAULT_PERSONA
from chatbot.grounding import check_reply, unsupported_terms
from chatbot.language import (
    ENGLISH,
    LANGUAGES,
    Language,
    content_words,
    declines,
    is_about_visitor,
    is_follow_up,
    is_small_talk,
    kind_of,
    language_of,
    names_in,
    split_sentences,
    sub_questions,
    to_plain,
    words_of,
)
from chatbot.library.search.modules.rewriting import in_third_person
from chatbot.library.texts import recollection
from personas import LoadedPersona

NAMED = re.compile("sherlock|holmes|watson|detective|victorian", re.IGNORECASE)
ROOT = Path(__file__).resolve().parent.parent
GERMAN = LANGUAGES["de"]

# ---------------------------------------------------------------------- letters


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Zoë met Müller's niece", ["zoë", "met", "müller", "niece"]),
        ("l'été à Saint-Étienne", ["l'été", "à", "saint-étienne"]),
        ("Кто украл камень?", ["кто", "украл", "камень"]),
        ("ποιος ήρθε;", ["ποιος", "ήρθε"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("snake_case 3½", ["snake", "case", "3½"]),
    ],
)
def test_words_of_every_script_are_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_a_letter_is_the_same_however_it_is_encoded() -> None:
    parts = unicodedata.normalize("NFD", "Zoë Müller")
    assert words_of(parts) == words_of("Zoë Müller")
    assert to_plain(parts) == "Zoë Müller"


def test_an_accent_that_was_not_typed_does_not_hide_a_word() -> None:
    assert content_words("the cafés of Zoe Muller") == content_words("a Café: Zoë Müller")


def test_letters_of_other_scripts_keep_their_marks() -> None:
    assert content_words("한국 हिन्दी Ёлка") == {"한국", "हिन्दी", "елка"}


def test_a_sentence_may_begin_with_any_capital() -> None:
    assert split_sentences("He left. Émile stayed. Öl ran out.") == ["He left.", "Émile stayed.", "Öl ran out."]


def test_a_name_with_accents_has_to_be_in_the_evidence_like_any_other() -> None:
    assert unsupported_terms("It was Trépoff, and Zoë saw it.", ["Zoë saw it."], ENGLISH) == ["Trépoff"]
    assert unsupported_terms(unicodedata.normalize("NFD", "It was Zoë."), ["Ada"], ENGLISH) == ["Zoë"]


# ---------------------------------------------------------------------- the boundary


def test_no_code_names_a_persona_but_the_default() -> None:
    named: dict[str, list[str]] = {}
    for file in (file for package in ("chatbot", "memory", "personas") for file in (ROOT / package).rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        described = {
            node.body[0].value
            for node in ast.walk(tree)
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and isinstance(node.body[0], ast.Expr)
        }
        texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node not in described]
        found = [str(node.value) for node in texts if NAMED.search(str(node.value))]
        if found:
            named[file.name] = found
    assert named == {"__init__.py": [DEFAULT_PERSONA]}


# ---------------------------------------------------------------------- packs


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_the_lists_of_a_language_are_in_small_letters_and_its_code_is_its_own(language: Language) -> None:
    for words in (language.stopwords, language.referring, language.continuing, language.known_names):
        assert words == {word.lower() for word in words}
    assert LANGUAGES[language.code] is language
    assert len(set(language.months)) == 12


def test_the_language_of_a_persona_is_one_object_with_its_own_name(sherlock: LoadedPersona) -> None:
    language = language_of(sherlock.persona)
    assert language is language_of(sherlock.persona)
    assert language.talk.addressing - ENGLISH.talk.addressing == {"sherlock", "holmes"}
    assert {"watson", "baker"} <= language.known_names - ENGLISH.known_names
    assert "watson" not in ENGLISH.known_names


# ---------------------------------------------------------------------- German


@pytest.mark.parametrize(
    "family",
    [
        ("glocke", "glocken"),
        ("mühle", "mühlen"),
        ("buch", "buches", "bücher", "büchern"),
        ("müller", "müllers"),
        ("kam", "kamst"),
        ("groß", "große", "großem", "großer", "großes"),
        ("straße", "strasse"),
    ],
)
def test_the_regular_forms_of_a_german_word_have_one_stem(family: tuple[str, ...]) -> None:
    assert len({GERMAN.stem(word) for word in family}) == 1


def test_different_german_words_keep_different_stems() -> None:
    words = ["glocke", "mühle", "müller", "kloster", "honig", "wein", "wasser", "gans", "ganz", "stern", "stein"]
    assert len({GERMAN.stem(word) for word in words}) == len(words)


def test_german_abbreviations_end_no_sentence() -> None:
    assert split_sentences("Fr. Gisela kam bzw. Emicho ging. Dann war Ruhe.", GERMAN) == [
        "Fr. Gisela kam bzw. Emicho ging.",
        "Dann war Ruhe.",
    ]


@pytest.mark.parametrize("message", ["Grüß Gott!", "Vielen Dank.", "Wer bist du?", "Wie geht es Ihnen?", "Lebt wohl!"])
def test_german_greetings_and_thanks_are_small_talk(message: str) -> None:
    assert is_small_talk(message, GERMAN)
    assert not is_about_visitor(message, GERMAN)


@pytest.mark.parametrize(
    "message", ["Wie heiße ich?", "Erinnerst du dich an mich?", "Was habe ich dir von meinem Hund erzählt?"]
)
def test_what_german_visitors_ask_about_themselves_is_told_from_other_questions(message: str) -> None:
    assert kind_of(message, GERMAN) == "about the visitor"


def test_a_german_question_is_told_from_one_about_the_persona() -> None:
    assert kind_of("Wo schläfst du?", GERMAN) == "about the persona"
    assert kind_of("Wer goss die Glocke?", GERMAN) == "question"


@pytest.mark.parametrize(
    "question", ["Und wann?", "Warum hat er das getan, obwohl niemand zusah?", "Was geschah danach mit Emicho?"]
)
def test_a_german_follow_up_points_back_or_is_very_short(question: str) -> None:
    assert is_follow_up(question, GERMAN)


def test_a_german_question_that_names_what_it_means_stands_alone() -> None:
    assert not is_follow_up("Wer hat die große Glocke gegossen?", GERMAN)


def test_a_german_question_about_two_things_is_two_and_its_frame_is_taken_off() -> None:
    assert sub_questions("Wer goss die Glocke, und wann wurde sie geläutet?", GERMAN) == (
        "Wer goss die Glocke",
        "wann wurde sie geläutet?",
    )
    assert sub_questions("Wer kaufte Honig und Wein?", GERMAN) == ("Wer kaufte Honig und Wein?",)
    assert GERMAN.framing.sub("", "Sag mir bitte, wer die Glocke goss.") == "wer die Glocke goss."


def test_in_german_too_the_persona_is_searched_for_by_name() -> None:
    assert in_third_person("Wovor fürchtest du dich, und wo ist dein Stab?", "Ada", GERMAN) == (
        "Wovor fürchtest Ada Ada, und wo ist Adas Stab?"
    )
    assert in_third_person("Wo habt Ihr Euer Buch?", "Ada", GERMAN) == "Wo habt Ada Adas Buch?"


@pytest.mark.parametrize(
    "reply",
    [
        "Das weiß ich nicht.",
        "Ich weiß es leider nicht, Kind.",
        "Davon steht in meinen Blättern nichts.",
        "Meine Notizen sagen darüber nichts.",
        "Darüber gibt es keinen Eintrag.",
        "Ich will es nicht erraten und kann es nicht sagen.",
        "Die Chronik schweigt.",
    ],
)
def test_owning_not_to_know_is_recognised_in_german(reply: str) -> None:
    assert declines(reply, GERMAN)
    assert not declines(reply, ENGLISH)


@pytest.mark.parametrize(
    "reply",
    ["Meister Hartwig goss sie.", 'Er rief: "Ich weiß es nicht" und lief davon.', "Er sagte viel und aß nichts."],
)
def test_a_german_answer_is_not_taken_for_a_decline(reply: str) -> None:
    assert not declines(reply, GERMAN)


def test_a_german_noun_is_no_name_and_a_name_is() -> None:
    assert names_in("Wer hat die große Glocke für Emicho und ihren Vater gegossen?", GERMAN) == ["Emicho"]
    said = "Die Glocke goss im kalten Herbst kein anderer Meister als Hartwig."
    assert unsupported_terms(said, ["Das Haus."], GERMAN) == ["Hartwig"]
    assert check_reply(said, ["Hartwig goss sie."], [], GERMAN).verdict == "grounded"


def test_what_a_visitor_said_is_dated_in_the_language_of_the_persona() -> None:
    from datetime import UTC, datetime

    when = datetime(2024, 3, 4, 20, tzinfo=UTC)
    assert recollection("Ich bin Ada.", when, GERMAN).work == "Was du mir am 4. März 2024 gesagt hast"
    assert recollection("I am Ada.", when).work == "What you told me on March 4, 2024"
