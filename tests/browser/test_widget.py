"""The widget on a partner's page."""

from playwright.sync_api import Page, expect

LAUNCH = "Ask about spinal cord research"


def opened(page: Page, server: str) -> None:
    page.goto(f"{server}/demo")
    page.get_by_role("link", name=LAUNCH).focus()
    page.keyboard.press("Enter")


def test_the_keyboard_opens_it_with_focus_in_the_box(page: Page, server: str, problems: list[str]) -> None:
    opened(page, server)
    expect(page.get_by_label("Your question")).to_be_focused()


def test_escape_closes_it_and_focus_returns(page: Page, server: str, problems: list[str]) -> None:
    opened(page, server)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name=LAUNCH)).to_be_focused()


def test_a_question_is_answered_there(page: Page, server: str, problems: list[str]) -> None:
    opened(page, server)
    page.keyboard.type("is it safe?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log").get_by_role("heading", name="Is it safe?")).to_be_visible()


def test_the_partners_country_decides_the_number(page: Page, server: str, problems: list[str]) -> None:
    opened(page, server)
    page.keyboard.type("I can't breathe, help me now")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Emergency: 911")).to_be_visible()


def test_a_dead_server_leaves_the_visitor_with_a_number(page: Page, server: str) -> None:
    opened(page, server)
    page.route("**/api/**", lambda route: route.abort())
    page.keyboard.type("is it safe?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("911")
    expect(page.get_by_label("Your question")).to_have_value("is it safe?")


def test_nothing_is_asked_of_the_server_before_the_first_question(page: Page, server: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    opened(page, server)
    assert asked == []


def test_without_javascript_the_partners_page_is_unharmed(page: Page, server: str) -> None:
    page.route("**/widget.js*", lambda route: route.abort())
    page.goto(f"{server}/demo")
    expect(page.get_by_role("heading")).to_be_visible()
