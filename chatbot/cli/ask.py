"""`bakerstreet ask` and `bakerstreet chat`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot import DEFAULT_PERSONA
from chatbot.cli.common import FileQuestion, opened, prepare, print_json, read_questions, say
from chatbot.errors import BakerStreetError, MessageError

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
) -> None:
    """Ask one question, or every question of a file, and print the replies. Nothing is stored."""
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
        bot = Bot(resources)
        for item in questions:
            history = tuple(Exchange(*pair) for pair in item.history)
            answered = bot.reply(Question(item.question, persona=persona, mode=mode, history=history, seed=seed))
            if json_lines:
                print_json(as_json(answered.question, answered.reply, answered.trace))
                continue
            typer.echo(answered.reply)
            for number, piece in enumerate(answered.trace.evidence, 1):
                typer.echo(f"  [{number}] {piece.heading} ({piece.score:.2f}): {piece.text}")


def chat(
    persona: PersonaOption = DEFAULT_PERSONA,
    mode: ModeOption = None,
    user: Annotated[str | None, typer.Option(help="Your name in the memory; default: BAKERSTREET_USER.")] = None,
) -> None:
    """Chat in the terminal. The conversation is stored; Ctrl-C stops a reply, an empty line ends the chat."""
    from chatbot.bot import Answered, Bot, Question, Revised, Said
    from chatbot.modes import get_mode

    with opened() as resources:
        loaded = resources.persona(persona)
        chosen = get_mode(mode or loaded.persona.default_mode).name
        prepare(resources, persona)
        greeting = loaded.persona.greeting
        conversation = resources.memory.start(user or resources.settings.user, persona, greeting)
        say(f"Mode {chosen}; /mode NAME changes it, an empty line ends the chat.")
        typer.echo(f"\n{loaded.persona.name}: {greeting}\n")
        bot, parent = Bot(resources), None
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
                question = Question(line, persona=persona, mode=chosen, conversation=conversation, parent=parent)
                for event in bot.answer(question):
                    if isinstance(event, Said):
                        typer.echo(event.text, nl=False)
                    elif isinstance(event, Revised):
                        typer.echo(f"\n(On reflection) {event.text}", nl=False)
                    elif isinstance(event, Answered):
                        parent = event.turn_id
                typer.echo("\n")
            except KeyboardInterrupt:
                typer.echo("\n(stopped)\n")
                path = resources.memory.path(conversation)
                parent = path[-1].id if path else None
            except BakerStreetError as error:
                typer.echo(f"\n{error}\n", err=True)
        say("Good day. This conversation is stored: see `bakerstreet memory list`.")
