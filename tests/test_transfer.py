"""Conversations out of a real database and into another: exact, all or nothing, and safe to be read anywhere."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from databases import fresh_database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage
from markdown_it import MarkdownIt
from sqlalchemy import select, text, update

from chatbot.errors import MemoryStoreError, TransferError
from chatbot.library.search import Evidence, Found
from chatbot.library.texts import Passage
from chatbot.trace import Trace, to_stored
from chatbot.transfer import FORMATS, branch_messages, export_file, file_name, import_file
from chatbot.transfer.readable import markdown
from memory import KINDS, Added, Drawn, Memory, OwnMemory, Row, Wins
from memory.models import Base, Conversation, Turn
from memory.rows import NOT_CARRIED, columns_of

VASE = "Who took the vase?"
NASTY = '<script>alert("1")</script> & <img src=x onerror=alert(1)> \u202eabc\u202c # no *heading*\n- 1. [a](http://x)'
PIECE = Evidence(Passage("p1", "text", "f", "The <b>Vase</b>", "I", 1, "", "A long text."), "The porter had it.", 0.9)
# Every character that a database takes: no half of a surrogate pair, and no NUL.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


@dataclass(frozen=True)
class Home:
    """A memory with its user's part."""

    memory: Memory
    own: OwnMemory


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Home]]:
    """Makes empty memories, each in a database of its own."""
    opened: list[Memory] = []

    def make(user: str = "ann") -> Home:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / f'{len(opened)}.sqlite3'}"
        else:
            url = fresh_database(request.getfixturevalue("postgres"))
        opened.append(Memory(url))
        return Home(opened[-1], OwnMemory(opened[-1], user))

    yield make
    for memory in opened:
        memory.close()


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Home]:
    """An empty memory in SQLite."""
    with closing(Memory(f"sqlite:///{tmp_path / 'one.sqlite3'}")) as memory:
        yield Home(memory, OwnMemory(memory, "ann"))


# ---------------------------------------------------------------------- JSON Lines


def test_what_a_user_has_comes_back_exactly(home: Callable[..., Home], tmp_path: Path) -> None:
    here, there = home(), home("bob")
    conversation, _ = _vase(here), _vase(here)
    _remembered(here, conversation)
    file = tmp_path / "all.jsonl"
    export_file(here.own, file)
    assert import_file(there.own, file) == Added(2, 10, 0, there.own.conversations()[0].id, 4)
    assert _everything(there) == _everything(here)
    assert there.own.recollections("sherlock", state=None) == here.own.recollections("sherlock", state=None)
    assert there.own.profile("sherlock") == here.own.profile("sherlock")
    assert there.own.ratings(conversation) == here.own.ratings(conversation) != {}
    assert there.own.wins("sherlock") == here.own.wins("sherlock") == {"rag": Wins(0, 1, 0.5), "ft": Wins(1, 1, 0.5)}
    assert import_file(here.own, file).renamed == 2 and there.own.wins("sherlock") == here.own.wins("sherlock")
    states = {row.values["state"] for row in _everything(there) if row.kind == "turn"}
    assert states == {"done", "stopped", "failed", "interrupted"}
    assert any(row.values.get("evidence") for row in _everything(there))
    assert import_file(OwnMemory(here.memory, "bob"), file).renamed == 2  # they are bob's now, and none of them ann's
    assert {told.state for told in OwnMemory(here.memory, "bob").recollections("sherlock", state=None)} == {
        "active",
        "replaced",
        "forgotten",
    }
    export_file(here.own, file, "jsonl", conversation)  # without what is written by hand
    assert import_file(home("carol").own, file).recollections == 3


def test_every_column_and_table_is_carried_or_left_out_on_purpose() -> None:
    carried = {kind: {column.name for column in columns_of(kind)} for kind in KINDS}
    for name, table in Base.metadata.tables.items():
        here = carried.get(name.removesuffix("s"), set())
        left_out = NOT_CARRIED.get(name, set())
        computed = {column.name for column in table.columns if column.computed is not None}
        assert left_out == {"*"} or set(table.columns.keys()) == here | left_out | computed, name


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty database, to be copied: making one takes longer than all else in a test."""
    file = tmp_path_factory.mktemp("empty") / "empty.sqlite3"
    Memory(f"sqlite:///{file}").close()
    return file


@given(st.lists(st.tuples(TEXTS, TEXTS, st.integers(0, 9), st.datetimes()), min_size=1, max_size=8), TEXTS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_trees_of_all_kinds_of_text_come_back(
    empty: Path, tmp_path_factory: pytest.TempPathFactory, turns: list[tuple[str, str, int, Any]], greeting: str
) -> None:
    folder = tmp_path_factory.mktemp("trees")
    shutil.copy(empty, folder / "a"), shutil.copy(empty, folder / "b")
    with closing(Memory(f"sqlite:///{folder / 'a'}")) as first, closing(Memory(f"sqlite:///{folder / 'b'}")) as second:
        here, there = Home(first, OwnMemory(first, "ann")), Home(second, OwnMemory(second, "ann"))
        conversation = here.own.start("sherlock", greeting)
        ids: list[str] = []
        for question, reply, parent, _ in turns:
            under = ids[parent % len(ids)] if ids and parent else None
            ids.append(first.ask(conversation, under, "rag", question))
            evidence, trace = to_stored(Trace(mode="rag", persona="sherlock", raw_reply=reply))
            first.answer(ids[-1], sent=question, reply=reply, state="done", evidence=evidence, trace=trace, error=reply)
        with first._database.transaction() as session:  # a clock may have been put back between two turns
            for turn, (*_, moment) in zip(ids, turns, strict=True):
                session.execute(update(Turn).where(Turn.id == turn).values(created_at=moment))
        export_file(here.own, folder / "file")
        import_file(there.own, folder / "file")
        assert _everything(there) == _everything(here)
        assert len(_everything(there)) == len(turns) + 1


def test_ids_that_somebody_has_are_replaced_and_his_turns_stay(home: Callable[..., Home], tmp_path: Path) -> None:
    here = home()
    conversation = _vase(here)
    before = _everything(here)
    export_file(here.own, tmp_path / "ann.jsonl")
    other = OwnMemory(here.memory, "bob")
    added = import_file(other, tmp_path / "ann.jsonl")
    assert (added.conversations, added.turns, added.renamed) == (1, 5, 1)
    assert _everything(here) == before
    copied = other.turns(added.last)
    assert not {turn.id for turn in copied} & {turn.id for turn in here.own.turns(conversation)}
    assert [turn.question for turn in other.path(added.last)] == [turn.question for turn in here.own.path(conversation)]
    with pytest.raises(MemoryStoreError):
        other.conversation(conversation)


def test_another_s_conversation_is_not_exported(one: Home, tmp_path: Path) -> None:
    conversation = _vase(one)
    other = OwnMemory(one.memory, "bob")
    with pytest.raises(MemoryStoreError, match="no such conversation"):
        export_file(other, tmp_path / "x.html", "html", conversation)
    assert list(other.transfer().turns(conversation, [turn.id for turn in one.own.turns(conversation)])) == []
    assert not list(tmp_path.glob("x*"))


def test_marks_come_along_what_is_deleted_stays_and_what_came_is_found(
    home: Callable[..., Home], tmp_path: Path
) -> None:
    here, there = home(), home("bob")
    kept, deleted = _vase(here), _vase(here)
    here.own.rename(kept, "The vase — ä")
    here.own.pin(kept)
    here.own.archive(kept)
    here.own.delete(deleted)
    export_file(here.own, tmp_path / "file")
    added = import_file(there.own, tmp_path / "file")
    found = there.own.conversation(kept)
    assert (added.conversations, found.title, found.pinned, found.archived) == (1, "The vase — ä", True, True)
    assert {hit.field for hit in there.own.search("porter")} == {"reply"}
    assert len(there.own.search("vase")) == len(here.own.search("vase")) > 0


def test_a_turn_that_is_being_written_is_exported_as_far_as_it_is_shown(one: Home, tmp_path: Path) -> None:
    conversation = one.own.start("sherlock")
    turn = one.memory.ask(conversation, None, "rag", VASE)
    one.memory.show(turn, "The por")
    export_file(one.own, tmp_path / "file")
    added = import_file(OwnMemory(one.memory, "bob"), tmp_path / "file")
    (copied,) = one.memory.turns(added.last)
    assert (copied.state, copied.reply) == ("interrupted", "The por")
    one.memory.answer(turn, sent="", reply="The porter.", state="done")


MISTAKES: dict[str, tuple[Callable[[list[Any]], Any], str]] = {
    "cut within a line": (lambda lines: [*lines[:-2], lines[-2][:40]], "line 7 is not JSON: .*"),
    "cut between lines": (lambda lines: lines[:-1], "line 7 is the last one, but not the end: the file was cut.*"),
    "a line is missing": (lambda lines: [*lines[:6], lines[7]], "line 7 does not count the 1 conversations, 4 .*"),
    "two files": (lambda lines: lines * 2, "line 9 stands behind the end.*"),
    "a later version": (lambda lines: _changed(lines, 1, version=2), "line 1 says version 2; .*"),
    "no parent": (lambda lines: _changed(lines, 4, parent_id="gone"), "line 4 .* 'gone' does not stand before it."),
    "another's parent": (lambda lines: _changed(lines, 4, parent_id="bobs"), "line 4 .* 'bobs' does not stand .*"),
    "a ring": (lambda lines: _changed(lines, 3, parent_id=_id(lines, 4)), "line 3 .* does not stand before it."),
    "its own parent": (
        lambda lines: _changed(lines, 3, parent_id=_id(lines, 3)),
        "line 3 .* does not stand before it.",
    ),
    "a turn twice": (lambda lines: [*lines[:4], lines[3], *lines[4:]], "line 5 has the id '.*' of an earlier turn .*"),
    "a conversation twice": (lambda lines: [*lines[:7], lines[1], lines[7]], "line 8 has the id .* conversation .*"),
    "a turn alone": (lambda lines: [lines[0], *lines[2:]], "line 2 is a turn before the first conversation."),
    "a head elsewhere": (lambda lines: _changed(lines, 2, head_id="bobs"), "line 2 has a 'head_id' 'bobs' that .*"),
    "NUL": (lambda lines: _changed(lines, 3, question="a\x00"), "line 3 has a 'question' that has a NUL .*"),
    "a raw NUL": (lambda lines: [*lines[:4], lines[4][:9] + "\x00" + lines[4][9:], *lines[5:]], "line 5 has a NUL .*"),
    "half a character": (lambda lines: _changed(lines, 3, reply="\ud800"), "line 3 has half a character .*"),
    "not UTF-8": (lambda lines: [*lines[:2], b'{"kind": "\xff"}', *lines[3:]], "line 3 is not UTF-8 .*"),
    "no time": (lambda lines: _changed(lines, 3, created_at="today"), "line 3 has a 'created_at' that is no time .*"),
    "no zone": (lambda lines: _changed(lines, 3, created_at="2026-01-31T12:00"), "line 3 has a 'created_at' .*"),
    "no text": (lambda lines: _changed(lines, 3, question=7), "line 3 has a 'question' that is no text."),
    "too long": (lambda lines: _changed(lines, 2, title="a" * 121), "line 2 has a 'title' that has 121 characters; .*"),
    "no state": (lambda lines: _changed(lines, 3, state="odd"), "line 3 has a 'state' that is none of pending, .*"),
    "no mode": (lambda lines: _changed(lines, 3, mode=["rag"]), "line 3 has a 'mode' that is none of rag, .*"),
    "no trace": (lambda lines: _changed(lines, 3, trace={"odd": 1}), "line 3 has 'evidence' or a 'trace' .*"),
    "no list": (lambda lines: _changed(lines, 3, trace=None), "line 3 has a 'trace' that is no object."),
    "an unknown key": (lambda lines: _changed(lines, 3, odd=1), "line 3 has 'odd', which no turn has here.*"),
    "a key is missing": (lambda lines: _changed(lines, 3, question=...), "line 3 lacks 'question'."),
    "no thumb": (lambda lines: _changed(lines, 3, thumb=2), "line 3 has a 'thumb' that is neither 1 nor -1."),
    "told elsewhere": (lambda lines: _told(lines, turn_id="bobs"), "line 8 has a 'turn_id' 'bobs' that is no turn .*"),
    "told another": (lambda lines: _told(lines, persona="watson"), "line 8 has another 'persona' than its .*"),
    "told twice": (lambda lines: _told(_told(lines)), "line 9 has the id 'r' of an earlier recollection .*"),
    "an unknown kind": (lambda lines: _changed(lines, 3, kind=["turn"]), "line 3 has a 'kind' that is none of .*"),
    "no object": (lambda lines: [*lines[:2], "[]", *lines[3:]], "line 3 is no object.*"),
    "another file": (lambda lines: lines[1:], "line 1 begins neither an export .*"),
    "nothing": (lambda lines: [], "line 1 is missing: the file is empty."),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_file_is_named_by_its_line_and_leaves_nothing(one: Home, tmp_path: Path, mistake: str) -> None:
    _refused(one, tmp_path, mistake)


@pytest.mark.parametrize("mistake", ["cut between lines", "a ring", "a turn twice", "NUL", "a head elsewhere"])
def test_so_it_does_in_every_database(home: Callable[..., Home], tmp_path: Path, mistake: str) -> None:
    _refused(home(), tmp_path, mistake)


def test_a_file_of_windows_with_its_mark_and_blank_lines_is_read(one: Home, tmp_path: Path) -> None:
    lines = _lines(one, tmp_path)
    (tmp_path / "file").write_bytes(b"\xef\xbb\xbf" + "\r\n\r\n".join(lines).encode() + b"\r\n\r\n")
    assert import_file(OwnMemory(one.memory, "bob"), tmp_path / "file").turns == 5


def test_what_may_be_left_out_has_its_default(one: Home, tmp_path: Path) -> None:
    lines = _lines(one, tmp_path)
    for key in ("sent", "error", "evidence", "trace", "completed_at"):
        lines = _changed(lines, 3, **{key: ...})
    (tmp_path / "file").write_text("\n".join(lines), encoding="utf-8")
    added = import_file(OwnMemory(one.memory, "bob"), tmp_path / "file")
    first = one.memory.turn(one.memory.turns(added.last)[0].id)
    assert (first.sent, first.error, first.evidence, first.trace) == ("", "", [], {})


def test_a_long_conversation_goes_out_and_in(home: Callable[..., Home], tmp_path: Path) -> None:
    """More turns than are held at once, so that parents, ids and the head are found in the database."""
    here = home()
    rows = [Row("conversation", {"id": "c", "persona": "sherlock", "head_id": "t449", "title": ""})]
    rows += [
        Row("turn", {"id": f"t{n}", "parent_id": f"t{n - 1}" if n else None, "mode": "rag", "question": "?"}, n)
        for n in range(450)
    ]
    here.own.transfer().add(rows)
    export_file(here.own, tmp_path / "file")
    assert import_file(OwnMemory(here.memory, "bob"), tmp_path / "file").turns == 450
    with pytest.raises(TransferError, match="line 7 has the id 't7' of an earlier turn"):
        here.own.transfer().add([rows[0], *rows[1:], rows[8]])
    assert len(here.memory.conversations()) == 2
    for conversation in here.memory.conversations():
        path = here.memory.path(conversation.id)
        assert (len(path), path[-1].id == conversation.head_id) == (450, True)


def test_a_file_that_is_not_there_and_one_that_cannot_be_written(one: Home, tmp_path: Path) -> None:
    with pytest.raises(TransferError, match="gone cannot be read: No such file"):
        import_file(one.own, tmp_path / "gone")
    with pytest.raises(TransferError, match="cannot be written: No such file"):
        export_file(one.own, tmp_path / "gone" / "file")
    (tmp_path / "old").write_text("old", encoding="utf-8")
    with pytest.raises(TransferError, match="holds one conversation"):
        export_file(one.own, tmp_path / "old", "sillytavern")
    assert (tmp_path / "old").read_text(encoding="utf-8") == "old"


# ---------------------------------------------------------------------- SillyTavern


def test_swipes_are_versions_of_a_reply(home: Callable[..., Home], tmp_path: Path) -> None:
    here = home()
    chat = _chat(
        {"name": "Holmes", "is_user": False, "mes": "Good evening.", "send_date": "November 27, 2024 5:55pm"},
        {"name": "Ann", "is_user": True, "mes": VASE, "send_date": "2024-11-27T17:56:00.000Z"},
        {
            "name": "Holmes",
            "is_user": False,
            "mes": "The porter.",
            "send_date": 1732730220000,
            "swipes": ["The cook.", "The porter.", "Nobody."],
            "swipe_id": 1,
        },
        {"name": "Ann", "is_user": True, "mes": "And then?", "send_date": "2024-11-27@17h58m00s"},
        {"name": "Holmes", "is_user": False, "mes": "Then nothing.", "send_date": "?"},
        {"name": "Holmes", "is_user": False, "mes": "Or rather: much."},
        {"name": "Ann", "is_user": True, "mes": "Tell me."},
    )
    (tmp_path / "chat.jsonl").write_text(chat, encoding="utf-8")
    added = import_file(here.own, tmp_path / "chat.jsonl", "sherlock")
    summary, turns = here.own.conversation(added.last), here.own.turns(added.last)
    assert (summary.persona, summary.greeting, summary.title) == ("sherlock", "Good evening.", VASE)
    assert [turn.reply for turn in turns][:3] == ["The cook.", "The porter.", "Nobody."]
    assert [(turn.question, turn.reply, turn.state) for turn in here.own.path(added.last)] == [
        (VASE, "The porter.", "done"),
        ("And then?", "Then nothing.", "done"),
        ("", "Or rather: much.", "done"),
        ("Tell me.", "", "stopped"),
    ]
    assert turns[0].created_at.isoformat() == "2024-11-27T17:56:00+00:00"
    assert turns[3].created_at.isoformat() == "2024-11-27T17:58:00+00:00"


def test_a_chat_comes_back_with_its_swipes(home: Callable[..., Home], tmp_path: Path) -> None:
    here, there = home(), home()
    conversation = _vase(here)
    for number, (memory, chosen) in enumerate(((here, conversation), (there, None))):
        if chosen is None:
            chosen = import_file(memory.own, tmp_path / "0.jsonl").last
        export_file(memory.own, tmp_path / f"{number}.jsonl", "sillytavern", chosen, lambda _: "Sherlock Holmes")
    first, second = [(tmp_path / f"{number}.jsonl").read_text(encoding="utf-8") for number in range(2)]
    assert first == second
    header, greeting, question, reply, *_ = map(json.loads, first.splitlines())
    assert (header["user_name"], header["character_name"]) == ("User", "Sherlock Holmes")
    assert (greeting["mes"], question["is_user"], question["mes"]) == ("Good evening.", True, VASE)
    assert (reply["swipes"], reply["swipe_id"], reply["mes"]) == (["The cook.", "The porter."], 1, "The porter.")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"is_user": True}, "line 2 is no message"),
        ({"is_user": "yes", "mes": "a"}, "line 2 is no message"),
        ({"is_user": True, "mes": "a\x00"}, "line 2 has a NUL"),
        ({"is_user": True, "mes": "a", "extra": {"bakerstreet": {"mode": "odd"}}}, "line 2 has a 'mode'"),
    ],
)
def test_a_wrong_chat_is_named_by_its_line(one: Home, tmp_path: Path, message: dict[str, Any], said: str) -> None:
    (tmp_path / "chat").write_text(_chat(message), encoding="utf-8")
    with pytest.raises(TransferError, match=said):
        import_file(one.own, tmp_path / "chat")
    assert _everything(one) == []


@pytest.mark.parametrize(
    ("swipes", "said"),
    [({"swipes": "a"}, "'swipes'"), ({"swipes": ["a", 1]}, "'swipes'"), ({"swipe_id": 1}, "'swipe_id'")],
)
def test_swipes_that_are_none_are_refused(one: Home, tmp_path: Path, swipes: dict[str, Any], said: str) -> None:
    reply = {"is_user": False, "mes": "The cook.", **swipes}
    (tmp_path / "chat").write_text(_chat({"is_user": True, "mes": VASE}, reply), encoding="utf-8")
    with pytest.raises(TransferError, match=f"line 3 has .*{said}"):
        import_file(one.own, tmp_path / "chat")
    assert _everything(one) == []


# ---------------------------------------------------------------------- to be read


def test_a_page_has_everything_escaped_and_the_notes_under_their_reply(one: Home, tmp_path: Path) -> None:
    conversation = _vase(one, NASTY)
    export_file(one.own, tmp_path / "page.html", "html", conversation, lambda _: "Holmes <&>")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    allowed = "html head meta title style body main section h1 h2 p article span time details summary ol li blockquote"
    assert set(re.findall(r"<(\w+)", page)) <= set(allowed.split())
    assert not re.search(r"<[^>]*\bon\w+\s*=", page) and "http://" not in re.sub(r"\[a\]\(http://x\)", "", page)
    assert "prefers-color-scheme: dark" in page and "default-src 'none'" in page
    assert "&lt;script&gt;" in page and "Holmes &lt;&amp;&gt;" in page
    reply = page.index("The porter.</p>")
    assert reply < page.index("The &lt;b&gt;Vase&lt;/b&gt;, I", reply) < page.index("<article", reply)
    assert "version 2 of 2" in page


def test_markdown_has_the_notes_under_their_reply(one: Home, tmp_path: Path) -> None:
    conversation = _vase(one)
    export_file(one.own, tmp_path / "all.md", "markdown")
    shown = (tmp_path / "all.md").read_text(encoding="utf-8")
    assert shown.startswith(f"# {VASE}\n\nsherlock, 20")
    assert (
        "**sherlock** (version 2 of 2)\n\nThe porter.\n\n> Note 1: The \\<b\\>Vase\\</b\\>, I\n> \n> The porter"
        in shown
    )
    assert "The cook." not in shown and "(failed)" in shown
    assert conversation


@given(TEXTS | st.text("#*_`<>[]()!-+=|~\\&;1.\t\r\n ab:/@", max_size=20))
def test_markdown_shows_a_text_as_it_was_written(text: str) -> None:
    rendered = _rendered_question(text)
    assert set(re.findall(r"<(\w+)", rendered)) <= {"p", "br", "strong", "h1"}
    shown = rendered.split("</strong>")[1].split("</p>", 1)[1].rsplit("<p><strong>", 1)[0]
    plain = re.sub(r"<[^>]*>", "", shown)
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        plain = plain.replace(entity, char)
    assert "".join(plain.split()) == "".join(text.split())


def test_names_of_files_are_safe(one: Home) -> None:
    assert file_name(one.own, "html", _vase(one)) == "who-took-the-vase.html"
    assert file_name(one.own, "jsonl") == "conversations.jsonl"
    assert file_name(one.own, "markdown", _vase(one, "../../etc/<x>")) == "etc-x.md"
    assert file_name(one.own, "markdown", _vase(one, "?!")) == "conversation.md"
    assert {form.suffix for form in FORMATS.values()} == {".jsonl", ".md", ".html"}


# ---------------------------------------------------------------------- LangChain


def test_a_branch_as_messages(one: Home) -> None:
    conversation = _vase(one)
    messages = branch_messages(one.own, conversation)
    assert [(type(message), message.content) for message in messages] == [
        (AIMessage, "Good evening."),
        (HumanMessage, VASE),
        (AIMessage, "The porter."),
        (HumanMessage, "And why?"),
        (AIMessage, "He"),
        (HumanMessage, "Go on"),
    ]
    first = one.own.turns(conversation)[0]
    assert [message.content for message in branch_messages(one.own, conversation, first.id)][1:] == [VASE, "The cook."]
    assert branch_messages(one.own, conversation, first.id)[2].response_metadata == {
        "turn_id": first.id,
        "mode": "rag",
        "state": "done",
    }
    with pytest.raises(TransferError, match="no turn 'x'"):
        branch_messages(one.own, conversation, "x")
    with pytest.raises(MemoryStoreError):
        branch_messages(OwnMemory(one.memory, "bob"), conversation)


# ---------------------------------------------------------------------- helpers


def _vase(home: Home, question: str = VASE) -> str:
    """A conversation of five turns on three branches, one in each state; the head is on the second version."""
    memory, conversation = home.memory, home.own.start("sherlock", "Good evening.")
    trace = Trace(
        mode="rag", persona="sherlock", search=Found((PIECE,), plan="rag", confidence=0.8), raw_reply="ä \x7f 🕵"
    )
    evidence, rest = to_stored(trace)

    def turn(parent: str | None, asked: str, reply: str, state: str, **more: Any) -> str:
        made = memory.ask(conversation, parent, "rag", asked)
        memory.answer(made, sent=f"Notes\n{asked}", reply=reply, state=state, title=question, **more)
        return made

    turn(None, question, "The cook.", "done")
    porter = turn(None, question, "The porter.", "done", evidence=evidence, trace=rest)
    turn(None, "Who else?", "He was intr", "interrupted", error="It was interrupted.")
    why = turn(porter, "And why?", "He", "stopped")
    turn(why, "Go on", "", "failed", error="The engine was closed.")
    return conversation


def _everything(home: Home) -> list[Row]:
    """All that the user has, as it lies in the database."""
    transfer = home.own.transfer()
    rows = []
    for conversation in transfer.conversations():
        rows.append(conversation)
        own = conversation.values["id"]
        rows += transfer.turns(own, transfer.ids(own))
        rows += transfer.recollections(own)
    return [*rows, *transfer.recollections(None), *transfer.profiles(), *transfer.comparisons()]


def _remembered(home: Home, conversation: str) -> None:
    """Recollections of all kinds, a profile and ratings."""
    first, second, *_ = [turn.id for turn in home.own.turns(conversation)]
    home.memory.keep_drawn(
        {
            first: [Drawn("I live in Leeds.", "home", "home"), Drawn("I keep bees.", "other", "bees")],
            second: [Drawn("I have moved to Bath.", "home", "home")],
        }
    )
    home.own.forget_recollection(home.own.recollections("sherlock")[-1].id)
    home.own.remember("sherlock", "My sister is Clara.", "family")
    home.own.set_profile("sherlock", name="Ann", about="A physician.\nAn old friend.")
    home.own.rate(first, -1, "Too short.")
    home.own.rate(second, 1)
    home.own.keep_comparison("sherlock", VASE, ["rag", "ft"], ["ft"], blind=True)


def _lines(home: Home, tmp_path: Path) -> list[str]:
    """The lines of an export of one conversation: the head, it, its five turns, the end."""
    _vase(home)
    export_file(home.own, tmp_path / "good")
    lines = (tmp_path / "good").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 8
    return lines


def _told(lines: list[str], **values: Any) -> list[str]:
    """The same with a recollection of the first turn behind the turns."""
    told = {"kind": "recollection", "id": "r", "persona": "sherlock", "turn_id": _id(lines, 3)}
    told |= {"topic": "home", "matter": "home", "text": "I live in Leeds."}
    return [*lines[:7], json.dumps(told | values), *lines[7:]]


def _refused(home: Home, tmp_path: Path, mistake: str) -> None:
    change, said = MISTAKES[mistake]
    lines = _lines(home, tmp_path)
    other = OwnMemory(home.memory, "bob")
    other.transfer().add(
        [
            Row("conversation", {"id": "bobc", "persona": "sherlock"}),
            Row("turn", {"id": "bobs", "mode": "rag", "question": "?"}),
        ]
    )
    before = _everything(home), _everything(Home(home.memory, other))
    wrong = [line if isinstance(line, bytes) else line.encode("utf-8", "surrogatepass") for line in change(lines)]
    (tmp_path / "wrong").write_bytes(b"\n".join(wrong))
    with pytest.raises(TransferError) as refused:
        import_file(OwnMemory(home.memory, "carl"), tmp_path / "wrong")
    assert re.fullmatch(f"wrong, {said} Nothing was imported\\.", str(refused.value)), refused.value
    assert (_everything(home), _everything(Home(home.memory, other))) == before
    with home.memory._database.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM users WHERE name = 'carl'")) == 0
        assert len(session.scalars(select(Conversation.id)).all()) == 2


def _changed(lines: list[str], number: int, **values: Any) -> list[str]:
    """The lines with other values in one of them (from 1); `...` takes a value out."""
    row = {key: value for key, value in (json.loads(lines[number - 1]) | values).items() if value is not ...}
    return [*lines[: number - 1], json.dumps(row), *lines[number:]]


def _id(lines: list[str], number: int) -> str:
    return str(json.loads(lines[number - 1])["id"])


def _chat(*messages: dict[str, Any]) -> str:
    header = {"user_name": "Ann", "character_name": "Holmes", "create_date": "2024-11-27@17h55m51s"}
    return "\n".join(json.dumps(line) for line in (header, *messages))


def _rendered_question(question: str) -> str:
    conversation = {"id": "c", "title": "", "greeting": "", "created_at": "2026-01-31T12:00:00+00:00"}
    turn = {
        "id": "t",
        "created_at": conversation["created_at"],
        "mode": "rag",
        "question": question,
        "reply": "Yes",
        "error": "",
        "state": "done",
        "evidence": [],
        "trace": {},
    }
    from chatbot.transfer.branch import Said

    text = "".join(markdown(conversation, [Said((turn,), 0)], "Holmes"))
    return str(MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough").render(text))
