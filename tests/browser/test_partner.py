"""The widget as a guest: what it may not do to a partner's page, and what no partner's page may do to it."""

import hashlib
import re

import pytest
from playwright.sync_api import Page, expect
from stage import LAUNCH, PARTNER, Stage, launcher, open_door, partner_page

EVERY_EVENT = """
  window.told = [];
  for (const name of ['ready', 'open', 'close', 'answer', 'booking', 'error'])
    document.addEventListener('nexgenesis-chat:' + name, (event) => told.push([name, JSON.stringify(event.detail)]));
"""
NAVIGATE = """async ([src, turns]) => {
  for (let turn = 0; turn < turns; turn++) {
    const body = document.createElement('body');
    const script = Object.assign(document.createElement('script'), {src, async: true});
    body.append(document.createElement('main'), ...(turn % 10 ? [] : [script]));
    document.body.replaceWith(body);
    await new Promise((next) => setTimeout(next, 10));
  }
}"""
HOSTILE = {
    "everything": "* { font-size: 9px !important; letter-spacing: .6em !important; color: red !important }",
    "hidden controls": "button, form { display: none !important } input { height: 2px; opacity: .05 !important }",
    "small root": "html { font-size: 62.5% } body { font: 8px/1 serif; word-spacing: 2em; text-align: right }",
    "bootstrap": "*, ::before, ::after { box-sizing: border-box } body { margin: 0; font: 1rem/1.5 system-ui } "
    "a { color: #0d6efd } button { border-radius: 0; text-transform: none } ul { padding-left: 2rem } "
    "[type=button] { -webkit-appearance: button } .row { margin: 0 -12px } .card { border: 1px solid #ccc }",
    "tailwind": "*, ::before, ::after { border: 0 solid #e5e7eb; margin: 0; padding: 0 } "
    "h2 { font: inherit } a { color: inherit; text-decoration: inherit } button { background: none; color: inherit }",
    "wordpress": "a, a:visited { text-decoration: underline; box-shadow: 0 1px } section { float: left; width: 30% } "
    "button { text-transform: uppercase; background: #222 } p { margin: 1.75em 0 } details { display: none }",
    "the element": "nexgenesis-chat { display: none !important; position: static !important; font-size: 4px; "
    "visibility: hidden !important; opacity: .1 !important; transform: scale(.5) !important; filter: blur(3px) }",
    "the launcher": "a { display: none !important; position: absolute !important } a::before { content: 'x' }",
    "private names": ":root, * { --ground: red; --text: red; --soft: red; --line: red; --ink: red; --alarm: red }",
    "moved body": "body { transform: rotate(3deg) scale(.7); filter: grayscale(1); overflow: hidden } "
    "html { direction: rtl; writing-mode: vertical-rl }",
}  # fmt: skip


def look(page: Page, server: str, style: str) -> bytes:
    """The panel with one answer in it, to the pixel."""
    partner_page(page, server, style=style, csp="")
    page.evaluate("document.querySelector('nexgenesis-chat').open()")
    page.get_by_role("button", name="Is it safe?").first.click()
    expect(page.get_by_role("heading", name="Is it safe?")).to_be_visible()
    page.get_by_label("Your question").focus()
    panel = page.get_by_role("dialog")
    return panel.screenshot(animations="disabled", caret="hide")


def test_the_panel_is_the_same_to_the_pixel_under_ten_hostile_sheets(page: Page, server: str) -> None:
    page.set_viewport_size({"width": 400, "height": 700})
    plain = hashlib.sha256(look(page, server, "")).hexdigest()
    changed = []
    for name, style in HOSTILE.items():
        page.unroute_all()
        if hashlib.sha256(look(page, server, style)).hexdigest() != plain:
            changed.append(name)
    assert changed == []
    assert len(HOSTILE) == 10


def test_the_closed_widget_changes_nothing_of_the_page_but_its_own_box(page: Page, server: str) -> None:
    partner_page(page, server, style="main { height: 300px; background: linear-gradient(red, blue) }", csp="")
    box = launcher(page).bounding_box()
    assert box
    above = {"x": 0, "y": 0, "width": 1280, "height": box["y"] - 1}
    with_it = page.screenshot(clip=above)  # type: ignore[arg-type]
    page.evaluate("document.querySelector('nexgenesis-chat').style.setProperty('display', 'none', 'important')")
    page.evaluate("document.querySelector('script').remove()")
    assert page.screenshot(clip=above) == with_it  # type: ignore[arg-type]


def test_the_strictest_policy_is_enough_and_nothing_is_kept_or_fetched_elsewhere(page: Page, server: str) -> None:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    stage = open_door(page, server, "script")
    stage.ask("is it safe?")
    stage.answered()
    page.get_by_text("Options").click()
    for name in ("Text size", "High contrast", "Wide spacing", "Print", "Copy all"):
        page.get_by_role("button", name=name).click()
    page.get_by_role("link", name="Ask for a call").first.click()
    expect(page.get_by_label("Name")).to_be_focused()
    assert said == []
    assert [url for url in asked if not url.startswith((server, PARTNER))] == []
    assert page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0
    assert page.context.cookies() == []


def test_nothing_is_asked_of_the_server_before_the_first_key(page: Page, server: str) -> None:
    partner_page(page, server)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(300)
    launcher(page).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your question")).to_be_focused()
    assert asked == []
    page.keyboard.type("is")
    expect(page.get_by_role("option").first).to_be_visible()
    assert [url.removeprefix(server) for url in asked][-1] == "/api/v1/suggest"


@pytest.mark.parametrize("change", ["", "// changed\n"])
def test_a_pinned_script_runs_and_a_changed_one_leaves_the_link(page: Page, server: str, change: str) -> None:
    page.goto(f"{server}/embed?partner=demo")
    tag = page.locator("pre", has_text="integrity").inner_text()
    address = re.search(r'src="([^"]+)"', tag)
    assert address
    code = page.request.get(address[1]).text()
    page.route(
        "**/widget/*.js",
        lambda route: route.fulfill(
            body=change + code, content_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"}
        ),
    )
    page.route(f"{PARTNER}/", lambda route: route.fulfill(body=f"<main>{tag}</main>", content_type="text/html"))
    page.goto(PARTNER)
    expect(launcher(page)).to_have_attribute("href", f"{server}/?partner=demo")
    page.wait_for_load_state("networkidle")
    if change:
        assert not page.evaluate("customElements.get('nexgenesis-chat')")
    else:
        launcher(page).click()
        page.get_by_label("Your question").fill("is it safe?")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Is it safe?")).to_be_visible()
        page.context.set_offline(True)
        page.keyboard.type("help")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert").get_by_role("link")).to_have_count(3)


def test_three_widgets_on_one_page_do_not_know_each_other(page: Page, server: str) -> None:
    names = ("First", "Second", "Third")
    element = '<nexgenesis-chat data-label="{}" data-position="inline"></nexgenesis-chat>'
    elements = "".join(map(element.format, names))
    partner_page(page, server, f"<main>{elements}<a href=#>{LAUNCH}</a></main>")
    for name in names:
        page.get_by_role("link", name=name).click()
        dialog = page.get_by_role("dialog", name=name)
        dialog.get_by_label("Your question").fill("is it safe?")
        page.keyboard.press("Enter")
        expect(dialog.locator(".turn")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(page.get_by_role("link", name=name)).to_be_focused()
    assert page.locator("nexgenesis-chat").count() == 3


def test_fifty_navigations_of_a_single_page_app_lose_and_leak_nothing(page: Page, server: str) -> None:
    partner_page(page, server, csp="")
    launcher(page).click()
    stage = Stage(page, page.main_frame, server, "script")
    stage.ask("is it safe?")
    stage.answered()
    stage.box.fill("a draft")
    client = page.context.new_cdp_session(page)

    def navigate(turns: int) -> dict[str, int]:
        page.evaluate(NAVIGATE, [f"{server}/widget.js?partner=demo", turns])
        page.wait_for_timeout(200)
        client.send("HeapProfiler.collectGarbage")
        return client.send("Memory.getDOMCounters")

    before = navigate(5)
    after = navigate(50)
    assert after["jsEventListeners"] <= before["jsEventListeners"]
    assert after["nodes"] <= before["nodes"] + 2
    assert page.locator("nexgenesis-chat").count() == 1
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator(".turn")).to_have_count(1)
    expect(stage.box).to_have_value("a draft")
    stage.box.press("Enter")
    stage.answered(2)


def test_a_page_can_open_and_close_it_and_hears_of_it_without_a_word_of_the_question(page: Page, server: str) -> None:
    page.add_init_script(EVERY_EVENT)
    partner_page(page, server)
    page.evaluate("document.querySelector('nexgenesis-chat').open('is it safe?')")
    expect(page.get_by_label("Your question")).to_have_value("is it safe?")
    assert page.locator(".turn").count() == 0
    page.keyboard.press("Enter")
    expect(page.locator(".turn")).to_have_count(1)
    page.context.set_offline(True)
    page.keyboard.type("who benefits")
    page.keyboard.press("Enter")
    expect(page.locator(".failed")).to_be_visible()
    page.evaluate("document.querySelector('nexgenesis-chat').close()")
    expect(page.get_by_role("dialog")).to_have_count(0)
    told = page.evaluate("told")
    assert [name for name, _ in told] == ["ready", "open", "answer", "error", "close"]
    assert told[2][1] == '{"kind":"answer"}'
    assert "safe" not in str(told)
    assert "benefits" not in str(told)


def test_a_frame_tells_the_page_and_lets_escape_out(page: Page, server: str) -> None:
    page.add_init_script(EVERY_EVENT)
    stage = open_door(page, server, "frame")
    stage.ask("is it safe?")
    stage.answered()
    page.keyboard.press("Escape")
    expect(launcher(page)).to_be_focused()
    assert [name for name, _ in page.evaluate("told")] == ["ready", "open", "answer", "close"]


def test_a_question_given_to_a_frame_stands_in_the_box_and_in_no_address(page: Page, server: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    partner_page(page, server, attributes='data-panel="frame" data-question="is it safe?"')
    launcher(page).click()
    expect(page.frame_locator("iframe").get_by_label("Your question")).to_have_value("is it safe?")
    page.keyboard.press("Escape")
    expect(launcher(page)).to_be_focused()
    page.evaluate("document.querySelector('nexgenesis-chat').open('other words')")
    expect(page.frame_locator("iframe").get_by_label("Your question")).to_be_focused()
    assert "safe" not in "".join(asked)


@pytest.mark.parametrize(
    ("style", "fill", "text"),
    [
        ("", "rgb(11, 79, 87)", "rgb(255, 255, 255)"),
        ("--nexgenesis-chat-accent: #ffe08a", "rgb(255, 224, 138)", "rgb(0, 0, 0)"),
        ("--nexgenesis-chat-accent: navy; --nexgenesis-chat-accent-text: gold", "rgb(0, 0, 128)", "rgb(255, 215, 0)"),
        ("--nexgenesis-chat-accent: navy; --nexgenesis-chat-accent-text: #226", "rgb(0, 0, 128)", "rgb(255, 255, 255)"),
        ("--nexgenesis-chat-accent: rgb(0 0 0 / 5%)", "rgb(11, 79, 87)", "rgb(255, 255, 255)"),
        ("--nexgenesis-chat-accent: no colour", "rgb(11, 79, 87)", "rgb(255, 255, 255)"),
    ],
)
def test_a_partners_colours_are_taken_as_long_as_they_can_be_read(
    page: Page, server: str, style: str, fill: str, text: str
) -> None:
    partner_page(page, server, style=f":root {{ {style} }}", csp="")
    found = "(e) => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]"
    assert launcher(page).evaluate(found) == [fill, text]
    launcher(page).click()
    assert page.get_by_role("button", name="Send").evaluate(found) == [fill, text]


def test_the_launcher_leaves_the_focused_element_of_the_page_in_sight(page: Page, server: str) -> None:
    field = "<input id=below style='position:fixed;bottom:20px;right:20px;width:200px' aria-label=Name>"
    partner_page(page, server, f"<main><input aria-label=Other>{field}</main>", csp="")
    page.locator("#below").focus()
    assert page.evaluate(
        "(() => { const b = below.getBoundingClientRect();"
        "return document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2) === below; })()"
    )
    page.get_by_label("Other").focus()
    box = launcher(page).bounding_box()
    assert box
    assert box["y"] > 600


def test_the_page_door_opens_the_page_and_a_page_without_a_partner_is_framed_by_nobody(page: Page, server: str) -> None:
    partner_page(page, server, attributes='data-panel="page"')
    launcher(page).click()
    expect(page).to_have_url(f"{server}/?partner=demo")
    framing = page.request.get(f"{server}/").headers["content-security-policy"].partition("frame-ancestors ")[2]
    assert framing == "'self'"
    framing = page.request.get(f"{server}/?partner=demo").headers["content-security-policy"]
    assert framing.endswith("frame-ancestors 'self' http://127.0.0.1:8000 http://localhost:8000")


def test_printing_shows_the_conversation_alone(page: Page, server: str) -> None:
    stage = open_door(page, server, "script")
    stage.ask("is it safe?")
    stage.answered()
    page.evaluate(
        "window.print = () => { window.shown = [document.querySelector('main'), root.querySelector('.log'), "
        "root.querySelector('.ask')].map((e) => e.checkVisibility()); }; window.root = "
        "document.querySelector('nexgenesis-chat').shadowRoot; 0"
    )
    page.emulate_media(media="print")
    page.evaluate("[...root.querySelectorAll('button')].find((b) => b.textContent === 'Print').click()")
    assert page.evaluate("shown") == [False, True, False]
    page.emulate_media(media="screen")
    expect(page.get_by_role("heading", name="Partner")).to_be_visible()


def test_the_conversation_is_copied_as_text_with_its_sources(page: Page, server: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    stage = open_door(page, server, "script")
    stage.ask("is it safe?")
    stage.answered()
    page.get_by_text("Options").click()
    page.get_by_role("button", name="Copy all").click()
    expect(page.get_by_role("status")).to_contain_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("You asked: is it safe?")
    assert "(Article, paragraph 2.1)" in copied
