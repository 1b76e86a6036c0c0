"""Converting models for OpenVINO: a folder made whole or not at all, and matrices in 8 bits.

The engines and the library convert models of their own; what both need stands here.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

DONE = "bakerstreet.json"
GRAPH, DATA = "openvino_model.xml", "openvino_model.bin"
GROUP = 64  # weights of a row that share a scale


def make_folder(folder: Path, make: Callable[[Path], None], is_whole: Callable[[Path], bool]) -> None:
    """Make a folder, all of it or nothing: a half-written one never gets the name.

    Args:
        folder: where it shall be; what is there and not whole gives way.
        make: writes it into the folder that it is handed.
        is_whole: whether a folder is what it should be.

    Raises:
        OSError: it cannot be written or put in its place. What `make` raises comes through as it is.
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
            if not is_whole(folder):  # else another process was faster, and its work is as good
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def seal(folder: Path, format_: int, **about: Any) -> None:
    """Write down what a finished conversion consists of, so that damage is noticed; `about` is kept beside it."""
    checksums = {file.name: _checksum(file) for file in sorted(folder.iterdir())}
    (folder / DONE).write_text(json.dumps({"format": format_, **about, "checksums": checksums}), encoding="utf-8")


def is_sealed(folder: Path, format_: int) -> bool:
    """Whether a conversion is complete, undamaged, and of this format."""
    try:
        stated = json.loads((folder / DONE).read_text(encoding="utf-8"))
        return stated["format"] == format_ and all(
            _checksum(folder / name) == checksum for name, checksum in stated["checksums"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def quantised(rows: Any) -> Any:
    """A matrix of shape (out, in) as int8 with a half float scale a group of a row, decompressed in the graph.

    A row that does not divide into groups has one scale.
    """
    import numpy as np
    from openvino import opset13 as op

    outputs, inputs = rows.shape
    size = GROUP if inputs % GROUP == 0 else inputs
    groups = rows.astype(np.float32).reshape(outputs, inputs // size, size)
    scales = (np.abs(groups).max(axis=2, keepdims=True) / 127).astype(np.float16)
    scales[scales == 0] = 1.0
    whole = np.clip(np.round(groups / scales.astype(np.float32)), -127, 127).astype(np.int8)
    apart = op.multiply(op.convert(op.constant(whole), "f16"), op.constant(scales))
    return op.convert(op.reshape(apart, op.constant(np.array([outputs, inputs])), False), "f32")


def _checksum(file: Path) -> int:
    value = 0
    with file.open("rb") as stream:
        while part := stream.read(1 << 22):
            value = zlib.crc32(part, value)
    return value
