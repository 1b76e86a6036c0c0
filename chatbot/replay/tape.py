"""The tape: what models are asked goes through it, and is recorded, or answered from a recording, or neither.

What is recorded is what the caller gets, rounded as it is written down, so that a turn which is played takes exactly
the way of the turn that was recorded. When something is played that has no answer, the small models of the search are
asked all the same, so that the difference can be shown by what comes of it; the generator never is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chatbot.engines import Completion, Engine, Generation, Request
from chatbot.errors import ReplayError
from chatbot.library.encoders import Embedder, ReadText
from chatbot.library.search import Scorer, TextReader
from chatbot.prompts import Message
from chatbot.replay.cassette import packed, unpacked

Answers = dict[str, dict[str, Any]]
KEY = 16  # hexadecimal digits
DIGITS = 4  # after the point, of what the small models say


class UnknownPromptError(ReplayError):
    """The generator is asked what it was not asked when the cassette was recorded.

    Attributes:
        messages: the prompt.
    """

    def __init__(self, messages: Sequence[Message]) -> None:
        super().__init__("The model is asked what it was not asked when the cassette was recorded.")
        self.messages = tuple(messages)


class Tape:
    """One for all models of a stage; it is stopped until `running`.

    Attributes:
        unknown: how many questions had no answer on the cassette that is being played.
    """

    def __init__(self) -> None:
        self._answers: Answers | None = None
        self._recording = False
        self.unknown = 0

    @contextmanager
    def running(self, cassette: Mapping[str, Mapping[str, Any]] | None = None) -> Iterator[Answers]:
        """Record until the block ends, or play what a cassette holds.

        Returns:
            All answers that were heard up to now.
        """
        self._answers = {kind: dict(answers) for kind, answers in (cassette or {}).items()}
        self._recording, self.unknown = cassette is None, 0
        try:
            yield self._answers
        finally:
            self._answers = None

    @property
    def stopped(self) -> bool:
        """Whether models are asked as if there were no tape."""
        return self._answers is None

    @property
    def playing(self) -> bool:
        """Whether a cassette answers."""
        return self._answers is not None and not self._recording

    def ask(
        self,
        kind: str,
        questions: Sequence[Any],
        model: Callable[[list[int]], Sequence[Any]],
        write: Callable[[Any], Any] = lambda answer: answer,
        read: Callable[[Any], Any] = lambda written: written,
    ) -> list[Any]:
        """The answers to questions of one kind.

        Args:
            kind: of question.
            questions: each as values that JSON can hold.
            model: answers the questions at some places.
            write: an answer as JSON can hold it.
            read: the answer again.

        Raises:
            ReplayError: the cassette is damaged.
        """
        if self._answers is None:
            return list(model(list(range(len(questions)))))
        known = self._answers.setdefault(kind, {})
        keys = [key_of(question) for question in questions]
        missing = {key: at for at, key in enumerate(keys) if key not in known}
        if missing:
            self.unknown += 0 if self._recording else len(missing)
            said = model(list(missing.values()))
            known.update({key: write(answer) for key, answer in zip(missing, said, strict=True)})
        try:
            return [read(known[key]) for key in keys]
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise ReplayError(f"The cassette is damaged: the answer to a {kind} cannot be read ({error!r}).") from error


def key_of(question: Any) -> str:
    """Names a question: what is asked otherwise in a single letter has another name."""
    text = json.dumps(question, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:KEY]


# ---------------------------------------------------------------------- the generator


class TapedEngine:
    """An engine behind a tape. What is recorded is written alone and to its end, so that no batch has a part in it.

    Args:
        tape: answers, or listens.
        engine: gives the real one; not called while every answer is on the tape.
    """

    name = "taped"

    def __init__(self, tape: Tape, engine: Callable[[], Engine]) -> None:
        self._tape, self._engine = tape, engine

    def submit(self, request: Request) -> Generation:
        """A reply, finished where there is a tape.

        Raises:
            UnknownPromptError: it is not on the cassette.
        """
        if self._tape.stopped:
            return self._engine().submit(request)

        def written(_: list[int]) -> list[Completion]:
            if self._tape.playing:
                raise UnknownPromptError(request.messages)
            return [self._engine().submit(request).completion]

        (completion,) = self._tape.ask("completion", [_asked(request)], written, _to_written, _from_written)
        generation = Generation(request)
        if completion.text:
            generation.push(completion.text)
        generation.finish(completion)
        return generation

    def count(self, text: str) -> int:
        """How many tokens a text has."""
        (number,) = self._tape.ask("count", [text], lambda _: [self._engine().count(text)], read=int)
        return int(number)

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """As `Engine.likelihood`."""
        return self._tape.ask(
            "likelihood", pairs, lambda at: self._engine().likelihood([pairs[one] for one in at]), _rounded, float
        )

    def warm(self, voices: Sequence[Path] = ()) -> None:
        """Load the real one, unless a cassette answers for it."""
        if not self._tape.playing:
            self._engine().warm(voices)

    def close(self) -> None:
        """Nothing: whoever opened the real one closes it."""


def _asked(request: Request) -> list[Any]:
    sampling = request.sampling
    return [
        [[message.role, message.content] for message in request.messages],
        request.voice is not None,  # which one it is, the cassette's `made_with` says
        [sampling.max_new_tokens, sampling.temperature, sampling.top_p, sampling.presence_penalty],
        sampling.seed if sampling.temperature else 0,
        request.opening,
    ]


def _to_written(completion: Completion) -> list[Any]:
    return [completion.text, completion.finish, completion.prompt_tokens, completion.reply_tokens]


def _from_written(written: list[Any]) -> Completion:
    text, finish, prompt, reply = written
    return Completion(str(text), finish, int(prompt), 0, int(reply), 0.0, 0.0)


def _rounded(number: float) -> float:
    return round(float(number), DIGITS)


# ---------------------------------------------------------------------- the models of the search


class Taped:
    """A model behind a tape; whatever is not taped is the real one's."""

    def __init__(self, tape: Tape, real: Any) -> None:
        self._tape, self._real = tape, real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class TapedEmbedder(Taped):
    """An embedder behind a tape."""

    def __init__(self, tape: Tape, real: Embedder) -> None:
        super().__init__(tape, real)
        self._name = real.fingerprint

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors, shape (len(texts), dimensions)."""
        return self._tape.ask(
            "vector",
            [[self._name, text] for text in texts],
            lambda at: self._real.embed_documents([texts[one] for one in at]),
            packed,
            unpacked,
        )

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question, shape (dimensions,)."""
        asked = [self._name, text, "question"]
        (vector,) = self._tape.ask("vector", [asked], lambda _: [self._real.embed_query(text)], packed, unpacked)
        return list(vector)


class TapedReader(Taped):
    """A reader behind a tape."""

    def __init__(self, tape: Tape, real: TextReader) -> None:
        super().__init__(tape, real)

    def read(self, question: str, texts: Sequence[str], skip: Sequence[int] = ()) -> list[ReadText]:
        """What stands in each text."""
        places = list(skip) or [0] * len(texts)
        return self._tape.ask(
            "reading",
            [[question, text, place] for text, place in zip(texts, places, strict=True)],
            lambda at: self._real.read(question, [texts[one] for one in at], [places[one] for one in at]),
            lambda read: [_rounded(read.relevance), read.begin, read.end, _rounded(read.probability)],
            lambda written: ReadText(float(written[0]), int(written[1]), int(written[2]), float(written[3])),
        )


class TapedScorer(Taped):
    """A cross-encoder behind a tape."""

    def __init__(self, tape: Tape, real: Scorer) -> None:
        super().__init__(tape, real)

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers."""
        asked = [[question, text] for text in texts]
        return self._tape.ask(
            "score", asked, lambda at: self._real.score(question, [texts[one] for one in at]), _rounded, float
        )


class TapedSupport(Taped):
    """The encoder of the support check behind a tape."""

    def rate(self, evidence: Sequence[str], sentences: Sequence[str]) -> list[float]:
        """The logit of each sentence."""
        asked = [[sentence, *evidence] for sentence in sentences]
        return self._tape.ask(
            "support", asked, lambda at: self._real.rate(evidence, [sentences[one] for one in at]), _rounded, float
        )
