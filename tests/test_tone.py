"""The tone meter: what it masks, who is taken to say what in a book, and that it tells a persona from others."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from chatbot.errors import ModelError, TrainingError
from chatbot.judges import BUCKETS, ToneMeter, buckets
from chatbot.judges.tone import masked
from chatbot.language import ENGLISH, LANGUAGES, language_of
from chatbot.library.texts import TEXT, Section
from chatbot.tuning.speakers import Line, lines_of
from chatbot.tuning.tone import Answered, answered_plainly, measured, own_exchanges, train_tone
from personas import LoadedPersona

NAMES = frozenset({"Holmes", "Sherlock"})


def test_names_and_numbers_are_masked_and_a_line_is_no_other_for_its_names() -> None:
    assert (
        masked("I saw Dr. Watson and John Clay, with 1,250 pounds.", ENGLISH) == "I saw Nn. Nn and Nn, with 0 pounds."
    )
    one, other = (
        buckets(f"I told {name} of it on the {day}.", ENGLISH) for name, day in (("Lestrade", "3"), ("Mary", "17"))
    )
    assert one == other
    assert buckets("", ENGLISH) == {} and all(0 <= bucket < BUCKETS for bucket in one)


def test_a_tag_of_speech_says_who_speaks_and_what_is_doubtful_is_nobody_s() -> None:
    paragraphs = (
        '"You have been walking in the mud," said Holmes, "and you came without your umbrella this morning."',
        '"I never said a word to you of any umbrella, sir, that I can remember."',
        '"There was no need to say it to me, for your hat says it aloud."',
        '"It is the strangest thing that I have ever heard in my life," cried Lestrade.',
        '"I can make nothing at all of the marks upon this door," said I, when he had gone.',
        '"Somebody has been before us in this room," said Holmes. "Surely not, for the door was locked," said Watson.',
        "\"He told me himself that he did it. 'I killed him with the poker,' he said,\" remarked Holmes.",
        '"It is quite possible that nobody knows what happened to her there," said a voice.',
        "The rain beat upon the windows, and nobody spoke for a quarter of an hour.",
        '"I shall begin at the beginning," said Sherlock Holmes, "and you may stop me when you please.',
        '"It was in the winter of that year that the letter was brought to my rooms.',
    )
    section = Section(TEXT, "book.txt", "A Work", "", "Watson", paragraphs)
    found = [(line.speaker, line.tagged, line.text.split()[0]) for line in lines_of([section], NAMES, ENGLISH)]
    assert found == [
        ("persona", True, "You"),
        ("speaker", False, "I"),
        ("persona", False, "There"),
        ("speaker", True, "It"),
        ("speaker", True, "I"),
        ("narrator", True, "The"),
        ("persona", True, "I"),
        ("persona", True, "It"),
    ]
    own = Section(TEXT, "book.txt", "Another", "", "Holmes", paragraphs[4:5] + paragraphs[8:9])
    assert {line.speaker for line in lines_of([own], NAMES, ENGLISH)} == {"persona"}


def test_a_german_book_is_read_by_the_same_rule() -> None:
    section = Section(
        TEXT,
        "buch.txt",
        "Ein Werk",
        "",
        "Anna",
        ('"Das habe ich heute morgen schon einmal gehört", sagte Mechthild leise.',),
    )
    assert [line.speaker for line in lines_of([section], frozenset({"Mechthild"}), LANGUAGES["de"])] == ["persona"]


def told(number: int) -> list[Line]:
    """Lines of a persona who speaks of himself with care, of others who do not, and answers, over many works."""
    chance = random.Random(3)
    own = ["I perceive that", "I confess that", "It is evident that", "I should say that"]
    others = ["Oh my goodness,", "Look here,", "Well I never,", "Good heavens,"]
    things = "the door was open|the lamp had gone out|the boat was late|the dog was quiet|the letter was gone".split(
        "|"
    )
    lines = []
    for at in range(number):
        for speaker, openings in (("persona", own), ("speaker", others)):
            text = f"{chance.choice(openings)} {chance.choice(things)} and {chance.choice(things)}."
            lines.append(Line(text, speaker, f"Work {at % 20}"))  # type: ignore[arg-type]
        lines.append(Line(f"{chance.choice(own)} {chance.choice(things)}.", "persona", f"Question {at}"))
        lines.append(Line(f"Sure! Here are some tips: {chance.choice(things)}.", "assistant", f"Question {at}"))
    return lines


@pytest.fixture(scope="module")
def trained(sherlock: LoadedPersona, tmp_path_factory: pytest.TempPathFactory) -> tuple[ToneMeter, Path]:
    file = tmp_path_factory.mktemp("tone") / "tone.npz"
    return train_tone(sherlock, told(60), file), file


def test_it_tells_manners_apart_in_works_that_it_has_not_seen(trained: tuple[ToneMeter, Path]) -> None:
    meter, _ = trained
    assert meter.facts["auroc"]["speaker"] > 0.95 and meter.facts["auroc"]["assistant"] > 0.95
    assert "narrator" not in meter.facts["auroc"]
    assert (
        meter.score("I confess that the kettle was cold.")
        > 0.6
        > 0.4
        > meter.score("Sure! Here are some tips for you.")
    )
    assert meter.score("") == 0.5


def test_what_is_written_is_read_again_and_damage_is_named(trained: tuple[ToneMeter, Path], tmp_path: Path) -> None:
    meter, file = trained
    again = ToneMeter.read(file, meter.language)
    line = "It is evident that the boat was late."
    assert again.score(line) == meter.score(line) and again.facts["auroc"] == meter.facts["auroc"]
    damaged = tmp_path / "tone.npz"
    for content in (b"", file.read_bytes()[:500]):
        damaged.write_bytes(content)
        with pytest.raises(ModelError, match=r"(?s)^(?!.*\n).*--train"):
            ToneMeter.read(damaged, ENGLISH)
    ToneMeter(np.zeros(BUCKETS, np.float16), 0.0, LANGUAGES["de"], {}).write(damaged)
    with pytest.raises(ModelError, match="language 'de'"):
        ToneMeter.read(damaged, ENGLISH)


def test_chance_is_a_half_and_answers_are_compared_with_answers() -> None:
    lines = told(10)
    figures = measured([(line, 0.5) for line in lines])
    assert figures == {"speaker": 0.5, "assistant": 0.5}
    by_speaker = measured([(line, float(line.speaker == "persona")) for line in told(200)])
    assert by_speaker["speaker, 5 lines"] == 1.0


def test_plain_answers_are_written_once(tmp_path: Path) -> None:
    asked: list[str] = []

    def write(message: str) -> str:
        asked.append(message)
        return f"An answer to {message}"

    kept = tmp_path / "run" / "plain.jsonl"
    exchanges = [("one", "Own one."), ("two", "Own two.")]
    first = answered_plainly(exchanges[:1], write, kept)
    assert first == [Answered("one", "Own one.", "An answer to one")]
    assert answered_plainly(exchanges, write, kept)[1] == Answered("two", "Own two.", "An answer to two")
    assert asked == ["one", "two"]


def test_lines_with_notes_are_no_talk(sherlock: LoadedPersona) -> None:
    exchanges = own_exchanges(sherlock)
    assert len(exchanges) > 300 and not [asked for asked, _ in exchanges if sherlock.persona.prompts.notes in asked]


def test_without_others_there_is_nothing_to_tell_apart(sherlock: LoadedPersona, tmp_path: Path) -> None:
    lines = [line for line in told(20) if line.speaker == "persona"]
    with pytest.raises(TrainingError, match="--texts"):
        train_tone(sherlock, lines, tmp_path / "tone.npz")


def test_the_shipped_meter_knows_its_persona(sherlock: LoadedPersona) -> None:
    meter = ToneMeter.read(sherlock.tone, language_of(sherlock.persona))
    assert meter.facts["auroc"]["assistant"] >= 0.97
    own = meter.score("You have come by the morning train, I perceive, and in some haste; pray take a chair.")
    assert own > 0.5 > meter.score("As an AI language model, I am here to help you with any questions you may have!")
