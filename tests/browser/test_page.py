"""The chat page as a person meets it, with and without JavaScript."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

DANGER = "I can't breathe, help me now"


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A page without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def violations(page: Page) -> list[str]:
    return [one["id"] for one in Axe().run(page).response["violations"]]


def ask(page: Page, text: str) -> None:
    page.get_by_label("Your question").fill(text)
    page.get_by_label("Your question").press("Enter")


def test_a_question_is_answered_and_leads_to_the_handoff(page: Page, server: str, problems: list[str]) -> None:
    page.goto(server)
    ask(page, "is it safe?")
    log = page.get_by_role("log")
    expect(log.get_by_role("heading", name="Is it safe?")).to_be_visible()
    ask(page, "how do I book?")
    expect(log.get_by_role("link").last).to_be_visible()


def test_focus_stays_in_the_box_and_the_box_is_empty_after_sending(
    page: Page, server: str, problems: list[str]
) -> None:
    page.goto(server)
    ask(page, "is it safe?")
    expect(page.get_by_role("log").get_by_role("heading").first).to_be_visible()
    expect(page.get_by_label("Your question")).to_be_focused()
    expect(page.get_by_label("Your question")).to_have_value("")


def test_an_example_answers_with_one_press(page: Page, server: str, problems: list[str]) -> None:
    page.goto(server)
    page.get_by_role("button", name="Is it safe?").first.click()
    expect(page.get_by_role("log").get_by_role("heading", name="Is it safe?")).to_be_visible()


def test_an_emergency_shows_numbers_and_no_booking(page: Page, server: str, problems: list[str]) -> None:
    page.goto(server)
    ask(page, DANGER)
    card = page.get_by_role("alert", name="Emergency help")
    expect(card.get_by_role("link").first).to_have_attribute("href", re.compile("^tel:"))
    expect(page.get_by_role("log").get_by_text("consultation")).to_have_count(0)


def test_the_text_stays_when_the_server_does_not_answer(page: Page, server: str) -> None:
    page.goto(server)
    page.route("**/api/**", lambda route: route.abort())
    ask(page, "is it safe?")
    expect(page.get_by_role("status")).to_contain_text("112, 911 or 999")
    expect(page.get_by_label("Your question")).to_have_value("is it safe?")
    page.unroute("**/api/**")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("log").get_by_role("heading", name="Is it safe?")).to_be_visible()


def test_without_javascript_a_question_is_answered(plain: Page, server: str) -> None:
    plain.goto(server)
    ask(plain, "is it safe?")
    expect(plain.get_by_role("heading", name="Is it safe?")).to_be_visible()
    plain.locator("#reply").get_by_role("button").first.click()
    expect(plain.locator("#reply").get_by_role("heading", level=2)).not_to_have_text("Is it safe?")


def test_without_javascript_an_emergency_comes_first(plain: Page, server: str) -> None:
    plain.goto(server)
    ask(plain, DANGER)
    expect(plain.get_by_role("alert", name="Emergency help")).to_be_visible()
    expect(plain.locator("#reply").get_by_role("link", name="consultation")).to_have_count(0)


def test_without_javascript_an_empty_box_is_explained(plain: Page, server: str) -> None:
    plain.goto(server)
    ask(plain, "   ")
    expect(plain.get_by_role("alert")).to_contain_text("empty")


def test_the_chosen_country_decides_the_number(plain: Page, server: str) -> None:
    plain.goto(server)
    plain.get_by_label("Your country").select_option("GB")
    ask(plain, DANGER)
    expect(plain.get_by_role("link", name="Emergency: 999")).to_be_visible()


@pytest.mark.parametrize(
    "path", ["/", "/questions", "/consultation", "/privacy", "/accessibility", "/demo", "/problems"]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_an_axe_violation(page: Page, server: str, problems: list[str], path: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(server + path)
    assert violations(page) == []


@pytest.mark.parametrize("message", ["is it safe?", DANGER, "asdf qwer", "should I do it?"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_reply_has_an_axe_violation(page: Page, server: str, problems: list[str], message: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(server)
    ask(page, message)
    expect(page.get_by_role("log").locator(".turn")).to_have_count(1)
    assert violations(page) == []


@pytest.mark.parametrize("size", [(320, 256), (320, 200), (390, 844), (1280, 800)])
def test_nothing_scrolls_sideways_and_targets_are_large(page: Page, server: str, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(server)
    ask(page, "is it safe?")
    expect(page.get_by_role("log").locator(".turn")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate(
        "[...document.querySelectorAll('button, a, input:not([type=hidden]), select, summary')]"
        ".filter(e => e.offsetParent && e.className !== 'skip')"
        ".filter(e => { const b = e.getBoundingClientRect(); return b.width < 44 || b.height < 44; })"
        ".map(e => e.textContent)"
    )
    assert small == []


def test_nothing_is_loaded_from_elsewhere_and_nothing_is_stored(page: Page, server: str, problems: list[str]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server)
    ask(page, "is it safe?")
    expect(page.get_by_role("log").locator(".turn")).to_have_count(1)
    assert all(url.startswith(server) for url in asked)
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.context.cookies() == []
