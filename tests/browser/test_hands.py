"""Hands that cannot type much: keys, switches, targets, focus, and settings; rows marked A in the checklist."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect
from stage import DANGER, DOORS, LAUNCH, Stage, launcher, open_door, partner_page

CONTROLS = "a[href], button, input:not([type=hidden]), textarea, select, summary, [role=option]"
# The deepest focused element, and whether it is really to be seen: a ring of 2 px, nothing over its middle.
FOCUSED = """() => {
  let node = document.activeElement;
  while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  const box = node.getBoundingClientRect();
  const ring = getComputedStyle(node);
  const top = node.getRootNode().elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    tag: node.tagName, name: (node.innerText || node.labels?.[0]?.innerText || '').trim(), y: box.y, x: box.x,
    ring: parseFloat(ring.outlineWidth) * (ring.outlineStyle !== 'none'),
    seen: !!top && (node.contains(top) || top.contains(node)) && box.bottom <= innerHeight + 1 && box.top >= -1,
  };
}"""
WATCH_FOCUS = """() => {
  window.lost = [];
  const look = () => {
    if (document.activeElement === document.body) lost.push(performance.now());
    requestAnimationFrame(look);
  };
  look();
}"""


@pytest.fixture(params=DOORS)
def stage(request: pytest.FixtureRequest, page: Page, server: str) -> Stage:
    return open_door(page, server, request.param)


@pytest.fixture
def script(page: Page, server: str) -> Stage:
    return open_door(page, server, "script")


def press(page: Page, *keys: str) -> int:
    for key in keys:
        page.keyboard.press(key)
    return len(keys)


# -- keys ------------------------------------------------------------------------------------------------


def test_a_chips_answer_takes_three_keys_from_the_launcher(page: Page, server: str) -> None:
    partner_page(page, server)
    launcher(page).focus()
    assert press(page, "Enter", "Shift+Tab", "Enter") <= 4
    expect(page.locator(".turn")).to_have_count(1)


def test_a_whole_consultation_request_takes_at_most_twelve_presses(page: Page, server: str) -> None:
    partner_page(page, server)
    launcher(page).focus()
    presses = press(page, "Enter", "Tab", "Tab", "Enter")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Ada Example")
    presses += press(page, "Tab")
    page.keyboard.type("ada@example.org")
    presses += press(page, "Tab", "Tab", "Tab", "Space", "Enter")
    expect(page.get_by_role("heading", name="Is this right?")).to_be_focused()
    presses += press(page, "Tab", "Enter")
    expect(page.get_by_role("heading", name="Request received")).to_be_focused()
    assert presses <= 12


def test_danger_in_a_note_brings_the_card(script: Stage) -> None:
    page = script.page
    page.get_by_role("link", name="Ask for a call").click()
    page.get_by_text("More, if you like").click()
    page.get_by_label("Anything the clinic should know").fill(DANGER)
    page.get_by_role("button", name="Check before sending").click()
    expect(script.alarm).to_contain_text("Call 911 now")
    expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")


def test_every_control_is_at_most_eight_tabs_from_the_box(script: Stage) -> None:
    script.ask("is it safe?")
    script.answered()
    last_turn = script.page.locator(".turn").last
    reached: dict[str, int] = {}
    for key in ("Tab", "Shift+Tab"):
        script.box.focus()
        for step in range(1, 9):
            script.page.keyboard.press(key)
            reached.setdefault(script.page.evaluate(FOCUSED)["name"], step)
    wanted = [*last_turn.locator("button, a, summary").all_inner_texts(), "Send", "Ask for a call", "Close", "Options"]
    assert [name for name in wanted if name not in reached] == []


def test_tab_leaves_at_both_ends(page: Page, server: str) -> None:
    partner_page(page, server, "<main><button>Before</button></main>")
    launcher(page).focus()
    page.keyboard.press("Enter")
    seen = set()
    for key in ("Tab", "Shift+Tab"):
        page.get_by_label("Your question").focus()
        for _ in range(12):
            page.keyboard.press(key)
            seen.add(page.evaluate("document.activeElement.tagName"))
    assert seen - {"NEXGENESIS-CHAT"} != set()


def test_escape_closes_first_the_list_then_the_panel_and_returns(script: Stage) -> None:
    page = script.page
    page.keyboard.type("is it")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(script.box).to_have_value("is it")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(launcher(page)).to_be_focused()


def test_focus_is_never_lost_in_a_whole_visit(page: Page, server: str) -> None:
    partner_page(page, server)
    launcher(page).focus()
    page.evaluate(WATCH_FOCUS)
    press(page, "Enter", "Shift+Tab", "Enter")
    expect(page.locator(".turn")).to_have_count(1)
    page.get_by_role("button", name="Yes").click()
    page.locator(".turn").get_by_role("link", name="Ask for a call").press("Enter")
    expect(page.get_by_label("Name")).to_be_focused()
    press(page, "Enter")
    expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("I agree").press("Space")
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Is this right?")).to_be_focused()
    page.get_by_role("button", name="Change it").press("Enter")
    expect(page.get_by_label("Name")).to_be_focused()
    page.get_by_role("button", name="Close this form").press("Enter")
    expect(page.get_by_label("Your question")).to_be_focused()
    page.get_by_role("button", name="Close").press("Enter")
    expect(launcher(page)).to_be_focused()
    assert page.evaluate("lost") == []


def test_typeahead_completes_and_never_sends(stage: Stage) -> None:
    """ARIA 1.2 combobox: Down marks, Enter takes the words over, a second Enter asks (3.2.1, 3.2.2)."""
    sent: list[str] = []
    stage.page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/chat") else None)
    stage.box.focus()
    stage.page.keyboard.type("best tim")
    option = stage.place.get_by_role("option").first
    expect(option).to_be_visible()
    stage.page.keyboard.press("ArrowDown")
    expect(stage.box).to_have_attribute("aria-activedescendant", option.get_attribute("id") or "")
    expect(stage.box).to_have_attribute("aria-expanded", "true")
    expect(option).to_have_attribute("aria-selected", "true")
    words = option.inner_text()
    stage.page.keyboard.press("Enter")
    expect(stage.box).to_have_value(words)
    expect(stage.place.get_by_role("listbox")).to_have_count(0)
    assert sent == []
    stage.page.keyboard.press("Enter")
    expect(stage.log.get_by_role("heading", name=words)).to_be_visible()


def test_enter_without_a_marked_option_sends_what_was_typed(script: Stage) -> None:
    script.page.keyboard.type("is it sa")
    expect(script.page.get_by_role("option").first).to_be_visible()
    script.page.keyboard.press("Enter")
    expect(script.page.locator(".mine")).to_have_text("You asked: is it sa")


def test_danger_shows_while_typing(script: Stage) -> None:
    script.page.keyboard.type(DANGER)
    expect(script.alarm).to_contain_text("Call 911 now")
    expect(script.box).to_be_focused()


def test_a_card_from_typing_goes_when_what_was_sent_is_ordinary(script: Stage) -> None:
    script.page.keyboard.type(DANGER)
    expect(script.alarm).to_contain_text("Call 911 now")
    script.ask("is it safe?")
    script.answered()
    expect(script.alarm).to_be_empty()
    script.ask(DANGER)
    script.answered(2)
    script.ask("is it safe?")
    script.answered(3)
    expect(script.alarm).to_contain_text("Call 911 now")


def test_a_key_held_down_asks_once(script: Stage) -> None:
    sent: list[str] = []
    script.page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/chat") else None)
    script.box.fill("is it safe?")
    for _ in range(5):
        script.page.keyboard.down("Enter")
    script.page.keyboard.up("Enter")
    script.answered()
    assert len(sent) == 1


def test_no_key_outside_a_field_does_anything(stage: Stage) -> None:
    stage.place.get_by_role("button", name="Is it safe?").first.focus()
    before = stage.in_chat("root.querySelector('.log').parentNode.innerHTML + document.activeElement.tagName")
    for key in "abcdefghijklmnopqrstuvwxyz0123456789/?.,;'[]-=":
        stage.page.keyboard.press(key)
    assert stage.in_chat("root.querySelector('.log').parentNode.innerHTML + document.activeElement.tagName") == before


def test_an_empty_box_is_explained(stage: Stage) -> None:
    stage.box.press("Enter")
    expect(stage.place.get_by_role("status")).to_contain_text("The box was empty")


# -- pointers --------------------------------------------------------------------------------------------


def test_a_press_that_is_moved_away_does_nothing_and_hovering_shows_nothing(script: Stage) -> None:
    chip = script.page.get_by_role("button", name="Is it safe?")
    before = script.in_chat("root.innerHTML")
    chip.hover()
    script.page.mouse.down()
    script.page.mouse.move(5, 5)
    script.page.mouse.up()
    for control in script.page.locator("nexgenesis-chat").locator(CONTROLS).all():
        if control.is_visible():
            control.hover()
    assert script.in_chat("root.innerHTML") == before


@pytest.mark.parametrize("size", [(1280, 720), (640, 360), (320, 256), (320, 200), (844, 390)])
@pytest.mark.parametrize("door", DOORS)
def test_every_target_is_large_and_nothing_scrolls_sideways(
    page: Page, server: str, door: str, size: tuple[int, int]
) -> None:
    """At 100, 200 and 400 %, and lying on its side."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    stage = open_door(page, server, door)
    stage.ask("is it safe?")
    stage.answered()
    stage.place.get_by_text("Options").click()
    stage.place.get_by_role("link", name="Ask for a call").last.click()
    expect(stage.place.get_by_label("Name")).to_be_focused()
    stage.place.get_by_text("More, if you like").click()
    small = stage.in_chat(
        f"[...root.querySelectorAll({CONTROLS!r})].map((e) => e.closest('label') || e).filter((e) => e.offsetParent "
        "&& !e.closest('.skip, footer p')).map((e) => [e.innerText || e.id, e.getBoundingClientRect()])"
        ".filter(([, b]) => b.width < 43.9 || b.height < 43.9).map(([name, b]) => [name, b.width, b.height])"
    )
    assert small == []
    wide = (
        "[...root.querySelectorAll('.flow, .panel, main')]"
        ".filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.className)"
    )
    assert stage.in_chat(wide) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("height", [256, 200])
def test_box_and_a_line_of_the_answer_are_both_in_view_at_400_percent(page: Page, server: str, height: int) -> None:
    page.set_viewport_size({"width": 320, "height": height})
    stage = open_door(page, server, "script")
    stage.ask("is it safe?")
    stage.answered()
    expect(stage.box).to_be_in_viewport(ratio=1)
    expect(page.locator(".mine").last).to_be_in_viewport(ratio=1)


def test_mouse_touch_and_keys_may_be_mixed(browser_server_touch: Page, server: str) -> None:
    page = browser_server_touch
    partner_page(page, server)
    launcher(page).tap()
    page.keyboard.type("is it safe?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".turn")).to_have_count(1)
    page.locator(".turn button").filter(has_text="common side effects").first.tap()
    expect(page.locator(".turn")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(launcher(page)).to_be_focused()


@pytest.fixture
def browser_server_touch(browser):  # type: ignore[no-untyped-def]
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


# -- what is seen ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1280, 720), (390, 844), (320, 256)])
@pytest.mark.parametrize("door", ["script", "page"])
def test_focus_moves_down_the_page_with_a_ring_and_is_never_covered(
    page: Page, server: str, door: str, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    stage = open_door(page, server, door)
    stage.ask("is it safe?")
    stage.answered()
    stage.place.get_by_role("button", name="Is it safe?").first.focus()
    page.keyboard.press("Shift+Tab")
    stops = []
    for _ in range(14):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUSED))
    assert [stop for stop in stops if stop["ring"] < 2 or not stop["seen"]] == []
    names = [stop["name"] for stop in stops]
    assert len(set(names)) > 12  # every stop is another control


def test_tab_order_is_the_visual_order(stage: Stage) -> None:
    stage.page.set_viewport_size({"width": 1280, "height": 3000})
    stage.ask("is it safe?")
    stage.answered()
    boxes = stage.in_chat(
        f"[...root.querySelectorAll({CONTROLS!r})].filter((e) => e.checkVisibility() && e.className !== 'skip')"
        ".map((e) => e.getBoundingClientRect()).map((b) => [b.top, b.bottom, b.left])"
    )
    assert isinstance(boxes, list)
    for (top, bottom, left), (next_top, next_bottom, next_left) in pairwise(boxes):
        below, beside = next_top >= bottom - 2, next_bottom > top and next_left > left
        assert below or beside


def test_every_visible_text_of_a_control_is_its_name(stage: Stage) -> None:
    """What one says is what one sees; over the whole accessibility tree (2.5.3, 4.1.2)."""
    stage.ask("is it safe?")
    stage.answered()
    seen = stage.in_chat(
        "[...root.querySelectorAll('a[href], button, summary')].filter((e) => e.checkVisibility())"
        ".map((e) => e.innerText.trim())"
    )
    client = stage.page.context.new_cdp_session(stage.place if stage.door == "frame" else stage.page)
    nodes = client.send("Accessibility.getFullAXTree")["nodes"]
    controls = {"link", "button", "textbox", "combobox", "DisclosureTriangle", "option"}
    names = [node["name"]["value"] for node in nodes if node.get("role", {}).get("value") in controls]
    assert "" not in names
    assert isinstance(seen, list)
    assert [text for text in seen if text not in names] == []


def test_edges_are_three_to_one(page: Page, server: str) -> None:
    """Border of the box and the chips, and the focus ring, against the ground (1.4.11)."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.unroute_all()
        stage = open_door(page, server, "script")
        colours = stage.in_chat(
            "['input', '.flow button'].map((kind) => getComputedStyle(root.querySelector(kind)))"
            ".flatMap((style) => [style.borderTopColor, style.outlineColor])"
            ".concat(getComputedStyle(root.querySelector('.panel')).backgroundColor)"
        )
        assert isinstance(colours, list)
        *edges, ground = map(luminance, colours)
        assert all(max(one, ground) / min(one, ground) >= 3 for one in edges)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05


def test_wider_spacing_cuts_nothing_off(script: Stage) -> None:
    """The text spacing of 1.4.12, put into the shadow root, and the widget's own settings at their largest."""
    script.ask("is it safe?")
    script.answered()
    script.page.get_by_text("Options").click()
    for name in ("Wide spacing", "High contrast"):
        script.page.get_by_role("button", name=name).click()
        expect(script.page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
    size = script.page.get_by_role("button", name="Text size")
    for percent in ("125", "150", "200"):
        size.click()
        expect(size).to_have_text(f"Text size: {percent} %")
    script.in_chat(
        "root.adoptedStyleSheets[0].insertRule('* {line-height: 1.5 !important; letter-spacing: .12em !important;"
        "word-spacing: .16em !important} ', 0), root.adoptedStyleSheets[0].insertRule('p {margin-block-end: 2em}', 1)"
    )
    cut = (
        "[...root.querySelectorAll('button, a, p, h2, summary, label')]"
        ".filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth).map((e) => e.innerText)"
    )
    assert script.in_chat(cut) == []
    assert script.in_chat("parseFloat(getComputedStyle(root.querySelector('.turn p')).fontSize)") == 34


def test_nothing_moves_and_nothing_comes_unasked(page: Page, server: str) -> None:
    page.clock.install()
    partner_page(page, server)
    page.clock.fast_forward(3_600_000)
    expect(page.get_by_role("dialog")).to_have_count(0)
    launcher(page).click()
    page.get_by_label("Your question").fill("is it safe?")
    page.keyboard.press("Enter")
    expect(page.locator(".turn")).to_have_count(1)
    assert page.evaluate("document.querySelector('nexgenesis-chat').shadowRoot.getAnimations().length") == 0
    assert page.evaluate("document.getAnimations().length") == 0


def test_every_control_has_a_border_or_a_text_in_forced_colours(page: Page, server: str) -> None:
    page.emulate_media(forced_colors="active")
    stage = open_door(page, server, "script")
    stage.ask("is it safe?")
    stage.answered()
    bare = stage.in_chat(
        "[...root.querySelectorAll('button, .way, input')].filter((e) => e.checkVisibility() && "
        "(getComputedStyle(e).borderTopStyle === 'none' || !(e.innerText || e.labels?.length))).length"
    )
    assert bare == 0


@pytest.mark.parametrize("size", [(390, 844), (844, 390)])
def test_it_works_upright_and_lying(page: Page, server: str, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    stage = open_door(page, server, "script")
    stage.ask("is it safe?")
    stage.answered()
    expect(stage.box).to_be_in_viewport()


# -- what is heard ---------------------------------------------------------------------------------------

VOICES = """
  window.spoken = [];
  window.voices = [{name: 'far', lang: 'en-US', localService: false},
    {name: 'near', lang: 'en-GB', localService: true}];
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  Object.defineProperty(window, 'speechSynthesis', {value: {
    getVoices: () => voices, cancel: () => { spoken.at(-1)?.onend?.(); }, speak: (one) => spoken.push(one),
  }});
"""


def test_an_answer_is_read_aloud_by_the_devices_own_voice_and_stops(page: Page, server: str) -> None:
    page.add_init_script(VOICES)
    stage = open_door(page, server, "script")
    stage.ask("is it safe?")
    stage.answered()
    assert page.evaluate("spoken.length") == 0
    page.get_by_role("button", name="Read aloud").click()
    assert page.evaluate("[spoken.length, spoken[0].voice.name]") == [1, "near"]
    page.get_by_role("button", name="Stop reading").click()
    expect(page.get_by_role("button", name="Read aloud")).to_be_focused()


def test_without_a_voice_of_the_device_nothing_offers_to_read(page: Page, server: str) -> None:
    page.add_init_script(VOICES + "voices.pop();")
    stage = open_door(page, server, "script")
    stage.ask("is it safe?")
    stage.answered()
    expect(page.get_by_role("button", name="Read aloud")).to_have_count(0)


def test_a_launcher_may_have_other_words(page: Page, server: str) -> None:
    partner_page(page, server, f"<nexgenesis-chat data-label='Ask us'></nexgenesis-chat><a href=#>{LAUNCH}</a>")
    page.get_by_role("link", name="Ask us").click()
    expect(page.get_by_role("dialog", name="Ask us")).to_be_visible()
