"""What is written when a row changes, and on which condition."""

from __future__ import annotations

import pytest

from feedback.changes import Change, attributes, total
from feedback.record import Row

ENTERED = Row.model_validate({"ID": "1", "FirstName": "Mary", "Counted": ":::"})
INFERRED = ENTERED.model_copy(
    update={"gender": "F", "gender_source": "inferred", "probability_female": 0.9877}
)
STORED = INFERRED.model_copy(update={"counted": "F:inferred:9877:"})
SELF_DESCRIBED = STORED.model_copy(
    update={"gender": "M", "gender_source": "self", "probability_female": None}
)
AS_ENTERED = (
    "attribute_exists(ID) AND FirstName = :wasFirstName"
    " AND (attribute_not_exists(Gender) OR attribute_type(Gender, :null))"
    " AND (attribute_not_exists(GenderSource) OR attribute_type(GenderSource, :null))"
    " AND (attribute_not_exists(Sentiment) OR attribute_type(Sentiment, :null))"
    " AND Counted = :wasCounted"
)


def test_what_would_be_the_same_is_not_written() -> None:
    assert not Change(STORED, STORED).is_needed
    assert not Change(STORED, INFERRED).is_needed
    assert Change(ENTERED, INFERRED).is_needed
    assert Change(STORED, None).is_needed


def test_a_row_that_never_was_counted_is_counted() -> None:
    row = Row.model_validate({"ID": "1", "FirstName": "Mary"})
    change = Change(row, row)

    assert change.is_needed
    assert change.sums() == {"Feedbacks": 1, "GenderNone": 1}
    assert change.counted_after().counted == ":::"


def test_only_what_changed_is_written_if_the_row_is_what_was_read() -> None:
    assert Change(ENTERED, INFERRED).action("feedbacks") == {
        "Update": {
            "TableName": "feedbacks",
            "Key": {"ID": {"S": "1"}},
            "ConditionExpression": AS_ENTERED,
            "UpdateExpression": (
                "SET Gender = :Gender, GenderSource = :GenderSource,"
                " ProbabilityFemale = :ProbabilityFemale, Counted = :Counted"
            ),
            "ExpressionAttributeValues": {
                ":wasFirstName": {"S": "Mary"},
                ":wasCounted": {"S": ":::"},
                ":null": {"S": "NULL"},
                ":Gender": {"S": "F"},
                ":GenderSource": {"S": "inferred"},
                ":ProbabilityFemale": {"N": "0.9877"},
                ":Counted": {"S": "F:inferred:9877:"},
            },
        }
    }


def test_what_is_gone_is_removed() -> None:
    update = Change(STORED, SELF_DESCRIBED).action("feedbacks")["Update"]

    assert update["UpdateExpression"] == (
        "SET Gender = :Gender, GenderSource = :GenderSource, Counted = :Counted"
        " REMOVE ProbabilityFemale"
    )


def test_a_row_is_deleted_if_it_is_what_was_read() -> None:
    assert Change(ENTERED, None).action("feedbacks") == {
        "Delete": {
            "TableName": "feedbacks",
            "Key": {"ID": {"S": "1"}},
            "ConditionExpression": AS_ENTERED,
            "ExpressionAttributeValues": {
                ":wasFirstName": {"S": "Mary"},
                ":wasCounted": {"S": ":::"},
                ":null": {"S": "NULL"},
            },
        }
    }


def test_a_deleted_row_is_not_stored() -> None:
    with pytest.raises(ValueError, match="a deleted row is not stored"):
        Change(STORED, None).counted_after()


def test_what_nobody_knows_is_not_stored() -> None:
    assert attributes(SELF_DESCRIBED).keys() == {
        "ID",
        "FirstName",
        "Gender",
        "GenderSource",
        "Counted",
    }


def test_changes_of_many_rows_move_each_sum_once() -> None:
    changes = [Change(ENTERED, INFERRED), Change(STORED, SELF_DESCRIBED), Change(STORED, None)]

    assert total(changes) == {"Feedbacks": -1, "GenderNone": -1, "GenderF": -1, "GenderM": 1,
                              "SelfDescribed": 1}  # fmt: skip
    assert total([Change(STORED, STORED)]) == {}
