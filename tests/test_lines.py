"""Sherlock's example lines: of every kind, in words of their own, and true to the casebook."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
from searching import CANON_QUESTIONS

from chatbot.evaluation import read_known_questions, read_talk
from chatbot.language import content_words, words_of
from chatbot.library.texts import casebook_sections
from chatbot.line_kinds import GENERAL
from chatbot.lines import read_judged, read_messages, talk_of
from personas import LoadedPersona

TOLD = {"fact", "yes-no", "premise", "why", "how", "story", "list"}  # of a page of the casebook, as are some opinions
TALK = {
    "about-him",
    "advice",
    "beyond",
    "case-talk",
    "deduction",
    "opinion",
    "provocation",
    "puzzle",
    "silent",
    "small-talk",
    "unread",
    "visitor",
}
NEAR = 0.75  # of the content words of two questions together
SHARE = 0.01  # of all replies that may open with the same three words


@pytest.fixture(scope="module")
def rows(sherlock: LoadedPersona) -> list[dict[str, Any]]:
    return [json.loads(row) for row in sherlock.lines.read_text("utf-8").splitlines()]


def said(row: dict[str, Any], role: str) -> list[str]:
    other_ways = row.get("also", []) if role == "user" else []
    return [message["content"] for message in row["messages"] if message["role"] == role] + other_ways


def test_there_are_many_lines_of_every_kind(rows: list[dict[str, Any]]) -> None:
    kinds = Counter(row["kind"] for row in rows)
    assert set(kinds) == TOLD | TALK | GENERAL
    assert len(rows) >= 2000
    assert min(kinds.values()) >= 15


def test_speakers_take_turns_in_plain_letters_and_nobody_is_silent(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert [message["role"] for message in row["messages"]] == ["user", "assistant"] * (len(row["messages"]) // 2)
        assert all(text.strip() and text.isascii() for text in (*said(row, "user"), *said(row, "assistant"))), row


def test_what_is_told_of_a_page_names_it_and_its_sentence_stands_there(
    sherlock: LoadedPersona, rows: list[dict[str, Any]]
) -> None:
    pages: dict[str, str] = {}
    for section in casebook_sections(sherlock.casebook, sherlock.persona.name):
        pages[section.work] = " ".join(f"{pages.get(section.work, '')} {' '.join(section.paragraphs)}".split())
    assert {row["work"] for row in rows if "work" in row} == set(pages)
    assert all("work" in row for row in rows if row["kind"] in TOLD)
    answered = [row for row in rows if "answer" in row]
    assert {row["kind"] for row in answered} == {"fact", "yes-no", "premise"}
    assert not [row["sentence"] for row in answered if "sentence" in row and row["sentence"] not in pages[row["work"]]]


def test_no_message_is_nearly_one_that_the_evaluation_asks(sherlock: LoadedPersona, rows: list[dict[str, Any]]) -> None:
    assert sherlock.talk is not None
    tests = [known.question for known in read_known_questions(CANON_QUESTIONS) if known.kind != "follow-up"]
    tests += [turn.message for conversation in read_talk(sherlock.talk) for turn in conversation]
    assert sherlock.messages is not None and sherlock.judged is not None
    told = [told for _, told in read_messages(sherlock.messages, talk_of(sherlock))]
    told += [said for said, _ in read_judged(sherlock.judged, talk_of(sherlock))]
    asked = {message: content_words(message) for message in (*told, *(m for row in rows for m in said(row, "user")))}
    assert not {" ".join(words_of(message)) for message in asked} & {" ".join(words_of(test)) for test in tests}
    for test in map(content_words, tests):
        near = [
            m for m, words in asked.items() if len(words & test) >= 2 and len(words & test) >= NEAR * len(words | test)
        ]
        assert not near


def test_replies_open_in_many_ways(rows: list[dict[str, Any]]) -> None:
    openings = Counter(
        " ".join(re.findall(r"[\w']+", reply.lower())[:3]) for row in rows for reply in said(row, "assistant")
    )
    often = {opening: number for opening, number in openings.items() if number > SHARE * openings.total()}
    assert not often


def test_no_reply_reads_out_or_announces_its_notes(rows: list[dict[str, Any]]) -> None:
    announced = re.compile(r"that is to say|\bmy (?:notes|record|page)s? (?:is|are|say|tell|read)|it is recorded", re.I)
    told = [reply for row in rows if row["kind"] in TOLD for reply in said(row, "assistant")]
    assert not [reply for reply in told if announced.search(reply)]
    quoting = [reply for reply in told if '"' in reply]
    assert len(quoting) <= 0.05 * len(told)
