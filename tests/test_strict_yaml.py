"""YAML without its surprises."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.knowledge.strict_yaml import MAX_BYTES, Document, read


def read_text(folder: Path, content: str | bytes) -> Document:
    path = folder / "file.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(path, name="file.yaml")


def test_only_true_false_and_null_are_more_than_text(tmp_path: Path) -> None:
    document = read_text(tmp_path, "[no, yes, on, off, 12:30, 010, 1.5, 2027-05-20, true, false, null, ~, 'true']")
    assert document.data == [
        "no", "yes", "on", "off", "12:30", "010", "1.5", "2027-05-20", True, False, None, None, "true",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "place", "said"),
    [
        ("a: 1\nb: 2\na: 3", "3:1", "'a' stands twice (first in line 1)"),
        ("a: {b: 1, b: 2}", "1:11", "'b' stands twice"),
        ("a: &x [1]\nb: *x", "1:4", "anchors and aliases"),
        ("b: *x", "1:4", "anchors and aliases"),
        ("a: !!python/object:os.system {}", "1:4", "tag"),
        ("a: !thing 1", "1:4", "tag"),
        ("a:\n\t- b", "2:1", "spaces, not tabs"),
        ("a: b: c", "1:5", "quotes around text that has a colon"),
        ("a: 1\n---\nb: 2", "2:1", "second document"),
        ("? [a]\n: b", "1:3", "key has to be plain text"),
        ("[" * 200_000, "1:18", "nested deeper"),
        ("a: " + "{b: " * 100_000, "1:", "nested deeper"),
        ("- x\n" * 400_001, "399999:", "too many values"),
        (b"a: \xff", "1:1", "UTF-8"),
        (b"a: caf\xe9", "1:1", "UTF-8"),
        (b"\xff\xfea\x00", "1:1", "UTF-8"),
        ("a: 'x\0'", "1:1", "not YAML"),
        ("a: 'unclosed", "1:", "check indentation and quotes"),
        ("x" * (MAX_BYTES + 1), "1:1", "larger"),
    ],
)
def test_a_problem_says_where_and_what(tmp_path: Path, content: str | bytes, place: str, said: str) -> None:
    problems = [str(problem) for problem in read_text(tmp_path, content).problems]
    assert len(problems) == 1
    assert problems[0].startswith(f"file.yaml:{place}")
    assert said in problems[0]


def test_all_duplicates_of_a_file_are_reported(tmp_path: Path) -> None:
    assert len(read_text(tmp_path, "a: 1\na: 2\nb: {c: 1, c: 2}\na: 3").problems) == 3


def test_an_alias_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    bomb = "a: &a [x,x]\n" + "\n".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)},*{chr(97 + i)}]" for i in range(20)
    )
    assert read_text(tmp_path, bomb).data is None


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    assert read_text(tmp_path, b"\xef\xbb\xbfa: 1").data == {"a": "1"}


def test_windows_line_ends_are_no_problem(tmp_path: Path) -> None:
    assert read_text(tmp_path, "a: 1\r\nb: |\r\n  two\r\n").data == {"a": "1", "b": "two\n"}


def test_a_missing_file_is_a_problem_and_no_exception(tmp_path: Path) -> None:
    assert "cannot be read" in str(read(tmp_path / "gone.yaml", name="gone.yaml").problems[0])


def test_each_value_knows_its_place(tmp_path: Path) -> None:
    document = read_text(tmp_path, "a:\n  b:\n    - one\n    - two\n")
    assert document.place(("a", "b", 1)) == (4, 7)
    assert document.place(("a", "missing", 3)) == (1, 1)


@given(st.binary(max_size=200))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    document = read_text(tmp_path_factory.getbasetemp(), content)
    assert document.problems or document.data is None or isinstance(document.data, (str, list, dict, bool))
