"""Prove the hazard log: take each hazard's control away and see its test fail: `python -m tests.mutations [H-01 ...]`.

Each mutation changes one file in a copy of the project. A test that still passes proves nothing, and is reported.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
COPIED = (
    "chatbot",
    "knowledge",
    "tests",
    "instance",
    "pyproject.toml",
    "wsgi.py",
    "README.md",
    "CHANGELOG.md",
    "Makefile",
)


@dataclass(frozen=True, slots=True)
class Mutation:
    """A control taken away: in `file`, `old` becomes `new`; `test` has to fail."""

    hazard: str
    file: str
    old: str
    new: str
    test: str


GUARD, SAFETY = "chatbot/safety/guard.py", "tests/test_safety.py"
MUTATIONS = (
    Mutation(
        "H-01",
        "knowledge/en/safety/autonomic-dysreflexia.yaml",
        "at_least: 2",
        "at_least: 4",
        f"{SAFETY}::test_every_example_of_every_rule_holds",
    ),
    Mutation(
        "H-02",
        "chatbot/safety/reading.py",
        "for marks, pattern, letter in _DISGUISES:",
        "for marks, pattern, letter in ():",
        f"{SAFETY}::test_disguised_letters_do_not_hide_danger",
    ),
    Mutation(
        "H-03",
        "chatbot/dialogue.py",
        "return Reply(red_flag.level.kind, text, contacts=contacts, notice=visitor.notice, context=context)",
        "return Reply(red_flag.level.kind, text, contacts=contacts, handoff=self._handoff(visitor))",
        "tests/test_api.py::test_an_emergency_has_numbers_and_nothing_else",
    ),
    Mutation(
        "H-06",
        GUARD,
        "signs=self._carried(seen, earlier),",
        "signs=(text,),",
        f"{SAFETY}::test_carried_signs_are_names_and_never_words_of_the_visitor",
    ),
    Mutation(
        "H-10",
        "chatbot/safety/cards.py",
        "contacts = emergency or unknown.contacts",
        "contacts = emergency or unknown.contacts[:1]",
        f"{SAFETY}::test_an_unknown_country_is_told_all_three_numbers",
    ),
    Mutation(
        "H-11",
        "chatbot/web/logs.py",
        '"error": type(error).__name__',
        '"error": str(error)',
        "tests/test_web_parts.py::test_an_exception_is_logged_without_its_message",
    ),
    Mutation(
        "H-14",
        "chatbot/building.py",
        "if failures := guard.self_test():",
        "if failures := ():",
        f"{SAFETY}::test_a_gate_that_fails_its_own_examples_does_not_start",
    ),
    Mutation(
        "H-15",
        "chatbot/safety/frames.py",
        "return any(covers[frame] for frame in sign.cancelled_by)",
        "return False",
        f"{SAFETY}::test_every_example_of_every_rule_holds",
    ),
    Mutation(
        "H-16",
        GUARD,
        "return bool(rules) and all(not known.isdisjoint(rule.unless) for rule in rules)",
        "return False",
        f"{SAFETY}::test_a_voted_red_flag_is_none_that_a_sign_rules_out",
    ),
    Mutation(
        "H-17",
        "chatbot/safety/reading.py",
        '_SPACING = re.compile(r"[ .-]")',
        '_SPACING = re.compile(r"([ .-]+)+")',
        f"{SAFETY}::test_no_expression_nests_quantifiers",
    ),
    Mutation(
        "H-18",
        GUARD,
        "for start, end, own in windows(len(readings)):",
        "for start, end, own in ((0, 130, 0),):",
        f"{SAFETY}::test_danger_in_the_middle_of_a_long_story_is_seen",
    ),
    Mutation(
        "H-19",
        GUARD,
        "if signs[name].carry or signs[name].lasting}",
        "if signs[name].lasting}",
        f"{SAFETY}::test_i_am_fine_after_a_disclosure_is_still_a_crisis",
    ),
    Mutation(
        "H-20",
        "chatbot/safety/frames.py",
        "over = (marked | beside) - now",
        "over = set(clauses)",
        f"{SAFETY}::test_an_old_trouble_does_not_excuse_a_new_one",
    ),
    Mutation(
        "H-21",
        "chatbot/safety/spelling.py",
        "self._right = self.known | self._ordinary",
        "self._right = self.known",
        f"{SAFETY}::test_ordinary_words_are_not_taken_for_sign_words",
    ),
    Mutation(
        "H-22",
        "knowledge/en/strings/pages.yaml",
        "They have not been reviewed by a clinician yet.",
        "",
        f"{SAFETY}::test_readme_and_page_say_that_no_clinician_has_reviewed_it",
    ),
    Mutation(
        "H-04",
        "chatbot/knowledge/entry_rules.py",
        "    _balance,\n",
        "",
        "tests/test_editorial.py::test_a_planted_violation_is_caught",
    ),
    Mutation(
        "H-05",
        "chatbot/dialogue.py",
        "self._lead(meant.matches) < bands.answer",
        "self._lead(meant.matches) < 0",
        "tests/test_dialogue.py::test_an_answer_needs_a_lead_over_what_says_something_else",
    ),
    Mutation(
        "H-07",
        "knowledge/en/entries/not-covered-timing.yaml",
        "For now, follow your hospital team. ",
        "",
        "tests/test_safety.py::test_the_newly_injured_are_told_to_follow_their_hospital_team",
    ),
    Mutation(
        "H-08",
        "knowledge/en/style.yaml",
        "limited places, limited time, window closes, ",
        "",
        "tests/test_safety.py::test_words_of_urgency_are_refused_and_stand_nowhere_near_booking",
    ),
    Mutation(
        "H-09",
        "knowledge/en/entries/personal.yaml",
        "Do not stop or change a medicine without the doctor who prescribed it. ",
        "",
        "tests/test_safety.py::test_whoever_asks_about_medicines_is_told_not_to_stop_one_alone",
    ),
    Mutation(
        "H-12",
        "chatbot/knowledge/editorial.py",
        "if entry.review.due < today:",
        "if False:",
        "tests/test_editorial.py::test_a_passed_review_date_warns_and_stops_nothing",
    ),
    Mutation(
        "H-13",
        "chatbot/knowledge/entry_rules.py",
        "    _banned_words,\n",
        "",
        "tests/test_editorial.py::test_a_planted_violation_is_caught",
    ),
    Mutation(
        "H-24",
        "chatbot/web/ops.py",
        '        "safety": _safety(),\n',
        "",
        "tests/test_api.py::test_readyz_names_a_missing_vote",
    ),
    Mutation(
        "H-23",
        GUARD,
        "parts = [part for piece in told for part in self._parts(piece)]",
        "parts = []",
        f"{SAFETY}::test_a_harmless_question_beside_it_hides_no_danger",
    ),
    Mutation(
        "H-24",
        GUARD,
        "except Exception:  # whatever is wrong with the vote, the rules go on without it",
        "except ZeroDivisionError:",
        f"{SAFETY}::test_a_vote_that_raises_leaves_the_rules",
    ),
    Mutation(
        "H-25",
        "chatbot/assistant.py",
        "        if reply.kind in DANGER_KINDS:\n            return reply\n",
        "",
        "tests/test_api.py::test_an_emergency_is_answered_even_when_rate_limited",
    ),
    Mutation(
        "H-26",
        "chatbot/assistant.py",
        "            self._report(fault)\n            return dialogue.unavailable(visitor=visitor)",
        "            raise",
        "tests/test_api.py::test_a_broken_matcher_leaves_the_emergency_card",
    ),
    Mutation(
        "H-27",
        "chatbot/dialogue.py",
        "return self._danger(assessment.red_flag, assessment, visitor) if assessment.red_flag else None",
        "return None",
        "tests/test_api.py::test_a_suggestion_request_with_danger_carries_the_alert",
    ),
)


def survived(mutation: Mutation) -> str:
    """Why a mutation proves nothing; empty when its test failed as it should."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.sqlite"))
            elif source.exists():
                shutil.copy(source, copy / name)
        file = copy / mutation.file
        text = file.read_text("utf-8")
        if mutation.old not in text:
            return f"{mutation.file} no longer holds: {mutation.old}"
        file.write_text(text.replace(mutation.old, mutation.new), "utf-8")
        run = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", mutation.test]
        done = subprocess.run(run, cwd=copy, capture_output=True, text=True, check=False)
    return "" if done.returncode == 1 else f"{mutation.test} ended with {done.returncode}: {done.stdout[-300:]}"


def hazards_of(log: str) -> set[str]:
    """The ids of the rows of a hazard log that name a test."""
    return {row for row, tests in re.findall(r"^\| (H-\d+) .*\|([^|]*)\|$", log, re.MULTILINE) if "`test_" in tests}


def main(wanted: list[str]) -> int:
    """Try each mutation, or those of the hazards named."""
    bad = 0
    for mutation in MUTATIONS:
        if not wanted or mutation.hazard in wanted:
            reason = survived(mutation)
            bad += bool(reason)
            print(
                f"{mutation.hazard}  {'PROVES NOTHING: ' + reason if reason else 'its test fails without its control'}",
                flush=True,
            )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
