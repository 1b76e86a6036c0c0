"""What a library's modules may use beside its embedder, as the settings and the persona name it; opened when needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from chatbot.errors import PersonaError, PlanError
from chatbot.progress import Say
from chatbot.settings import Settings
from personas import LoadedPersona

if TYPE_CHECKING:
    from chatbot.engines import Engine
    from chatbot.library.encoders import Embedder
    from chatbot.library.search import LanguageModel, Models, Plan, Scorer


PLAIN, TUNED = "plain", "tuned"


class SearchModels:
    """The models of one persona's searches.

    Args:
        settings: of the process.
        loaded: the persona.
        plain: gives the embedder that the settings name.
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
        self._tuned: Embedder | None = None
        self._scorer: Scorer | None = None
        self._strong: Engine | None = None

    def models(self) -> Models:
        """The calls that a `Library` takes."""
        from chatbot.library.search import Models

        return Models(self.embedder, self._cross_encoder, self._reader, self._stronger)

    def embedder(self, name: str) -> Embedder | None:
        """The 'plain' embedder or the 'tuned' one of the persona.

        None where there is none: the persona has no retriever, or the settings name another base.
        """
        from chatbot.library.encoders import BUNDLED, Embedder

        settings = self._settings
        if name != TUNED:
            return self._plain()
        if self._loaded.retriever is None or settings.embedder != BUNDLED:
            return None
        with self._lock:
            if self._tuned is None:
                self._tuned = Embedder(
                    settings.embedder,
                    settings.threads,
                    adapter=self._loaded.retriever,
                    cache=settings.encoder_cache,
                    say=self._say,
                )
            return self._tuned

    def main(self, built_by: str | None) -> str:
        """Which embedder a library works with: the one that built it, and for a new one the tuned one.

        Args:
            built_by: the fingerprint in its manifest; None: there is none yet.
        """
        if self.embedder(TUNED) is None or built_by == self._plain().fingerprint:
            return PLAIN
        return TUNED

    def _cross_encoder(self) -> Scorer | None:
        """The cross-encoder that the settings name, or the persona's own; None where there is none."""
        named, settings = self._settings.cross_encoder, self._settings
        if named == "none" or (named == "auto" and self._loaded.reranker is None):
            return None
        with self._lock:
            if self._scorer is None:
                from chatbot.library.encoders import BUNDLED, CrossEncoder

                model, adapter = (BUNDLED, self._loaded.reranker) if named == "auto" else (named, None)
                self._scorer = CrossEncoder(
                    model, adapter, settings.threads, cache=settings.encoder_cache, say=self._say
                )
            return self._scorer

    def _reader(self) -> LanguageModel:
        from chatbot.reader import EngineLanguageModel

        return EngineLanguageModel(self._engine())

    def _stronger(self) -> LanguageModel | None:
        """The model that the settings name for hard cases; None where they name none."""
        settings = self._settings
        if not settings.strong_model:
            return None
        from chatbot.reader import EngineLanguageModel

        with self._lock:
            if self._strong is None:
                from chatbot.engine_choice import open_engine

                changed = {"model": settings.strong_model}
                if settings.strong_url:
                    changed = {
                        "engine": "remote",
                        "remote_url": settings.strong_url,
                        "remote_model": settings.strong_model,
                    }
                self._strong = open_engine(settings.model_copy(update=changed), self._say)
            return EngineLanguageModel(self._strong)

    def close(self) -> None:
        """Give the stronger model back."""
        if self._strong is not None:
            self._strong.close()


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
