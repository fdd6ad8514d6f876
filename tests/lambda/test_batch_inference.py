"""A large file of names: what is read, what is bad, what is written, and how jobs are started."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from batch_inference import handler
from batch_inference.errors import BatchError
from batch_inference.name_table import NameTable
from batch_inference.results import Summary, write_bad_lines, write_results
from tests.local.sagemaker.workbench import BUCKET

if TYPE_CHECKING:
    from tests.local.sagemaker.workbench import Workbench


def table(text: str | bytes, column: str | None = None) -> NameTable:
    content = text if isinstance(text, bytes) else text.encode()
    return NameTable(io.BytesIO(content), column=column)


def problems(text: str | bytes) -> dict[int, str | None]:
    return {row.line: row.problem for row in table(text).rows()}


def written(
    text: str | bytes, predictions: list[dict[str, Any]], **options: bool
) -> tuple[list[list[str]], Summary]:
    output = io.StringIO()
    summary = write_results(table(text), iter(predictions), output, **options)
    output.seek(0)
    return list(csv.reader(output)), summary


def prediction(name: str, gender: str = "F", probability: float | None = 0.99) -> dict[str, Any]:
    return {"name": name, "gender": gender, "probability_female": probability}


def test_columns_and_delimiters_are_found() -> None:
    for text in (
        "id,First_Name\n1,José\n",
        "\ufeffid;first name\r\n1;José\r\n",
        'id\t"Name"\n1\tJosé',
        'id,name\n1,"José"\n',
    ):
        names = table(text)
        (row,) = names.rows()
        assert (row.line, row.problem, names.name(row)) == (2, None, "José")
    names = table("name,Vorname\nKlein,Ann\n", column="vorname")
    assert [names.name(row) for row in names.rows()] == ["Ann"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the input is empty"),
        ("customer,city\n", "no column of the input is called .*COLUMN="),
        ("name,First Name\n", "more than one column"),
        ("name\n".encode("utf-16"), "CSV UTF-8"),
        ('"name\n', "line 1, the header, cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(text: str | bytes, message: str) -> None:
    with pytest.raises(BatchError, match=message):
        table(text)


def test_a_first_line_that_is_a_person_is_not_quoted() -> None:
    with pytest.raises(BatchError) as refused:
        table('Marker,"Marker, so rude"\n')

    assert "must name the columns (it has 2)" in str(refused.value)
    assert "Marker" not in str(refused.value)


def test_bad_lines_have_their_numbers_and_the_rest_goes_on() -> None:
    content = (
        b"name,city\n"
        b"Ann,Rome\n"  # 2
        b"Tom\n"  # 3
        b"J\xf6rg,Kiel\n"  # 4
        b'"Mary,Bonn\n'  # 5
        b'"Eve","two\nlines"\n'  # 6, 7
        b'"A"b,Rome\n'  # 8
        b"\n"  # 9
        b"Zoe,Oslo,1\n"  # 10
        b"" + b"x" * 1001 + b",Rome\n"  # 11
        b",Rome\n"  # 12
    )
    found = problems(content)
    assert [line for line, problem in found.items() if problem is None] == [2, 6, 12]
    assert found[3] == "the number of columns is 1, and 2 in line 1"
    assert found[4] == "the line is not encoded in UTF-8"
    assert found[5] == "a quotation mark is never closed"
    assert found[8] is not None
    assert found[9] == "the line is empty"
    assert found[10] == "the number of columns is 3, and 2 in line 1"
    assert found[11] == "the name has more than 1,000 characters"


def test_an_open_quotation_mark_takes_its_own_line_only() -> None:
    lines = ["name\n", *['"Ann\n', "Tom\n"] * 3_000]
    found = problems("".join(lines))
    assert len(found) == 6_000
    assert [line for line, problem in found.items() if problem is None] == [*range(3, 6002, 2)]


def test_results_keep_every_row_and_column() -> None:
    text = 'id,name,note\n1,Ann,"a, ""b"""\n2\n3,Tom,=1+1\n'
    answers = [prediction("Ann"), {**prediction("Tom", "U", None), "reason": "not_a_name"}]
    rows, summary = written(text, answers)
    assert rows == [
        ["id", "name", "note", "gender", "probability_female", "reason"],
        ["1", "Ann", 'a, "b"', "F", "0.99", ""],
        ["2", "", "", "U", "", "bad_line"],
        ["3", "Tom", "=1+1", "U", "", "not_a_name"],
    ]
    assert summary.genders == {"F": 1, "U": 1}
    bad_lines = io.StringIO()
    write_bad_lines(summary, bad_lines)
    assert bad_lines.getvalue() == (
        'line,problem\n3,"the number of columns is 1, and 3 in line 1"\n'
    )


def test_formulas_are_made_harmless_where_a_spreadsheet_reads() -> None:
    text = "name,note\nAnn,=1+1\nTom,-5\nEve,a=b\n"
    answers = [prediction(name) for name in ("Ann", "Tom", "Eve")]
    rows, _ = written(text, answers, for_spreadsheet=True)
    assert [row[1] for row in rows[1:]] == ["'=1+1", "'-5", "a=b"]


def test_a_column_that_is_there_already_is_not_overwritten() -> None:
    rows, _ = written("name,gender\nAnn,X\n", [prediction("Ann")])
    assert rows[0] == ["name", "gender", "inferred_gender", "probability_female", "reason"]
    assert rows[1][:3] == ["Ann", "X", "F"]


@pytest.mark.parametrize("answers", [["Tom"], [], ["Ann", "Tom"]])
def test_answers_to_other_names_are_refused(answers: list[str]) -> None:
    with pytest.raises(BatchError):
        written("name\nAnn\n", [prediction(name) for name in answers])


@pytest.mark.usefixtures("sagemaker_environment")
@pytest.mark.parametrize("key", ["arn:aws:kms:us-east-1:000000000000:key/customers", None])
def test_a_jobs_volume_has_the_customers_key_where_there_is_one(
    shared: Workbench, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    monkeypatch.setenv("BUCKET_NAME", BUCKET)
    monkeypatch.setenv("JOB_NAME_PREFIX", "voc-gender-batch-")
    monkeypatch.setenv("INSTANCE_TYPE", "ml.m5.large")
    if key is not None:
        monkeypatch.setenv("VOLUME_KEY_ARN", key)
    batch = {"batch": shared.name("batch"), "model": shared.model(), "population": None}

    started = handler.next_job({**batch, "chunks": {"count": 1, "names": 1}, "job": None}, None)

    job = shared.sagemaker.describe_transform_job(TransformJobName=started["job"]["name"])
    assert job["TransformResources"].get("VolumeKmsKeyId") == key
