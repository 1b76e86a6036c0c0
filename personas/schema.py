"""The persona file's schema: what `persona.yaml` may say.

Every field is checked and nothing unknown is let through, no field and no placeholder, so that a slip of the pen is
found when the file is loaded and not in the middle of a conversation. `{{user}}` and `{{char}}` are filled in then too.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from typing_extensions import TypeAliasType

from chatbot.language import ENGLISH, LANGUAGES
from chatbot.language import Text as NormalText
from chatbot.limits import MAX_PERSONA_NAME
from chatbot.templates import checked_template, fill_in, fill_in_names

MAX_TEXT = 4000  # characters of one text; more would leave no room in the window

Line = Annotated[NormalText, StringConstraints(max_length=MAX_TEXT)]
# A text that is said as it stands.
Text = Annotated[Line, AfterValidator(checked_template), AfterValidator(fill_in)]
# Texts that are filled in when they are said.
WordLine = Annotated[Line, AfterValidator(partial(checked_template, known=("word",), needed=("word",)))]
QuoteLine = Annotated[Line, AfterValidator(partial(checked_template, known=("quote",), needed=("quote",)))]
ReplyLine = Annotated[Line, AfterValidator(partial(checked_template, known=("reply",), needed=("reply",)))]
ToldLine = Annotated[Line, AfterValidator(partial(checked_template, known=("told",), needed=("told",)))]

# A module of a search by its name, alone or with what it is given: settings, the steps that it runs, or both.
Step = TypeAliasType("Step", "str | dict[Text, list[Step] | dict[Text, int | float | str | bool | list[Step]] | None]")


def _is_known(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError(f"there is no language '{code}'; there are: {', '.join(sorted(LANGUAGES))}")
    return code


LanguageCode = Annotated[str, AfterValidator(_is_known)]


def _asks(text: str) -> str:
    return checked_template(text, ("question",), ("question",)) if text else text


# A name is put into other texts, so it holds nothing that could be taken for a placeholder.
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_PERSONA_NAME, pattern=r"^[^{}<>\\]*$")
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Example(_Part):
    """One example exchange, shown to the model in the few-shot mode and to readers of the file."""

    user: Text
    assistant: Text


class Source(_Part):
    """One source text. It is read from a folder, or fetched from Project Gutenberg by number."""

    title: Text
    gutenberg: list[int] = Field(min_length=1, description="Project Gutenberg numbers, in order.")
    file: Annotated[str, StringConstraints(pattern=r"^[\w.-]+\.txt$")]
    narrator: Text = "the narrator"
    works: list[Text] = Field(
        default_factory=list, description="The works in a collection, in order; empty: the book is one work."
    )
    aliases: dict[str, str] = Field(default_factory=dict, description="A work's name in other editions.")
    narrators: dict[str, str] = Field(
        default_factory=dict, description="Works, or beginnings of chapter names, told by somebody else."
    )


class Generation(_Part):
    """How replies are sampled."""

    max_new_tokens: int = Field(120, ge=8, le=2048)
    temperature: float = Field(0.0, ge=0.0, le=2.0, description="0: greedy, the same reply every time.")
    top_p: float = Field(0.9, gt=0.0, le=1.0)
    presence_penalty: float = Field(0.8, ge=-2.0, le=2.0, description="Off the logits of what was written so far.")
    drafts: int = Field(3, ge=1, le=8, description="Written together where there are notes; the best is said.")


class Prompts(_Part):
    """The persona's standing instructions to the model."""

    grounded: Text = Field(description="Said above the notes of a turn.")
    notes: Text = Field("Notes:", description="The heading of the notes.")
    question: Text = Field("Question:", description="What stands before the question below the notes.")
    answer: Text = Field("Answer:", description="What stands before the answer that was read in the notes.")
    reason: Text = Field(
        "Before you answer: what follows from these notes? Say it in two short sentences.",
        description="Asks for the reasoning before the answer, below the question.",
    )
    reasoned: Text = Field("From this follows:", description="What stands before the reasoning below the notes.")
    told: Text = Field("The visitor has told you:", description="What stands before what the visitor told of himself.")
    before: Text = Field("Before this was said:", description="The heading of the summary of what was said earlier.")
    hypothetical: Annotated[str, StringConstraints(max_length=MAX_TEXT), AfterValidator(_asks)] = Field(
        "", description="Asks for a made-up answer to {question}, to search with; empty: as the language has it."
    )


class VoiceRecipe(_Part):
    """How `voice train` makes the voice: one pass over reading comprehension and the lines, in this order."""

    rank: int = Field(16, ge=1, le=256)
    alpha: int = Field(32, ge=1, le=1024)
    learning_rate: float = Field(3e-4, gt=0, lt=1)
    batch_size: int = Field(8, ge=1, le=256)
    max_tokens: int = Field(512, ge=64, le=8192, description="Longer examples are left out, and counted.")
    reading: int = Field(1200, ge=0, description="Reading examples in all; 0: none.")
    reading_first: float = Field(0.5, ge=0, le=1, description="The share of the reading before the lines begin.")
    epochs: int = Field(2, ge=1, le=50, description="Passes over the persona's own lines.")


# Fields that tell the model of the visitor; in the others he is spoken to.
_TOLD = frozenset({"description", "manner", "scenario", "prompts"})


class Persona(_Part):
    """Who speaks: all that `persona.yaml` says, checked."""

    name: Name
    language: LanguageCode = Field("en", description="Of the casebook, the visitors and the replies (ISO 639-1).")
    address: list[Text] = Field(default_factory=list, description="How visitors address the persona besides by name.")
    known_names: list[Text] = Field(
        default_factory=list, description="Names of the persona's world that a reply may use although no note has them."
    )
    description: Text = Field(description="Who speaks, told to the model; short, for it opens every prompt.")
    manner: Text = Field(description="The manner of speaking.")
    scenario: Text = Field(description="Where the conversation takes place.")
    greeting: Text
    suggestions: list[Text] = Field(default_factory=list, description="Questions a visitor may begin with.")
    examples: list[Example] = Field(default_factory=list)
    declines: list[Text] = Field(min_length=1, description="Said when the books do not hold the answer.")
    decline_phrases: list[Text] = Field(
        default_factory=list, description="Phrases that mark a reply as a decline, besides those of the language."
    )
    strangers: list[WordLine] = Field(
        min_length=1, description="Said to a word from outside the persona's world; {word} stands for it."
    )
    nearest: list[QuoteLine] = Field(
        min_length=1,
        description="Said after a reply that the notes do not answer; {quote} comes nearest.",
    )
    readings: list[QuoteLine] = Field(
        min_length=1, description="How a note is read out word for word; {quote} stands for it."
    )
    repeated: list[ReplyLine] = Field(
        default_factory=lambda: ["{reply}"],
        min_length=1,
        description="How what was said before is said again; {reply} stands for it.",
    )
    recalled: list[ToldLine] = Field(
        default_factory=lambda: ["{told}"],
        min_length=1,
        description="How the visitor is given back what he told of himself; {told} stands for it, a sentence.",
    )
    untold: list[Text] = Field(
        default_factory=list, description="Said when he asks for something that he has not told; empty: `declines`."
    )
    noted: list[Text] = Field(
        default_factory=list,
        description="Said to what he tells of himself where no line of the persona's fits; empty: the model answers.",
    )
    forgotten: list[Text] = Field(
        default_factory=list, description="Said where he wants something forgotten, and it is; empty: as the language."
    )
    listening: list[Text] = Field(
        default_factory=list,
        description="Said to what tells something and asks nothing, where nothing else fits; empty: the voice answers.",
    )
    counsel: list[Text] = Field(
        default_factory=list, description="Said when he asks for advice that is nowhere given; empty: `declines`."
    )
    undecided: list[Text] = Field(
        default_factory=list,
        description="Said when the persona is asked about itself and nothing tells; declines too. Empty: `declines`.",
    )
    to_come: list[Text] = Field(
        default_factory=list,
        description="Said to a question with a year or number that no book has; empty: as to a word that none has.",
    )
    partly: list[Text] = Field(
        default_factory=list,
        description="Said of a question that nothing tells, where others of a message are answered; empty: `declines`.",
    )
    deducing: list[Text] = Field(
        default_factory=list, description="Sentences that may stand before what is read from several signs."
    )
    deduced: list[Text] = Field(
        default_factory=list, description="Sentences that may stand behind what is read from one sign."
    )
    unread: list[Text] = Field(
        default_factory=list,
        description="Said when a deduction is asked for, and nothing described that can be read; empty: `declines`.",
    )
    sources: list[Source] = Field(default_factory=list)
    voice: str | None = Field(None, description="The folder of the LoRA adapter, beside persona.yaml.")
    default_mode: Text = "hybrid"
    plans: dict[str, list[Step]] = Field(
        default_factory=dict,
        description="How the library is searched, by the plan's name: its modules, with their settings and steps.",
    )
    generation: Generation = Field(default_factory=Generation)
    prompts: Prompts
    training: VoiceRecipe = Field(default_factory=VoiceRecipe)

    @model_validator(mode="before")
    @classmethod
    def _with_names(cls, data: Any) -> Any:
        """`{{user}}` and `{{char}}` filled in everywhere but in the name itself."""
        if not isinstance(data, dict) or not isinstance(data.get("name"), str):
            return data
        language = LANGUAGES.get(str(data.get("language", ENGLISH.code)), ENGLISH)

        def filled(value: Any, user: str) -> Any:
            if isinstance(value, str):
                return fill_in_names(value, data["name"].strip(), user)
            if isinstance(value, list):
                return [filled(item, user) for item in value]
            if isinstance(value, dict):
                return {key: filled(item, user) for key, item in value.items()}
            return value

        return {
            field: value if field == "name" else filled(value, language.visitor if field in _TOLD else language.friend)
            for field, value in data.items()
        }

    def named(self, text: str, *, spoken: bool = False) -> str:
        """A text of the persona's other files with `{{user}}` and `{{char}}` filled in; other braces stay as they are.

        Args:
            text: of the casebook or the lines.
            spoken: whether the visitor is spoken to in it, and not told of.
        """
        language = LANGUAGES[self.language]
        return fill_in_names(text, self.name, language.friend if spoken else language.visitor)

    @property
    def hypothetical(self) -> str:
        """Asks a model for a made-up answer to {question}; empty: as the language has it."""
        return self.prompts.hypothetical

    def instruction(self) -> str:
        """The system message: the same for every mode, so that the prompt's beginning never changes."""
        return " ".join(" ".join(part.split()) for part in (self.description, self.manner, self.scenario))
