"""Where the source texts come from: a folder, or Project Gutenberg by number."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path

from chatbot.errors import SourceError
from chatbot.library.texts.source_file import read_source_file, strip_gutenberg
from chatbot.progress import Progress, Say
from personas import Source

GUTENBERG = "https://www.gutenberg.org/cache/epub/{number}/pg{number}.txt"
CHECKSUMS = "checksums.json"
ATTEMPTS = 4
TIMEOUT = 30.0  # seconds without a byte


def gather_texts(
    sources: Sequence[Source],
    folder: Path | None,
    cache: Path,
    *,
    on_progress: Progress = lambda done, total: None,
    say: Say = lambda _: None,
    address: str = GUTENBERG,
    pause: float = 1.0,
) -> dict[str, str]:
    """The text of every source, by its file name.

    Args:
        sources: what the persona names.
        folder: read from here; None: fetched, and kept in `cache` with a checksum.
        cache: where fetched texts are kept.
        on_progress: told how many texts have been read, of how many.
        say: told what is fetched again, and what is left out: a text that cannot be fetched, or that the folder lacks
            or holds damaged.
        address: a URL with `{number}`.
        pause: seconds before the second attempt; doubled for every further one.

    Raises:
        SourceError: none of them can be fetched, or used from the folder.
    """
    texts: dict[str, str] = {}
    problems: list[str] = []
    for done, source in enumerate(sources):
        on_progress(done, len(sources))
        if folder is not None and not (folder / source.file).is_file():
            say(f"There is no {source.file} in {folder}; {source.title} is left out.")
            continue
        # Where nothing came so far, there is most likely no network, and no use in waiting for it at every text.
        attempts = 1 if problems and not texts else ATTEMPTS
        try:
            if folder is not None:
                texts[source.file] = read_source_file(folder / source.file)
            else:
                parts = [_fetched(number, cache, address, attempts, pause, say) for number in source.gutenberg]
                texts[source.file] = "\n\n\n".join(map(strip_gutenberg, parts))
        except SourceError as error:
            problems.append(str(error))
            say(f"{error} {source.title} is left out.")
    on_progress(len(sources), len(sources))
    if not texts and problems:
        none = f"None of the source texts in {folder} can be read. " if folder is not None else ""
        raise SourceError(none + problems[0])
    if not texts:
        names = ", ".join(source.file for source in sources)
        raise SourceError(f"None of the source texts is in {folder}. Their file names are: {names}.")
    return texts


def _fetched(number: int, cache: Path, address: str, attempts: int, pause: float, say: Say) -> str:
    file = cache / f"pg{number}.txt"
    if file.is_file():
        if _digest(file) == _checksums(cache).get(file.name):
            return read_source_file(file)
        say(f"{file} has changed since it was fetched; fetching it again.")
    url = address.format(number=number)
    cache.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    for attempt in range(attempts):
        try:
            _download(url, partial)
            read_source_file(partial)
            break
        except SourceError:
            raise
        except Exception as error:  # httpx has many; each means that the text was not fetched
            if attempt == attempts - 1:
                why = str(error).partition("\n")[0]
                raise SourceError(
                    f"Text {number} could not be fetched from {url}: {why}. Connect to the network and try again, or "
                    "give a folder with the texts: `bakerstreet library build ... --texts DIR`. The casebook alone "
                    "needs no network: `--casebook-only`."
                ) from error
            say(f"Text {number} could not be fetched ({type(error).__name__}); trying again.")
            time.sleep(pause * 2**attempt)
    partial.replace(file)
    known = _checksums(cache) | {file.name: _digest(file)}
    (cache / CHECKSUMS).write_text(json.dumps(known, indent=1), encoding="utf-8")
    return read_source_file(file)


def _download(url: str, file: Path) -> None:
    import httpx

    with httpx.stream("GET", url, follow_redirects=True, timeout=TIMEOUT) as response, file.open("wb") as out:
        response.raise_for_status()
        for chunk in response.iter_bytes():
            out.write(chunk)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _checksums(cache: Path) -> dict[str, str]:
    try:
        return dict(json.loads((cache / CHECKSUMS).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
