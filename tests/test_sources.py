"""Source texts from a folder or from a server, with checksums."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chatbot.errors import SourceError
from chatbot.library.texts.sources import ATTEMPTS, CHECKSUMS, gather_texts
from personas import Source

BOOKS = {"7": "The lamp was red.", "8": "The lamp was green.", "9": "The lamp was “blue”."}


class Shelf:
    """A local server of books: what it was asked for, and what it shall answer before it answers well."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failures: list[int] = []  # statuses to give first; 0: an answer that breaks off
        self.books = dict(BOOKS)
        shelf = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                number = self.path.strip("/")
                shelf.asked.append(number)
                status = shelf.failures.pop(0) if shelf.failures else 200 if number in shelf.books else 404
                body = shelf.books.get(number, "").encode()
                self.send_response(status or 200)
                self.send_header("Content-Length", str(len(body) + (0 if status else 100)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/{{number}}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    shelf = Shelf()
    yield shelf
    shelf.close()


def source(file: str, *numbers: int) -> Source:
    return Source(title=file.removesuffix(".txt"), gutenberg=list(numbers), file=file)


def fetch(shelf: Shelf, cache: Path, *sources: Source, said: list[str] | None = None) -> dict[str, str]:
    notes: list[str] = [] if said is None else said
    return gather_texts(sources, None, cache, say=notes.append, address=shelf.address, pause=0)


RED = source("red.txt", 7)


def test_texts_are_fetched_by_number_and_named_by_file(shelf: Shelf, tmp_path: Path) -> None:
    texts = fetch(shelf, tmp_path / "cache", RED, source("green.txt", 8))
    assert texts == {"red.txt": BOOKS["7"], "green.txt": BOOKS["8"]}
    assert shelf.asked == ["7", "8"]


def test_a_book_of_several_numbers_is_joined_in_order(shelf: Shelf, tmp_path: Path) -> None:
    texts = fetch(shelf, tmp_path, source("all.txt", 9, 7))
    assert texts["all.txt"].split("\n\n\n") == [BOOKS["9"], BOOKS["7"]]


def test_header_and_licence_are_left_behind(shelf: Shelf, tmp_path: Path) -> None:
    shelf.books["7"] = (
        "Title\n*** START OF THE PROJECT GUTENBERG EBOOK RED ***\nRed.\n*** END OF THE PROJECT GUTENBERG X"
    )
    assert fetch(shelf, tmp_path, RED)["red.txt"].strip() == "Red."


def test_a_fetched_text_is_kept_and_not_fetched_again(shelf: Shelf, tmp_path: Path) -> None:
    green = source("green.txt", 8)
    first = fetch(shelf, tmp_path, RED, green)
    assert (tmp_path / CHECKSUMS).is_file()
    assert fetch(shelf, tmp_path, RED, green) == first
    assert shelf.asked == ["7", "8"]


def test_a_kept_text_needs_no_server(shelf: Shelf, tmp_path: Path) -> None:
    first = fetch(shelf, tmp_path, RED)
    nowhere = "http://127.0.0.1:9/{number}"
    assert gather_texts([RED], None, tmp_path, address=nowhere, pause=0) == first


def test_a_kept_text_that_was_changed_is_fetched_again_and_that_is_said(shelf: Shelf, tmp_path: Path) -> None:
    fetch(shelf, tmp_path, RED)
    (tmp_path / "pg7.txt").write_text("The lamp was broken.", encoding="utf-8")
    said: list[str] = []
    assert fetch(shelf, tmp_path, RED, said=said) == {"red.txt": BOOKS["7"]}
    assert shelf.asked == ["7", "7"]
    assert any("pg7.txt" in line and "again" in line for line in said)
    assert fetch(shelf, tmp_path, RED) == {"red.txt": BOOKS["7"]}
    assert shelf.asked == ["7", "7"]


def test_a_file_that_was_not_fetched_is_not_trusted(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "pg7.txt").write_text("Somebody put this here.", encoding="utf-8")
    assert fetch(shelf, tmp_path, RED) == {"red.txt": BOOKS["7"]}


def test_damaged_checksums_only_mean_fetching_again(shelf: Shelf, tmp_path: Path) -> None:
    fetch(shelf, tmp_path, RED)
    (tmp_path / CHECKSUMS).write_text("{", encoding="utf-8")
    assert fetch(shelf, tmp_path, RED) == {"red.txt": BOOKS["7"]}
    assert shelf.asked == ["7", "7"]


@pytest.mark.parametrize("failures", [[500], [503, 500], [0], [500, 0, 500]])
def test_a_fetch_that_fails_is_tried_again(shelf: Shelf, tmp_path: Path, failures: list[int]) -> None:
    shelf.failures = list(failures)
    said: list[str] = []
    assert fetch(shelf, tmp_path, RED, said=said) == {"red.txt": BOOKS["7"]}
    assert len(shelf.asked) == len(failures) + 1
    assert len([line for line in said if "trying again" in line]) == len(failures)


def test_a_text_that_never_comes_is_named_with_its_address_and_what_to_do(shelf: Shelf, tmp_path: Path) -> None:
    shelf.failures = [500] * (ATTEMPTS + 1)
    with pytest.raises(SourceError) as caught:
        fetch(shelf, tmp_path, RED)
    message = str(caught.value)
    assert "Text 7" in message
    assert shelf.address.format(number=7) in message
    assert "--texts" in message
    assert "--casebook-only" in message
    assert len(shelf.asked) == ATTEMPTS


def test_nothing_half_fetched_is_used_the_next_time(shelf: Shelf, tmp_path: Path) -> None:
    shelf.failures = [0] * ATTEMPTS
    with pytest.raises(SourceError):
        fetch(shelf, tmp_path, RED)
    assert not (tmp_path / "pg7.txt").exists()
    assert fetch(shelf, tmp_path, RED) == {"red.txt": BOOKS["7"]}


def test_an_answer_that_is_empty_is_refused_and_not_kept(shelf: Shelf, tmp_path: Path) -> None:
    shelf.books["7"] = ""
    with pytest.raises(SourceError, match="is empty"):
        fetch(shelf, tmp_path, RED)
    shelf.books["7"] = BOOKS["7"]
    assert fetch(shelf, tmp_path, RED) == {"red.txt": BOOKS["7"]}


def test_what_came_before_a_failure_is_kept(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        fetch(shelf, tmp_path, RED, source("missing.txt", 404))
    shelf.asked.clear()
    fetch(shelf, tmp_path, RED)
    assert shelf.asked == []


def test_progress_is_told_for_every_text(shelf: Shelf, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    gather_texts(
        [RED, source("green.txt", 8)],
        None,
        tmp_path,
        on_progress=lambda done, total: told.append((done, total)),
        address=shelf.address,
    )
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_a_folder_is_read_and_nothing_is_fetched(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "red.txt").write_text("My own red lamp.", encoding="utf-8")
    texts = gather_texts([RED], tmp_path, tmp_path / "cache", address=shelf.address)
    assert texts == {"red.txt": "My own red lamp."}
    assert shelf.asked == []
    assert not (tmp_path / "cache").exists()


def test_a_book_that_a_folder_lacks_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "red.txt").write_text("Red.", encoding="utf-8")
    said: list[str] = []
    texts = gather_texts([RED, source("green.txt", 8)], tmp_path, tmp_path / "cache", say=said.append)
    assert list(texts) == ["red.txt"]
    assert len(said) == 1
    assert "green.txt" in said[0]
    assert str(tmp_path) in said[0]


def test_a_folder_without_any_of_the_books_is_refused_with_their_names(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"None of the source texts.*red\.txt, green\.txt"):
        gather_texts([RED, source("green.txt", 8)], tmp_path, tmp_path / "cache")
