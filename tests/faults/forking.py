"""A process with everything imported, which forks: a line of JSON in, a process out. Nothing is opened before the fork.

    python forking.py {answer,write}      {"url": ..., ...} per line

A child says its process id first, then what `answer` or `write` says, a line of JSON each. The parent waits for none.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any

from chatbot.bot import Asked, Bot, Question, Said
from chatbot.resources import Resources
from chatbot.settings import load_settings
from memory import Memory


def say(**what: object) -> None:
    """One line; a pipe takes it whole."""
    os.write(1, (json.dumps(what) + "\n").encode())


def answer(order: dict[str, Any]) -> None:
    """Answer one turn in a conversation of its own; says when it is stored, and every piece that is shown."""
    bot = Bot(Resources(load_settings(**order["settings"])))
    conversation = bot.resources.memory.start("visitor", "sherlock")
    for event in bot.answer(Question(order["question"], mode="standard", conversation=conversation)):
        if isinstance(event, Asked):
            say(turn=event.turn_id)
        elif isinstance(event, Said):
            say(piece=event.text)


def write(order: dict[str, Any]) -> None:
    """Ask and answer turns for some seconds, in a conversation of one's own and in one of all; says every turn."""
    memory = Memory(order["url"])
    end, number = time.monotonic() + order["seconds"], 0
    try:
        own = memory.start(f"user {order['number']}", "sherlock")
        parents = {own: None, order["shared"]: order["root"]}
        while time.monotonic() < end:
            for conversation, parent in parents.items():
                question = f"Question {number} of {order['number']}"
                number += 1
                began = time.monotonic()
                turn = memory.ask(conversation, parent, "rag", question)
                memory.show(turn, "The por")
                memory.answer(turn, sent="s", reply=f"Reply to {question}", state="done", trace={"seed": number})
                say(turn=turn, parent=parent, question=question, seconds=time.monotonic() - began)
                parents[conversation] = turn
    except Exception as error:
        say(error=repr(error))
    memory.close()


def main() -> None:
    """Fork for every line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    do = {"answer": answer, "write": write}[sys.argv[1]]
    for line in sys.stdin:
        if os.fork() == 0:
            say(pid=os.getpid())
            do(json.loads(line))
            say(ended=True)
            os._exit(0)


if __name__ == "__main__":
    main()
