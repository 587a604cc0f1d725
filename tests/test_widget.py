"""The widget's file: its weight, its packing, and the address that never changes its content."""

import hashlib
from collections.abc import Callable

import brotli
import pytest
from flask.testing import FlaskClient

MOST_BYTES = 8_200
"""Packed; chatbot/README.md says what each feature costs and why it is more than the 6,000 aimed at."""


@pytest.mark.parametrize("path", ["/widget.js?partner=demo", "/widget.js", "/page.js"])
def test_it_stays_light(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={"Accept-Encoding": "gzip, deflate, br"})
    assert response.headers["Content-Encoding"] == "br"
    assert len(response.data) <= MOST_BYTES


def test_it_is_packed_as_the_browser_can_unpack(client: FlaskClient) -> None:
    plain, packed = client.get("/widget.js"), client.get("/widget.js", headers={"Accept-Encoding": "br"})
    assert "Content-Encoding" not in plain.headers
    assert brotli.decompress(packed.data) == plain.data
    assert client.get("/widget.js", headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"


def test_a_partners_file_has_its_numbers_and_colour(client: FlaskClient) -> None:
    mine, nobodys = client.get("/widget.js?partner=demo").text, client.get("/widget.js?partner=nobody").text
    assert '"tel:911"' in mine
    assert '"accent":"#0b4f57"' in mine
    assert '"tel:112"' in nobodys


def test_no_word_is_left_to_be_looked_up(client: FlaskClient) -> None:
    assert "say[" not in client.get("/widget.js").text + client.get("/page.js").text


def test_a_pinned_address_keeps_its_content_and_outlives_the_next_version(
    make_client: Callable[..., FlaskClient],
) -> None:
    first = make_client(public_url="https://one.example")
    page = first.get("/embed").text
    path = page.partition("https://one.example/widget/")[2].partition(".js")[0]
    pinned = first.get(f"/widget/{path}.js")
    assert path == hashlib.sha256(pinned.data).hexdigest()[:32]
    assert "immutable" in pinned.headers["Cache-Control"]
    assert pinned.headers["Access-Control-Allow-Origin"] == "*"
    second = make_client(public_url="https://two.example")
    assert second.get(f"/widget/{path}.js").data == pinned.data
    assert second.get("/widget/nothing.js").status_code == 404
