"""Measure the widget: `python -m tests.bench.widget`; bytes by feature, and times on slow 4G with a slow processor."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from threading import Thread

import brotli
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from chatbot.config import Settings
from chatbot.web import create_app

ROUNDS = 5
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 200 * 1024, "uploadThroughput": 94 * 1024}

# What the file would weigh without a feature: its functions and the calls to them, by their first and last words.
_WORDS = re.compile(r'"[^"\n]{3,}"')  # the code itself quotes with '
FEATURES = {
    "consultation form": [("function consultation(", "\nconst HOME")],
    "typeahead": [("const mark = (at)", "form.onsubmit =")],
    "read aloud": [("function listen(", "\nfunction converse(")],
    "text size, contrast, spacing, print, copy": [("const toggle = (text, style)", "const tools =")],
    "partner's colours": [("function colours(", "\nclass Chat")],
}  # fmt: skip


def packed(text: str) -> int:
    return len(brotli.compress(text.encode()))


def without(text: str, spans: list[tuple[str, str]]) -> str:
    for start, end in spans:
        first = text.find(start)
        last = text.find(end, first)
        if first >= 0 and last >= 0:
            text = text[:first] + text[last:]
    return text


def bytes_by_feature(whole: str) -> None:
    """Print what the file weighs, and what each feature adds to it."""
    print(f"{'all, brotli':45}{packed(whole):7}\n{'all, raw':45}{len(whole):7}")
    for name, spans in FEATURES.items():
        print(f"{name:45}{packed(whole) - packed(without(whole, spans)):7}")
    style = re.search(r'"style":"(?:[^"\\]|\\.)*"', whole)
    if style:
        print(f"{'style':45}{packed(whole) - packed(whole.replace(style[0], '')):7}")
    setup, code = whole.split(";\n", 1)
    print(f"{'words':45}{packed(whole) - packed(setup + _WORDS.sub('``', code)):7}")


@contextmanager
def serving() -> Iterator[str]:
    """The service on a port of its own."""
    server = make_server("127.0.0.1", 0, create_app(Settings(deliver_in_workers=False)), threaded=True)
    address = f"http://127.0.0.1:{server.port}"
    server.app = create_app(Settings(deliver_in_workers=False, public_url=address))
    Thread(target=server.serve_forever, daemon=True).start()
    yield address
    server.shutdown()


WATCH = """
  new PerformanceObserver((list) => { window.long = (window.long || 0) + list.getEntries()
    .reduce((sum, one) => sum + Math.max(0, one.duration - 50), 0); }).observe({type: 'longtask', buffered: true});
  new PerformanceObserver((list) => { window.shift = (window.shift || 0) + list.getEntries()
    .reduce((sum, one) => sum + one.value, 0); }).observe({type: 'layout-shift', buffered: true});
  const look = () => {
    const link = document.querySelector('nexgenesis-chat[role] a');
    if (link && link.getBoundingClientRect().height > 40) window.usable ||= performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
"""


def times(browser: Browser, address: str) -> dict[str, float]:
    """Milliseconds from navigation to a usable launcher, from Enter to a focused box, and what else the page felt."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.add_init_script(WATCH)
    client = context.new_cdp_session(page)
    client.send("Network.enable")
    client.send("Network.emulateNetworkConditions", SLOW_4G)
    client.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(f"{address}/demo", wait_until="load")
    page.wait_for_function("() => window.usable")
    page.wait_for_timeout(500)
    page.evaluate(
        """() => addEventListener('keydown', () => {
          const pressed = performance.now();
          requestAnimationFrame(() => setTimeout(() => {
            const host = document.activeElement;
            window.opened = host.shadowRoot?.activeElement?.id === 'question' ? performance.now() - pressed : -1;
          }));
        }, {capture: true, once: true})"""
    )
    page.get_by_role("link", name="Ask about").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.opened")
    names = {"usable": "usable", "open": "opened", "blocked": "window.long || 0", "shift": "window.shift || 0"}
    found: dict[str, float] = {name: page.evaluate(script) for name, script in names.items()}
    context.close()
    return found


def main() -> None:
    with serving() as address, sync_playwright() as player:
        bytes_by_feature(player.request.new_context().get(f"{address}/widget.js?partner=demo").text())
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        rounds = [times(browser, address) for _ in range(ROUNDS)]
        for name in rounds[0]:
            values = sorted(one[name] for one in rounds)
            print(f"{name:45}{median(values):7.0f}   ({', '.join(f'{value:.0f}' for value in values)})")
        browser.close()


if __name__ == "__main__":
    main()
