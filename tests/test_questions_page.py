"""The page of all questions: whole, by topic, readable by machines, and printable."""

import json
import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from chatbot.knowledge import Language

from .conftest import ROOT


@pytest.fixture(scope="module")
def page(app: object) -> str:
    return app.test_client().get("/questions").get_data(as_text=True)  # type: ignore[attr-defined, no-any-return]


def test_every_question_and_its_whole_answer_stand_in_the_page_itself(page: str, english: Language) -> None:
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())
    for entry in english.content.entries.values():
        assert entry.question in text
        assert all(" ".join(paragraph.split()) in text for paragraph in entry.answer.split("\n\n"))
    assert "<details" not in page  # what is folded away is not found by the browser's search everywhere


def test_each_topic_has_one_heading_that_the_contents_lead_to(page: str, english: Language) -> None:
    headed = re.findall(r'<h2 id="topic-([a-z-]+)">', page)
    assert headed == re.findall(r'<a href="#topic-([a-z-]+)">', page)
    assert set(headed) == {entry.subject for entry in english.content.entries.values()}


def test_what_the_article_says_stands_beside_each_answer(page: str, english: Language) -> None:
    cited = {claim for entry in english.content.entries.values() for claim in entry.claims}
    assert all(english.content.claims[claim].says in unescape(page) for claim in cited)


def test_questions_are_there_as_faq_data(page: str, english: Language) -> None:
    data = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[0])
    told = {one["name"]: one["acceptedAnswer"]["text"] for one in data["mainEntity"]}
    wanted = [entry for entry in english.content.entries.values() if entry.kind in ("answer", "not_covered")]
    assert (data["@context"], data["@type"]) == ("https://schema.org", "FAQPage")
    assert told == {entry.question: entry.answer for entry in wanted}


def test_the_chat_leads_to_the_page(client: FlaskClient) -> None:
    assert 'href="/questions"' in client.get("/").get_data(as_text=True)


def test_on_paper_headings_stay_with_their_text_and_menus_are_left_out() -> None:
    printed = re.findall(r"@media print \{(.*)\}", (ROOT / "chatbot/web/static/page.css").read_text())[0]
    assert "break-after: avoid" in printed
    assert re.search(r"\.page nav.*display: none", printed)
