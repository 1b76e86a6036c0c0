"""Full-text search, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory import Hit, Memory
from memory.snippets import SNIPPET, Wanted, excerpt, snippet

QUESTION = "Who took the vase from the Café Müller?"
REPLY = "The porter took it, either for money or out of spite; see 221B Baker Street."


def asked(memory: Memory, user: str = "ada", question: str = QUESTION, reply: str = REPLY) -> str:
    conversation = memory.start(user, "sherlock")
    turn = memory.ask(conversation, None, "rag", question)
    memory.answer(turn, sent="s", reply=reply, state="done", title="The vase")
    return turn


def turns(hits: list[Hit]) -> list[str]:
    return [hit.turn_id for hit in hits]


def test_a_hit_says_where_and_shows_the_words(any_memory: Memory) -> None:
    turn = asked(any_memory)
    (hit,) = any_memory.search("ada", "porter money")
    stored = any_memory.turn(turn)
    assert (hit.conversation_id, hit.turn_id, hit.title) == (stored.conversation_id, turn, "The vase")
    assert (hit.persona, hit.created_at, hit.field) == ("sherlock", stored.created_at, "reply")
    assert [piece for piece, marked in hit.snippet if marked] == ["porter", "money"]
    assert "".join(piece for piece, _ in hit.snippet) == REPLY
    with pytest.raises(FrozenInstanceError):
        hit.title = "x"  # type: ignore[misc]


FOUND = (
    *("vase", "VASE", "cafe", "CAFÉ", "Cafe\u0301", "müller", "muller", "221b", "either", "vas", "took vase"),
    *("vase porter", "vase, porter!", '"vase"', "vase*", "vase vase vase", "(vase", "vase)", "vase:", "-vase", "^vase"),
)
NOT_FOUND = (
    *("", " ", "\x00", "\ud83d", "AND (", '"*', '"', "'", "*", "NEAR(", "NOT", "vase NOT porter", "vase kettle", "ase"),
    *(
        "va",
        "vas ",
        "vas.",
        "owner",
        "question : vase",
        "{question} : vase",
        "👩‍🔬",
        "%",
        "_",
        "\\",
        "&",
        "|",
        "!",
        ":*",
    ),
    *(
        "<->",
        "vase & !x",
        "x" * 100_000,
        "vase " * 1000 + "kettle",
        "(" * 10_000,
        "🄰",
        "ﷺ",
        "\N{COMBINING ACUTE ACCENT}",
    ),
)
SCRIPTS = ("福尔摩斯", "Ἀθῆναι", "Москва", "سلام", "한국", "नमस्ते", "straße", "İstanbul", "𝔘nit", "x²")


def test_what_stands_in_a_turn_is_found(any_memory: Memory) -> None:
    turn = asked(any_memory)
    asked(any_memory, question="Who lit a lamp?", reply="The cook.")
    assert {text: turns(any_memory.search("ada", text)) for text in FOUND} == {key: [turn] for key in FOUND}


def test_signs_have_no_meaning_and_what_is_not_there_is_not_found(any_memory: Memory) -> None:
    asked(any_memory)
    assert [text[:20] for text in NOT_FOUND if any_memory.search("ada", text)] == []


def test_words_of_every_script_are_found(any_memory: Memory) -> None:
    made = {text: [asked(any_memory, reply=f"He said “{text}” and left.")] for text in SCRIPTS}
    assert {text: turns(any_memory.search("ada", text)) for text in SCRIPTS} == made


def test_users_never_find_what_others_said(any_memory: Memory) -> None:
    ada, ben = asked(any_memory), asked(any_memory, "ben")
    assert turns(any_memory.search("ada", "vase")) == [ada]
    assert turns(any_memory.search("ben", "vase")) == [ben]
    assert turns(any_memory.search(None, "vase")) == [ben, ada]
    assert any_memory.search("nobody", "vase") == any_memory.search('ada" OR "', "vase") == []


def test_the_latest_come_first_and_in_parts(any_memory: Memory) -> None:
    every = [asked(any_memory) for _ in range(5)][::-1]
    parts = [turns(any_memory.search("ada", "vase", limit=2, offset=offset)) for offset in (0, 2, 4, 6)]
    assert parts == [every[:2], every[2:4], every[4:], []]


def test_a_search_may_be_of_one_persona(any_memory: Memory) -> None:
    turn = asked(any_memory)
    assert turns(any_memory.search("ada", "vase", persona="sherlock")) == [turn]
    assert any_memory.search("ada", "vase", persona="watson") == []


def test_the_index_follows_a_reply_as_it_grows(any_memory: Memory) -> None:
    turn = any_memory.ask(any_memory.start("ada", "sherlock"), None, "rag", "Who?")
    any_memory._store_shown({turn: "The gardener"})
    assert turns(any_memory.search("ada", "gardener")) == [turn]
    any_memory.answer(turn, sent="s", reply="The porter.", state="done")
    assert any_memory.search("ada", "gardener") == []
    assert turns(any_memory.search("ada", "porter")) == [turn]


def test_a_long_reply_of_many_words_is_stored_and_found(any_memory: Memory) -> None:
    reply = " ".join(f"word{number}" for number in range(200_000))  # too many for a tsvector
    turn = asked(any_memory, reply=reply)
    assert turns(any_memory.search("ada", "word4000")) == [turn]
    assert any_memory.turn(turn).reply == reply


def test_the_index_of_sqlite_is_whole_after_all_that_happens_to_turns(tmp_path: Path) -> None:
    file = tmp_path / "memory.sqlite3"
    memory = Memory(f"sqlite:///{file}")
    kept, purged = asked(memory), asked(memory, reply="The cook, with Ünïcode \x00 and all.")
    memory._store_shown({kept: "not pending, not changed"})
    memory.purge(memory.turn(purged).conversation_id)
    memory.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM")  # which gives the rows of a table with another key other numbers
        connection.execute("INSERT INTO turn_words (turn_words) VALUES ('integrity-check')")
        connection.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, turn_words, 'row')")
        terms = {term for (term,) in connection.execute("SELECT term FROM terms")}
    assert "porter" in terms and not {"cook", "ünïcode", "unicode"} & terms
    again = Memory(f"sqlite:///{file}")
    assert turns(again.search("ada", "porter")) == [kept]
    again.close()


# ---------------------------------------------------------------------- snippets


def test_a_snippet_of_a_long_text_is_cut_at_words_around_the_first_word() -> None:
    text = "lamp " * 100 + "the vase stood here " + "lamp " * 100
    pieces = snippet(text, Wanted.of("vase"))
    assert [piece for piece, marked in pieces if marked] == ["vase"]
    shown = "".join(piece for piece, _ in pieces)
    assert shown.startswith("…lamp") and shown.endswith("lamp…") and len(shown) <= SNIPPET + 2


def test_a_snippet_of_a_text_without_the_words_is_its_beginning() -> None:
    assert snippet("The lamp.", Wanted.of("vase")) == (("The lamp.", False),)
    assert snippet("", Wanted.of("vase")) == ()


@given(st.text(max_size=400), st.text(max_size=20))
def test_a_snippet_is_a_part_of_the_text_whatever_that_is(text: str, asked: str) -> None:
    line, pieces = " ".join(text.split()), snippet(text, Wanted.of(asked))
    shown = "".join(piece for piece, _ in pieces)
    assert all(piece for piece, _ in pieces) and len(shown) <= SNIPPET + 2
    assert shown in line or shown.removeprefix("…").removesuffix("…") in line


@given(st.text(max_size=300), st.integers(2, 50))
def test_an_excerpt_is_a_beginning(text: str, length: int) -> None:
    line, cut = " ".join(text.split()), excerpt(text, length)
    assert len(cut) <= length
    assert cut == line or line.startswith(cut.removesuffix("…"))
