"""The cross-encoder of the support check: reads evidence and a sentence together, and scores how well it holds."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot.library.encoders.cross_encoder import CrossEncoder, pair_head


class SupportEncoder(CrossEncoder):
    """Pairs of evidence and a sentence to logits; see `Encoder` for the arguments. The adapter brings its head."""

    head = pair_head("support-check")
    max_tokens = 176  # of both together, as it was trained; longer evidence is read in parts

    def rate(self, evidence: Sequence[str], sentences: Sequence[str]) -> list[float]:
        """The logit of each sentence: above 0 where the evidence rather supports it.

        Evidence that is longer than the model reads is read in parts, of which the best counts. Of a sentence that
        would leave evidence too little room, the end is read.

        Args:
            evidence: the pieces, each of one or more sentences, in order; at least one.
            sentences: of a reply.

        Raises:
            ModelError: the model or its adapter cannot be used.
        """
        if not sentences:
            return []
        said = [self._end_of(sentence, self.max_tokens // 4) for sentence in sentences]
        parts = self._parts(evidence)
        rows = self._rows([(part, sentence) for sentence in said for part in parts])
        return [max(float(row[0]) for row in rows[at : at + len(parts)]) for at in range(0, len(rows), len(parts))]

    def _parts(self, evidence: Sequence[str]) -> list[str]:
        """The evidence in as few texts as leave room for a sentence; a piece is cut only if it is too long itself."""
        room = self.max_tokens - self.max_tokens // 4 - 3  # three special tokens
        parts: list[str] = []
        held = 0
        for piece in (part for text in evidence for part in self._cut(text, room)):
            tokens = len(self._tokenizer.encode(piece, add_special_tokens=False).ids)
            if parts and held + tokens <= room:
                parts[-1] = f"{parts[-1]}\n{piece}"
                held += tokens
            else:
                parts.append(piece)
                held = tokens
        return parts

    def _cut(self, text: str, room: int) -> list[str]:
        """A text in parts of at most `room` tokens."""
        offsets = self._tokenizer.encode(text, add_special_tokens=False).offsets
        starts = [offsets[at][0] for at in range(0, len(offsets), room)] or [0]
        return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
