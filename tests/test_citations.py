"""Citations: which sentence of a reply rests on which piece of evidence."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeEngine
from test_chat_handlers import ANN, QUESTION, asked, contents, opened, seated

from chatbot.citations import Citation, citations_of
from chatbot.language import ENGLISH, language_of
from chatbot.library.search.library import Library
from chatbot.settings import Settings
from chatbot.web.cites import SIGN, marked
from chatbot.web.layout import messages_shown
from personas import load_persona

PORTER = "The porter carried two umbrellas through the hall. It rained on the Tuesday."
CABMAN = "The cabman wore a blue muffler and waited by the lamp."


def piece(text: str, **read: str) -> dict[str, object]:
    """A piece as it is stored."""
    return {"text": text, "answer": "", "correction": "", **read, "passage": {"work": "The Borrowed Umbrella"}}


def cited(reply: str, *evidence: dict[str, object]) -> dict[str, tuple[int, ...]]:
    """The end of each sentence that cites something, with the numbers of the pieces."""
    found = citations_of(reply, evidence or (piece(PORTER), piece(CABMAN)))
    return {reply[: citation.end].rsplit("\n")[-1][-20:]: citation.pieces for citation in found}


@pytest.mark.parametrize(
    ("reply", "pieces"),
    [
        ("The porter carried two umbrellas.", [(1,)]),
        ("He had a blue muffler, that cabman.", [(2,)]),
        ("Good evening. The porter carried two umbrellas.", [(1,)]),
        ("- The cabman waited by the lamp.\n- Umbrellas were carried by the porter.", [(2,), (1,)]),
        ("The porter carried umbrellas; the cabman wore a muffler.", [(1, 2)]),
        ("The admiral sold the harbour to a Portuguese bishop.", []),
        ("The texts do not say whether the porter carried two umbrellas.", []),
        ("", []),
    ],
)
def test_a_sentence_cites_the_pieces_whose_words_it_shares(reply: str, pieces: list[tuple[int, ...]]) -> None:
    assert list(cited(reply).values()) == pieces


def test_of_two_pieces_alike_the_first_is_cited_and_what_was_read_in_a_piece_counts() -> None:
    assert list(cited("The porter carried two umbrellas.", piece(PORTER), piece(PORTER)).values()) == [(1,)]
    told = piece(CABMAN, correction="The cabman never saw the umbrella")
    assert list(cited("The cabman never saw the umbrella.", piece(PORTER), told).values()) == [(2,)]


def test_a_sentence_that_is_said_twice_is_cited_twice_and_marked_where_it_ends() -> None:
    said = "The cabman waited by the lamp."
    reply = f"{said} Indeed! {said}"
    found = citations_of(reply, [piece(CABMAN)])
    assert [citation.end for citation in found] == [len(said), len(reply)]
    assert marked(reply, found) == f"{said}{SIGN}¹ Indeed! {said}{SIGN}¹"
    assert marked(said, (Citation(len(said), (1, 12)),)) == f"{said}{SIGN}¹{SIGN}¹²"


def test_german_is_read_as_german() -> None:
    german = language_of(load_persona("mechthild", Path(__file__).parent / "personas").persona)
    evidence = [piece("Der Müller trug zwei Säcke über die Brücke.")]
    reply = "Das weiß ich wohl. Die Säcke trug der Müller über die Brücken."
    assert [citation.pieces for citation in citations_of(reply, evidence, german)] == [(1,)]
    assert citations_of(reply, [], ENGLISH) == ()


def test_the_citations_of_every_reply_are_the_same_when_the_conversation_is_opened_again(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    chat, engine, _ = opened(settings, tmp_path, "It was the snake of Dr. Roylott.", "Good night to you.")
    assert isinstance(engine, FakeEngine)
    seat = seated(chat)
    asked(chat, "rag", QUESTION, seat)
    view = asked(chat, "standard", "Good night.", seat)
    assert view.citations[0] and view.citations[1] == ()
    shown = [message["content"] for message in messages_shown(view)]
    assert SIGN in shown[2] and SIGN not in shown[4] and SIGN not in "".join(contents(view))
    assert view.conversation is not None
    [back] = chat.open(ANN, seated(chat), view.conversation)
    assert back.citations == view.citations
    list(chat.press(ANN, seat, "standard", {"do": "step", "what": "message", "by": "-1"}))
    assert f'data-turn="{seat.view.turns[0]}"' in seat.view.evidence
    list(chat.press(ANN, seat, "standard", {"do": "branch"}))
    assert seat.view.citations == view.citations[:1]
