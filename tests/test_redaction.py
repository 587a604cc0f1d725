"""What may tell who wrote a question is taken out of it, whatever form it has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.building import _asked
from chatbot.knowledge import load
from chatbot.redaction import HIDDEN, plain_words, redact

from .conftest import KNOWLEDGE


@pytest.fixture(scope="module")
def known() -> frozenset[str]:
    return plain_words(_asked(load(KNOWLEDGE)))


PERSONAL = [  # a message, and what of it must not be left
    ("call me on +1 (123) 456-7890 please", "123 456 7890"),
    ("my number is 07700 900123", "07700 900123"),
    ("ring 555-0199 after six", "555 0199 six"),
    ("0049 30 1234567 is my line", "0049 1234567"),
    ("(020) 7946 0018", "020 7946 0018"),
    ("five five five one two three four", "five one two three four"),
    ("my phone is oh seven seven double two", "oh seven double two"),
    ("write to jane.doe@example.org", "jane doe example.org"),
    ("jane dot doe at gmail dot com", "jane doe gmail"),
    ("JANE_DOE+sci@EXAMPLE.CO.UK", "jane doe example"),
    ("j.smith @ hotmail . com", "smith hotmail"),
    ("my name is John Smith", "john smith"),
    ("my name is mark rose and I have a question", "mark rose"),
    ("I am Priya Raghunathan", "priya raghunathan"),
    ("this is O'Brien speaking", "o'brien"),
    ("i'm mohammed, is it safe", "mohammed"),
    ("Dr. Grace Hope told me so", "grace hope"),
    ("nurse joy said it helps", "joy"),
    ("mrs may white asked", "may white"),
    ("it's for my son Will", "will"),
    ("we are the Van der Bergs", "van bergs"),
    ("Jean-Luc asked about it", "jean-luc jean luc"),
    ("signed, faith king", "faith king"),
    ("kind regards hope winters", "hope winters"),
    ("12 Rose Street", "12 rose street"),
    ("I live at 4b church road", "4b church road"),
    ("we live in king street", "king street"),
    ("PO Box 1234", "1234"),
    ("SW1A 1AA is my postcode", "sw1a 1aa"),
    ("zip 90210-1234", "90210 1234"),
    ("MRN 00123456", "00123456"),
    ("my nhs number is 943 476 5919", "943 476 5919"),
    ("patient id AB-123-XY", "ab-123-xy ab xy"),
    ("ssn 078-05-1120", "078 05 1120"),
    ("hospital number: K1234567", "k1234567"),
    ("born 03/04/1985", "03 04 1985"),
    ("born on the 3rd of May 1985", "3rd may 1985"),
    ("my accident was on 2019-07-21", "2019 07 21"),
    ("june the fourth two thousand nine", "june two thousand nine"),
    ("hurt on march 5", "march 5"),
    ("see https://facebook.com/jane.doe.77", "https facebook jane doe"),
    ("i am @janedoe on twitter", "janedoe @janedoe"),
    ("ip 192.168.0.12", "192.168.0.12"),
    ("card 4111 1111 1111 1111", "4111 1111"),
    ("\u202eＪａｎｅ Ｄｏｅ lives here", "jane doe"),
]


@pytest.mark.parametrize(("message", "private"), PERSONAL)
def test_what_tells_who_wrote_is_hidden(known: frozenset[str], message: str, private: str) -> None:
    assert set(private.split()) & set(redact(message, known).split()) == set()


def test_there_are_forty_forms_and_more() -> None:
    assert len(PERSONAL) >= 40


def test_everyday_words_stay(known: frozenset[str]) -> None:
    assert redact("Is there a cell treatment for my cat?", known).startswith("is there a cell treatment for my")


@given(st.text(max_size=80))
def test_nothing_but_known_words_and_the_sign_is_ever_left(text: str) -> None:
    words = {"is", "it", "safe", "may", "will"}
    assert set(redact(text, words).split()) <= words | {HIDDEN}


@pytest.mark.parametrize("text", ["(((((", "[a-z]+", "\\d{9}", "(?P<x>", "*" * 50])
def test_nothing_typed_becomes_a_pattern(text: str) -> None:
    assert set(redact(text, {"a"})) <= {HIDDEN, " "}
