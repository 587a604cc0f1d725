"""The chat page as a person meets it, with and without JavaScript."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from stage import DANGER, axe


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A page without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def ask(page: Page, text: str) -> None:
    page.get_by_label("Your question").fill(text)
    page.get_by_label("Your question").press("Enter")


def test_without_javascript_a_question_is_answered(plain: Page, server: str) -> None:
    plain.goto(server)
    ask(plain, "is it safe?")
    expect(plain.get_by_role("heading", name="Is it safe?")).to_be_visible()
    plain.locator("#reply").get_by_role("button").first.click()
    expect(plain.locator("#reply").get_by_role("heading", level=2)).not_to_have_text("Is it safe?")


def test_without_javascript_enter_sends_what_was_typed_not_a_choice(plain: Page, server: str) -> None:
    plain.goto(server)
    ask(plain, "is it safe?")
    ask(plain, "who benefits most?")
    expect(plain.get_by_role("heading", name="Who benefits most?")).to_be_visible()


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
    "path", ["/", "/questions", "/consultation", "/privacy", "/accessibility", "/demo", "/embed", "/status"]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_an_axe_violation(page: Page, server: str, problems: list[str], path: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(server + path)
    assert axe(page) == []


def test_nothing_is_loaded_from_elsewhere_and_nothing_is_stored(page: Page, server: str, problems: list[str]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server)
    ask(page, "is it safe?")
    expect(page.get_by_role("log").locator(".turn")).to_have_count(1)
    assert all(url.startswith(server) for url in asked)
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.context.cookies() == []
