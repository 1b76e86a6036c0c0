"""The embedder converted for OpenVINO: its vectors are the original's, and what cannot be converted still works."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from chatbot.conversion import DATA
from chatbot.errors import ConversionError
from chatbot.library.encoders import Embedder
from chatbot.library.encoders.openvino import OpenVinoEncoder
from chatbot.library.texts.casebook import casebook_sections
from chatbot.settings import Settings
from personas import LoadedPersona


def test_vectors_are_the_original_s_and_rank_alike(sherlock: LoadedPersona, embedder: Embedder) -> None:
    texts = [part for section in casebook_sections(sherlock.casebook, "Holmes") for part in section.paragraphs][::12]
    questions = ["Who stole the goose?", "What killed Julia Stoner?", "Where was the treaty hidden?"]
    original = Embedder(adapter=sherlock.retriever)
    ours, theirs = (np.array(kind.embed_documents(texts)) for kind in (embedder, original))
    assert (ours * theirs).sum(axis=1).min() > 0.97
    assert np.allclose(np.linalg.norm(ours, axis=1), 1.0, atol=1e-3)
    for question in questions:
        best = [
            int(np.argmax(np.array(vectors) @ np.array(kind.embed_query(question))))
            for kind, vectors in ((embedder, ours), (original, theirs))
        ]
        assert best[0] == best[1]
    for kind in (embedder, original):  # "[SEP]" in a text is letters
        marked, spaced = (kind.embed_query(f"{left}SEP{right} It rained.") for left, right in ("[]", ("[ ", " ]")))
        assert marked == pytest.approx(spaced, abs=1e-4)


def test_a_text_has_one_vector_whatever_it_is_read_with(embedder: Embedder) -> None:
    alone = np.array(embedder.embed_query("The dog did nothing."))
    company = np.array(
        embedder.embed_documents(["The dog did nothing.", "A long tale of the moor and its mire. " * 20])
    )
    assert alone @ company[0] > 0.99


def test_a_damaged_conversion_is_made_again(
    settings: Settings, sherlock: LoadedPersona, embedder: Embedder, tmp_path: Path
) -> None:
    embedder.warm()  # so that it is converted
    for folder in (settings.models_dir / "openvino").glob("embedder-*"):
        shutil.copytree(folder, tmp_path / "openvino" / folder.name)
    said: list[str] = []

    def opened() -> OpenVinoEncoder:
        return OpenVinoEncoder(
            Path(embedder.folder),
            tmp_path,
            head=Embedder.head,
            adapter=sherlock.retriever,
            max_tokens=256,
            say=said.append,
        )

    opened()
    assert not said
    for folder in (tmp_path / "openvino").iterdir():
        (folder / DATA).write_bytes(b"half")
    assert opened().encode(["A clue."]).shape == (1, 384)
    assert len(said) == 1


def test_an_embedder_that_pools_otherwise_is_left_to_torch(
    settings: Settings, embedder: Embedder, tmp_path: Path
) -> None:
    other = tmp_path / "embedder"
    shutil.copytree(embedder.folder, other)
    file = other / "1_Pooling" / "config.json"
    stated = json.loads(file.read_text())
    modes = {name: False for name in stated if name.startswith("pooling_mode")}
    file.write_text(json.dumps({**stated, **modes, "pooling_mode_cls_token": True}))
    with pytest.raises(ConversionError, match="not known here"):
        OpenVinoEncoder(other, tmp_path, head=Embedder.head, max_tokens=256)
    said: list[str] = []
    fallen_back = Embedder(str(other), cache=tmp_path, say=said.append)
    assert len(fallen_back.embed_query("A clue.")) == 384
    assert len(said) == 1 and "torch does, more slowly" in said[0]
