"""The few lines of the page that run in the browser."""

# The message leaves the input as it is sent, so that what is typed from then on is a draft of its own.
SEND = "(text) => ['', text]"

# The address names the conversation that is shown, so that a reload finds it again. On a phone the list closes.
REMEMBER = """(id) => {
    history.replaceState(null, "", id ? "#" + id : location.pathname);
    document.querySelector("#left.open #past-more")?.click();
}"""
RECALL = "(...values) => [...values.slice(0, -1), location.hash.slice(1)]"

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
        for (const time of document.querySelectorAll("#past time:not([data-local])")) {
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


def toggle(block: str, button: str, fold: str, unfold: str) -> str:
    """On a phone some of a block is hidden until a button is pressed; style.css hides it."""
    return f"""() => {{
    const open = document.querySelector("{block}").classList.toggle("open");
    const button = document.querySelector("{button}");
    button.setAttribute("aria-expanded", open);
    button.innerText = open ? "{fold}" : "{unfold}";
}}"""
