"""The models of a persona's searches, and its judges of replies; each opened when it is needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.engines import Engine, Request, Sampling
from chatbot.errors import PersonaError, PlanError
from chatbot.language import language_of
from chatbot.progress import Say
from chatbot.prompts import Message
from chatbot.settings import Settings
from personas import LoadedPersona

if TYPE_CHECKING:
    from chatbot.judges import SupportJudge, ToneMeter
    from chatbot.library.encoders import Embedder
    from chatbot.library.search import LanguageModel, Plan, Scorer, TextReader
    from chatbot.selecting import Selector

PLAIN, TUNED = "plain", "tuned"


class SearchModels:
    """All models that the searches of one persona may use: what a `Library` takes as its `Models`.

    Args:
        settings: of the process.
        loaded: the persona.
        plain: gives the embedder that the settings name, which all personas share.
        engine: gives the engine that answers.
        say: told what is being done when it takes more than a moment.
    """

    def __init__(
        self,
        settings: Settings,
        loaded: LoadedPersona,
        plain: Callable[[], Embedder],
        engine: Callable[[], Engine],
        say: Say,
    ) -> None:
        self._settings = settings
        self._loaded = loaded
        self._plain = plain
        self._engine = engine
        self._say = say
        self._lock = threading.Lock()

    def embedder(self, name: str) -> Embedder | None:
        """The 'plain' embedder or the 'tuned' one of the persona.

        None where there is none: the persona has no retriever, or the settings name another base.
        """
        if name == PLAIN:
            return self._plain()
        if name != TUNED:
            return None
        with self._lock:
            return self._tuned

    def embedder_of(self, fingerprint: str | None) -> Embedder:
        """The embedder of a library: the one that built it, and for a new one the tuned one where there is one.

        Args:
            fingerprint: of the one that built it; None: there is none yet.
        """
        tuned = self.embedder(TUNED)
        return self._plain() if tuned is None or fingerprint == self._plain().fingerprint else tuned

    def matcher(self) -> Embedder | None:
        """What finds the persona's own exchanges; None where it has none, or the settings name another base."""
        with self._lock:
            return self._matcher

    def selector(self) -> Selector | None:
        """What chooses among the exchanges found; None where there is none, or the settings name another base."""
        with self._lock:
            return self._selector

    def cross_encoder(self) -> Scorer | None:
        """The cross-encoder that the settings name, or the persona's own; None where there is none."""
        with self._lock:
            return self._scorer

    def support(self) -> SupportJudge | None:
        """The judge of what evidence supports; None where the persona has none."""
        with self._lock:
            return self._support

    def tone(self) -> ToneMeter | None:
        """The persona's tone meter; None where there is none.

        Raises:
            ModelError: it is damaged.
        """
        with self._lock:
            return self._tone

    def reader(self) -> TextReader | None:
        """The persona's reader; None where it has none, or the settings name another base."""
        with self._lock:
            return self._reader

    def language_model(self) -> LanguageModel | None:
        """The base of the engine that answers."""
        return EngineLanguageModel(self._engine())

    def stronger_model(self) -> LanguageModel | None:
        """The model that the settings name for hard cases; None where they name none."""
        if not self._settings.strong_model:
            return None
        with self._lock:
            return EngineLanguageModel(self._stronger_engine)

    def count(self, text: str) -> int:
        """The tokens of a text, as the engine that answers counts them."""
        return self._engine().count(text)

    def close(self) -> None:
        """Give the stronger model back."""
        if "_stronger_engine" in self.__dict__:
            self._stronger_engine.close()

    @cached_property
    def _tuned(self) -> Embedder | None:
        return self._with(self._loaded.retriever)

    @cached_property
    def _matcher(self) -> Embedder | None:
        return self._with(self._loaded.matcher)

    @cached_property
    def _selector(self) -> Selector | None:
        from chatbot.library.encoders import BUNDLED, CrossEncoder
        from chatbot.selecting import Selector

        settings, adapter = self._settings, self._loaded.selector
        if adapter is None or settings.embedder != BUNDLED:
            return None
        encoder = CrossEncoder(BUNDLED, settings.threads, adapter=adapter, cache=settings.encoder_cache, say=self._say)
        return Selector.read(encoder, adapter)

    def _with(self, adapter: Path | None) -> Embedder | None:
        from chatbot.library.encoders import BUNDLED, Embedder

        settings = self._settings
        if adapter is None or settings.embedder != BUNDLED:
            return None
        return Embedder(
            settings.embedder, settings.threads, adapter=adapter, cache=settings.encoder_cache, say=self._say
        )

    @cached_property
    def _scorer(self) -> Scorer | None:
        from chatbot.library.encoders import BUNDLED, CrossEncoder

        settings, named = self._settings, self._settings.cross_encoder
        if named == "none" or (named == "auto" and self._loaded.reranker is None):
            return None
        model, adapter = (BUNDLED, self._loaded.reranker) if named == "auto" else (named, None)
        return CrossEncoder(model, settings.threads, adapter=adapter, cache=settings.encoder_cache, say=self._say)

    @cached_property
    def _support(self) -> SupportJudge | None:
        from chatbot.judges import SupportJudge, Threshold
        from chatbot.library.encoders import BUNDLED, SupportEncoder

        settings, adapter = self._settings, self._loaded.support
        if adapter is None:
            return None
        encoder = SupportEncoder(
            BUNDLED, settings.threads, adapter=adapter, cache=settings.encoder_cache, say=self._say
        )
        return SupportJudge(encoder, Threshold.read(adapter), language_of(self._loaded.persona))

    @cached_property
    def _tone(self) -> ToneMeter | None:
        from chatbot.judges import ToneMeter

        file = self._loaded.tone
        return ToneMeter.read(file, language_of(self._loaded.persona)) if file.is_file() else None

    @cached_property
    def _reader(self) -> TextReader | None:
        from chatbot.library.encoders import BUNDLED, Reader

        settings, adapter = self._settings, self._loaded.reader
        if adapter is None or settings.embedder != BUNDLED or settings.cross_encoder != "auto":
            return None
        return Reader(BUNDLED, settings.threads, adapter=adapter, cache=settings.encoder_cache, say=self._say)

    @cached_property
    def _stronger_engine(self) -> Engine:
        from chatbot.engine_choice import open_engine

        settings = self._settings
        # On this machine even if replies come from a server, which tells no likelihoods.
        engine = "auto" if settings.engine == "remote" else settings.engine
        return open_engine(settings.model_copy(update={"model": settings.strong_model, "engine": engine}), self._say)


@dataclass(frozen=True)
class EngineLanguageModel:
    """What a search may ask of an engine; always of its base, without a voice."""

    engine: Engine

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """The mean log-probability of a token of each continuation after its context, in nats.

        Raises:
            EngineError: the engine cannot tell.
            MessageError: a pair is longer than the window.
        """
        return self.engine.likelihood(pairs)

    def write(self, prompt: str, max_tokens: int) -> str:
        """A short text in answer to a prompt; the same each time.

        Raises:
            EngineError: generation failed.
        """
        request = Request((Message("user", prompt),), sampling=Sampling(max_new_tokens=max_tokens))
        return self.engine.submit(request).completion.text


def plans_of(loaded: LoadedPersona) -> dict[str, Plan]:
    """The plans that a persona defines for itself.

    Raises:
        PersonaError: one names a module or a setting that does not exist.
    """
    from chatbot.library.search import plan_of

    try:
        return {name: plan_of(name, modules) for name, modules in loaded.persona.plans.items()}
    except PlanError as error:
        raise PersonaError(f"{loaded.folder / 'persona.yaml'}: plans: {error}") from error
