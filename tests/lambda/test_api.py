"""The four routes of the workshop and the batch ones, through handler, logic and data."""

from __future__ import annotations

import json
import urllib.parse
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from feedback.record import NewFeedback, Row
from feedback.table import FeedbackTable
from get_all_contents.logic import with_fresh
from tests.new_feedback import text_limits

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "feedbacks"


def enter(call: Any, first_name: str, text: str = "Fine.") -> str:
    """Enter a feedback and return its ID."""
    answer = call(
        "POST",
        "/feedback",
        body={"FirstName": first_name, "LastName": "Doe", "Feedback": text},
    )
    assert answer.status == 200, answer.body
    identifier: str = answer.json()["ID"]
    return identifier


def rows(call: Any) -> dict[str, dict[str, Any]]:
    """Return the listing by ID."""
    return {row["ID"]: row for row in call("GET", "/getallcontents").json()}


@pytest.mark.usefixtures("dynamodb")
def test_five_feedbacks_are_entered_identified_and_read_back(call: Any, model: Any) -> None:
    names = ["Tom", "Mary", "Tom", "Robin", "123"]
    ids = [enter(call, name) for name in names]

    answer = call("GET", "/identifygender?Id=" + ",".join(ids))

    assert answer.json() == ["Tom - M", "Mary - F", "Tom - M", "Robin - U", "123 - U"]
    assert [request["names"] for request in model.requests] == [["Tom", "Mary", "Robin", "123"]]
    assert model.requests[0]["path"] == "/endpoints/gender/invocations"
    found = rows(call)
    mary = found[ids[1]]
    posted = mary.pop("PostedTime")
    assert posted.endswith("+00:00")
    assert mary == {
        "ID": ids[1],
        "FirstName": "Mary",
        "LastName": "Doe",
        "Feedback": "Fine.",
        "Gender": "F",
        "GenderProbability": 0.9877,
        "GenderSource": "inferred",
    }
    assert found[ids[3]]["Gender"] == "U"
    assert "GenderProbability" not in found[ids[4]]


@pytest.mark.usefixtures("dynamodb")
def test_the_listing_is_newest_first_and_pages_by_link(call: Any) -> None:
    ids = [enter(call, f"Name{number}") for number in range(5)]

    seen = []
    url: str | None = "/getallcontents?limit=2"
    while url is not None:
        answer = call("GET", url)
        seen.append([row["ID"] for row in answer.json()])
        link = answer.headers.get("Link")
        if link:
            assert link.endswith('>; rel="next"')
            url = urllib.parse.urljoin("/getallcontents", link[1:].partition(">")[0])
        else:
            url = None

    newest = ids[::-1]
    assert seen == [newest[:2], newest[2:4], newest[4:]]
    largest = call("GET", "/getallcontents?limit=1000")
    assert [row["ID"] for row in largest.json()] == newest


@pytest.mark.usefixtures("dynamodb")
@pytest.mark.parametrize("text", ["x" * 390_000, "é" * 190_000, '"' * 390_000, "\x01" * 390_000])
def test_a_page_stays_within_what_a_function_may_answer(
    call: Any, dynamodb: Any, text: str
) -> None:
    for number in range(15):
        dynamodb.put_item(
            TableName=TABLE,
            Item={
                "ID": {"S": str(number)},
                "Listing": {"S": "all"},
                "PostedTime": {"S": f"2026-01-{number + 1:02}"},
                "Feedback": {"S": text},
            },
        )

    seen: list[int] = []
    url: str | None = "/getallcontents"
    while url is not None:
        answer = call("GET", url)
        assert len(json.dumps({"body": answer.body, **answer.headers})) < 6_000_000
        seen.extend(int(row["ID"]) for row in answer.json())
        link = answer.headers.get("Link")
        url = f"/getallcontents{link[1:].partition('>')[0]}" if link else None

    assert seen == list(range(15))[::-1]


@pytest.mark.usefixtures("dynamodb")
@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "after=x", "after=~x", "after="]
)
def test_a_wrong_page_is_refused(call: Any, query: str) -> None:
    answer = call("GET", f"/getallcontents?{query}")

    assert answer.status == 400
    assert answer.json()["error"]["code"] == "bad_request"


@pytest.mark.usefixtures("dynamodb")
def test_the_workshop_way_of_entering(call: Any) -> None:
    query = urllib.parse.urlencode(
        {"FirstName": " Zoë ", "LastName": "", "Feedback": "<img onerror=x> & so on, 100 %"}
    )

    answer = call("GET", f"/enterfeedback?{query}")

    (row,) = rows(call).values()
    assert answer.json() == {"ID": row["ID"]}
    assert (row["FirstName"], row["LastName"]) == ("Zoë", "")
    assert row["Feedback"] == "<img onerror=x> & so on, 100 %"


@pytest.mark.usefixtures("dynamodb")
def test_every_field_that_is_entered_is_read_back(call: Any) -> None:
    entered = {str(field.alias): name for name, field in NewFeedback.model_fields.items()}
    identifier = call("POST", "/feedback", body=entered).json()["ID"]

    row = rows(call)[identifier]

    assert {name: row.get(name) for name in entered} == entered


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("GET", "/enterfeedback?FirstName=&Feedback=x", None),
        ("GET", "/enterfeedback", None),
        ("GET", "/identifygender", None),
        ("GET", "/identifygender?Id=", None),
        ("GET", "/identifygender?Id=,,", None),
        ("POST", "/feedback", None),
        ("POST", "/feedback", "{"),
        ("POST", "/feedback", []),
        ("POST", "/feedback", {"FirstName": "Marker", "Feedback": " "}),
        ("POST", "/feedback", {"FirstName": "Marker", "Feedback": "x" * 5_001}),
        ("POST", "/feedback", {"FirstName": ["Marker"], "Feedback": "x"}),
        ("POST", "/feedback", '{"FirstName": "\\ud800", "Feedback": "x"}'),
        ("POST", "/identifygender", {"ids": []}),
        ("POST", "/identifygender", {"ids": ["a", 1]}),
        ("POST", "/identifygender", {"ids": [""]}),
        ("POST", "/identifygender", {"ids": "abc"}),
        ("POST", "/predict", {"names": []}),
        ("POST", "/predict", {"names": ["Marker", None]}),
        ("POST", "/predict", {"names": ["Marker"], "population": "mars"}),
        ("POST", "/predict", {}),
        ("POST", "/predict", "null"),
    ],
)
def test_bad_input_is_a_400_that_quotes_nothing(
    call: Any, logs: Any, method: str, url: str, body: object
) -> None:
    answer = call(method, url, body=body)

    assert answer.status == 400, answer.body
    error = answer.json()["error"]
    assert error["code"] == "bad_request"
    assert error["message"]
    assert "Marker" not in answer.body
    assert "Marker" not in logs()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("body", ["[" * 100_000, '{"names":' * 20_000])
def test_a_body_nested_too_deeply_is_a_400(call: Any, body: str) -> None:
    for path in ("/predict", "/feedback", "/identifygender", "/predictsentiment"):
        answer = call("POST", path, body=body)
        assert answer.status == 400, path
        assert answer.json()["error"]["code"] == "bad_request"


@pytest.mark.usefixtures("dynamodb")
def test_beyond_the_limit_is_a_413_that_names_it(call: Any, model: Any) -> None:
    ids = [f"id-{number}" for number in range(1_001)]

    by_ids = call("POST", "/identifygender", body={"ids": ids})
    by_names = call("POST", "/predict", body={"names": ids})

    for answer in (by_ids, by_names):
        assert answer.status == 413
        assert answer.json()["error"]["details"] == {"limit": 1000, "received": 1001}
    assert model.requests == []
    repeated = call("POST", "/identifygender", body={"ids": ids[:1_000] + ids[:500]})
    assert repeated.status == 200
    assert len(repeated.json()["results"]) == 1_000


def test_predict_answers_in_order_and_asks_each_name_once(call: Any, model: Any) -> None:
    names = ["Tom", "", "Mary", "Tom", "!!", "X Æ A-12"]

    answer = call("POST", "/predict", body={"names": names, "population": "world"})

    predictions = answer.json()["predictions"]
    assert [prediction["name"] for prediction in predictions] == names
    assert [prediction["gender"] for prediction in predictions] == ["M", "U", "F", "M", "U", "M"]
    assert predictions[1] == {
        "name": "",
        "gender": "U",
        "probability_female": None,
        "probability": None,
        "reason": "not a name",
    }
    assert answer.json()["model"] == "test"
    (request,) = model.requests
    assert request["names"] == ["Tom", "", "Mary", "!!", "X Æ A-12"]
    assert request["population"] == "world"


def test_names_are_split_where_they_are_more_than_an_endpoint_takes(call: Any, model: Any) -> None:
    names = [f"{number}" + "a" * 10_000 for number in range(700)]

    answer = call("POST", "/predict", body={"names": names})

    assert [said["name"] for said in answer.json()["predictions"]] == names
    assert len(model.requests) == 3


@pytest.mark.usefixtures("dynamodb")
def test_batches_report_each_id(call: Any) -> None:
    known = enter(call, "Mary")

    answer = call("POST", "/identifygender", body={"ids": ["nobody", known, "nobody"]})

    assert answer.status == 200
    assert answer.json()["results"] == [
        {
            "id": "nobody",
            "error": {"code": "not_found", "message": "There is no such feedback."},
        },
        {"id": known, "gender": "F", "probability": 0.9877, "source": "inferred"},
    ]


@pytest.mark.usefixtures("dynamodb")
def test_the_workshop_way_says_which_ids_are_missing(call: Any) -> None:
    known = enter(call, "Mary")

    answer = call("GET", f"/identifygender?Id={known},nobody")

    assert answer.status == 404
    assert answer.json()["error"]["details"] == {"missing": ["nobody"]}
    assert rows(call)[known]["Gender"] == "F"


@pytest.mark.usefixtures("dynamodb")
def test_hundreds_of_ids_are_one_question(call: Any, model: Any) -> None:
    ids = [enter(call, f"Name{number % 7}") for number in range(250)]

    answer = call("POST", "/identifygender", body={"ids": ids})

    assert [result["gender"] for result in answer.json()["results"]] == ["M"] * 250
    (request,) = model.requests
    assert len(request["names"]) == 7


def describe(dynamodb: DynamoDBClient, identifier: str) -> None:
    """Let the person state a gender."""
    dynamodb.update_item(
        TableName=TABLE,
        Key={"ID": {"S": identifier}},
        UpdateExpression="SET Gender = :gender, GenderSource = :self",
        ExpressionAttributeValues={":gender": {"S": "X"}, ":self": {"S": "self"}},
    )


def test_what_the_person_said_is_never_replaced(
    call: Any, model: Any, dynamodb: DynamoDBClient
) -> None:
    before, during, deleted = (enter(call, "Mary") for _ in range(3))
    describe(dynamodb, before)

    def meanwhile() -> None:
        describe(dynamodb, during)
        dynamodb.delete_item(TableName=TABLE, Key={"ID": {"S": deleted}})

    model.before_answer = meanwhile
    answer = call("POST", "/identifygender", body={"ids": [before, during, deleted]})

    results = answer.json()["results"]
    assert [result.get("source") for result in results] == ["self", "self", None]
    assert [result.get("gender") for result in results] == ["X", "X", None]
    assert results[2]["error"]["code"] == "not_found"
    assert set(rows(call)) == {before, during}


@pytest.mark.usefixtures("dynamodb")
def test_repeating_changes_nothing(call: Any) -> None:
    ids = [enter(call, name) for name in ("Tom", "Mary")]
    first = call("POST", "/identifygender", body={"ids": ids})
    listed = rows(call)

    again = call("POST", "/identifygender", body={"ids": ids})

    assert again.body == first.body
    assert rows(call) == listed


@pytest.mark.parametrize(
    "failure",
    [
        (429, "ModelNotReadyException", {}),
        (400, "ThrottlingException", {}),
        (503, "ServiceUnavailable", {}),
        (424, "ModelError", {"OriginalStatusCode": 503}),
    ],
)
def test_a_passing_failure_is_retried(call: Any, model: Any, failure: Any) -> None:
    model.failures.append(failure)

    answer = call("POST", "/predict", body={"names": ["Tom"]})

    assert answer.status == 200
    assert len(model.requests) == 2


@pytest.mark.parametrize(
    ("failure", "status", "code", "attempts"),
    [
        ((429, "ModelNotReadyException", {}), 503, "model_unavailable", 4),
        ((400, "ValidationError", {}), 503, "model_unavailable", 1),
        ((424, "ModelError", {"OriginalStatusCode": 500}), 502, "model_failed", 1),
        ((424, "ModelError", {"OriginalStatusCode": 413}), 413, "too_large", 1),
        ((403, "AccessDeniedException", {}), 502, "model_failed", 1),
    ],
)
def test_a_lasting_failure_is_told(
    call: Any, model: Any, failure: Any, status: int, code: str, attempts: int
) -> None:
    model.failures.extend([failure] * 9)

    answer = call("POST", "/predict", body={"names": ["Marker"]})

    assert (answer.status, answer.json()["error"]["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) == (status >= 500)
    assert len(model.requests) == attempts


def test_an_answer_that_is_none_is_a_502(
    call: Any, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "answer", lambda name: {"name": name, "gender": "?"})

    answer = call("POST", "/predict", body={"names": ["Marker"]})

    assert answer.status == 502
    assert "Marker" not in answer.body


def test_an_unreachable_endpoint_is_a_503(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", "http://127.0.0.1:9")

    answer = call("POST", "/predict", body={"names": ["Tom"]})

    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_an_unreachable_table_is_a_503(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    answer = call("GET", "/getallcontents")

    assert answer.status == 503
    assert answer.json()["error"]["code"] == "storage_unavailable"


def test_a_fault_of_ours_says_nothing_of_the_request(call: Any, logs: Any) -> None:
    # There is no table at all: DynamoDB refuses, which no retry mends.
    answer = call("GET", "/enterfeedback?FirstName=Marker&LastName=M&Feedback=Marker")

    assert answer.status == 500
    assert answer.json()["error"]["code"] == "internal_error"
    logged = logs()
    assert "ResourceNotFoundException" in logged
    assert "Marker" not in logged + answer.body


@pytest.mark.usefixtures("dynamodb")
def test_no_log_holds_what_people_typed(
    call: Any, model: Any, logs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_LOGGER_LOG_EVENT", "true")
    typed = dict.fromkeys(text_limits(), "Marker")
    identifier = call("POST", "/feedback", body=typed).json()["ID"]
    call("GET", "/enterfeedback?FirstName=Marker&LastName=Marker&Feedback=Marker")
    call("GET", f"/identifygender?Id={identifier}")
    call("POST", "/identifygender", body={"ids": [identifier]})
    call("POST", "/predict", body={"names": ["Marker"]})
    call("GET", "/getallcontents")
    model.failures.append((403, "AccessDeniedException", {}))
    call("POST", "/predict", body={"names": ["Marker"]})

    lines = [json.loads(line) for line in logs().splitlines()]
    answered = [line for line in lines if line.get("message") == "answered"]
    assert len(answered) == 7
    assert {line["correlation_id"] for line in answered} == {"c6af9ac6-7b61-11e6-9a41-93e8deadbeef"}
    assert "marker" not in json.dumps(lines).lower()


@pytest.mark.parametrize("allowed", ["*", "https://a.example", ""])
def test_cors(call: Any, monkeypatch: pytest.MonkeyPatch, allowed: str) -> None:
    monkeypatch.setenv("CORS_ALLOW_ORIGIN", allowed)
    headers = {"origin": "https://evil.example"}

    for method, url, status in [
        ("POST", "/predict", 200),
        ("GET", "/nowhere", 404),
    ]:
        answer = call(method, url, function="predict", headers=headers, body={"names": ["Tom"]})
        assert answer.status == status
        assert answer.headers.get("Access-Control-Allow-Origin", "") == allowed


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded", "application/jsonx"],
)
def test_another_media_type_is_refused(call: Any, media_type: str) -> None:
    answer = call("POST", "/predict", body="names", headers={"Content-Type": media_type})

    assert answer.status == 415
    assert answer.json()["error"]["code"] == "unsupported_media_type"


def test_json_may_name_its_character_set(call: Any) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}

    assert call("POST", "/predict", body={"names": ["Tom"]}, headers=headers).status == 200


def test_what_was_just_written_is_listed_as_it_is_now(call: Any, dynamodb: Any) -> None:
    older, changed, deleted = (enter(call, name) for name in ("Tom", "Mary", "Robin"))
    page = table(dynamodb).newest(limit=10)
    new = enter(call, "Zoë")
    describe(dynamodb, changed)
    call("DELETE", f"/feedback/{deleted}")
    asked = [new, changed, deleted, "nobody"]

    # The index of the emulator follows at once: the page from before stands in for a late one.
    seen = with_fresh(page, table(dynamodb).read(asked), asked=asked, first=True)

    assert [row.id for row in seen.feedbacks] == [new, changed, older]
    assert seen.feedbacks[1].gender == "X"
    later = with_fresh(page, table(dynamodb).read(asked), asked=asked, first=False)
    assert [row.id for row in later.feedbacks] == [changed, older]
    answer = call("GET", "/getallcontents?fresh=" + ",".join(asked))
    assert [row["ID"] for row in answer.json()] == [new, changed, older]
    for many, status in ((100, 200), (101, 413)):
        ids = ",".join(f"id{number}" for number in range(many))
        assert call("GET", f"/getallcontents?fresh={ids}").status == status


def put_outside_the_index(dynamodb: DynamoDBClient, identifier: str, posted_time: str) -> None:
    """Store a row that the listing's index does not have, as one that follows late."""
    item = {"ID": identifier, "FirstName": "Zoë", "Feedback": "Fine.", "PostedTime": posted_time}
    dynamodb.put_item(TableName=TABLE, Item={name: {"S": value} for name, value in item.items()})


def test_what_the_index_does_not_have_yet_is_listed_if_it_is_asked_for(
    call: Any, dynamodb: DynamoDBClient
) -> None:
    known = enter(call, "Tom")
    put_outside_the_index(dynamodb, "late", "2999-01-01")

    plain, fresh = call("GET", "/getallcontents"), call("GET", "/getallcontents?fresh=late")

    assert [row["ID"] for row in plain.json()] == [known]
    assert [row["ID"] for row in fresh.json()] == ["late", known]


def test_what_may_be_on_the_next_page_is_not_on_this_one_too(
    call: Any, dynamodb: DynamoDBClient
) -> None:
    enter(call, "Tom")
    newest = enter(call, "Mary")
    put_outside_the_index(dynamodb, "twin", rows(call)[newest]["PostedTime"])

    page = call("GET", "/getallcontents?limit=1&fresh=twin").json()

    assert [row["ID"] for row in page] == [newest]


def test_a_feedback_is_given_its_end_where_there_is_a_retention(dynamodb: Any) -> None:
    posted = datetime(2026, 3, 1, tzinfo=UTC)
    row = Row(id="ends", first_name="Tom", feedback="Good.", posted_time=posted.isoformat())

    for days in (30, 0):
        table(dynamodb, retention_days=days).add(row.model_copy(update={"id": f"ends{days}"}))

    rows = {
        days: dynamodb.get_item(TableName=TABLE, Key={"ID": {"S": f"ends{days}"}})["Item"]
        for days in (30, 0)
    }
    assert int(rows[30]["ExpiresAt"]["N"]) == (posted + timedelta(days=30)).timestamp()
    assert "ExpiresAt" not in rows[0]


def table(dynamodb: DynamoDBClient, *, retention_days: int = 0) -> FeedbackTable:
    """Return the table below the functions."""
    return FeedbackTable(
        dynamodb,
        table_name=TABLE,
        listing_index="newest-first",
        tally_name="sums",
        retention_days=retention_days,
    )


@pytest.mark.parametrize(
    ("url", "allowed"), [("/identifygender", "GET, POST"), ("/feedback/{id}/gender", "PUT")]
)
def test_another_method_is_told_which_there_are(call: Any, url: str, allowed: str) -> None:
    answer = call("PATCH", url, function="predict")

    assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    assert answer.json()["error"]["code"] == "method_not_allowed"
