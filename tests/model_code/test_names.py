"""Reading texts as names."""

import pytest

from model_code.names import MAXIMUM_LENGTH, Problem, fold, read


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Mary", ("mary",)),
        ("  MARY\t", ("mary",)),
        ("José", ("jose",)),
        ("Jose\u0301", ("jose",)),
        ("Łukasz", ("lukasz",)),
        ("Søren", ("soren",)),
        ("Đorđe", ("dorde",)),
        ("Weiß", ("weiss",)),
        ("Æsa", ("aesa",)),
        ("Işık", ("isik",)),
        ("Mary-Jane", ("mary", "jane")),
        ("Jean Pierre", ("jean", "pierre")),
        ("Jean\u2011Luc", ("jean", "luc")),
        ("O'Neal", ("oneal",)),
        ("N’Golo", ("ngolo",)),
        ("Ma\u200bry", ("mary",)),
        ("\ufeffMary", ("mary",)),
        ("Ｍａｒｙ", ("mary",)),
        ("J. Robert", ("robert",)),
        ("Дмитрий", ("dmitriy",)),
        ("Γιώργος", ("giorgos",)),
        ("Анна Γιώργος", ("anna", "giorgos")),
        ("M\u0308ary", ("mary",)),
        ("Bô", ("bo",)),
        ("Ana Bea Eva Íris", ("ana", "bea", "eva", "iris")),
    ],
)
def test_names_fold(text: str, parts: tuple[str, ...]) -> None:
    reading = read(text)
    assert reading.parts == parts
    assert reading.problem is None
    assert not reading.foreign


@pytest.mark.parametrize(
    "text",
    ["", " ", "a", "123", "R2D2", "X Æ A-12", "🙂", "Tom <tom@example.com>", "\x00\x01", "Тom",
     "a" * 500, "\ud800", "Mary9", "one two three four five"],
)  # fmt: skip
def test_what_cannot_be_read_is_not_a_name(text: str) -> None:
    reading = read(text)
    assert reading.parts == ()
    assert reading.problem is Problem.NOT_A_NAME


@pytest.mark.parametrize(
    ("longest", "parts"),
    [("Anna".ljust(400), ("anna",)), ("é" + "a" * 39, ("e" + "a" * 19,))],
)
def test_a_letter_more_than_the_longest_is_not_a_name(longest: str, parts: tuple[str, ...]) -> None:
    assert read(longest).parts == parts
    assert read(longest + longest[-1]).problem is Problem.NOT_A_NAME


def test_five_parts_are_not_a_name_however_they_are_written() -> None:
    for text in ("Ana Bea Eva Ida Iris", "Ana Bea Eva Ida Íris"):
        assert read(text).problem is Problem.NOT_A_NAME


def test_a_script_without_letters_to_look_up_is_not_covered() -> None:
    reading = read("ՙ")
    assert reading.problem is Problem.SCRIPT
    assert reading.foreign
    assert reading.parts == ()


def test_other_scripts_are_marked() -> None:
    for text, parts in (
        ("さくら", ("sakura",)),
        ("민준", ("minjun",)),
        ("محمد", ("mhmd",)),
        ("王伟", ("wangwei",)),
    ):
        assert read(text) == (parts, True, None)


def test_long_parts_are_cut() -> None:
    assert MAXIMUM_LENGTH == 20
    for length in (19, 20):
        assert read("b" + "a" * (length - 1)).parts == ("b" + "a" * (length - 1),)
    for length in (21, 30):
        assert read("b" + "a" * (length - 1)).parts == ("b" + "a" * 19,)


def test_folding_is_stable() -> None:
    for text in ("José", "Ирина", "Zoë"):
        assert fold(fold(text)) == fold(text)


def test_no_text_raises() -> None:
    for number in range(0x110000 // 97):
        read(chr(number * 97))
        read("Anna" + chr(number * 97))
