"""`bakerstreet ask` and `bakerstreet chat`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot import DEFAULT_PERSONA
from chatbot.cli.common import FileQuestion, opened, prepare, print_json, read_questions, say
from chatbot.errors import BakerStreetError, MemoryStoreError, MessageError, ReadOnlyError
from chatbot.progress import counted

if TYPE_CHECKING:
    from chatbot.bot import Answered, Event
    from chatbot.resources import Resources

PersonaOption = Annotated[str, typer.Option("--persona", "-p", help="Who answers.")]
ModeOption = Annotated[
    str | None, typer.Option("--mode", "-m", help="rag, ft, hybrid, standard ...; default: the persona's own.")
]


def ask(
    question: Annotated[str | None, typer.Argument(help="The question.")] = None,
    persona: PersonaOption = DEFAULT_PERSONA,
    mode: ModeOption = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help='Questions, one a line, or {"question": ..., "history": ...}.')
    ] = None,
    json_lines: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
    seed: Annotated[int, typer.Option(help="For sampling.")] = 0,
    voice: Annotated[
        Path | None,
        typer.Option("--voice", help="Another voice's folder, for modes with a voice; default: the persona's."),
    ] = None,
) -> None:
    """Ask one question, or every question of a file, and print the replies. Nothing is stored.

    A question that cannot be answered does not keep the rest of its file from being asked; the exit code is 1 then.
    """
    from chatbot.bot import Bot, Question
    from chatbot.modes import get_mode
    from chatbot.prompts import Exchange
    from chatbot.trace import as_json

    if (question is None) == (file is None):
        raise MessageError('Give either a question or --file, as in: bakerstreet ask "Who was Irene Adler?"')
    questions = read_questions(file) if file else [FileQuestion(question or "")]
    if mode:
        get_mode(mode)
    with opened() as resources:
        resources.persona(persona)
        prepare(resources, persona)
        bot, failed = Bot(resources), 0
        for item in questions:
            history = tuple(Exchange(*pair) for pair in item.history)
            try:
                answered = bot.reply(
                    Question(item.question, persona=persona, mode=mode, history=history, seed=seed, voice=voice)
                )
            except BakerStreetError as error:
                if file is None:
                    raise
                failed += 1
                say(f"Error: {error}")
                if json_lines:
                    print_json({"question": item.question, "error": str(error)})
                continue
            if json_lines:
                print_json(as_json(answered.question, answered.reply, answered.trace))
                continue
            typer.echo(answered.reply)
            if answered.trace.search and answered.trace.search.mended:
                typer.echo(f"  {answered.trace.search.mended}")
            for number, piece in enumerate(answered.trace.evidence, 1):
                typer.echo(f"  [{number}] {piece.heading} ({piece.score:.2f}): {piece.text}")
    if failed:
        say(f"{failed} of {counted(len(questions), 'question')} could not be answered.")
        raise typer.Exit(1)


def chat(
    persona: PersonaOption = DEFAULT_PERSONA,
    mode: ModeOption = None,
    user: Annotated[str | None, typer.Option(help="Your name in the memory; default: BAKERSTREET_USER.")] = None,
) -> None:
    """Chat in the terminal. The conversation is stored; Ctrl-C stops a reply, an empty line ends the chat."""
    from chatbot.bot import Bot, Question
    from chatbot.modes import get_mode
    from chatbot.prompts import Exchange

    with opened() as resources:
        loaded = resources.persona(persona)
        chosen = get_mode(mode or loaded.persona.default_mode).name
        prepare(resources, persona)
        greeting = loaded.persona.greeting
        conversation: str | None = None
        try:
            conversation = resources.memory.start(user or resources.settings.user, persona, greeting)
        except ReadOnlyError as error:
            say(f"{error} This conversation is not stored.")
        say(f"Mode {chosen}; /mode NAME changes it, an empty line ends the chat.")
        typer.echo(f"\n{loaded.persona.name}: {greeting}\n")
        bot, parent = Bot(resources), None
        unstored: list[Exchange] = []  # where there is no conversation in memory
        while True:
            try:
                line = input("You: ").strip()
            except (EOFError, KeyboardInterrupt):
                break
            if not line:
                break
            try:
                if line.startswith("/mode"):
                    chosen = get_mode(line.removeprefix("/mode")).name
                    say(f"Mode {chosen}.")
                    continue
                typer.echo(f"\n{loaded.persona.name}: ", nl=False)
                said = _say_reply(
                    bot.answer(
                        Question(
                            line,
                            persona=persona,
                            mode=chosen,
                            conversation=conversation,
                            parent=parent,
                            history=tuple(unstored),
                        )
                    )
                )
                parent = said.turn_id or parent
                if conversation is None:
                    unstored.append(Exchange(line, said.reply))
            except KeyboardInterrupt:
                typer.echo("\n(stopped)\n")
                parent = _head(resources, conversation) or parent
            except BakerStreetError as error:
                typer.echo(f"\n{error}\n", err=True)
        if conversation is not None:
            say("Good day. This conversation is stored: see `bakerstreet memory list`.")


def _say_reply(events: Iterable[Event]) -> Answered:
    """Print a reply as it grows, and the warning at its end; gives how it ended."""
    from chatbot.bot import Answered, Revised, Said

    for event in events:
        if isinstance(event, Said):
            typer.echo(event.text, nl=False)
        elif isinstance(event, Revised):
            typer.echo(f"\n(On reflection) {event.text}", nl=False)
        elif isinstance(event, Answered):
            typer.echo("\n")
            if event.warning:
                say(event.warning)
    assert isinstance(event, Answered)  # a turn ends with it, or raises
    return event


def _head(resources: Resources, conversation: str | None) -> str | None:
    """The last turn of a conversation; None where it has none, or the database does not say."""
    try:
        path = resources.memory.path(conversation) if conversation else []
    except MemoryStoreError:
        return None
    return path[-1].id if path else None
