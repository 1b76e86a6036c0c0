"""Models converted for OpenVINO: how they are written to disk, checked for damage, and quantised to 8 bits.

What the engines (generators) and the library's encoders share of it; each converts its own models.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

DONE = "bakerstreet.json"  # written last; a folder without it is not complete
GRAPH, DATA = "openvino_model.xml", "openvino_model.bin"
GROUP = 64  # weights of a row that share a scale


def make_folder(folder: Path, make: Callable[[Path], None], is_whole: Callable[[Path], bool]) -> None:
    """Make a folder under a temporary name and rename it, so that a half-written one never has the final name.

    Args:
        folder: the final name; a folder of that name that is not whole is replaced.
        make: writes the content into the folder that it is given.
        is_whole: whether a folder is complete and undamaged.

    Raises:
        OSError: it cannot be written or renamed. What `make` raises is raised unchanged.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the final folder, so that the rename at the end cannot cross file systems.
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        make(partial)
        if folder.exists() and not is_whole(folder):
            shutil.rmtree(folder)
        try:
            partial.rename(folder)
        except OSError:
            if not is_whole(folder):  # otherwise another process was faster, and its work is as good
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def seal(folder: Path, format_: int, **about: Any) -> None:
    """Record the checksums of a finished conversion's files, with `format_` and `about`, so that damage is noticed."""
    checksums = {file.name: _checksum(file) for file in sorted(folder.iterdir())}
    (folder / DONE).write_text(json.dumps({"format": format_, **about, "checksums": checksums}), encoding="utf-8")


def is_sealed(folder: Path, format_: int) -> bool:
    """Whether a conversion is complete, undamaged, and of this format; reads all of it."""
    try:
        stated = json.loads((folder / DONE).read_text(encoding="utf-8"))
        return stated["format"] == format_ and all(
            _checksum(folder / name) == checksum for name, checksum in stated["checksums"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def damage(weights: Path) -> str:
    """Why a file of weights (`.safetensors`) cannot be whole; empty where its header and its length agree.

    Raises:
        OSError: it cannot be read.
    """
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        size = weights.stat().st_size
        if length > size - 8:
            return "it is cut off, or no safetensors file"
        try:
            parts = json.loads(file.read(length))
            ends = [part["data_offsets"][1] for name, part in parts.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return "its header is damaged"
    whole = 8 + length + max(ends, default=0)
    return "" if size == whole else f"it has {size:,} bytes and should have {whole:,}"


def quantised(rows: Any) -> Any:
    """A constant matrix of a graph, kept as int8 and multiplied by its scales where it is used.

    Args:
        rows: float array of shape (out, in). Every `GROUP` values of a row share a half float scale; a row whose length
            is not a multiple of that has a single one.

    Returns:
        An OpenVINO node of the same shape, in 32 bits.
    """
    import numpy as np
    from openvino import opset13 as op

    outputs, inputs = rows.shape
    size = GROUP if inputs % GROUP == 0 else inputs
    groups = rows.astype(np.float32).reshape(outputs, inputs // size, size)
    scales = (np.abs(groups).max(axis=2, keepdims=True) / 127).astype(np.float16)  # the largest value becomes 127
    scales[scales == 0] = 1.0
    integers = np.clip(np.round(groups / scales.astype(np.float32)), -127, 127).astype(np.int8)
    # The plugin recognises this pattern and keeps the integers in memory.
    values = op.multiply(op.convert(op.constant(integers), "f16"), op.constant(scales))
    return op.convert(op.reshape(values, op.constant(np.array([outputs, inputs])), False), "f32")


def _checksum(file: Path) -> int:
    value = 0
    with file.open("rb") as stream:
        while part := stream.read(1 << 22):
            value = zlib.crc32(part, value)
    return value
