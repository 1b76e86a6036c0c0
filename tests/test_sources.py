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


class BookServer:
    """A local server of books, which records requests and can fail a number of times before it succeeds."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failures: list[int] = []  # statuses of the first answers; 0: an answer that breaks off
        self.books = dict(BOOKS)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                number = self.path.strip("/")
                server.asked.append(number)
                status = server.failures.pop(0) if server.failures else 200 if number in server.books else 404
                body = server.books.get(number, "").encode()
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
def server() -> Iterator[BookServer]:
    server = BookServer()
    yield server
    server.close()


def source(file: str, *numbers: int) -> Source:
    return Source(title=file.removesuffix(".txt"), gutenberg=list(numbers), file=file)


def fetch(server: BookServer, cache: Path, *sources: Source, said: list[str] | None = None) -> dict[str, str]:
    notes: list[str] = [] if said is None else said
    return gather_texts(sources, None, cache, say=notes.append, address=server.address, pause=0)


RED = source("red.txt", 7)


def test_texts_are_fetched_by_number_and_named_by_file(server: BookServer, tmp_path: Path) -> None:
    texts = fetch(server, tmp_path / "cache", RED, source("green.txt", 8))
    assert texts == {"red.txt": BOOKS["7"], "green.txt": BOOKS["8"]}
    assert server.asked == ["7", "8"]


def test_a_book_of_several_numbers_is_joined_in_order(server: BookServer, tmp_path: Path) -> None:
    texts = fetch(server, tmp_path, source("all.txt", 9, 7))
    assert texts["all.txt"].split("\n\n\n") == [BOOKS["9"], BOOKS["7"]]


def test_header_and_licence_are_removed(server: BookServer, tmp_path: Path) -> None:
    server.books["7"] = (
        "Title\n*** START OF THE PROJECT GUTENBERG EBOOK RED ***\nRed.\n*** END OF THE PROJECT GUTENBERG X"
    )
    assert fetch(server, tmp_path, RED)["red.txt"].strip() == "Red."


def test_a_fetched_text_is_cached(server: BookServer, tmp_path: Path) -> None:
    green = source("green.txt", 8)
    first = fetch(server, tmp_path, RED, green)
    assert (tmp_path / CHECKSUMS).is_file()
    assert fetch(server, tmp_path, RED, green) == first
    assert server.asked == ["7", "8"]


def test_a_cached_text_needs_no_server(server: BookServer, tmp_path: Path) -> None:
    first = fetch(server, tmp_path, RED)
    nowhere = "http://127.0.0.1:9/{number}"
    assert gather_texts([RED], None, tmp_path, address=nowhere, pause=0) == first


def test_a_cached_text_that_was_changed_is_fetched_again_with_a_message(server: BookServer, tmp_path: Path) -> None:
    fetch(server, tmp_path, RED)
    (tmp_path / "pg7.txt").write_text("The lamp was broken.", encoding="utf-8")
    said: list[str] = []
    assert fetch(server, tmp_path, RED, said=said) == {"red.txt": BOOKS["7"]}
    assert server.asked == ["7", "7"]
    assert any("pg7.txt" in line and "again" in line for line in said)
    assert fetch(server, tmp_path, RED) == {"red.txt": BOOKS["7"]}
    assert server.asked == ["7", "7"]


def test_a_file_that_was_not_fetched_is_not_trusted(server: BookServer, tmp_path: Path) -> None:
    (tmp_path / "pg7.txt").write_text("Somebody put this here.", encoding="utf-8")
    assert fetch(server, tmp_path, RED) == {"red.txt": BOOKS["7"]}


def test_damaged_checksums_only_cause_fetching_again(server: BookServer, tmp_path: Path) -> None:
    fetch(server, tmp_path, RED)
    (tmp_path / CHECKSUMS).write_text("{", encoding="utf-8")
    assert fetch(server, tmp_path, RED) == {"red.txt": BOOKS["7"]}
    assert server.asked == ["7", "7"]


@pytest.mark.parametrize("failures", [[500], [503, 500], [0], [500, 0, 500]])
def test_a_failed_fetch_is_retried(server: BookServer, tmp_path: Path, failures: list[int]) -> None:
    server.failures = list(failures)
    said: list[str] = []
    assert fetch(server, tmp_path, RED, said=said) == {"red.txt": BOOKS["7"]}
    assert len(server.asked) == len(failures) + 1
    assert len([line for line in said if "trying again" in line]) == len(failures)


def test_a_text_that_cannot_be_fetched_is_reported_with_its_address_and_advice(
    server: BookServer, tmp_path: Path
) -> None:
    server.failures = [500] * (ATTEMPTS + 1)
    with pytest.raises(SourceError) as caught:
        fetch(server, tmp_path, RED)
    message = str(caught.value)
    assert "Text 7" in message
    assert server.address.format(number=7) in message
    assert "--texts" in message
    assert "--casebook-only" in message
    assert len(server.asked) == ATTEMPTS


def test_a_partly_fetched_text_is_not_used_later(server: BookServer, tmp_path: Path) -> None:
    server.failures = [0] * ATTEMPTS
    with pytest.raises(SourceError):
        fetch(server, tmp_path, RED)
    assert not (tmp_path / "pg7.txt").exists()
    assert fetch(server, tmp_path, RED) == {"red.txt": BOOKS["7"]}


def test_an_empty_answer_is_refused_and_not_cached(server: BookServer, tmp_path: Path) -> None:
    server.books["7"] = ""
    with pytest.raises(SourceError, match="is empty"):
        fetch(server, tmp_path, RED)
    server.books["7"] = BOOKS["7"]
    assert fetch(server, tmp_path, RED) == {"red.txt": BOOKS["7"]}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_a_text_that_cannot_be_fetched_does_not_keep_the_others_from_it(
    server: BookServer, tmp_path: Path, order: tuple[int, ...]
) -> None:
    sources = [RED, source("missing.txt", 404), source("half.txt", 8, 404)]
    said: list[str] = []
    assert fetch(server, tmp_path, *(sources[at] for at in order), said=said) == {"red.txt": BOOKS["7"]}
    left_out = [line for line in said if "is left out" in line]
    assert [line.split()[1] for line in left_out] == ["404", "404"]
    assert {line.split()[-4] for line in left_out} == {"missing", "half"}
    server.asked.clear()
    fetch(server, tmp_path, RED)
    assert server.asked == []


def test_without_a_network_it_is_waited_for_once(server: BookServer, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"Text 404 could not be fetched.*--casebook-only"):
        fetch(server, tmp_path, *(source(f"{number}.txt", 404) for number in range(5)))
    assert len(server.asked) == ATTEMPTS + 4


def test_progress_is_reported_for_every_text(server: BookServer, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    gather_texts(
        [RED, source("green.txt", 8)],
        None,
        tmp_path,
        on_progress=lambda done, total: told.append((done, total)),
        address=server.address,
    )
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_a_folder_is_read_and_nothing_is_fetched(server: BookServer, tmp_path: Path) -> None:
    (tmp_path / "red.txt").write_text("My own red lamp.", encoding="utf-8")
    texts = gather_texts([RED], tmp_path, tmp_path / "cache", address=server.address)
    assert texts == {"red.txt": "My own red lamp."}
    assert server.asked == []
    assert not (tmp_path / "cache").exists()


def test_a_book_missing_from_a_folder_is_left_out_with_a_message(tmp_path: Path) -> None:
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
