"""The engine for ordinary processors: OpenVINO GenAI with continuous batching, paged attention and 8-bit weights.

The base and every voice in use have a pipeline each, because a voice is merged into weights of its own (see `models`).
One worker steps all pipelines in turn: a step reads a part of a prompt, or writes one token of every reply under way.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

from chatbot.conversion import GROUP
from chatbot.engines.openvino.models import ConvertedModel, converted
from chatbot.engines.openvino.pipeline import Pipeline
from chatbot.engines.openvino.scorer import OpenVinoScorer
from chatbot.engines.reply import Reply
from chatbot.engines.types import Generation
from chatbot.engines.weights import check_voice
from chatbot.engines.worker import Limits, WorkerEngine
from chatbot.errors import ConversionError, VoiceError
from chatbot.progress import Say

LOADED_VOICES = 3  # pipelines of voices that stay in memory


class OpenVinoEngine(WorkerEngine):
    """A generator in OpenVINO.

    Args:
        model: as in `settings.model`.
        models_dir: where converted models are kept.
        threads: CPU threads; 0: OpenVINO's own choice.
        exact: keep activations in 32 bits. Otherwise they are quantised, by one routine for a single row and another
            for several, so that a reply written in a batch may differ from the same one written alone where two tokens
            are about equally likely. Exact replies never differ; prompts take two and a half times as long.
        say: told what is being done where that takes more than a moment.
        limits: see `Limits`; the base and one voice share the cache.
    """

    name = "openvino"

    def __init__(
        self,
        model: str,
        models_dir: Path,
        *,
        threads: int = 0,
        exact: bool = False,
        say: Say = lambda _: None,
        **limits: Unpack[Limits],
    ) -> None:
        super().__init__(model, models_dir, say=say, **limits)
        self._models_dir = models_dir
        self._properties: dict[str, Any] = {
            # Half floats are slower on processors without them, and agree less with the original.
            "INFERENCE_PRECISION_HINT": "f32",
            # The group size of the weights; prompts are read a third faster than with the plugin's default of 32.
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(0 if exact else GROUP),
        }
        if threads:
            self._properties["INFERENCE_NUM_THREADS"] = threads
        self._base: ConvertedModel | None = None
        self._pipelines: OrderedDict[Path | None, Pipeline] = OrderedDict()  # by voice, the least recently used first
        self._loaded_scorer: OpenVinoScorer | None = None

    def convert(self) -> ConvertedModel:
        """The converted base model; made now where it is missing.

        Raises:
            ConversionError: OpenVINO cannot run this model.
            ModelError: the model is missing.
        """
        if self._base is None:  # once, because its checksums read the whole model
            self._base = converted(self.weights, self._models_dir, None, self._say)
        return self._base

    # ------------------------------------------------------------------ on the worker's thread

    def _load(self, voices: Sequence[Path]) -> None:
        for voice in (None, *voices):
            self._pipeline(voice)

    def _pipeline(self, voice: Path | None) -> Pipeline:
        """The pipeline of a voice, loaded on first use; the least recently used idle one makes room for it."""
        voice = voice.resolve() if voice else None
        if voice in self._pipelines:
            self._pipelines.move_to_end(voice)
            return self._pipelines[voice]
        if voice is None:
            model = self.convert()
        else:
            check_voice(voice, self.weights)
            try:
                model = converted(self.weights, self._models_dir, voice, self._say)
            except ConversionError as error:
                raise VoiceError(f"The voice in {voice} cannot be loaded: {error}. Train it again.") from error
            idle = [key for key, pipeline in self._pipelines.items() if key is not None and not pipeline.replies]
            if len(idle) >= LOADED_VOICES:
                del self._pipelines[idle[0]]
        pipeline = Pipeline(model, self._properties, self._window, self._cache_bytes // 2, self._batch_size)
        self._pipelines[voice] = pipeline
        return pipeline

    def _scorer(self) -> OpenVinoScorer:
        if self._loaded_scorer is None:
            self._loaded_scorer = OpenVinoScorer(self.convert(), self._properties)
        return self._loaded_scorer

    def _under_way(self) -> Sequence[Generation]:
        return [reply.generation for pipeline in self._pipelines.values() for reply in pipeline.replies]

    def _begin(self, generation: Generation) -> None:
        pipeline = self._pipeline(generation.request.voice)
        pipeline.add(Reply(generation, self.tokenizer, min(self._window, pipeline.model.window)))

    def _step(self) -> None:
        for pipeline in self._pipelines.values():
            if pipeline.replies:
                pipeline.step()

    def _unload(self) -> None:
        for pipeline in self._pipelines.values():
            pipeline.drop_all()
        self._pipelines.clear()
        self._loaded_scorer = None
