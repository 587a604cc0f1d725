"""A real browser asks for a consultation."""

from playwright.sync_api import Browser, Page, expect


def fill(page: Page, server: str) -> None:
    page.goto(f"{server}/consultation")
    page.get_by_label("Name").fill("Ada Example")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("I agree").check()


def send(page: Page, server: str) -> None:
    fill(page, server)
    page.wait_for_timeout(2100)  # a form that comes back faster is asked to be sent once more
    page.get_by_role("button", name="Check before sending").click()
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_role("heading", name="Request received")).to_be_visible()


def test_a_request_is_sent_seen_and_cancelled(page: Page, server: str, problems: list[str]) -> None:
    send(page, server)
    page.get_by_role("link", name="See or cancel your request").click()
    expect(page.get_by_text("has not opened it yet")).to_be_visible()
    assert "#" not in page.url
    page.get_by_text("Cancel this request").click()
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_text("It is cancelled.")).to_be_visible()


def test_a_request_is_sent_without_javascript(browser: Browser, server: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    send(page, server)
    context.close()


def test_an_error_stands_at_its_field_and_the_text_stays(page: Page, server: str) -> None:
    fill(page, server)
    page.get_by_label("E-mail").fill("ada@")
    page.get_by_role("button", name="Check before sending").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value("ada@")
    expect(page.get_by_label("Name")).to_have_value("Ada Example")
