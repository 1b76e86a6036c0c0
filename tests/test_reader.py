"""The reader: where the answer stands, what is no place for one, how long texts are read, and its part in a search."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from searching import ScriptedScorer, bare, candidate

from chatbot.errors import ModelError
from chatbot.library.encoders import READER_OUTPUTS, Reader, ReadText
from chatbot.library.encoders.reader import LONGEST, _read
from chatbot.library.search import text_for_reader
from chatbot.library.search.inquiry import Inquiry
from chatbot.library.search.modules import FACT as WEIGHTS
from chatbot.library.search.modules import CrossEncode, Read
from chatbot.library.search.modules.read import NO_FACT, WINDOW
from chatbot.resources import Resources
from chatbot.settings import Settings
from chatbot.tuning.encoders import base_model, train_encoder
from chatbot.tuning.loop import State
from chatbot.tuning.publish import publish_adapter
from chatbot.tuning.reader import ReaderRecipe, reader_task
from chatbot.tuning.readings import ReadingGroup, Shown
from personas import LoadedPersona

ITEMS = "kettle lantern saddle mirror violin basket hammer ribbon".split()
OWNERS = "miller giant widow hunter weaver sailor shepherd tailor".split()
SMALL = ReaderRecipe(rank=8, alpha=16, batch_size=8, learning_rate=2e-3, passes=6)
TITLE = "The Mill. "
TEXT = f"{TITLE}The old miller hid a copper kettle behind the barn."
QUESTION = "What did the old miller hide?"


def hidden(owner: str, item: str) -> str:
    return f"{TITLE}The old {owner} of the valley hid a {item} behind the barn."


def group(at: int, number: int) -> ReadingGroup:
    """What an owner hid, with what others did."""
    owner, item = OWNERS[at], ITEMS[number]
    text = hidden(owner, item)
    begin = text.index(item)
    wrong = [hidden(OWNERS[(at + step) % 8], ITEMS[(number + step) % 8]) for step in (1, 2)]
    shown = (
        Shown(text, len(TITLE), True, (begin, begin + len(item))),
        *(Shown(other, len(TITLE), answers=False) for other in wrong),
    )
    return ReadingGroup("small", "The Mill", f"What did the old {owner} of the valley hide?", shown)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, State]:
    """A real adapter of a few steps."""
    run = tmp_path_factory.mktemp("reader")
    groups = [group(at, number) for at in range(8) for number in range(0, 8, 2)]
    base, name = base_model("bundled")
    model, state = train_encoder(reader_task(groups, SMALL, 7), base, name, run, seed=7, threads=1)
    publish_adapter(model, run / "adapter", {"base": name}, "", "reader")
    return run / "adapter", state


@pytest.fixture(scope="module")
def adapter(sherlock: LoadedPersona) -> Path:
    """The built-in persona's."""
    assert sherlock.reader is not None
    return sherlock.reader


@pytest.fixture(scope="module")
def converted(adapter: Path, settings: Settings) -> Reader:
    return Reader(adapter=adapter, cache=settings.models_dir)


@pytest.fixture(scope="module")
def original(adapter: Path) -> Reader:
    return Reader(adapter=adapter, threads=1)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return Reader()._tokenizer


# ---------------------------------------------------------------------- the place of the answer


def logits_for(encoding: Any, text: str, begins: dict[str, float], ends: dict[str, float]) -> np.ndarray[Any, Any]:
    """Logits that point at words of the text."""
    logits = np.zeros((len(encoding.ids), READER_OUTPUTS), dtype=np.float32)
    logits[0, 0] = 2.5
    for column, pointed in ((1, begins), (2, ends)):
        for word, value in pointed.items():
            place = text.index(word)
            (at,) = (
                at
                for at, (sequence, (begin, end)) in enumerate(zip(encoding.sequence_ids, encoding.offsets, strict=True))
                if sequence == 1 and begin <= place < end
            )
            logits[at, column] = value
    return logits


def read(tokenizer: Any, text: str, begins: dict[str, float], ends: dict[str, float], skip: int = 0) -> ReadText:
    encoding = tokenizer.encode(QUESTION, text)
    return _read(logits_for(encoding, text, begins, ends), encoding, skip)


def test_the_answer_is_the_span_of_the_likeliest_begin_and_end(tokenizer: Any) -> None:
    found = read(tokenizer, TEXT, {"copper": 9.0}, {"kettle": 9.0})
    assert TEXT[found.begin : found.end] == "copper kettle"
    assert found.relevance == 2.5
    assert 0.9 < found.probability < 1
    unsure = read(tokenizer, TEXT, {"copper": 9.0, "barn": 9.0}, {"kettle": 9.0})
    assert TEXT[unsure.begin : unsure.end] == "copper kettle"
    assert unsure.probability == pytest.approx(found.probability / 2, rel=0.01)


def test_an_answer_does_not_end_before_it_begins(tokenizer: Any) -> None:
    found = read(tokenizer, TEXT, {"barn": 9.0}, {"old": 9.0, "barn": 1.0})
    assert TEXT[found.begin : found.end] == "barn"


def test_a_title_is_no_place_for_an_answer(tokenizer: Any) -> None:
    pointed = {"Mill": 9.0, "kettle": 3.0}
    assert read(tokenizer, TEXT, pointed, pointed).begin == TEXT.index("Mill")
    found = read(tokenizer, TEXT, pointed, pointed, len(TITLE))
    assert TEXT[found.begin : found.end] == "kettle"
    nothing = read(tokenizer, TITLE, {"Mill": 9.0}, {"Mill": 9.0}, len(TITLE))
    assert nothing == ReadText(2.5, 0, 0, 0.0)


def test_an_answer_has_a_longest_length(tokenizer: Any) -> None:
    text = " ".join(f"{word}" for word in ("begin", *["a"] * (LONGEST - 2), "near", "far"))
    found = read(tokenizer, text, {"begin": 9.0}, {"near": 3.0, "far": 9.0})
    assert text[found.begin : found.end] != text
    near = read(tokenizer, text, {"begin": 9.0}, {"near": 9.0})
    assert text[near.begin : near.end] == text.removesuffix(" far")


def test_what_was_cut_off_or_is_padding_is_no_answer(tokenizer: Any) -> None:
    encoding = tokenizer.encode(QUESTION, TEXT)
    whole = logits_for(encoding, TEXT, {"barn": 9.0, "copper": 3.0}, {"barn": 9.0, "kettle": 3.0})
    cut = _read(whole[: len(whole) - 4], encoding, 0)  # "the barn." and the last mark
    assert TEXT[cut.begin : cut.end] == "copper kettle"
    padded = np.concatenate([whole, np.full((5, READER_OUTPUTS), 20.0, dtype=np.float32)])
    assert _read(padded, encoding, 0) == _read(whole, encoding, 0)


@lru_cache
def encoded() -> Any:
    return Reader()._tokenizer.encode(QUESTION, TEXT)


@given(seed=st.integers(0, 2**32 - 1), skip=st.integers(0, 70), spread=st.floats(0, 60))
def test_whatever_the_numbers_are_the_span_lies_in_the_text(seed: int, skip: int, spread: float) -> None:
    encoding = encoded()
    chance = np.random.default_rng(seed)
    logits = (spread * chance.standard_normal((len(encoding.ids), READER_OUTPUTS))).astype(np.float32)
    found = _read(logits, encoding, skip)
    assert 0 <= found.probability <= 1
    assert (found.begin == found.end == 0) or skip <= found.begin < found.end <= len(TEXT)


# ---------------------------------------------------------------------- a real adapter


@pytest.mark.slow
def test_a_few_steps_teach_it_what_answers_and_where(trained: tuple[Path, State]) -> None:
    losses, reader = trained[1].losses, Reader(adapter=trained[0], threads=1)
    assert np.mean(losses[-3:]) < 0.6 * np.mean(losses[:3])
    asked = [group(at, (at + 2) % 8) for at in range(8)]
    read = [reader.read(each.question, [item.text for item in each.shown], [len(TITLE)] * 3) for each in asked]
    first = [int(np.argmax([each.relevance for each in found])) == 0 for found in read]
    pointed = [(found[0].begin, found[0].end) == each.shown[0].span for each, found in zip(asked, read, strict=True)]
    assert sum(first) >= 6  # of 8; by chance one in three
    assert sum(pointed) >= 6  # by chance one in fifty


def test_openvino_and_torch_read_alike(converted: Reader, original: Reader) -> None:
    texts = [item.text for at in range(0, 8, 2) for item in group(at, at).shown]
    texts[3] = texts[3] + " And it rained upon the moor for nine days and nine nights." * 3  # another width
    skip = [len(TITLE)] * len(texts)
    ours, theirs = (reader.read(group(0, 0).question, texts, skip) for reader in (converted, original))
    most = max(1.0, *(abs(each.relevance) for each in theirs))
    for one, other in zip(ours, theirs, strict=True):
        assert one.relevance == pytest.approx(other.relevance, abs=0.15 * most)
        assert one.probability == pytest.approx(other.probability, abs=0.2)
    same = [(one.begin, one.end) == (other.begin, other.end) for one, other in zip(ours, theirs, strict=True)]
    assert sum(same) >= len(same) - 1
    alone = converted.read(group(0, 0).question, texts[4:5], skip[:1])[0]  # a text is read by itself
    assert alone.relevance == pytest.approx(ours[4].relevance, abs=0.15 * most)


@pytest.mark.parametrize(
    "text",
    [
        "THE OLD MILLER HID A KETTLE BEHIND THE BARN.",
        '"What," cried he, "did the miller hide?" "A kettle," said she; "the old one."',
        "The miller went at break of day,\nAnd hid a kettle in the hay;\nNor would he ever tell.",
        "Ünder dem Dach, bei Æthelred, versteckte er 'nen Kessel – ganz früh.",
        "[SEP] He hid a kettle. [CLS] [MASK]",
        "鍋を隠した。",
    ],
    ids=["capitals", "dialogue", "verse", "accents", "marks", "no spaces"],
)
def test_a_span_is_words_of_the_text_as_they_are_written(converted: Reader, original: Reader, text: str) -> None:
    for reader in (converted, original):
        (found,) = reader.read(QUESTION, [text])
        span = text[found.begin : found.end]
        assert span and span == span.strip()
        if text.isascii() or "Kessel" in text:  # else every sign is a word
            around = (text[: found.begin][-1:] + span[0], span[-1] + text[found.end :][:1])
            assert not any(len(pair) == 2 and pair.isalpha() for pair in around)
        assert math.isfinite(found.relevance) and 0 < found.probability <= 1


def test_of_a_long_question_the_end_is_read_and_of_a_long_text_the_beginning(
    converted: Reader, original: Reader
) -> None:
    question, text = group(0, 0).question, group(0, 0).shown[0].text
    long_text = text + " It rained upon the moor for nine days." * 60
    aunt = "My aunt keeps a boarding house in Brixton and counts the spoons before breakfast. " * 40
    for reader in (converted, original):
        plain, cut = reader.read(question, [text, long_text])
        assert 0 <= cut.begin < cut.end <= len(long_text)
        assert cut.relevance != plain.relevance
        (asked,) = reader.read(aunt + question, [text], [len(TITLE)])
        assert len(TITLE) <= asked.begin < asked.end <= len(text)
        (behind,) = reader.read(question, [long_text], [len(long_text) - 20])
        assert behind.begin == behind.end  # all that is read is a title
        assert reader.read(question, []) == []


def test_an_adapter_of_another_kind_is_refused(sherlock: LoadedPersona, tmp_path: Path) -> None:
    for cache in (None, tmp_path):
        with pytest.raises(ModelError, match="cannot be used"):
            Reader(adapter=sherlock.reranker, cache=cache).warm()


def test_a_reader_is_named_by_its_model_and_adapter(original: Reader) -> None:
    assert original.fingerprint != Reader().fingerprint
    assert original.fingerprint.startswith("all-MiniLM-L6-v2:")


def test_a_persona_has_its_reader_only_with_the_embedder_that_it_was_made_for(
    settings: Settings, adapter: Path, sherlock: LoadedPersona, tmp_path: Path
) -> None:
    folder = tmp_path / "sherlock"
    folder.mkdir()
    text = (sherlock.folder / "persona.yaml").read_text(encoding="utf-8").replace("voice: voice", "")
    (folder / "persona.yaml").write_text(text, encoding="utf-8")

    def reader(**changed: Any) -> object:
        own = settings.model_copy(update={"personas": tmp_path, **changed})
        return Resources(own).models("sherlock").reader()

    assert reader() is None
    (folder / "reader").symlink_to(adapter)
    assert isinstance(reader(), Reader)
    assert reader(embedder="some/other") is None
    assert reader(cross_encoder="none") is None


# ---------------------------------------------------------------------- in a search


class Pointing:
    """A reader that finds texts with a word likely, and points at that word."""

    def __init__(self, word: str, high: float = 3.0, low: float = -3.0, probability: float = 0.5) -> None:
        self.word, self.high, self.low, self.probability = word, high, low, probability
        self.asked: list[tuple[str, list[str], list[int]]] = []

    def read(self, question: str, texts: Sequence[str], skip: Sequence[int] = ()) -> list[ReadText]:
        """The word, or the beginning of the text."""
        self.asked.append((question, list(texts), list(skip)))
        found = []
        for text, least in zip(texts, skip, strict=True):
            at = text.find(self.word, least)
            end = at + len(self.word)
            found.append(
                ReadText(self.high, at, end, self.probability) if at >= 0 else ReadText(self.low, least, least, 0.0)
            )
        return found


RAINED = candidate("It rained on the moor.", 0.9)
HID = candidate("The day was cold. The miller hid a kettle. It rained.", 0.8, 1, key="The day was cold.")
FACT = replace(
    candidate("A kettle was hidden.", 0.7, 7, key="A kettle was hidden."),
    asked="What was hidden by the miller?",
    answer="an old kettle",
)


def test_what_answers_comes_first_with_the_answer_and_the_sentence_that_holds_it() -> None:
    reader = Pointing("kettle")
    done = Read()(Inquiry(QUESTION, candidates=(RAINED, HID)), bare(texts=reader))
    first, second = done.candidates
    likely = 1 / (1 + math.exp(-(WINDOW[0] * 3 + WINDOW[2])))
    assert (first.answer, first.key, first.passage) == ("kettle", "The miller hid a kettle.", HID.passage)
    assert first.score == pytest.approx(likely, abs=1e-3)
    assert first.answer_confidence == pytest.approx(likely / 2, abs=1e-3)
    assert (second.answer, second.answer_confidence) == ("", 0.0)
    assert done.signals["read"] == pytest.approx(likely)
    assert (done.signals["works"], done.signals["fact"]) == (1.0, NO_FACT)
    question, texts, skip = reader.asked[0]
    assert question == QUESTION
    assert all(text[least:] in (RAINED.text, HID.text) for text, least in zip(texts, skip, strict=True))


def test_a_fact_is_read_with_its_question_and_answer_and_keeps_that_answer() -> None:
    reader = Pointing("hidden by")
    done = Read()(Inquiry(QUESTION, candidates=(RAINED, FACT)), bare(texts=reader))
    first = done.candidates[0]
    assert (first.answer, first.key) == ("an old kettle", "A kettle was hidden.")
    logit, cosine, bias = WEIGHTS
    assert first.answer_confidence == pytest.approx(1 / (1 + math.exp(-(3 * logit + 0.7 * cosine + bias))), abs=1e-3)
    assert done.signals["fact"] == 3.0
    shown = text_for_reader(FACT)
    assert shown in reader.asked[0][1]
    assert shown == FACT.passage.titled("What was hidden by the miller? an old kettle. A kettle was hidden.")


def test_windows_beyond_the_number_are_not_read_and_come_last() -> None:
    windows = [candidate(f"On day {number} it rained.", 0.9 - number / 100, number) for number in range(5)]
    reader = Pointing("day")
    done = Read(number=2)(Inquiry(QUESTION, candidates=(*windows, FACT)), bare(texts=reader))
    assert len(reader.asked[0][1]) == 3  # two windows, and the fact however far behind it stands
    assert [item.position for item in done.candidates] == [0, 1, 7, 2, 3, 4]
    scores = [item.score for item in done.candidates]
    assert scores == sorted(scores, reverse=True)


def test_where_a_reader_is_the_cross_encoder_stands_back_and_where_none_is_it_does_not() -> None:
    inquiry = Inquiry(QUESTION, candidates=(RAINED, HID))
    scorer = ScriptedScorer("kettle")
    stood = CrossEncode()(inquiry, bare(scorer=scorer, texts=Pointing("kettle")))
    assert stood.candidates == inquiry.candidates and not scorer.asked
    assert stood.steps[-1].note == "left to the reader"
    alone = Read()(CrossEncode()(inquiry, bare(scorer=scorer)), bare(scorer=scorer))
    assert alone.candidates[0].passage == HID.passage
    assert alone.steps[-1].note == "no reader"
    assert not any(item.answer for item in alone.candidates)
