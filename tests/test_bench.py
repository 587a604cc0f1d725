"""The bench counts what it says it counts, on figures small enough to check by hand."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.evaluation import Case
from chatbot.knowledge import Language
from chatbot.model import Kind
from chatbot.typeahead import Suggestion
from tests.bench import __main__ as bench
from tests.bench import ablation, tables
from tests.bench.compare import draws, measure
from tests.bench.figures import auroc, percentile, right_at_rejection
from tests.bench.peers import PEERS, distinct
from tests.bench.product import saved
from tests.bench.trials import Row, Trial, base_trial, grown, public_trial, right_entries, spread

# -- figures ---------------------------------------------------------------------------------------


def test_auroc_is_the_share_of_pairs_in_the_right_order() -> None:
    assert auroc([3, 4], [1, 2]) == 1.0
    assert auroc([1], [2]) == 0.0
    assert auroc([1, 1], [1]) == 0.5
    assert auroc([1, 3], [2, 2]) == 0.5


@given(st.lists(st.integers(0, 5), min_size=1), st.lists(st.integers(0, 5), min_size=1))
def test_auroc_agrees_with_counting_every_pair(inside: list[int], outside: list[int]) -> None:
    pairs = [(a > b) + (a == b) / 2 for a in inside for b in outside]
    assert auroc(inside, outside) == pytest.approx(sum(pairs) / len(pairs))


def test_right_at_rejection_refuses_what_scores_no_more_than_nine_in_ten_outside() -> None:
    outside = [float(score) for score in range(10)]
    inside = [(8.0, True), (8.5, True), (9.5, False), (20.0, True)]
    assert right_at_rejection(inside, outside) == 0.5


def test_percentiles_are_measured_values() -> None:
    assert percentile([1, 2, 3, 4], 0.5) == 2
    assert percentile([1, 2, 3, 4], 0.99) == 4


# -- sets ------------------------------------------------------------------------------------------


def test_a_public_set_is_read_with_all_its_right_labels(tmp_path: Path) -> None:
    (tmp_path / "vaccinefaq_kb.csv").write_text('text,label\n"Safe, is it?",1\nIs it safe?,1\nWhen?,2\n')
    (tmp_path / "vaccinefaq_test.csv").write_text("text,label\nsafe or when,1|2\n")
    (tmp_path / "vaccinefaq_oos.csv").write_text("text,label\nbananas,oos\nwhen,oos\n")
    told = public_trial("vaccinefaq", tmp_path)
    assert told.phrasings == {"1": ("Safe, is it?", "Is it safe?"), "2": ("When?",)}
    assert told.rows == (Row("safe or when", frozenset({"1", "2"})),)
    assert told.out_of_scope == ("bananas",)  # "when" is one of its own phrasings


def test_on_this_base_only_unseen_clean_rows_count(english: Language) -> None:
    asked = english.phrasings["best-time-to-treat"][0]
    told = base_trial(
        english,
        [
            Case((asked,), Kind.ANSWER, entry="best-time-to-treat"),
            Case(("wen is it",), Kind.ANSWER, style="typo", entry="best-time-to-treat"),
            Case(("colour of bananas?",), Kind.UNKNOWN),
            Case(("What would be a fine moment?",), Kind.ANSWER, entry="best-time-to-treat"),
        ],
    )
    assert [(row.text, row.right) for row in told.rows] == [("What would be a fine moment?", {"best-time-to-treat"})]
    assert told.out_of_scope == ("colour of bananas?",)


def test_an_entry_that_answers_with_a_claim_of_the_row_is_right_too(english: Language) -> None:
    entries = english.content.entries
    claim = entries["best-time-to-treat"].claims[0]
    right = right_entries(Case(("when?",), Kind.ANSWER, claims=(claim,), entry="does-it-work"), entries.values())
    assert {"does-it-work", "best-time-to-treat"} <= right
    assert all(entries[id].claims[0] == claim for id in right - {"does-it-work"})


def test_phrasings_are_grown_by_recombining_a_labels_own_words() -> None:
    few = {"a": ("one two three", "four five six"), "b": ("seven eight", "nine ten", "eleven")}
    many = grown(few, 15)
    assert many == grown(few, 15)
    assert sum(map(len, many.values())) == 15
    assert {word for text in many["a"] for word in text.split()} <= set(["one", "two", "three", "four", "five", "six"])
    assert sum(map(len, grown(few, 3).values())) == 3


def test_growing_ends_where_no_new_phrasing_can_be_made() -> None:
    assert grown({"a": ("one",)}, 10)["a"] == ("one", "one one")


def test_rows_are_thinned_evenly() -> None:
    assert spread(tuple(range(10)), 5) == (0, 2, 4, 6, 8)
    assert spread((1, 2), 5) == (1, 2)


# -- measuring -------------------------------------------------------------------------------------


class ByFirstWord:
    """A matcher that knows labels by the first word, and is not sure of long texts."""

    def best(self, text: str) -> tuple[str, float]:
        return text.partition(" ")[0], 1 / len(text)

    def labels(self, text: str, limit: int) -> list[str]:
        return ["x", "y", text.partition(" ")[0]][:limit]


def test_a_matcher_is_measured_clean_and_beside_noise() -> None:
    rows = tuple(Row(f"{word} it", frozenset({word})) for word in ("book", "cancel", "refund", "is"))
    told = measure(Trial("t", {}, rows, ("a very long story about nothing",)), ByFirstWord(), "t", most_draws=5)
    assert told["right"]["clean"] == told["among"] == told["auroc"] == told["right_at_rejection"] == 1.0
    assert told["right"]["typos"] == 0.25  # only the word of two letters is left alone
    assert told["loss"]["typos"][0] == pytest.approx(0.75)


def test_small_sets_are_spoilt_more_often() -> None:
    assert [draws(rows, 5) for rows in (0, 56, 460, 3080)] == [5, 5, 3, 1]


def test_distinct_labels_keep_their_order() -> None:
    assert distinct(iter("aabacd"), 3) == ["a", "b", "c"]


def test_our_matcher_takes_part_like_any_other() -> None:
    ours = PEERS["ours"](Trial("t", {"time": ("when is it", "what time"), "place": ("where is it", "which town")}, ()))
    assert ours.best("where is it")[0] == "place"
    assert set(ours.labels("where is it", 2)) == {"time", "place"}


def test_every_part_that_can_be_switched_off_has_a_row() -> None:
    told = [job["without"] for job in bench.jobs(bench.options_of(["--only", "ablation"]))]
    assert told == [ablation.ALL, ablation.VOCABULARY, *ablation.parts()]


# -- keys ------------------------------------------------------------------------------------------


class AfterThree:
    """Offers a wrong entry and the right one from the third key on."""

    def __init__(self, *entries: str) -> None:
        self.entries = entries

    def suggest(self, text: str, *, limit: int = 5) -> tuple[Suggestion, ...]:
        return tuple(Suggestion(entry, "") for entry in self.entries) if len(text) >= 3 else ()


def keys(english: Language, *offered: str) -> Mapping[str, float]:
    case = Case(("When is it?",), Kind.ANSWER, claims=(english.content.entries["best-time-to-treat"].claims[0],))
    return saved(AfterThree(*offered), english.content.entries, [case, Case(("bananas????",), Kind.UNKNOWN)])


def test_keys_are_those_typed_and_those_that_choose(english: Language) -> None:
    told = keys(english, "what-it-costs" if "what-it-costs" in english.content.entries else "free-consultation",
                "best-time-to-treat")  # fmt: skip
    assert told["answerable_saved"] == pytest.approx(1 - 4 / 11)
    assert told["answerable_saved_with_arrows"] == pytest.approx(1 - 6 / 11)  # two presses down, one to choose
    assert told["saved"] == pytest.approx(1 - 15 / 22)
    assert told["suggested"] == 1.0


def test_a_question_never_suggested_saves_nothing(english: Language) -> None:
    assert keys(english, "free-consultation")["answerable_saved"] == 0.0


# -- tables ----------------------------------------------------------------------------------------

FIGURES = {
    "right": {"clean": 0.9, "typos": 0.85, "dictation": 0.8},
    "loss": {"typos": (0.05, 0.01), "dictation": (0.1, 0.02)},
    **{"p50": 0.2, "p99": 0.9, "loop": 1.0, "memory": 80.2, "among": 0.97, "fit_s": 1.0},
}


def test_a_table_holds_one_row_for_each_matcher_even_a_failed_one() -> None:
    text = tables.compare(
        [({"set": "s", "peer": "ours"}, FIGURES), ({"set": "s", "peer": "b"}, {"failed": "> 30 min"})]
    )
    head, _, ours, failed = text.splitlines()
    assert "| ours | 90.0 / 85.0 / 80.0 | 5.0 ± 1.0 / 10.0 ± 2.0 | 97.0 |" in ours
    assert head.count("|") == ours.count("|") == failed.count("|")


def test_a_table_is_written_between_its_markers_and_nowhere_else(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text("a\n<!-- bench: path -->\nold\n<!-- end of bench: path -->\nz\n")
    tables.write(file, {"path": "new"})
    assert file.read_text() == "a\n<!-- bench: path -->\nnew\n<!-- end of bench: path -->\nz\n"
    with pytest.raises(ValueError, match="no place"):
        tables.write(file, {"growth": "new"})


@pytest.mark.parametrize("part", tables.TABLES)
def test_the_readme_has_a_place_for_every_table(part: str) -> None:
    assert tables.put((Path(__file__).parent.parent / "README.md").read_text(), part, "new")


def test_without_a_path_only_this_base_is_measured() -> None:
    told = list(bench.jobs(bench.options_of([])))
    assert {job["set"] for job in told if "set" in job} == {bench.BASE}
    assert {job["part"] for job in told} == set(tables.TABLES)


def test_half_a_measurement_is_never_written(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.options_of(["--quick", "--write"])
    assert "--write" in capsys.readouterr().err
