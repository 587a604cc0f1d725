"""Planted violations: each rule of the base catches what it is there for, at its place."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from chatbot.knowledge import KnowledgeError, load
from chatbot.knowledge.editorial import review
from chatbot.knowledge.loading import assemble
from chatbot.knowledge.sources import Sources

DATA = Path(__file__).parent / "data" / "knowledge"
REAL = Path(__file__).parent.parent / "knowledge"
TODAY = date(2026, 11, 23)
Base = Callable[..., Path]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A small base without a flaw; the safety gate's files and the facts they name are the real ones."""
    folder = tmp_path / "knowledge"
    shutil.copytree(DATA, folder)
    shutil.copytree(REAL / "en" / "safety", folder / "en" / "safety")
    facts = folder / "safety-facts.yaml"
    facts.write_text(facts.read_text() + (REAL / "safety-facts.yaml").read_text())
    return folder


def problems(folder: Path, *, today: date = TODAY) -> list[str]:
    sources = Sources(folder)
    assembled = assemble(sources)
    found = [*sources.problems, *(review(assembled, sources, today=today) if assembled else ())]
    return [str(problem) for problem in sorted(set(found))]


def plant(folder: Path, file: str, old: str, new: str) -> list[str]:
    path = folder / file
    text = path.read_text()
    assert old in text, "the plant has to change something"
    path.write_text(text.replace(old, new, 1))
    return problems(folder)


def test_the_small_base_has_no_problem(base: Path) -> None:
    assert problems(base) == []


MAIN, TWIN, CLAIMS = "en/entries/main.yaml", "en/phrasings/main.yaml", "claims.yaml"
ROBUST = "The data on that is fairly robust."
PLANTS = [
    # the shape of an entry
    (MAIN, "  kind: answer\n", "", "main.yaml:1:1: the key 'kind' is missing"),
    (MAIN, "kind: answer", "kind: reply", "main.yaml:2:3: 'kind' has to be"),
    (MAIN, "  answer: |", "  anser: |", "main.yaml:6:3: the key 'anser' is unknown"),
    (MAIN, "  answer: |", "  anser: |", "main.yaml:1:1: the key 'answer' is missing"),
    (MAIN, "  claims: [safety.robust]\n", "", "the key 'claims' is missing"),
    (MAIN, "  review: {status: draft, by: \"\", reviewed: null, due: 2027-05-20}\n", "", "the key 'review' is missing"),
    (MAIN, "status: draft", "status: fine", "'status' has to be"),
    (MAIN, "due: 2027-05-20", "due: soon", "'due'"),
    (MAIN, "    - Is it safe?\n    - Does it do harm?\n", "    []\n", "'questions'"),
    (MAIN, "    - Is it safe?", "    - true", "main.yaml:4:7: '0' has to be text; put quotes"),
    (MAIN, "    - Is it safe?", "    - ''", "is empty"),
    (MAIN, "    - Is it safe?", '    - "Is it\\tsafe?"', "control character"),
    (MAIN, "is-it-safe:", "is it safe:", "main.yaml:1:1: the id 'is it safe' has to be small letters"),
    (MAIN, "claims: [safety.robust]", "claims: safety.robust", "'claims'"),
    (MAIN, "claims: [safety.robust]", "claims: [Safety]", "does not look right"),
    (MAIN, "see_also: [when]", "see_also: [When It]", "does not look right"),
    (MAIN, "see_also: [when]", "see_also: when", "'see_also'"),
    # YAML's surprises
    (MAIN, "when:\n", "is-it-safe:\n", "the key 'is-it-safe' stands twice (first in line 1)"),
    (MAIN, "  kind: answer\n", "  kind: answer\n  kind: answer\n", "main.yaml:3:3: the key 'kind' stands twice"),
    (MAIN, "  kind: answer\n", "\tkind: answer\n", "spaces, not tabs"),
    (MAIN, "claims: [safety.robust]", "claims: &c [safety.robust]", "anchors and aliases"),
    (MAIN, "claims: [safety.robust]", "claims: !!set {}", "tag"),
    (MAIN, "    - Is it safe?", "    - Is it: safe?: no", "colon"),
    (MAIN, "is-it-safe:", "---\nx: 1\n---\nis-it-safe:", "second document"),
    (TWIN, "  - best moment", "  - no\n  - on\n  - yes: no", "has to be text"),
    (TWIN, "  - best moment", "  - null", "has to be text"),
    # claims
    (MAIN, "claims: [safety.robust]", "claims: [safety.gone]", "main.yaml:8:12: there is no claim 'safety.gone'"),
    (MAIN, "claims: [safety.robust]", "claims: []", "has to cite one to four claims"),
    (MAIN, "claims: [safety.robust]", "claims: [safety.robust, safety.robust]", "cites a claim twice"),
    (MAIN, "claims: [safety.robust]", "claims: [a.a, b.b, c.c, d.d, e.e]", "'claims'"),
    (MAIN, "claims: [safety.robust]", "claims: [timing.subacute]", "no answer in en/ cites 'safety.robust'"),
    (CLAIMS, "claims:\n", "claims:\n  a.new: {at: '1.4', says: More.}\n", "claims.yaml:2:3: no answer in en/"),
    (CLAIMS, 'at: "1.1"', 'at: "one"', "does not look right"),
    (CLAIMS, 'at: "1.1", ', "", "the key 'at' is missing"),
    (CLAIMS, "  safety.robust:", "  safety robust:", "'safety robust'"),
    # what an answer says
    (MAIN, ROBUST, "The data on 12 is fairly robust.", "'12' does not stand in the cited claims"),
    (MAIN, "2 weeks to 3 months", "2 weeks to 4 months", "'4' does not stand"),
    (MAIN, ROBUST, "The data of Phase3 is robust.", "'Phase3' does not stand"),
    (MAIN, ROBUST, "The data from Oxford is fairly robust.", "the name 'Oxford' does not stand"),
    (MAIN, ROBUST, "The data on warfarin is robust.", "'warfarin' comes from outside"),
    (MAIN, ROBUST, "It helps ten percent of people.", "'percent' comes from outside"),
    (MAIN, ROBUST, "It is a cure.", "'cure' is not allowed in an answer; say what studies suggest"),
    (MAIN, ROBUST, "YOU WILL be well.", "'you will' is not allowed"),
    (MAIN, ROBUST, "It is guaranteed.", "'guaranteed' is not allowed"),
    (MAIN, ROBUST, "One two three four five six seven.", "shares 'one two three four five six seven' with the article"),
    (MAIN, ROBUST, "It is good and good and good and good and good and good and so.", "a sentence over 12 words"),
    (MAIN, ROBUST, "It is good. " * 12, "has 42 words, more than 30"),
    (MAIN, ROBUST, "Unquestionable methodological heterogeneity notwithstanding.", "by ARI, above 8"),
    (MAIN, ROBUST, "Unquestionable methodological heterogeneity notwithstanding.", "by Flesch-Kincaid, above 8"),
    (MAIN, "Whether it helps is less clear.", "It is fine.", "has to say 'less clear' or 'does not list every risk'"),
    (MAIN, "in incomplete neck injuries", "in neck injuries", "cites outcomes.hands, so it has to say 'incomplete'"),
    (MAIN, "The article does not say. You", "It costs a lot. You", "the first sentence has to say"),
    # questions, links, coverage
    (MAIN, "- Is it safe?", "- Is it safe for me and for all of the others too?", "is longer than 40 characters"),
    (MAIN, "- What does it cost?", "- is IT safe?", "has the same first question as 'is-it-safe'"),
    (MAIN, "see_also: [when]", "see_also: [gone]", "'gone' is not another entry"),
    (MAIN, "see_also: [when]", "see_also: [is-it-safe]", "'is-it-safe' is not another entry"),
    (TWIN, "- any danger in it", "- best moment", "'best moment' stands under 'is-it-safe' too"),
    (TWIN, "- any danger in it", "- Fingers!", "'fingers' stands under 'is-it-safe' too"),
    (TWIN, "- any danger in it", "- does it do HARM", "stands twice"),
    (TWIN, "- any danger in it", "- '?!'", "has no word in it"),
    (TWIN, "is-it-safe:\n  - any danger in it\n", "", "has 2 phrasings, fewer than 3"),
    (TWIN, "hands:", "gone:", "there is no entry 'gone'"),
    (TWIN, "hands:\n  - fingers", "hands: fingers", "'hands'"),
    ("en/language.yaml", "examples: [is-it-safe,", "examples: [gone,", "language.yaml:11:12: there is no entry 'gone'"),
    ("en/language.yaml", "direction: ltr", "direction: up", "'direction' has to be"),
    ("en/language.yaml", "  clarify: Did you mean one of these?\n", "", "the key 'clarify' is missing"),
    (MAIN, "see_also: [hands]", "see_also: []", "main.yaml:12:1: leads nowhere; name two or three follow-ups"),
    (MAIN, "see_also: [hands]", "see_also: [hands, hands]", "names 'hands' twice"),
    (MAIN, "see_also: [hands]", "see_also: [is-it-safe]", "its follow-ups never come to a handoff"),
    ("en/strings/pages.yaml", "questions.topic.main", "questions.topic.mine", "add 'questions.topic.main' to"),
    ("en/strings/pages.yaml", "main: All of it", "main: ''", "'questions.topic.main' is empty"),
    # facts, hard words, kind by kind
    (MAIN, "facts: [call-first]", "facts: [gone]", "main.yaml:53:11: there is no fact 'gone'; see safety-facts.yaml"),
    (MAIN, "  facts: [call-first]\n", "", "'emergency number' is not from the article; name the fact it rests on"),
    (MAIN, ROBUST, "Call your emergency number.", "'emergency number' is not from the article"),
    (MAIN, ROBUST, "It is intrathecal.", "'intrathecal' is a hard word; explain it where it first stands ('fluid')"),
    (MAIN, 'ask: "What does it cost in all?"', "ask what it costs.", "holds 0 questions to put to a physician"),
    (MAIN, 'ask: "What does it cost in all?"', 'ask: "How much?" Or: "Why?"', "holds 2 questions to put"),
    (MAIN, "kind: not_covered", "kind: personal", "refuses without naming who can help; name one of physician, doctor"),
    (MAIN, "Several trials saw", "People saw", "cites outcomes.hands, so it has to say 'trials'"),
    ("en/style.yaml", "median_grade: 6", "median_grade: -20", "style.yaml:4:1: half of the answers read above grade"),
    ("en/style.yaml", "grade: 8\n", "", "the key 'grade' is missing"),
    ("en/style.yaml", "banned:\n", "bannd:\n", "the key 'bannd' is unknown"),
    ("en/safety/cards.yaml", "facts: [", "facts: [gone.fact, ", "there is no fact 'gone.fact'; see safety-facts.yaml"),
    # review
    (MAIN, 'status: draft, by: ""', 'status: reviewed, by: ""', "add who reviewed it (by) and when"),
    (MAIN, "reviewed: null", "reviewed: 2026-12-01", "2026-12-01 is yet to come; correct the date"),
    (MAIN, "reviewed: null", "reviewed: 2027-06-01", "is due before it was reviewed; set a later date"),
    # numbers, partners, thresholds
    ("countries.yaml", "  verified_on: 2026-11-23\n", "", "the key 'verified_on' is missing"),
    ("countries.yaml", "  source: a source\n", "", "the key 'source' is missing"),
    ("countries.yaml", "verified_on: 2026-11-23", "verified_on: 2027-11-23", "2027-11-23 is yet to come"),
    ("countries.yaml", "verified_on: 2026-11-23", "verified_on: 2025-11-01", "warning: was last verified on 2025"),
    ("countries.yaml", '"tel:911"', '"http://x"', "does not look right"),
    ("countries.yaml", "US:", "USA:", "'USA'"),
    ("partners/default.yaml", "mode: form", "mode: fax", "'mode' has to be"),
    ("partners/default.yaml", "url: /consultation", "url: 'javascript:x'", "does not look right"),
    ("partners/default.yaml", "name: The clinic", "name: The clinic\ncountry: FR", "'FR' does not stand in"),
    ("partners/default.yaml", "name: The clinic", "name: The clinic\norigins: ['https://x.org/p']", "does not look"),
    ("en/thresholds.yaml", 'answer: "0.1"', 'answer: "1.5"', "'answer'"),
    ("en/vocabulary.yaml", "aliases: {}", "aliasses: {}", "'aliasses' is unknown"),
    ("safety-facts.yaml", "source: a guide, ", "", "the key 'source' is missing"),
]  # fmt: skip


def test_at_least_sixty_violations_are_planted() -> None:
    assert len(PLANTS) >= 60


@pytest.mark.parametrize(("file", "old", "new", "said"), PLANTS, ids=[f"{said[:50]}" for *_, said in PLANTS])
def test_a_planted_violation_is_caught(base: Path, file: str, old: str, new: str, said: str) -> None:
    assert any(said in problem for problem in plant(base, file, old, new))


def test_every_problem_says_file_line_and_column(base: Path) -> None:
    for file, old, new, _ in PLANTS:
        path = base / file
        if old in path.read_text():
            path.write_text(path.read_text().replace(old, new, 1))
    found = problems(base)
    assert len(found) > 5
    assert all(problem.split(": ")[0].count(":") == 2 for problem in found)


ADVICE = (";", "has to", "have to", "remove", "should be", "should have", "say less", "keep one per file")


@pytest.mark.parametrize(("file", "old", "new", "said"), PLANTS, ids=[f"{said[:50]}" for *_, said in PLANTS])
def test_every_problem_says_what_to_do(base: Path, file: str, old: str, new: str, said: str) -> None:
    messages = [problem.split(" ", 1)[1] for problem in plant(base, file, old, new)]
    assert [message for message in messages if not any(sign in message for sign in ADVICE)] == []


@pytest.mark.parametrize(
    "file", ["article.yaml", "claims.yaml", "countries.yaml", "safety-facts.yaml", "partners/default.yaml",
             "en/language.yaml", "en/style.yaml", "en/thresholds.yaml", "en/vocabulary.yaml"],
)  # fmt: skip
def test_a_missing_file_is_named(base: Path, file: str) -> None:
    (base / file).unlink()
    assert any(problem.startswith(f"{file}:1:1: is missing") for problem in problems(base))


def test_problems_of_several_files_are_reported_together(base: Path) -> None:
    (base / MAIN).write_text("a: &x 1")
    (base / "countries.yaml").write_text("\t")
    files = {problem.split(":")[0] for problem in problems(base)}
    assert {MAIN, "countries.yaml"} <= files


def test_an_entry_in_two_files_is_refused(base: Path) -> None:
    shutil.copy(base / MAIN, base / "en/entries/other.yaml")
    assert any("stands in another file; remove one" in problem for problem in problems(base))


@pytest.mark.parametrize("name", ["en/entries/timing.yml", "en/entry/timing.yaml", "timing.yaml", "en/phrasing.yaml"])
def test_a_file_that_nothing_reads_is_named(base: Path, name: str) -> None:
    (base / name).parent.mkdir(exist_ok=True)
    (base / name).write_text("a: 1")
    assert any(problem.startswith(f"{name}:1:1: is read by nothing") for problem in problems(base))


def test_a_link_out_of_the_folder_is_refused(base: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("a: 1")
    (base / "en" / "entries" / "link.yaml").symlink_to(outside)
    assert any("leads out of the knowledge folder" in problem for problem in problems(base))


def test_a_passed_review_date_warns_and_stops_nothing(base: Path) -> None:
    found = problems(base, today=date(2030, 1, 1))
    assert len(found) == 6
    assert all("warning: was " in problem for problem in found)


def test_a_second_language_lists_what_it_lacks(base: Path) -> None:
    shutil.copytree(base / "en", base / "es")
    path = base / "es" / MAIN.removeprefix("en/")
    path.write_text(path.read_text().split("cost:")[0])
    (base / "es" / "strings" / "pages.yaml").write_text("page.title: Un título\n")
    found = problems(base)
    assert any("the entry 'cost' is missing in es/; translate it" in problem for problem in found)
    assert any("the words 'questions.topic.main' are missing in es/strings/" in problem for problem in found)


def test_the_start_is_refused_with_all_problems_of_all_files(base: Path) -> None:
    entries = (base / MAIN).read_text()
    (base / MAIN).write_text(entries.replace("kind: answer", "kind: reply", 1).replace("when:", "is-it-safe:", 1))
    (base / "countries.yaml").write_text("US:\n\tname: x")
    (base / "claims.yaml").write_text("claims: &a {}")
    with pytest.raises(KnowledgeError) as refused:
        load(base)
    files = {problem.file for problem in refused.value.problems}
    assert {MAIN, "countries.yaml", "claims.yaml"} <= files
    assert all(problem.line >= 1 and problem.column >= 1 for problem in refused.value.problems)


VERIFIED = {"911", "988", "999", "111", "116 123", "85258", "112", "000"}  # sources: countries.yaml


def test_only_verified_numbers_are_shipped() -> None:
    countries = load(REAL).countries.values()
    assert {contact.number for one in countries for contact in (*one.emergency, *one.crisis)} <= VERIFIED
    assert all(one.verified_on for one in countries)
