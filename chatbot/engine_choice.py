"""Which engine answers: the one that the settings name, or the fastest on this machine."""

from __future__ import annotations

import importlib.util
import logging
import platform
import shutil
from typing import TYPE_CHECKING

from chatbot.engines import Limits
from chatbot.errors import ConversionError, SettingsError
from chatbot.progress import Say
from chatbot.settings import Settings

if TYPE_CHECKING:
    from chatbot.engines import Engine


logger = logging.getLogger(__name__)


def open_engine(settings: Settings, say: Say = lambda _: None) -> Engine:
    """The engine that `settings.engine` names.

    'auto' is OpenVINO on a CPU and transformers on CUDA and MPS. Where OpenVINO cannot run the model, 'auto' falls back
    to transformers and tells `say` so in one line.

    Raises:
        ConversionError: the setting is 'openvino', which is not installed or cannot run this model.
        ModelError: the model is missing.
        SettingsError: the setting is 'remote', and the server's address or the model's name is missing.
    """
    logger.info("Opening the engine '%s' for %s", settings.engine, settings.model)
    if settings.engine == "remote":
        return _remote(settings, say)
    if settings.engine == "openvino" or (settings.engine == "auto" and _only_a_cpu(settings)):
        try:
            return _openvino(settings, say)
        except ConversionError as error:
            if settings.engine == "openvino":
                raise
            logger.warning("OpenVINO cannot run %s: %s", settings.model, error)
            say(f"OpenVINO cannot run this model ({error}); transformers answers instead, more slowly.")
    return _transformers(settings, say)


def _openvino(settings: Settings, say: Say) -> Engine:
    from chatbot.engines.openvino import OpenVinoEngine

    if importlib.util.find_spec("openvino_genai") is None:
        raise ConversionError("the package openvino-genai is not installed: `pip install openvino-genai`")
    engine = OpenVinoEngine(
        settings.model,
        settings.models_dir,
        threads=settings.threads,
        exact=settings.exact,
        say=say,
        **_limits(settings),
    )
    engine.convert()
    return engine


def _transformers(settings: Settings, say: Say) -> Engine:
    from chatbot.engines.torch import TorchEngine

    return TorchEngine(
        settings.model,
        settings.models_dir,
        device=settings.device,
        threads=settings.cpu_threads(),
        say=say,
        **_limits(settings),
    )


def _limits(settings: Settings) -> Limits:
    return {
        "context_tokens": settings.context_tokens,
        "cache_mb": settings.cache_mb,
        "batch_size": settings.batch_size,
        "queue_limit": settings.queue_limit,
    }


def _remote(settings: Settings, say: Say) -> Engine:
    from chatbot.engines.remote import RemoteEngine

    if not settings.remote_url or not settings.remote_model:
        raise SettingsError(
            "The engine 'remote' needs BAKERSTREET_REMOTE_URL (such as http://host:8000/v1) and "
            "BAKERSTREET_REMOTE_MODEL (the model's name on that server)."
        )
    return RemoteEngine(
        url=settings.remote_url,
        model=settings.remote_model,
        voice_model=settings.remote_voice,
        api_key=settings.remote_key,
        timeout_s=settings.remote_timeout,
        continue_openings=settings.remote_openings,
        max_concurrent=settings.batch_size,
        queue_limit=settings.queue_limit,
        say=say,
    )


def _only_a_cpu(settings: Settings) -> bool:
    """Whether a CPU is all that there is to run on."""
    if settings.device != "auto":
        return settings.device == "cpu"
    # Importing torch takes seconds, so it is asked only where the machine seems to have a GPU.
    if shutil.which("nvidia-smi") is None and (platform.system(), platform.machine()) != ("Darwin", "arm64"):
        return True
    import torch

    return not (torch.cuda.is_available() or torch.backends.mps.is_available())
