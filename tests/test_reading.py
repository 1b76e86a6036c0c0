"""Reading comprehension examples from a folder of questions, and the persona's lines."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from chatbot.errors import TrainingError
from chatbot.language import content_words
from chatbot.lines import Example, counts, read_lines
from chatbot.prompts import Message
from chatbot.tuning.comprehension import SILENT_SHARE, reading_examples
from personas import LoadedPersona

THINGS = "kettle lantern saddle mirror violin basket hammer ribbon candle wheel feather ladder".split()
PLACES = "mill tower orchard bakery chapel cellar stable harbour garden attic bridge quarry".split()
OWNERS = "miller giant widow hunter weaver sailor shepherd tailor piper baker mason fisher".split()


def rows(split: str = "train", explicit: bool = True) -> tuple[list[dict], list[dict]]:
    """Sections and questions of twelve invented stories of twelve facts each."""
    sections, questions = [], []
    for story in range(12):
        for part in range(2):
            facts = []
            for at in range(part * 6, part * 6 + 6):
                owner, thing, place = OWNERS[at], THINGS[(at + story) % 12], PLACES[(at + 5 * story) % 12]
                facts.append(f"The old {owner} of the valley hid his {thing} behind the {place} on a windy night.")
                questions.append(
                    {
                        "split": split,
                        "story": f"story-{story}",
                        "sections": [part],
                        "question": f"What did the {owner} hide?",
                        "answers": [f"his {thing}."],
                        "explicit": explicit,
                    }
                )
            sections.append({"story": f"story-{story}", "section": str(part), "text": "\n".join(facts)})
        told = [f"The {owner} said no word of the {THINGS[(at + story) % 12]}." for at, owner in enumerate(OWNERS)]
        sections.append({"story": f"story-{story}", "section": "2", "text": " ".join(told)})
    return sections, questions


def write_rows(file: Path, items: Sequence[Mapping[str, object]]) -> None:
    file.write_text("\n".join(json.dumps(item) for item in items) + "\n\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sections, questions = rows()
    write_rows(tmp_path / "sections.jsonl", sections)
    write_rows(tmp_path / "questions.jsonl", questions)
    return tmp_path


def prompt(item: Example) -> str:
    return item.messages[0].content


def reply(item: Example) -> str:
    return item.messages[1].content


def notes(item: Example) -> list[str]:
    return re.findall(r"^\[\d+\] Story \d+: (.+)$", prompt(item), re.MULTILINE)


def answer(item: Example) -> str:
    """What the question is about, found again in the invented stories."""
    story = re.findall(r"^\[1\] Story (\d+):", prompt(item), re.MULTILINE)[0]
    owner = re.findall(r"What did the (\w+) hide\?$", prompt(item), re.MULTILINE)[0]
    return THINGS[(OWNERS.index(owner) + int(story)) % 12]


def test_a_reply_begins_with_the_answer_and_goes_on_with_the_sentence_that_holds_it(
    folder: Path, sherlock: LoadedPersona
) -> None:
    examples = [item for item in reading_examples(folder, sherlock.persona, 144, 0) if item.kind == "reading"]
    assert len(examples) > 100
    for item in examples:
        said, _, quote = reply(item).partition(". ")
        assert any(quote in note for note in notes(item)), item
        assert content_words(answer(item)) <= content_words(quote), item
        assert answer(item) in said.lower()


def test_the_notes_of_a_silent_example_lack_the_answer_and_he_declines(folder: Path, sherlock: LoadedPersona) -> None:
    examples = reading_examples(folder, sherlock.persona, 144, 0)
    silent = [item for item in examples if item.kind == "reading-silent"]
    assert len(silent) / len(examples) == pytest.approx(SILENT_SHARE, abs=0.08)
    for item in silent:
        assert reply(item) in sherlock.persona.declines
        assert notes(item)
        assert not content_words(answer(item)) & content_words(" ".join(notes(item))), item


def test_the_notes_besides_the_right_one_lack_the_answer(folder: Path, sherlock: LoadedPersona) -> None:
    for item in reading_examples(folder, sherlock.persona, 144, 0):
        if item.kind == "reading":
            assert len([note for note in notes(item) if answer(item) in note]) == 1
            assert len(notes(item)) >= 2


def test_the_right_note_stands_first_as_the_reader_puts_it(folder: Path, sherlock: LoadedPersona) -> None:
    examples = [item for item in reading_examples(folder, sherlock.persona, 144, 0) if item.kind == "reading"]
    places = {[answer(item) in note for note in notes(item)].index(True) for item in examples}
    assert places == {0}


def test_a_prompt_is_what_a_turn_with_notes_looks_like(folder: Path, sherlock: LoadedPersona) -> None:
    prompts = sherlock.persona.prompts
    for item in reading_examples(folder, sherlock.persona, 20, 0):
        assert prompt(item).startswith(f"{prompts.grounded}\n{prompts.notes}\n[1] Story ")
        assert f"\n{prompts.question} What did the " in prompt(item)


def test_the_same_seed_gives_the_same_examples_and_another_seed_others(folder: Path, sherlock: LoadedPersona) -> None:
    first = reading_examples(folder, sherlock.persona, 40, 5)
    assert reading_examples(folder, sherlock.persona, 40, 5) == first
    assert reading_examples(folder, sherlock.persona, 40, 6) != first


def test_no_more_examples_are_made_than_asked_for(folder: Path, sherlock: LoadedPersona) -> None:
    assert len(reading_examples(folder, sherlock.persona, 7, 0)) == 7
    assert len(reading_examples(folder, sherlock.persona, 0, 0)) == 0


@pytest.mark.parametrize(("split", "explicit"), [("test", True), ("val", True), ("train", False)])
def test_only_training_questions_with_their_answer_in_the_text_are_used(
    folder: Path, sherlock: LoadedPersona, split: str, explicit: bool
) -> None:
    write_rows(folder / "questions.jsonl", rows(split, explicit)[1])
    assert reading_examples(folder, sherlock.persona, 20, 0) == []


def test_a_question_whose_answer_no_sentence_holds_is_left_out(folder: Path, sherlock: LoadedPersona) -> None:
    questions = [{**question, "answers": ["a purple elephant"]} for question in rows()[1]]
    write_rows(folder / "questions.jsonl", questions)
    assert reading_examples(folder, sherlock.persona, 20, 0) == []


@pytest.mark.parametrize("name", ["sections.jsonl", "questions.jsonl"])
@pytest.mark.parametrize("text", [None, "{", '{"story": "x"}', "[1, 2]", "\udcff"])
def test_a_damaged_folder_is_named(folder: Path, sherlock: LoadedPersona, name: str, text: str | None) -> None:
    (folder / name).unlink()
    if text is not None:
        (folder / name).write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(TrainingError) as caught:
        reading_examples(folder, sherlock.persona, 20, 0)
    assert f"{folder} holds no reading comprehension set" in str(caught.value)


GOOD = '{"kind": "voice", "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Sir."}]}'


def test_lines_are_read_with_their_kind_and_blank_ones_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    kindless = GOOD.replace('"kind": "voice", ', "")
    file.write_text(f"{GOOD}\n\n{kindless}\n", encoding="utf-8")
    messages = (Message("user", "Hi"), Message("assistant", "Sir."))
    examples = read_lines(file)
    assert examples == [Example("voice", messages), Example("line", messages)]
    assert counts(examples) == {"line": 1, "voice": 1}


@pytest.mark.parametrize(
    "row",
    [
        "{",
        "[]",
        "null",
        '{"kind": "voice"}',
        '{"messages": []}',
        '{"messages": [{"role": "user", "content": "Hi"}]}',
        '{"messages": [{"role": "assistant", "content": "Sir."}, {"role": "user", "content": "Hi"}]}',
        '{"messages": [{"role": "user", "content": "Hi"}, {"role": "user", "content": "Hi"}]}',
        '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": " "}]}',
        '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant"}]}',
        '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": 3}]}',
        '{"messages": "Hi"}',
    ],
)
def test_a_wrong_line_is_named_with_its_number(tmp_path: Path, row: str) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text(f"{GOOD}\n\n{row}\n{GOOD}\n", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"lines\.jsonl:3: is not a conversation"):
        read_lines(file)


@pytest.mark.parametrize("data", [b"", b"\n \n"])
def test_a_file_without_lines_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "lines.jsonl").write_bytes(data)
    with pytest.raises(TrainingError, match="holds no lines"):
        read_lines(tmp_path / "lines.jsonl")


def test_lines_that_are_missing_or_no_text_are_named(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    with pytest.raises(TrainingError, match=r"lines\.jsonl cannot be read"):
        read_lines(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(TrainingError, match=r"lines\.jsonl cannot be read"):
        read_lines(file)
