"""The web page in a real browser, served by the real program: every mode, Stop, versions, the list, and coming back."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.library.search.library import Library
from chatbot.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
DONE = 90_000  # ms: the longest a test waits for an answer

pytestmark = pytest.mark.browser


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """The program as a user starts it, which can be stopped and started again."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = os.environ | {
            "BAKERSTREET_HOME": str(settings.home),
            "BAKERSTREET_PORT": str(self.port),
            "HF_HUB_OFFLINE": "1",
        }
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=ROOT, env=self._environment, stdout=out, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + 280
        while "Ready to answer" not in self._log.read_text(errors="replace"):
            assert self._process.poll() is None, self._log.read_text(errors="replace")
            assert time.monotonic() < deadline, self._log.read_text(errors="replace")
            time.sleep(0.2)

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(2)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise


@pytest.fixture(scope="module")
def served(settings: Settings, library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    if shutil.which("chromium") is None:
        pytest.skip("Debian's chromium is not installed")
    served = Served(settings, tmp_path_factory.mktemp("web") / "log")
    try:
        served.start()
        yield served
    finally:
        served.stop()


@pytest.fixture(scope="module")
def browser(served: Served) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, served: Served) -> Iterator[Any]:
    # The page's policy would keep axe out of it; tests/test_door.py holds the policy.
    context = browser.new_context(viewport={"width": 1280, "height": 720}, bypass_csp=True)
    page = context.new_page()
    page.outside, page.raised = [], []
    page.on("console", lambda said: page.raised.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.raised.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((served.url, "data:", "blob:")) else page.outside.append(request.url)
        ),
    )
    page.goto(served.url)
    page.wait_for_selector("#message textarea")
    yield page
    outside, raised, toasts = page.outside, page.raised, page.locator(".toast-body").count()
    context.close()
    assert (outside, raised, toasts) == ([], [], 0)


def come_back(page: Any) -> None:
    page.reload()
    page.wait_for_selector("#message textarea")
    page.raised.clear()  # what Gradio says of a connection that a reload ends, or of a server that was away


def ask(page: Any, text: str) -> None:
    page.fill("#message textarea", text)
    page.press("#message textarea", "Enter")


def finished(page: Any, replies: int) -> str:
    """The last reply, when the greeting and `replies` answers are there and the input is free again."""
    page.wait_for_function(
        "n => document.querySelectorAll('#chat [data-testid=\"bot\"]').length === n + 1", arg=replies, timeout=DONE
    )
    page.wait_for_selector("#timings .tag.mode", timeout=DONE)
    page.wait_for_selector("#message .submit-button", timeout=DONE)
    return str(page.locator('#chat [data-testid="bot"]').last.inner_text())


def finished_or_stopped(page: Any) -> str:
    """The last reply when nothing is being written any more."""
    page.wait_for_selector("#message .submit-button", timeout=DONE)
    return str(page.locator('#chat [data-testid="bot"]').last.inner_text())


def test_a_visitor_asks_in_each_mode_and_opens_the_evidence(page: Any) -> None:
    for number, mode in enumerate(("hybrid", "rag", "ft"), 1):
        page.get_by_role("radio", name=mode, exact=True).check()
        ask(page, "What killed Julia Stoner?")
        page.wait_for_selector("#message .stop-button", timeout=DONE)
        reply = finished(page, number)
        assert len(reply) > 10
        page.wait_for_function(
            "mode => document.querySelector('#timings .tag.mode')?.innerText === mode", arg=mode, timeout=DONE
        )
        if mode == "ft":
            assert "No books were opened" in page.inner_text("#evidence")
        else:
            assert "The Speckled Band" in page.inner_text("#evidence")
            assert page.locator("#evidence mark").count() > 0
            page.locator("#evidence details:not([open]) summary").first.click()
            page.locator("#evidence details[open] p").first.wait_for(state="visible")
    page.locator('#chat [data-testid="bot"]').nth(1).click()
    page.locator("#evidence mark").first.wait_for(state="attached")
    assert page.inner_text("#evidence-title p") == "Answer 1 of 3 What killed Julia Stoner?"
    page.get_by_role("button", name="Next message").click()
    page.get_by_role("button", name="Next message").click()
    page.wait_for_function("() => document.querySelector('#evidence').innerText.includes('No books were opened')")
    cite = page.locator('#chat [data-testid="bot"]').nth(2).get_by_role("button", name="Show evidence").first
    number = cite.inner_text()
    cite.focus()
    page.keyboard.press("Enter")
    page.locator(f"#evidence #piece-{number}.cited:focus").wait_for()
    assert "Answer 2 of 3" in page.inner_text("#evidence-title")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.className === 'cite'")


def test_the_reply_is_streamed(page: Any) -> None:
    page.evaluate(
        """() => { window.lengths = new Set(); new MutationObserver(() => {
            const bots = document.querySelectorAll('#chat [data-testid="bot"]');
            window.lengths.add(bots[bots.length - 1].innerText.length);
        }).observe(document.querySelector('#chat'), {subtree: true, childList: true, characterData: true}); }"""
    )
    page.get_by_role("radio", name="ft", exact=True).check()
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Length").fill("64")
    page.get_by_label("Temperature").fill("0.6")
    ask(page, "What do you make of my walking stick?")
    finished(page, 1)
    assert "length 64 temperature 0.6" in " ".join(page.inner_text("#timings").split())
    assert page.evaluate("window.lengths.size") > 5


def test_stop_ends_the_reply_and_frees_the_input(page: Any) -> None:
    page.get_by_role("radio", name="standard", exact=True).check()
    ask(page, "Tell me at great length about the history of London, street by street.")
    page.wait_for_function(
        """() => { const bots = document.querySelectorAll('#chat [data-testid="bot"]');
            return bots.length === 2 && bots[1].innerText.length > 20; }""",
        timeout=DONE,
    )
    page.click("#message .stop-button")
    page.wait_for_function("() => document.querySelector('#chat').innerText.includes('(stopped)')", timeout=DONE)
    page.wait_for_selector("#message .submit-button")
    page.get_by_role("radio", name="hybrid", exact=True).check()
    ask(page, "Who was Irene Adler?")
    assert len(finished(page, 2)) > 10


def test_another_answer_and_edit_are_versions_that_are_walked_with_buttons_and_keys(page: Any) -> None:
    ask(page, "Who stole the blue carbuncle?")
    finished(page, 1)
    page.get_by_role("button", name="Another answer").click()
    page.locator("#turn", has_text="Answer 2 of 2").wait_for(timeout=DONE)
    finished(page, 1)
    assert page.locator('#chat [data-testid="user"]').count() == 1
    page.get_by_role("button", name="Edit").last.click()
    page.locator("#chat textarea").fill("Who was the King of Bohemia?")
    page.get_by_role("button", name="Submit").last.click()
    page.wait_for_function(
        "() => document.querySelector('#evidence').innerText.includes('A Scandal in Bohemia')", timeout=DONE
    )
    finished(page, 1)
    asked = page.locator('#chat [data-testid="user"]')
    assert asked.inner_text() == "Who was the King of Bohemia?"
    assert asked.get_attribute("data-versions") == "2 of 2" and asked.get_attribute("data-selected") is not None
    page.focus("#message textarea")
    page.keyboard.press("Alt+Shift+Comma")
    page.locator('#chat [data-testid="user"]', has_text="carbuncle").wait_for()
    page.locator("#turn", has_text="Answer 2 of 2").wait_for()
    page.get_by_role("button", name="Previous version of the answer").click()
    page.locator("#turn", has_text="Answer 1 of 2").wait_for()
    # The focus stays where it was, although the bar is another one.
    assert page.evaluate("document.activeElement.id") == "step-reply-before"
    page.keyboard.press("Alt+T")
    drawn = page.get_by_role("dialog", name="The branches")
    drawn.wait_for()
    assert drawn.locator("[data-do]").count() == 3 and drawn.locator(".way").count() == 1
    drawn.locator("button", has_text="King of Bohemia").click()
    drawn.wait_for(state="hidden")
    page.locator('#chat [data-testid="user"]', has_text="King of Bohemia").wait_for()
    page.keyboard.press("Alt+H")
    page.get_by_role("dialog", name="Keys").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Keys").wait_for(state="hidden")


def test_the_list_of_conversations_is_searched_and_kept_in_order(page: Any, tmp_path: Path) -> None:
    ask(page, "Who bred the hound of the moor?")
    finished(page, 1)
    here = page.locator("#past li", has=page.locator("[aria-current]"))
    assert "Sherlock Holmes · hybrid" in here.inner_text()
    here.locator("summary").click()
    here.get_by_label("Name").fill("A black dog")
    page.keyboard.press("Enter")
    page.locator("#past .name", has_text="A black dog").wait_for()
    assert "A black dog" in here.inner_text()
    here.locator("summary").click()
    with page.expect_download() as downloading:
        here.get_by_role("button", name="JSON Lines").click()
    file = tmp_path / "kept.jsonl"
    downloading.value.save_as(file)
    assert "Who bred the hound of the moor?" in file.read_text(encoding="utf-8")
    here.get_by_role("button", name="Delete").click()
    page.wait_for_function("() => document.querySelectorAll('#chat [data-testid=\"user\"]').length === 0")
    page.get_by_role("button", name="Undo").click()
    page.keyboard.press("Alt+S")
    page.keyboard.type("hound moor")
    hit = page.locator("#past .hits button", has=page.locator("mark", has_text="hound")).first
    hit.click()
    page.locator('#chat [data-testid="user"][data-selected]', has_text="hound of the moor").wait_for()
    page.set_input_files("#past-import input[type=file], #past-foot input[type=file]", str(file))
    page.locator("#past .said", has_text="1 conversation imported").wait_for()


def test_a_conversation_survives_a_reload_and_a_restart(page: Any, served: Served) -> None:
    ask(page, "Where did Mycroft Holmes lodge?")
    reply = finished(page, 1)
    for again in ("reload", "restart"):
        if again == "restart":
            served.stop()
            served.start()
        come_back(page)
        page.locator("#past .one", has_text="Where did Mycroft Holmes lodge?").click()
        page.wait_for_selector('#chat [data-testid="user"]')
        assert page.locator('#chat [data-testid="bot"]').last.inner_text() == reply
        assert "Mycroft" in page.inner_text("#evidence")
        page.locator("#chat .cite").first.click()
        page.locator("#evidence .cited", has_text="Mycroft").wait_for()
    page.click("#new")
    page.wait_for_function("() => document.querySelectorAll('#chat [data-testid=\"user\"]').length === 0")


def test_a_reply_goes_on_whatever_the_visitor_does_meanwhile(page: Any) -> None:
    page.get_by_role("radio", name="standard", exact=True).check()
    ask(page, "Tell me at great length about the history of London, street by street.")
    page.wait_for_selector("#message .stop-button", timeout=DONE)
    assert page.input_value("#message textarea") == ""
    ask(page, "And of Paris?")  # a second message waits, and is given back with the reason
    page.locator("#notice", has_text="still being written").wait_for(timeout=DONE)
    page.wait_for_function("() => document.querySelector('#message textarea').value === 'And of Paris?'")

    come_back(page)
    page.wait_for_selector('#chat [data-testid="user"]', timeout=DONE)
    assert page.get_by_role("radio", name="standard", exact=True).is_checked()
    page.wait_for_function(
        """() => { const bots = document.querySelectorAll('#chat [data-testid="bot"]');
            return bots.length === 2 && bots[1].innerText.length > 20; }""",
        timeout=DONE,
    )
    page.click("#new")
    page.wait_for_function("() => document.querySelectorAll('#chat [data-testid=\"user\"]').length === 0")
    page.fill("#message textarea", "A draft")
    page.locator("#past .one").first.click()  # it has no name before its first answer has ended
    page.wait_for_selector('#chat [data-testid="user"]', timeout=DONE)
    if page.locator("#message .stop-button").count():
        page.click("#message .stop-button")
    reply = finished_or_stopped(page)
    assert len(reply) > 20
    assert page.input_value("#message textarea") == "A draft"


def test_a_long_message_is_answered_or_refused_in_one_line(page: Any) -> None:
    ask(page, "Pray tell me once more what killed Julia Stoner in her bedroom. " * 19)
    assert len(finished(page, 1)) > 10
    ask(page, "Pray tell me once more what killed Julia Stoner in her bedroom. " * 400)
    page.locator("#notice p").wait_for(timeout=DONE)
    page.wait_for_selector("#message .submit-button", timeout=DONE)
    page.wait_for_function("() => document.querySelector('#message textarea').value.length > 20000")


def scanned(page: Any) -> Any:
    """What axe-core finds once every colour is what it will be: a button that fades in has no contrast yet."""
    from axe_playwright_python.sync_playwright import Axe

    page.wait_for_function("() => !document.getAnimations().some((each) => each instanceof CSSTransition)")
    return Axe().run(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out(page: Any, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    come_back(page)
    page.wait_for_selector("#suggestions button:visible")
    found = {"greeting": scanned(page)}
    ask(page, "What killed Julia Stoner?")
    finished(page, 1)
    page.evaluate("() => { for (const part of document.querySelectorAll('details')) part.open = true; }")
    found["answer"] = scanned(page)
    page.keyboard.press("Alt+H")
    found["help"] = scanned(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+T")
    page.get_by_role("dialog", name="The branches").wait_for()
    found["map"] = scanned(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+W")
    page.get_by_role("dialog", name="Why this answer").wait_for()
    assert page.locator('#inspector .part[data-origin="evidence"]').count() > 0
    found["prompt"] = scanned(page)
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Why this answer").wait_for(state="hidden")
    page.get_by_role("button", name="Settings").click()
    found["settings"] = scanned(page)
    page.get_by_role("button", name="Ladder").click()
    found["ladder"] = scanned(page)
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Compare").click()
    page.get_by_label("A question").fill("What killed Julia Stoner?")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="This one is best: ft").click(timeout=DONE)
    page.locator("#compare-wins tbody tr").first.wait_for()
    page.evaluate("() => { for (const part of document.querySelectorAll('.compare details')) part.open = true; }")
    found["compare"] = scanned(page)
    page.get_by_role("tab", name="Memory").click()
    page.get_by_label("Something to remember").fill("I am a botanist from Leeds.")
    page.keyboard.press("Enter")
    page.locator("#memory-list .name", has_text="botanist from Leeds").wait_for()
    found["memory"] = scanned(page)
    page.get_by_role("tab", name="Conversation").click()
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Past conversations").click()
    found["phone"] = scanned(page)
    page.click("#past-close")
    page.get_by_role("tab", name="Library").click()
    page.locator("#library-table").wait_for()
    found["library"] = scanned(page)
    assert {where: result.generate_report() for where, result in found.items() if result.violations_count} == {}


def test_the_input_stands_above_the_fold_and_what_begins_above_the_chat(page: Any) -> None:
    def bottom(what: str) -> float:
        box = page.locator(what).bounding_box()
        return float(box["y"] + box["height"])

    for width, height in ((1280, 720), (1920, 1080), (768, 1024), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        assert bottom("#message") <= height, (width, height)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert bottom("#new") <= bottom("#chat")
    assert bottom("#new") < page.locator("#chat").bounding_box()["y"]
    assert page.locator("#message textarea").bounding_box()["width"] > 180
    assert not page.locator("#past").is_visible()
    page.get_by_role("button", name="Past conversations").click()
    assert page.locator("#past").is_visible()
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.id === 'past-more'")
    assert not page.locator("#past").is_visible()
    # The modes are one stop of the Tab key, as the buttons of a radio group are.
    page.focus("#message textarea")
    stops = []
    for _ in range(6):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.closest('#mode') !== null"))
    assert sum(stops) == 1


def test_a_phone_shows_three_modes_and_the_others_under_more(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    shown = page.locator("#mode label:visible")
    assert shown.all_inner_texts() == ["rag", "ft", "hybrid"]
    page.get_by_role("button", name="more").click()
    page.get_by_role("radio", name="few-shot", exact=True).check()
    page.locator("#mode-summary", has_text="examples of how the persona speaks").wait_for()
    page.get_by_role("button", name="Ladder").click()
    picture = page.get_by_role("dialog", name="The modes")
    assert picture.locator('[aria-pressed="true"]').inner_text().startswith("few-shot")
    picture.get_by_role("button", name="naive-rag").click()
    assert page.get_by_role("radio", name="naive-rag", exact=True).is_checked() and not picture.is_visible()
    page.get_by_role("radio", name="few-shot", exact=True).check()
    page.get_by_role("button", name="fewer").click()
    page.get_by_role("button", name="more").wait_for()
    assert shown.all_inner_texts() == ["rag", "ft", "hybrid", "few-shot"]  # what is chosen is never hidden
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_modes_are_compared_blind_and_one_goes_on_in_a_conversation(page: Any) -> None:
    page.get_by_role("tab", name="Compare").click()
    page.get_by_label("Blind").check()
    page.get_by_label("A question").fill("Who stole the blue carbuncle?")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="This one is best: Answer B").click(timeout=DONE)
    page.locator(".compare .side.best .held", has_text="tone").first.wait_for()
    best = page.locator(".compare .side.best").first
    reply = best.locator(".reply").inner_text()
    assert page.locator(".compare h3", has_text="hybrid").is_visible()
    assert "1 choice" in page.inner_text("#compare-wins")
    best.get_by_role("button", name="in a new conversation").click()
    page.locator('#chat [data-testid="user"]', has_text="Who stole the blue carbuncle?").wait_for(timeout=DONE)
    assert (
        "".join(page.locator('#chat [data-testid="bot"] p').last.inner_text().split())[:20]
        == "".join(reply.split())[:20]
    )
    page.get_by_role("tab", name="Compare").click()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_library_is_as_wide_as_the_conversation(page: Any) -> None:
    wide = page.locator("#tab-conversation").bounding_box()["width"]
    page.get_by_role("tab", name="Library").click()
    page.locator("#library-table").wait_for()
    assert page.locator("#tab-library").bounding_box()["width"] == wide


def test_a_visitor_opens_the_steps_of_the_search(page: Any) -> None:
    ask(page, "What killed Julia Stoner?")
    finished(page, 1)
    assert not page.locator("#search table").is_visible()
    page.get_by_text("How the search went").click()
    assert page.locator("#search .steps tbody tr").count() > 3
    assert page.locator("#search .unused li").first.is_visible()


def test_a_visitor_adds_a_text_asks_about_it_and_removes_it(page: Any, tmp_path: Path) -> None:
    file = tmp_path / "clockmaker.md"
    file.write_text(
        "# The Clockmaker of Whitby\n\nJonas Pell mended ships' chronometers in a workshop above Whitby harbour. "
        "His own apprentice filed the mainspring of the lighthouse clock on the night of the storm.\n",
        encoding="utf-8",
    )
    page.get_by_role("tab", name="Library").click()
    page.set_input_files("#library-files input[type=file]", str(file))
    page.locator("#library-files", has_text="clockmaker").wait_for(timeout=DONE)
    page.click("#library-add")
    page.locator("#library-result", has_text="Added The Clockmaker of Whitby").wait_for(timeout=DONE)
    page.locator("#library-table", has_text="clockmaker.md").wait_for(timeout=DONE)
    page.get_by_role("tab", name="Conversation").click()
    ask(page, "Who filed the mainspring of the lighthouse clock at Whitby?")
    finished(page, 1)
    assert "The Clockmaker of Whitby" in page.inner_text("#evidence")
    page.get_by_role("tab", name="Library").click()
    page.click("#library-which input")
    page.get_by_role("option", name="The Clockmaker of Whitby").click()
    page.click("#library-remove")
    page.locator("#library-result", has_text="Removed clockmaker.md").wait_for(timeout=DONE)
    # The list is renewed a moment after the message.
    page.locator("#library-table", has_text="clockmaker.md").wait_for(state="detached", timeout=DONE)
    assert "Casebook" in page.inner_text("#library-table")


def test_a_port_in_use_is_reported(served: Served, settings: Settings) -> None:
    run = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=os.environ | {"BAKERSTREET_HOME": str(settings.home), "BAKERSTREET_PORT": str(served.port)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    assert f"Cannot serve on 127.0.0.1:{served.port}" in run.stderr
    assert "Traceback" not in run.stderr
