"""The few lines of the page that run in the browser."""

# The message leaves the input as it is sent, so that what is typed from then on is a draft of its own.
SEND = "(text) => ['', text]"

# The address names the conversation that is shown, so that a reload finds it again.
REMEMBER = """(id) => history.replaceState(null, "", id ? "#" + id : location.pathname)"""
RECALL = "(...values) => [...values.slice(0, -1), location.hash.slice(1)]"

# What Gradio leaves out: one name for the buttons of a radio group, which is then a single stop of the Tab key.
TIDY = """() => {
    const tidy = () => {
        for (const group of document.querySelectorAll("fieldset[id]"))
            for (const input of group.querySelectorAll("input[type=radio]")) input.name = group.id;
    };
    new MutationObserver(tidy).observe(document.body, {childList: true, subtree: true});
    tidy();
}"""


def toggle(block: str, button: str, fold: str, unfold: str) -> str:
    """On a phone some of a block is hidden until a button is pressed; style.css hides it."""
    return f"""() => {{
    const open = document.querySelector("{block}").classList.toggle("open");
    const button = document.querySelector("{button}");
    button.setAttribute("aria-expanded", open);
    button.innerText = open ? "{fold}" : "{unfold}";
}}"""
