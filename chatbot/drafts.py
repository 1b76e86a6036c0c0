"""The best of several drafts: supported, no repetition, and in the persona's voice.

The drafts of a turn are written in one batch and judged by what costs milliseconds. Of each draft the sentences up to
the first that nothing supports are kept; of these the best is taken, and where none is left, what needs no model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chatbot.grounding import declines, unsupported_terms
from chatbot.language import Language, comparable, content_words, split_sentences

RESTS = 0.8  # the share of a sentence's words of meaning that the sources must hold
LEAST_WORDS = 4  # of a reply; a shorter one says nothing beyond the answer
LIKE = 0.8  # the share of words in common from which on two sentences say the same


@dataclass(frozen=True)
class Candidate:
    """A draft as it was judged.

    Attributes:
        text: what of it may be said; empty: nothing.
        worth: how good it is, the higher the better.
        why: what spoke against it, in words; empty where nothing did.
        written: the whole of the draft.
        tone: how much `text` sounds like the persona, 0 to 1.
        chosen: whether it is said.
    """

    text: str
    worth: float = 0.0
    why: str = ""
    written: str = ""
    tone: float = 0.0
    chosen: bool = False


@dataclass(frozen=True)
class Jury:
    """What drafts are held against.

    Attributes:
        sources: the texts whose names and numbers a reply may use: the evidence, the question, what was said.
        earlier: the persona's replies so far.
        language: the persona's.
        sentences: how many sentences a reply may have.
        tone: how much a text sounds like the persona, 0 to 1.
        unsupported: gives the sentences of a text that the evidence does not support; None: nobody tells.
    """

    sources: Sequence[str]
    earlier: Sequence[str]
    language: Language
    sentences: int = 3
    tone: Callable[[str], float] = lambda _: 0.0
    unsupported: Callable[[str], Sequence[str]] | None = None

    def judged(self, draft: str, opening: str, whole: bool = True) -> Candidate:
        """What of a draft may be said, and how good that is.

        Args:
            draft: the whole of it, its opening included.
            opening: the words that it was told to begin with: they are not judged.
            whole: whether the model came to its end.
        """
        parts = split_sentences(draft, self.language)
        if not whole and len(parts) > 1:
            parts = parts[:-1]  # it was cut in the middle
        kept: list[str] = []
        why = ""
        for sentence in parts[: self.sentences]:
            given = _is_given(sentence, opening)
            if not given and (strange := unsupported_terms(sentence, [*self.sources, opening], self.language)):
                why = f"not in the evidence: {', '.join(strange)}"
            elif not given and not declines(sentence, self.language) and self._rests(sentence, opening) < RESTS:
                why = f"hardly a word of it is in the evidence: {sentence}"
            elif opening and not given and declines(sentence, self.language):
                why = f"declines what was answered: {sentence}"
            elif any(alike(sentence, other) for other in kept):
                why = f"says the same twice: {sentence}"
            else:
                kept.append(sentence)
                continue
            break
        text = " ".join(kept)
        if not text or len(text) < len(opening):
            return Candidate("", 0.0, why or "nothing is left of it", draft)
        tone = self.tone(text)
        if self.repeats(text):
            return Candidate(text, -1.0, "was said before", draft, tone)
        short = len(text.split()) < LEAST_WORDS
        return Candidate(text, tone - 0.5 * bool(why) - 0.5 * short, why, draft, tone)

    def _rests(self, sentence: str, opening: str) -> float:
        """The share of a sentence's words of meaning that the sources hold; 1 where it has none."""
        held: set[str] = set().union(*(content_words(source, self.language) for source in (*self.sources, opening)))
        words = content_words(sentence, self.language)
        return len(words & held) / len(words) if words else 1.0

    def decided(self, drafts: Sequence[Candidate], opening: str) -> tuple[Candidate, ...]:
        """The drafts, the best of which something may be said as the chosen one, without what nothing supports.

        A model judges support, which takes tens of milliseconds a sentence; so it is asked about the best alone, and
        about the next where nothing is left of that.

        Args:
            drafts: as they were judged.
            opening: the words that all of them begin with.

        Returns:
            As many; none of them is chosen where nothing may be said of any.
        """
        decided = list(drafts)
        for at in sorted(range(len(drafts)), key=lambda at: -drafts[at].worth):
            draft = drafts[at]
            if not draft.text or draft.worth <= -1.0:
                continue
            kept = self._supported(draft.text, opening)
            if kept and not self.repeats(kept):
                why = draft.why if kept == draft.text else "not all of it is supported"
                decided[at] = replace(draft, text=kept, why=why, chosen=True)
                break
            decided[at] = replace(draft, text="", why="was said before" if kept else "the evidence does not support it")
        return tuple(decided)

    def _supported(self, text: str, opening: str) -> str:
        """A reply up to the first sentence that the evidence does not support; empty where nothing is left of it."""
        doubtful = set(self.unsupported(text)) if self.unsupported else set()
        kept: list[str] = []
        for sentence in split_sentences(text, self.language):
            if sentence in doubtful and not _is_given(sentence, opening):
                break
            kept.append(sentence)
        said = " ".join(kept)
        return said if len(said) >= len(opening) else ""

    def repeats(self, text: str) -> bool:
        """Whether a reply says again what an earlier one said."""
        said = comparable(text)
        return any(said == comparable(reply) or said in comparable(reply) for reply in self.earlier)


def _is_given(sentence: str, opening: str) -> bool:
    """Whether a sentence is the opening, or a part of it, and nothing more."""
    return comparable(opening).startswith(comparable(sentence).rstrip(" ."))


def alike(one: str, other: str) -> bool:
    """Whether two sentences hold much the same words."""
    a, b = content_words(one), content_words(other)
    return bool(a and b) and len(a & b) / min(len(a), len(b)) >= LIKE and len(a | b) <= 1.5 * min(len(a), len(b))
