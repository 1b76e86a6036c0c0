"""The machine that was measured: what it is, and how fast its memory is."""

from __future__ import annotations

import os
import platform
import threading
import time
from importlib import metadata
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

ARRAY_BYTES = 256 * 1024 * 1024  # far more than any cache holds
COPIES = 7
PACKAGES = ("numpy", "torch", "transformers", "peft", "openvino", "openvino-genai", "llama-cpp-python", "tokenizers")


def machine() -> dict[str, object]:
    """Processor, cores, memory, load and versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": _memory_gb(),
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
    }


def bandwidth(threads: int, copies: int = COPIES, array_bytes: int = ARRAY_BYTES) -> float | None:
    """Bytes a second that `threads` threads copy together, read and written ones counted; the median of `copies`.

    It is measured in a process of its own, so that the arrays are gone afterwards. None where that process failed.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_copy, args=(theirs, threads, copies, array_bytes), daemon=True)
    process.start()
    theirs.close()
    try:
        return float(ours.recv())
    except (EOFError, OSError):
        return None
    finally:
        process.join()
        ours.close()


def _copy(pipe: Connection, threads: int, copies: int, array_bytes: int) -> None:
    import numpy as np

    parts = [array_bytes // 8 * number // threads for number in range(threads + 1)]
    source, target = np.ones(array_bytes // 8), np.zeros(array_bytes // 8)
    seconds = []
    for _ in range(copies + 1):
        workers = [
            threading.Thread(target=np.copyto, args=(target[start:end], source[start:end]))
            for start, end in pairwise(parts)
        ]
        began = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        seconds.append(time.perf_counter() - began)
    pipe.send(2 * array_bytes / median(seconds[1:]))  # the first touches the pages


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3, 1)
    except (ValueError, OSError, AttributeError):
        return None


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
