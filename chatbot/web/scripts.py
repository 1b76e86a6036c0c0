"""The few lines of the page that run in the browser."""

# The message leaves the input as it is sent, so that what is typed from then on is a draft of its own.
SEND = "(text) => ['', text]"

# The address names the conversation that is shown, so that a reload finds it again. A list that covers the chat closes.
REMEMBER = """(id) => {
    history.replaceState(null, "", id ? "#" + id : location.pathname);
    document.querySelector("#left.open #past-close")?.click();
}"""
RECALL = "(...values) => [...values.slice(0, -1), location.hash.slice(1)]"

# A tab that is looked at again shows what another one added meanwhile, and a reload keeps what was typed.
RETURN = """() => {
    const input = () => document.querySelector("#message textarea");
    document.addEventListener("visibilitychange", () => {
        if (!document.hidden) document.querySelector("#refresh")?.click();
    });
    addEventListener("pagehide", () => sessionStorage.setItem("draft", input()?.value || ""));
    const draft = sessionStorage.getItem("draft");
    if (draft && input() && !input().value) {
        input().value = draft;
        input().dispatchEvent(new Event("input", {bubbles: true}));
    }
}"""

# What Gradio leaves out: one name for the buttons of a radio group, which is then a single stop of the Tab key. And the
# messages are told what the bar of the selected turn says of them, for style.css to show.
TIDY = """() => {
    let selected = 0;
    const mark = () => {
        const bar = document.querySelector(".turn-bar");
        const number = Number(bar?.dataset.number || 0);
        const versions = JSON.parse(bar?.dataset.versions || "[]");
        const users = [...document.querySelectorAll('#chat [data-testid="user"]')];
        const bots = [...document.querySelectorAll('#chat [data-testid="bot"]')];
        const turns = users.map((user, at) => [user, bots[at + bots.length - users.length]]);
        for (const bot of bots.slice(0, bots.length - users.length)) {
            delete bot.dataset.selected;
            delete bot.dataset.versions;
        }
        turns.forEach((messages, at) => messages.forEach((message, side) => {
            message.toggleAttribute("data-selected", at + 1 === number);
            message.dataset.versions = versions[at]?.[side] || "";
        }));
        if (number && number !== selected) turns[number - 1]?.[0]?.scrollIntoView({block: "nearest"});
        selected = number;
    };
    const tidy = () => {
        for (const group of document.querySelectorAll("fieldset[id]"))
            for (const input of group.querySelectorAll("input[type=radio]")) input.name = group.id;
        for (const time of document.querySelectorAll("time:not([data-local])")) {
            time.dataset.local = "";
            time.textContent = new Date(time.dateTime).toLocaleString([], {dateStyle: "medium", timeStyle: "short"});
        }
        mark();
    };
    new MutationObserver(tidy).observe(document.body, {childList: true, subtree: true});
    tidy();
}"""

# A file that the server hands out as text, for the browser to save.
SAVE = """(file) => {
    if (!file) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file.text]));
    link.download = file.name;
    link.click();
    URL.revokeObjectURL(link.href);
}"""

# Buttons and forms in HTML of our own say in `data-...` what they do; what is in the form comes with it. What replaces
# the HTML after a press takes the focus back to where it was.
PRESS = """
    let last = "";
    const pressed = (part, more) => {
        last = document.activeElement?.id || "";
        trigger("click", {...part.dataset, ...more});
    };
    element.addEventListener("click", (event) => {
        const button = event.target.closest("button[data-do]");
        if (button && button.getAttribute("aria-disabled") !== "true") pressed(button, {});
    });
    element.addEventListener("submit", (event) => {
        const form = event.target.closest("form[data-do]");
        if (!form) return;
        event.preventDefault();
        pressed(form, Object.fromEntries(new FormData(form)));
        if (form.hasAttribute("data-once")) form.reset();
    });
    watch("value", () => {
        const again = last && document.activeElement === document.body && document.getElementById(last);
        if (again && element.contains(again)) again.focus();
    });
"""

# The help sheet is a dialog of the browser's own, which keeps the focus in it and closes at Escape.
HELP = """
    element.addEventListener("click", (event) => {
        if (event.target.closest("#help-open")) element.querySelector("#help").showModal();
    });
"""


def leading(do: str) -> str:
    """What a button that does this shows is a conversation, which has its own tab."""
    return f"""
    element.addEventListener("click", (event) => {{
        if (event.target.closest('button[data-do="{do}"]'))
            document.querySelector("#tab-conversation-button")?.click();
    }});
"""


def toggle(block: str, button: str, fold: str, unfold: str) -> str:
    """Some of a block is hidden until a button is pressed, on a phone or everywhere; style.css hides it."""
    return f"""() => {{
    const open = document.querySelector("{block}").classList.toggle("open");
    const button = document.querySelector("{button}");
    button.setAttribute("aria-expanded", open);
    button.innerText = open ? "{fold}" : "{unfold}";
    if (open) document.querySelector("{block}").scrollIntoView({{block: "nearest"}});
}}"""


def drawn(drawer: str, opener: str, closer: str, opened: bool) -> str:
    """On a narrow window a part of the page is a drawer over the chat; style.css moves it, the focus goes with it."""
    return f"""() => {{
    document.querySelector("{drawer}").classList.toggle("open", {str(opened).lower()});
    document.querySelector("#{opener}").setAttribute("aria-expanded", {str(opened).lower()});
    document.querySelector("#{closer if opened else opener}").focus();
}}"""
