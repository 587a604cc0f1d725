"""Where the browser tests play: a partner's page on a site of its own, the three doors, and what axe says of them."""

import importlib.resources
from dataclasses import dataclass

from playwright.sync_api import Frame, Locator, Page, Route, expect

LAUNCH = "Ask about spinal cord research"
PARTNER = "http://localhost:8000"  # one of the origins in partners/demo.yaml, so that everything is cross-origin
DANGER = "I can't breathe, help me now"
DOORS = ("script", "page", "frame")

_AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
# Text that something covers for a moment (a list, the end of a scroll area) axe cannot judge; it is judged here by its
# own colour against the nearest opaque background above it in the tree.
_RUN = """async (tags) => {
  const options = {runOnly: tags, iframes: false, rules: {'frame-tested': {enabled: false}}};
  const result = await axe.run(document, options);
  const find = (path) => [path].flat(2).reduce((root, step) => (root.shadowRoot || root).querySelector(step), document);
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const linear = (one) => one <= .04045 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4;
    const [r, g, b] = parts(colour).map((one) => linear(one / 255));
    return .2126 * r + .7152 * g + .0722 * b + .05;
  };
  const ground = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return (parts(colour)[3] ?? 1) === 1 ? colour : ground(node.parentElement || node.getRootNode().host);
  };
  const contrast = (node) => {
    const [one, other] = [light(getComputedStyle(node).color), light(ground(node))];
    return Math.max(one, other) / Math.min(one, other);
  };
  const covered = ['bgOverlap', 'elmPartiallyObscured', 'elmPartiallyObscuring'];
  const rows = (outcome) => result[outcome].flatMap(({id, nodes}) => nodes.flatMap(({html, target, any, all, none}) => {
    const check = [...any, ...all, ...none][0] || {};
    if (covered.includes(check.data?.messageKey) && contrast(find(target)) >= 7) return [];
    return [`${outcome}: ${id}: ${html.slice(0, 160)}: ${check.message}`];
  }));
  return [...rows('violations'), ...rows('incomplete')];
}"""
_RULES = ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def policy(server: str) -> str:
    """The strictest policy that a partner can send."""
    return (
        f"default-src 'none'; script-src {server}; connect-src {server}; frame-src {server}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def partner_page(
    page: Page, server: str, body: str = "", *, attributes: str = "", style: str = "", csp: str | None = None
) -> None:
    """Open a partner's page with the widget on it."""
    html = (
        f"<!doctype html><html lang=en><head><title>Partner</title>{f'<style>{style}</style>' if style else ''}</head>"
        f"<body>{body or '<main><h1>Partner</h1><p>Text of the partner.</p></main>'}"
        f'<script async src="{server}/widget.js?partner=demo" {attributes}></script></body></html>'
    )
    headers = {"Content-Security-Policy": policy(server) if csp is None else csp}

    def answer(route: Route) -> None:
        asked = route.request.url.removeprefix(PARTNER)
        if asked == "/":
            route.fulfill(body=html, content_type="text/html", headers=headers)
        else:
            route.fulfill(status=204)

    page.route(f"{PARTNER}/**", answer)
    page.goto(f"{PARTNER}/")
    expect(launcher(page)).to_be_visible()


def launcher(page: Page) -> Locator:
    return page.get_by_role("link", name=LAUNCH)


@dataclass(frozen=True)
class Stage:
    """A door that stands open: `place` is the frame that the conversation is in."""

    page: Page
    place: Frame
    server: str
    door: str

    @property
    def box(self) -> Locator:
        return self.place.get_by_label("Your question")

    @property
    def log(self) -> Locator:
        return self.place.get_by_role("log")

    @property
    def alarm(self) -> Locator:
        return self.place.locator("[role=alert][aria-label='Emergency help']")

    def ask(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def answered(self, turns: int = 1) -> None:
        expect(self.place.locator(".turn")).to_have_count(turns)

    def in_chat(self, script: str) -> object:
        """Evaluate with `root`: the document or shadow root that the conversation stands in."""
        find = "(document.querySelector('nexgenesis-chat')?.shadowRoot || document)"
        return self.place.evaluate(f"(() => {{ const root = {find}; return ({script}); }})()")


def open_door(page: Page, server: str, door: str) -> Stage:
    """Open the conversation through a door, by keyboard."""
    if door == "page":
        page.goto(f"{server}/?partner=demo")
        expect(page.get_by_label("Your question")).to_have_attribute("role", "combobox")
        return Stage(page, page.main_frame, server, door)
    partner_page(page, server, attributes=f'data-panel="{"frame" if door == "frame" else "dialog"}"')
    launcher(page).focus()
    page.keyboard.press("Enter")
    if door == "script":
        return Stage(page, page.main_frame, server, door)
    expect(page.frame_locator("iframe").get_by_label("Your question")).to_be_focused()
    return Stage(page, page.frames[-1], server, door)


def axe(page: Page) -> list[str]:
    """What axe finds wrong, or cannot decide, in every frame."""
    found: list[str] = []
    for frame in page.frames:
        if not frame.evaluate("'axe' in window"):
            frame.evaluate(_AXE)
        found += frame.evaluate(_RUN, _RULES)
    return found
