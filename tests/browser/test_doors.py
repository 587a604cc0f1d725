"""What has to hold behind every door: the script, the page and the frame."""

import re

import pytest
from playwright.sync_api import Page, Route, expect
from stage import DANGER, DOORS, LAUNCH, Stage, axe, open_door, partner_page

THEMES = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced colours": {"color_scheme": "dark", "forced_colors": "active"},
}


@pytest.fixture(params=DOORS)
def stage(request: pytest.FixtureRequest, page: Page, server: str) -> Stage:
    return open_door(page, server, request.param)


def every_theme(page: Page, state: str) -> list[str]:
    """What axe finds in this state, in light, dark and forced colours."""
    found = []
    for name, theme in THEMES.items():
        page.emulate_media(**{"forced_colors": "none", **theme})  # type: ignore[arg-type]
        found += [f"{state}, {name}: {one}" for one in axe(page)]
    return found


def test_axe_finds_nothing_in_any_state_and_theme(stage: Stage) -> None:
    page, place = stage.page, stage.place
    page.set_viewport_size({"width": 1280, "height": 4000})
    found = every_theme(page, "open")
    stage.box.fill("is it sa")
    expect(place.get_by_role("option").first).to_be_visible()
    stage.box.press("ArrowDown")
    found += every_theme(page, "typeahead")
    stage.box.press("Escape")
    held: list[Route] = []
    page.route("**/api/v1/chat", lambda route: held.append(route))
    stage.ask("is it safe?")
    expect(place.get_by_role("status")).to_contain_text("Looking")
    found += every_theme(page, "waiting")
    held[0].fulfill(status=500, content_type="text/html", body="<h1>oops</h1>")
    expect(place.get_by_role("status")).to_contain_text("fault")
    found += every_theme(page, "error")
    page.unroute("**/api/v1/chat")
    page.context.set_offline(True)
    stage.ask("is it safe?")
    expect(place.get_by_role("status")).to_contain_text("connection")
    page.context.set_offline(False)
    found += every_theme(page, "offline")
    stage.ask("is it safe?")
    stage.answered()
    place.get_by_text("Where this comes from").click()
    found += every_theme(page, "answer")
    page.set_viewport_size({"width": 320, "height": 256})
    found += every_theme(page, "400 %")
    page.set_viewport_size({"width": 1280, "height": 4000})
    place.get_by_role("link", name=re.compile("Ask for a call")).last.click()
    expect(place.get_by_label("Name")).to_be_focused()
    place.get_by_text("More, if you like").click()
    found += every_theme(page, "booking")
    stage.ask(DANGER)
    expect(stage.alarm).to_contain_text("Call 911 now")
    found += every_theme(page, "emergency")
    assert found == []


def test_axe_finds_nothing_in_the_closed_widget(page: Page, server: str) -> None:
    partner_page(page, server)
    assert every_theme(page, "closed") == []


def test_axe_sees_what_it_has_to(page: Page, server: str) -> None:
    stage = open_door(page, server, "script")
    stage.in_chat("root.querySelector('.notice').style.color = '#bbb'")
    stage.in_chat("root.querySelector('button').textContent = ''")
    found = " ".join(axe(page))
    assert "color-contrast" in found
    assert "button-name" in found


def test_a_question_is_answered_and_focus_stays_in_the_box(stage: Stage) -> None:
    stage.ask("is it safe?")
    expect(stage.log.get_by_role("heading", name="Is it safe?")).to_be_visible()
    expect(stage.box).to_be_focused()
    expect(stage.box).to_have_value("")


def test_an_example_a_follow_up_and_did_you_mean_are_one_press_and_stay(stage: Stage) -> None:
    example = stage.place.get_by_role("button", name="Is it safe?").first
    example.click()
    stage.answered()
    expect(example).to_be_visible()
    expect(example).to_be_focused()
    follow_up = stage.place.get_by_role("button", name="What are the common side effects?").first
    follow_up.click()
    stage.answered(2)
    expect(follow_up).to_be_visible()
    expect(stage.log.get_by_role("heading", name="What are the common side effects?")).to_be_visible()


def test_sources_open_in_place(stage: Stage) -> None:
    stage.ask("is it safe?")
    stage.place.get_by_text("Where this comes from").click()
    expect(stage.log.get_by_text("Article, paragraph 2.1")).to_be_visible()
    assert len(stage.page.context.pages) == 1


def test_an_emergency_stays_in_view_without_booking(stage: Stage) -> None:
    stage.ask(DANGER)
    call = stage.alarm.get_by_role("link", name="Emergency: 911")
    expect(call).to_have_attribute("href", "tel:911")
    expect(stage.place.get_by_role("link", name="Ask for a call")).to_have_count(0)
    stage.ask("is it safe?")
    stage.answered(2)
    expect(call).to_be_in_viewport(ratio=1)


def test_the_emergency_card_is_there_when_the_server_is_down(stage: Stage) -> None:
    stage.page.context.set_offline(True)
    stage.ask(DANGER)
    expect(stage.alarm.get_by_role("link", name="Emergency: 911")).to_be_in_viewport()
    stage.page.context.set_offline(False)
    stage.box.press("Enter")
    expect(stage.alarm).to_contain_text("Call 911 now")


_READABLE = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
TROUBLE = {
    "fault": ({"status": 500, "content_type": "application/problem+json", "body": "{}"}, "fault"),
    "html": ({"status": 200, "content_type": "text/html", "body": "<h1>Welcome</h1>"}, "fault"),
    "busy": ({"status": 429, "headers": {"Retry-After": "7", **_READABLE}, "body": "{}"}, "7 seconds"),
    "long": ({"status": 422, "body": "{}"}, "too long"),
    "refused": ({"status": 409, "body": '{"detail": "Already on its way"}'}, "Already on its way"),
    "lost": (None, "connection"),
}  # fmt: skip


@pytest.mark.parametrize("trouble", TROUBLE)
def test_trouble_is_told_the_text_stays_and_sending_again_works(stage: Stage, trouble: str) -> None:
    answer, said = TROUBLE[trouble]
    stage.page.route(
        "**/api/v1/chat",
        lambda route: (
            route.fulfill(**{"headers": _READABLE, **answer})  # type: ignore[arg-type]
            if answer
            else route.abort("connectionreset")
        ),
    )
    stage.ask("is it safe?")
    expect(stage.place.get_by_role("status")).to_contain_text(said)
    if trouble in ("busy", "long", "refused"):
        expect(stage.alarm).to_be_empty()
    else:
        expect(stage.alarm.get_by_role("link", name="Emergency: 911")).to_be_visible()
    expect(stage.box).to_have_value("is it safe?")
    expect(stage.box).to_be_focused()
    stage.page.unroute("**/api/v1/chat")
    stage.page.keyboard.press("Enter")
    stage.answered()
    expect(stage.place.get_by_role("status")).to_be_empty()
    expect(stage.alarm).to_be_empty()


def test_a_server_that_never_answers_is_told_and_can_be_asked_again(page: Page, server: str) -> None:
    page.clock.install()
    stage = open_door(page, server, "script")
    page.route("**/api/v1/chat", lambda route: None)
    stage.ask("is it safe?")
    expect(stage.place.get_by_role("status")).to_contain_text("Looking")
    page.clock.fast_forward(21_000)
    expect(stage.place.get_by_role("status")).to_contain_text("took too long")
    expect(stage.box).to_have_value("is it safe?")
    page.unroute("**/api/v1/chat")
    page.keyboard.press("Enter")
    stage.answered()


def test_seven_days_later_draft_and_conversation_are_kept_and_the_next_question_is_answered(
    page: Page, server: str
) -> None:
    page.clock.install()
    stage = open_door(page, server, "script")
    stage.ask("is it safe?")
    stage.answered()
    stage.box.fill("why is that")
    page.clock.fast_forward(7 * 24 * 3600 * 1000)
    expect(stage.log.get_by_role("heading", name="Is it safe?")).to_be_visible()
    expect(stage.box).to_have_value("why is that")
    stage.box.press("Enter")
    stage.answered(2)


def test_a_reply_is_put_into_the_log_once_and_at_once(stage: Stage) -> None:
    stage.in_chat(
        "window.seen = [], new MutationObserver((all) => all.forEach((one) => one.addedNodes.forEach("
        "(node) => seen.push([one.target.className, node.className, performance.now()]))))"
        ".observe(root.querySelector('.log'), {childList: true, subtree: true})"
    )
    stage.in_chat("window.fetch = ((real) => async (...all) => { const answer = await real(...all); "
                  "window.arrived = performance.now(); return answer; })(window.fetch), 0")  # fmt: skip
    stage.ask("is it safe?")
    stage.answered()
    seen = stage.place.evaluate("seen")
    assert [one[:2] for one in seen] == [["log", "turn"]]
    assert seen[0][2] - float(str(stage.place.evaluate("arrived"))) < 100


def test_a_typed_answer_is_marked_with_the_language_and_direction(page: Page, server: str) -> None:
    stage = open_door(page, server, "script")
    dialog = page.get_by_role("dialog", name=LAUNCH)
    assert dialog.get_attribute("lang") == "en"
    assert dialog.get_attribute("dir") == "ltr"
    assert stage.door == "script"


def test_help_stands_in_the_same_place(stage: Stage) -> None:
    """Right after Send, first below the box (3.2.6)."""
    stage.box.focus()
    stage.page.keyboard.press("Tab")
    stage.page.keyboard.press("Tab")
    expect(stage.place.get_by_role("link", name="Ask for a call")).to_be_focused()
