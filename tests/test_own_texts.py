"""Texts of one visitor: found by him alone, by every plan, by words and by sense, and gone when he removes them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from kettles import BOOK, Counting, Interrupted

from chatbot.errors import SourceError
from chatbot.library.index import (
    OwnTexts,
    add_text,
    build_library,
    own_texts,
    passages,
    read_manifest,
    read_passages,
    remove_text,
)
from chatbot.library.index.chroma import known_ids, open_chroma
from chatbot.library.search import NAIVE, Found, Library, OpenModels, Plan
from chatbot.library.search.plans import FUSED, PLANS
from chatbot.resources import Resources
from chatbot.settings import load_settings

DIARY = (
    "THE DIARY OF ROSE\n\nRose Attercliffe hid the zirconium brooch inside the harmonium on a Wednesday. Her landlord, "
    "Mr. Pennefather, never looked there.\n"
)
LETTER = "A LETTER\n\nThe kettle of Uncle Ambrose was painted violet, and he boiled gooseberries in it at Lammas.\n"
ASKED = "Where did Rose Attercliffe hide the zirconium brooch?"
IN_OTHER_WORDS = "jewellery concealed within a pipe organ"
STEMS = ("zirconium", "attercliff", "harmonium", "pennefath")
ANN, BEN = "web-ann", "web-ben"


@pytest.fixture
def resources(quill_home: Path, tmp_path: Path) -> Iterator[Resources]:
    home = Path(shutil.copytree(quill_home, tmp_path / "home"))
    resources = Resources(load_settings(home=home, personas=home / "personas"), say=lambda _: None)
    resources.__dict__["embedder"] = Counting()
    yield resources
    resources.close()


def folder_of(resources: Resources) -> Path:
    return resources.library_folder("quill")


def add(resources: Resources, owner: str | None, name: str = "diary.txt", text: str = DIARY, **more: bool) -> int:
    file = resources.settings.home / name
    file.write_text(text)
    loaded = resources.persona("quill")
    return add_text(loaded, folder_of(resources), resources.embedder, file, owner=owner, **more).passages


def remove(resources: Resources, owner: str | None, name: str = "diary.txt") -> int:
    return remove_text(folder_of(resources), resources.embedder, name, owner=owner)


def search(resources: Resources, visitor: str | None, question: str = ASKED, plan: Plan = FUSED) -> Found:
    return resources.library("quill", visitor).search(question, plan)


def sources(found: Found) -> set[str]:
    """Of all that was found, also of what was dropped."""
    return {piece.passage.source for piece in (*found.evidence, *found.dropped)}


def holding(folder: Path, words: tuple[str, ...] = STEMS) -> list[Path]:
    """The files that hold one of these words, as it was written or as a stem.

    Chroma's table of vectors is left out: where it has no vector yet it is written with whatever the process's memory
    held there, which may be the words of this test; no text is ever put into it.
    """
    return [
        file
        for file in folder.rglob("*")
        if file.is_file()
        and file.name != "data_level0.bin"
        and any(word in file.read_bytes().lower() for word in (word.encode() for word in words))
    ]


@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda plan: plan.name)
def test_an_own_text_is_found_by_its_visitor_alone_in_every_plan(resources: Resources, plan: Plan) -> None:
    add(resources, ANN)
    library = Library(folder_of(resources), OpenModels(resources.embedder))
    assert library.beside(ANN).search(ASKED, plan).evidence[0].passage.source == "diary.txt"
    for others in (library, library.beside(BEN)):
        assert "diary.txt" not in sources(others.search(ASKED, plan))


def test_an_own_text_is_found_by_sense_alone(resources: Resources) -> None:
    add(resources, ANN)
    assert "diary.txt" in sources(search(resources, ANN, IN_OTHER_WORDS, NAIVE))
    for others in (BEN, None):
        assert "diary.txt" not in sources(search(resources, others, IN_OTHER_WORDS, NAIVE))


def test_own_and_shared_texts_are_searched_beside_one_another(resources: Resources) -> None:
    add(resources, ANN, "letter.txt", LETTER)
    both = sources(search(resources, ANN, "What was boiled in a kettle, and which kettle was copper?"))
    assert {"letter.txt", "kettles.txt"} <= both
    question = "Where did Barnaby Quill keep his copper kettle?"
    assert search(resources, ANN, question).evidence[0].text == search(resources, BEN, question).evidence[0].text


def test_its_words_are_strange_to_others_and_change_none_of_their_figures(resources: Resources) -> None:
    question = "Where is the zirconium brooch of Rose Attercliffe in Thistle Lodge?"
    before = search(resources, BEN, question)
    add(resources, ANN)
    resources.library("quill", ANN)
    after = search(resources, BEN, question)
    assert "attercliffe" in after.unknown and "attercliffe" not in search(resources, ANN, question).unknown
    scores = [[(piece.text, piece.reasons) for piece in found.evidence] for found in (before, after)]
    assert scores[0] == scores[1] and before.confidence == after.confidence


def test_it_is_not_listed_not_shown_and_not_removed_by_others(resources: Resources) -> None:
    number, folder = add(resources, ANN), folder_of(resources)
    shared = read_manifest(folder)
    assert shared is not None and set(shared.sources) == {"casebook", "kettles.txt"}
    assert list(OwnTexts(folder, ANN).entries()) == ["diary.txt"] and OwnTexts(folder, BEN).entries() == {}
    for others in (BEN, None):
        with pytest.raises(SourceError, match=r"no text named 'diary\.txt'") as refused:
            remove(resources, others)
        assert "Rose" not in str(refused.value)
    assert not set(read_passages(folder).ids()) & set(resources.library("quill", ANN)._passages.ids(["own/diary.txt"]))
    held = known_ids(folder, open_chroma(folder, resources.embedder, None))
    assert held == set(read_passages(folder).ids()), "the shared vectors know nothing of it"
    assert remove(resources, ANN) == number


@pytest.mark.parametrize("name", ["kettles.txt", "casebook", "../quill", "own/diary.txt", ""])
def test_a_visitor_removes_nothing_that_is_everybodys(resources: Resources, name: str) -> None:
    before = read_manifest(folder_of(resources))
    add(resources, ANN)
    with pytest.raises(SourceError, match=r"You have: diary\.txt"):
        remove(resources, ANN, name)
    assert read_manifest(folder_of(resources)) == before


def test_what_is_removed_is_really_deleted(resources: Resources) -> None:
    folder = folder_of(resources)
    add(resources, ANN)
    add(resources, ANN, "letter.txt", LETTER)
    assert search(resources, ANN).evidence and holding(folder)
    vectors = next(folder.rglob("vectors-*.npz")).stat().st_size
    remove(resources, ANN)
    assert not holding(folder) and next(folder.rglob("vectors-*.npz")).stat().st_size < vectors
    assert "diary.txt" not in sources(search(resources, ANN))
    assert "letter.txt" in sources(search(resources, ANN, "Which kettle was violet?"))
    remove(resources, ANN, "letter.txt")
    assert not holding(folder, ("gooseberr", "violet")) and not list(folder.rglob("vectors-*.npz"))
    assert resources.library("quill", ANN) is resources.library("quill")


def test_all_texts_of_a_visitor_can_be_forgotten_at_once(resources: Resources) -> None:
    add(resources, ANN)
    OwnTexts(folder_of(resources), ANN).forget()
    assert not holding(folder_of(resources)) and "diary.txt" not in sources(search(resources, ANN))
    add(resources, ANN)
    assert search(resources, ANN).evidence[0].passage.source == "diary.txt"


def test_own_texts_outlive_every_change_of_the_shared_ones(resources: Resources) -> None:
    add(resources, ANN)
    add(resources, None, "letter.txt", LETTER)
    violet = "Which kettle was violet?"
    for visitor in (ANN, BEN):
        assert search(resources, visitor, violet).evidence[0].passage.source == "letter.txt"
    assert "diary.txt" in sources(search(resources, ANN, IN_OTHER_WORDS, NAIVE))
    remove(resources, None, "letter.txt")
    assert "letter.txt" not in sources(search(resources, ANN, violet))
    build_library(resources.persona("quill"), folder_of(resources), resources.embedder, texts=BOOK, fresh=True)
    assert search(resources, ANN, IN_OTHER_WORDS, NAIVE).evidence[0].passage.source == "diary.txt"


def test_the_same_text_may_be_everybodys_and_own_and_each_goes_by_itself(resources: Resources) -> None:
    add(resources, ANN)
    with pytest.raises(SourceError, match=r"named 'diary\.txt' already"):
        add(resources, ANN)
    add(resources, BEN)
    add(resources, None)
    remove(resources, ANN)
    assert "diary.txt" in sources(search(resources, ANN)), "everybody has it"
    remove(resources, None)
    assert "diary.txt" not in sources(search(resources, ANN))
    assert search(resources, BEN).evidence[0].passage.source == "diary.txt"


def test_an_own_text_takes_the_place_of_the_old_one_when_asked_to(resources: Resources) -> None:
    add(resources, ANN)
    add(resources, ANN, text=DIARY.replace("harmonium", "piano"), replace_old=True)
    found = search(resources, ANN)
    assert "piano" in found.evidence[0].text and not holding(folder_of(resources), ("harmonium",))


def test_a_visitor_has_room_for_so_many_texts_of_such_a_size(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_texts, "MAX_TEXTS", 2)
    monkeypatch.setattr(own_texts, "MAX_PASSAGES", 3)
    monkeypatch.setattr(own_texts, "MAX_BYTES", 50_000)
    long = "LONG\n\n" + "\n\n".join(
        f"On day {day} " + "the rain fell on the mill and the lane. " * 12 for day in range(9)
    )
    add(resources, ANN)
    with pytest.raises(SourceError, match=r"'long\.txt' has \d+ passages, and there is room for 2 more"):
        add(resources, ANN, "long.txt", long)
    with pytest.raises(SourceError, match=r"large\.txt has 0\.1 MB"):
        add(resources, ANN, "large.txt", long * 20)
    add(resources, ANN, "letter.txt", LETTER)
    with pytest.raises(SourceError, match="You have 2 texts here"):
        add(resources, ANN, "third.txt", "THIRD\n\nA third one about a weathercock.\n")
    assert list(OwnTexts(folder_of(resources), ANN).entries()) == ["diary.txt", "letter.txt"]
    add(resources, BEN, "third.txt", "THIRD\n\nA third one about a weathercock.\n")


@pytest.mark.parametrize("point", ["embedding", "writing", "renaming"])
def test_an_addition_that_is_killed_leaves_a_visitor_what_he_had(
    resources: Resources, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(resources, ANN)
    embedder = resources.embedder
    assert isinstance(embedder, Counting)

    def dying(*_: object) -> None:
        raise Interrupted

    with monkeypatch.context() as patch:
        if point == "embedding":
            embedder.left = embedder.embedded
        elif point == "writing":
            patch.setattr(passages, "_write_passages", dying)
        else:
            patch.setattr(Path, "rename", dying)
        with pytest.raises(Interrupted):
            add(resources, ANN, "letter.txt", LETTER)
    embedder.left = None
    assert search(resources, ANN).evidence[0].passage.source == "diary.txt"
    add(resources, ANN, "letter.txt", LETTER)
    assert {"diary.txt", "letter.txt"} == set(OwnTexts(folder_of(resources), ANN).entries())


def test_vectors_of_another_embedder_are_made_when_they_are_asked_for(resources: Resources) -> None:
    add(resources, ANN)
    other = Counting("tuned-retriever:7")
    library = resources.library("quill", ANN)
    at, cosine = library.tools._open_dense(other).search(other.embed_query(IN_OTHER_WORDS), 1)[0]
    assert library.tools.passages[at].source == "diary.txt" and cosine > 0.1
    assert len(list(folder_of(resources).rglob("vectors-*.npz"))) == 2


def test_damaged_texts_are_left_out_and_the_shared_ones_are_searched(
    resources: Resources, caplog: pytest.LogCaptureFixture
) -> None:
    add(resources, ANN)
    own = OwnTexts(folder_of(resources), ANN).folder
    (own / "index" / "contents.json").write_text("{")
    question = "Where did Barnaby Quill keep his copper kettle?"
    assert search(resources, ANN, question).evidence[0].passage.source == "kettles.txt"
    assert "are damaged" in caplog.text
    with pytest.raises(Exception, match=f"visitors/{own.name}") as refused:
        add(resources, ANN, "letter.txt", LETTER)
    assert str(resources.settings.home) not in str(refused.value)


def test_only_so_many_visitors_libraries_stay_open(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.resources.VISITORS", 2)
    for visitor in ("web-1", "web-2", "web-3"):
        add(resources, visitor)
        assert isinstance(resources.library("quill", visitor), Library)
    assert [visitor for _, visitor in resources._visitors] == ["web-2", "web-3"]
    assert resources.library("quill", "web-2") is resources.library("quill", "web-2")
    assert [visitor for _, visitor in resources._visitors] == ["web-3", "web-2"]
