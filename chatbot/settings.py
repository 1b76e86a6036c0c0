"""Settings: from the environment (`BAKERSTREET_*`) and a file (`bakerstreet.toml` in the working folder).

The environment takes precedence over the file. A fresh, offline install works with the defaults.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from chatbot.errors import SettingsError
from chatbot.limits import MAX_USER

FILE = "bakerstreet.toml"
MAX_PATH = 4096  # characters
SHOWN = 80  # characters of a wrong value in a message


class Settings(BaseSettings):
    """All settings of a process. Token counts are those of the generator's tokenizer."""

    model_config = SettingsConfigDict(env_prefix="BAKERSTREET_", extra="forbid", toml_file=FILE)

    home: Path = Field(
        default_factory=lambda: Path.home() / ".bakerstreet",
        description="The folder of libraries, converted models, training runs and the database.",
    )
    model: str = Field(
        "bundled",
        description="The generator: 'bundled', a local folder, a .gguf file, or the name of a model on the hub.",
    )
    embedder: str = Field(
        "bundled", description="The embedder: 'bundled', a local folder, or the name of a model on the hub."
    )
    engine: Literal["auto", "transformers", "openvino", "remote"] = Field(
        "auto", description="What runs the generator; 'auto': 'openvino' on a CPU, otherwise 'transformers'."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    threads: int = Field(0, ge=0, le=256, description="CPU threads of the models; 0: one per core.")
    context_tokens: int = Field(
        2048, ge=256, le=131072, description="The maximum length of prompt and reply together, in tokens."
    )
    evidence_tokens: int = Field(220, ge=32, le=4096, description="The maximum number of tokens of evidence in a turn.")
    reasoning_tokens: int = Field(
        80, ge=16, le=4096, description="The maximum number of tokens of the reasoning before an answer."
    )
    cache_mb: int = Field(
        320, ge=0, le=1_000_000, description="Memory for the key/value caches of earlier turns, in MB."
    )
    batch_size: int = Field(8, ge=1, le=64, description="The maximum number of requests in a batch.")
    queue_limit: int = Field(32, ge=1, le=10000, description="The maximum number of requests that wait for it.")
    exact: bool = Field(
        False, description="OpenVINO: replies do not depend on other requests in the batch; prompts are slower."
    )
    remote_url: str | None = Field(
        None, description="An OpenAI-compatible server (http://host:8000/v1), for the engine 'remote'."
    )
    remote_model: str | None = Field(None, description="The name of the base model on that server.")
    remote_voice: str = Field(
        "", description="The name of the voice on that server (vLLM's --lora-modules); default: the persona's id."
    )
    remote_key: str = Field("", description="The server's API key.", repr=False)
    remote_timeout: float = Field(60.0, gt=0, le=3600, description="Seconds after which a silent server is an error.")
    remote_openings: bool = Field(
        True, description="Whether the server can continue a reply that it is given the start of (vLLM, llama.cpp)."
    )
    cross_encoder: str = Field(
        "auto",
        description="What reranks search results: 'auto': the persona's own cross-encoder if it has one; 'none'; or "
        "the folder or hub name of a sentence-transformers cross-encoder.",
    )
    strong_model: str | None = Field(
        None,
        description="A stronger model for `filter-then-rerank`: as `model`, on this machine.",
    )
    personas: Path | None = Field(None, description="A folder with your own personas, in addition to the built-in one.")
    texts: Path | None = Field(None, description="A folder with the source texts, used instead of fetching.")
    reading: Path | None = Field(None, description="A folder with reading comprehension data, for `voice train`.")
    chroma_url: str | None = Field(None, description="A Chroma server (http://host:port); default: embedded.")
    database_url: str | None = Field(None, description="A SQLAlchemy URL; default: SQLite under `home`.")
    remembers: Literal["window", "summary", "recollections", "both"] = Field(
        "recollections",
        description="What of the past goes into a prompt beside the last exchange: 'window': nothing; 'summary': a "
        "summary of what was said before it; 'recollections': what the visitor told of himself; 'both'.",
    )
    log: str = Field(
        "",
        max_length=MAX_PATH,
        description="A level (debug, info, warning, error), or level:file; default: warnings, to a file under `home`.",
    )
    host: str = "127.0.0.1"
    port: int = Field(7860, ge=1, le=65535)
    auth: Literal["none", "users", "proxy"] = Field(
        "none",
        description="Who may open the page: 'none': anybody on this machine; 'users': those with an account "
        "(`bakerstreet users add`); 'proxy': whom a proxy names. With 'none' it is served on loopback only.",
    )
    proxy_addresses: str = Field(
        "", description="The addresses or networks that the proxy's requests come from, with commas between them."
    )
    proxy_header: str = Field("X-Forwarded-User", description="The header in which the proxy names the user.")
    proxy_owners: str = Field(
        "", description="Those of whom the proxy names that may change the shared libraries, with commas between them."
    )
    upload_mb: int = Field(
        25, ge=1, le=10_000, description="The size of the files that a visitor sends at once, in MB."
    )
    upload_files: int = Field(10, ge=1, le=1000, description="The number of files that a visitor adds at once.")
    user: str = Field(
        "visitor", min_length=1, max_length=MAX_USER, description="The name of the user on the command line."
    )

    @field_validator("home", "personas", "texts", "reading", mode="after")
    @classmethod
    def _is_folder(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        """A folder that can be used: `home` is made where it is missing, the others have to be there."""
        if path is None:
            return None
        if len(str(path)) > MAX_PATH or "\0" in str(path):
            raise ValueError(f"must be the path of a folder, of at most {MAX_PATH:,} characters")
        if path == Path():
            raise ValueError("must be the path of a folder; write the whole of it")
        missing = not path.exists()
        if (missing and info.field_name != "home") or not (missing or path.is_dir()):
            raise ValueError("there is no such folder")
        return path

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """In order of precedence: arguments, the environment, the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def models_dir(self) -> Path:
        """Converted generators."""
        return self.home / "models"

    @property
    def encoder_cache(self) -> Path | None:
        """The folder of encoders converted for OpenVINO; None where torch runs them: on a device other than a CPU."""
        return self.models_dir if self.device in ("auto", "cpu") else None

    @property
    def library_dir(self) -> Path:
        """A folder for each persona: passages, BM25 index and embedded Chroma."""
        return self.home / "library"

    @property
    def recollections_dir(self) -> Path:
        """A folder for each persona: the vectors of what each visitor told, which can be made again."""
        return self.home / "recollections"

    @property
    def texts_dir(self) -> Path:
        """Source texts fetched by number."""
        return self.home / "texts"

    @property
    def runs_dir(self) -> Path:
        """Training runs with their checkpoints."""
        return self.home / "runs"

    @property
    def voices_dir(self) -> Path:
        """Voices trained beside the personas' own, which are asked for by name."""
        return self.home / "voices"

    @property
    def updates_dir(self) -> Path:
        """A folder for each persona: what the update experiment works on, copies of its library and its voice."""
        return self.home / "updates"

    @property
    def memory_url(self) -> str:
        """The SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite:///{self.home / 'memory.sqlite3'}"

    def cpu_threads(self) -> int:
        """The number of CPU threads of the models."""
        return self.threads or os.cpu_count() or 1


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once.

    Raises:
        SettingsError: a value is invalid; the message names it and what was expected.
    """
    return load_settings()


def load_settings(**values: object) -> Settings:
    """Settings from the environment and the file, overridden by `values`.

    Raises:
        SettingsError: a value is invalid; the message names it and what was expected.
    """
    try:
        return Settings(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [
            f"  {'.'.join(str(part) for part in item['loc'])}: {item['msg'].removeprefix('Value error, ')} "
            f"(given: {_shortened(item.get('input'))})"
            for item in error.errors()
        ]
        raise SettingsError(
            "These settings are invalid; correct them in the environment (BAKERSTREET_...) "
            f"or in {FILE}:\n" + "\n".join(lines)
        ) from error
    except (ValueError, OSError, RecursionError) as error:  # the file is not TOML, or is nested without end
        why = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise SettingsError(f"{FILE} in {Path.cwd()} cannot be read: {why}. Correct or remove it.") from error


def _shortened(given: object) -> str:
    shown = repr(given)
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}... ({len(shown):,} characters)"
