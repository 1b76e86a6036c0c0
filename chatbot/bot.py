"""Bot: answer one turn in one mode, as a stream of events.

The way of a turn, from top to bottom of `Bot.answer`:

    question -> stored -> evidence -> prompt -> stream -> checked against its evidence -> stored -> shown
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from chatbot.engines import Completion, Generation, Request, Sampling
from chatbot.errors import BakerStreetError, MessageError, ModeError
from chatbot.events import Answered, Asked, Event, Question, Revised, Said, Searched
from chatbot.grounding import check_reply, unsupported_terms
from chatbot.language import clean_message, is_about_visitor, is_small_talk
from chatbot.library.search import Evidence, Found, Plan
from chatbot.library.texts import Passage, recollection
from chatbot.modes import Mode, get_mode
from chatbot.prompts import Exchange, Note, Prompt, build_prompt
from chatbot.resources import Resources
from chatbot.trace import Check, SearchRecord, Timings, Trace, evidence_records, prompt_record, token_record
from chatbot.wording import Wording
from personas import LoadedPersona

__all__ = ["Answered", "Asked", "Bot", "Event", "Question", "Revised", "Said", "Searched"]

RETRY_TEMPERATURE = 0.7  # a retry under greedy decoding would say the same again
MAX_PIECES = 3


class Bot:
    """Answers turns; everything heavy is in `resources` and shared."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    def answer(self, asked: Question) -> Iterator[Event]:
        """Answer one turn.

        Close the iterator to stop: what was said so far is stored as a stopped turn.

        Raises:
            BakerStreetError: the turn cannot be answered; where the question was stored, so is the failure.
        """
        began = time.perf_counter()
        loaded = self.resources.persona(asked.persona)
        mode = get_mode(asked.mode or loaded.persona.default_mode)
        text = clean_message(asked.text)
        if not text:
            raise MessageError("The message is empty. Write a question and send it again.")
        turn_id = self._store_question(asked, mode, text)
        yield Asked(turn_id)

        turn = _Turn(self.resources, loaded, mode, replace(asked, text=text), turn_id, began)
        try:
            yield from turn.run()
        except (GeneratorExit, KeyboardInterrupt):
            turn.stop()
            raise
        except BakerStreetError as error:
            turn.fail(error)
            raise
        yield Answered(turn_id, text, turn.reply, turn.state, turn.trace)

    def reply(self, asked: Question) -> Answered:
        """Answer one turn and wait for its end."""
        for event in self.answer(asked):
            if isinstance(event, Answered):
                return event
        raise ModeError("The turn had no end.")  # pragma: no cover - `answer` ends or raises

    def _store_question(self, asked: Question, mode: Mode, text: str) -> str | None:
        if asked.conversation is None:
            return None
        return self.resources.memory.ask(asked.conversation, asked.parent, mode.name, text)


class _Turn:
    """One turn under way, and all that its trace will say."""

    def __init__(
        self,
        resources: Resources,
        loaded: LoadedPersona,
        mode: Mode,
        asked: Question,
        turn_id: str | None,
        began: float,
    ) -> None:
        self._resources = resources
        self._loaded = loaded
        self._mode = mode
        self._asked = asked
        self._turn_id = turn_id
        self._began = began
        self._wording = Wording(loaded.persona, asked.text, asked.attempt)
        self._history = self._read_history()
        self._found: Found | None = None
        self._plan: Plan | None = None
        self._used: tuple[Evidence, ...] = ()
        self._prompt: Prompt | None = None
        self._generation: Generation | None = None
        self._completion: Completion | None = None
        self._first_token_ms = 0.0
        self._raw = ""
        self._set_aside = False
        self._check: Check | None = None
        self.reply = ""
        self.state = "pending"
        self.trace = Trace(mode=mode.name, persona=asked.persona)

    def run(self) -> Iterator[Event]:
        """Search, write, check and store."""
        if self._opens_books():
            self._found = self._search()
            yield Searched(replace(self._found, evidence=self._used), self._search_record())
        line = self._wording.without_model(self._found, self._mode.voice)
        if line:
            self._first_token_ms = self._elapsed()
            self.reply = line
            self._check = Check(verdict="declined")
            yield Said(line)
        else:
            yield from self._write()
            yield from self._hold_to_evidence()
        self._finish("done")

    def stop(self) -> None:
        """The reader has gone: stop the engine and keep what was said."""
        if self._generation is not None:
            self._generation.cancel()
        self._finish("stopped")

    def fail(self, error: BakerStreetError) -> None:
        """Keep the question and why it was not answered."""
        self._finish("failed", str(error))

    # ------------------------------------------------------------------ the steps

    def _read_history(self) -> list[Exchange]:
        if self._asked.conversation is None:
            return list(self._asked.history)
        path = self._resources.memory.path(self._asked.conversation, self._asked.parent) if self._asked.parent else []
        return [Exchange(turn.sent or turn.question, turn.reply) for turn in path if turn.reply]

    def _opens_books(self) -> bool:
        """Whether there is something to look up; "what is my name?" sounds like small talk, and is asked of memory."""
        if self._mode.knowledge is None:
            return False
        text, library = self._asked.text, self._resources.library
        return not is_small_talk(text) or (
            is_about_visitor(text) and library(self._asked.persona).plan(self._mode.knowledge).recalls
        )

    def _search(self) -> Found:
        assert self._mode.knowledge is not None
        library = self._resources.library(self._asked.persona)
        self._plan = library.plan(self._mode.knowledge)
        found = library.search(
            self._asked.text,
            self._plan,
            history=self._earlier(),
            pieces=MAX_PIECES,
            budget=self._resources.settings.evidence_tokens,
            recollections=self._recollections,
        )
        if not found.weak:
            self._used = self._within_budget(found.evidence)
        return found

    def _recollections(self) -> list[Passage]:
        """What the visitor said before, in this conversation and in others."""
        if self._asked.conversation is None:
            return []
        said = self._resources.memory.said(self._asked.conversation, before=self._turn_id)
        return [recollection(turn.question, turn.created_at) for turn in said]

    def _earlier(self) -> list[tuple[str, str]]:
        """What was asked before, without the evidence that was sent along, and what was said to it."""
        label = self._loaded.persona.prompts.question
        return [(exchange.sent.rpartition(f"\n{label} ")[2], exchange.reply) for exchange in self._history]

    def _within_budget(self, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
        """The best pieces that fit the evidence's share of the prompt, in the order of the search; one in any case."""
        pieces = evidence[:MAX_PIECES]
        kept: set[int] = set()
        room = self._resources.settings.evidence_tokens
        for number in sorted(range(len(pieces)), key=lambda at: -pieces[at].score):
            room -= self._resources.engine.count(pieces[number].text)
            if kept and room < 0:
                break
            kept.add(number)
        return tuple(piece for number, piece in enumerate(pieces) if number in kept)

    def _write(self) -> Iterator[Event]:
        persona, settings = self._loaded.persona, self._resources.settings
        notes = [Note(piece.passage.work, piece.text.replace("\n", " ")) for piece in self._used]
        self._prompt = build_prompt(
            persona,
            self._asked.text,
            notes,
            self._history,
            examples=self._mode.examples,
            count=self._resources.engine.count,
            budget=settings.context_tokens - persona.generation.max_new_tokens,
        )
        self._generation = self._resources.engine.submit(
            Request(
                self._prompt.messages,
                self._voice(),
                self._sampling(),
                self._wording.opening(self._used, self._mode.voice),
                copies=bool(self._used),
            )
        )
        for piece in self._generation:
            if not self._raw:
                self._first_token_ms = self._elapsed()
            self._raw += piece
            self.reply = self._raw
            yield Said(piece)
            if self._used and piece.rstrip().endswith((".", "!", "?")) and self._strays():
                self._generation.cancel()  # the draft will not stand, so it need not be finished
                self._set_aside = True
        self._completion = self._generation.completion
        self.reply = self._raw = self._raw.strip()

    def _hold_to_evidence(self) -> Iterator[Event]:
        """Check the reply; where it does not rest on the evidence, another is given in its place."""
        pieces = [piece.text for piece in self._used]
        persona = self._loaded.persona
        self._check = check_reply(self.reply, pieces, self._known_texts())
        if self._mode.knowledge is None or self._asked_to_stop():
            return
        if pieces and self._check.verdict == "declined":
            # He has been given something: the visitor should hear what comes nearest, and judge for himself.
            more = " " + self._wording.with_quote(persona.nearest, self._used[0])
            self.reply += more
            yield Said(more)
            return
        if self._check.verdict == "withheld":
            self.reply = self._wording.with_quote(persona.readings, self._used[0])
        elif not self.reply or (not pieces and self._check.unsupported):
            self.reply = self._wording.line(persona.declines)
        else:
            return
        self._check = self._check.model_copy(update={"verdict": "withheld"})
        yield Revised(self.reply)

    def _known_texts(self) -> list[str]:
        """Texts beside the evidence whose names and numbers a reply may use."""
        persona = self._loaded.persona
        titles = [piece.passage.work for piece in self._used]
        earlier = [text for exchange in self._history for text in (exchange.sent, exchange.reply)]
        return [self._asked.text, persona.instruction(), persona.name, *titles, *earlier]

    def _voice(self) -> Path | None:
        if not self._mode.voice:
            return None
        if self._loaded.voice is None:
            raise ModeError(
                f"The persona '{self._asked.persona}' has no voice, so the mode '{self._mode.name}' cannot be used. "
                "Use 'rag', or train a voice with `bakerstreet voice train`."
            )
        return self._loaded.voice

    def _sampling(self) -> Sampling:
        wanted = self._loaded.persona.generation
        retry = self._asked.attempt > 0
        return Sampling(
            max_new_tokens=wanted.max_new_tokens,
            temperature=max(wanted.temperature, RETRY_TEMPERATURE) if retry else wanted.temperature,
            top_p=wanted.top_p,
            presence_penalty=wanted.presence_penalty,
            seed=self._asked.seed + self._asked.attempt,
        )

    # ------------------------------------------------------------------ the end

    def _make_trace(self) -> Trace:
        return Trace(
            mode=self._mode.name,
            persona=self._asked.persona,
            model=self._resources.settings.model,
            voice=self._mode.voice,
            evidence=evidence_records(replace(self._found, evidence=self._used)) if self._found else (),
            weak=self._found.weak if self._found else False,
            why_weak=self._found.why_weak if self._found else "",
            search=self._search_record(),
            prompt=prompt_record(self._prompt.messages) if self._prompt else (),
            left_out=self._prompt.left_out if self._prompt else (),
            raw_reply=self._raw,
            check=self._check,
            finish=self._completion.finish if self._completion else "",
            seed=self._asked.seed + self._asked.attempt,
            timings=Timings(
                retrieval_ms=round(self._found.milliseconds, 1) if self._found else 0.0,
                first_token_ms=round(self._first_token_ms, 1),
                total_ms=round(self._elapsed(), 1),
            ),
            tokens=token_record(self._completion),
        )

    def _search_record(self) -> SearchRecord | None:
        if self._found is None or self._plan is None:
            return None
        unused = [piece for piece in self._found.evidence if piece not in self._used]
        return SearchRecord.of(self._plan.name, self._found, unused)

    def _finish(self, state: str, error: str = "") -> None:
        self.state = state
        self.trace = trace = self._make_trace()
        if self._turn_id is None:
            return
        self._resources.memory.answer(
            self._turn_id,
            sent=self._prompt.sent if self._prompt else self._asked.text,
            reply=self.reply,
            state=state,
            evidence=[piece.model_dump(mode="json") for piece in trace.evidence],
            trace=trace.model_dump(mode="json", exclude={"evidence"}),
            error=error,
        )

    def _strays(self) -> bool:
        """Whether the draft so far says what stands nowhere. An open quotation is waited for."""
        if self._raw.count('"') % 2:
            return False
        return bool(unsupported_terms(self._raw, [*(piece.text for piece in self._used), *self._known_texts()]))

    def _asked_to_stop(self) -> bool:
        ended = self._completion is not None and self._completion.finish == "cancelled"
        return ended and not self._set_aside

    def _elapsed(self) -> float:
        return (time.perf_counter() - self._began) * 1000
