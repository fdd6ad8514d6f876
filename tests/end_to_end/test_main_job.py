"""What a newcomer, the web app's customer and other clients see after ``make local``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from stacks.capabilities.training_job import METRICS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .conftest import Application

PEOPLE = ["Tom", "Mary", "José", "Siobhán", "Jean-Luc"]


def test_urls_and_outputs_are_where_scripts_look(application: Application) -> None:
    assert set(application.urls) == {"web", "api", "aws"}
    assert application.urls["api"].endswith("/vocweb")
    assert {
        "BucketName",
        "TrainingJobName",
        "EndpointName",
        "ApiUrl",
        "WebUrl",
        "TableName",
        "NotebookName",
    } <= set(application.outputs)


def test_feedbacks_are_entered_identified_and_read_back(application: Application) -> None:
    ids = []
    for person in PEOPLE:
        status, answer = application.call(
            "POST", "/feedback", {"FirstName": person, "LastName": "Test", "Feedback": "Good."}
        )
        assert status == 200, answer
        ids.append(answer["ID"])
    status, answer = application.call("GET", f"/identifygender?Id={','.join(ids)}")
    assert (status, answer) == (
        200,
        ["Tom - M", "Mary - F", "José - M", "Siobhán - F", "Jean-Luc - M"],
    )
    status, rows = application.call("GET", "/getallcontents")
    assert status == 200
    assert [row["FirstName"] for row in rows[: len(PEOPLE)]] == PEOPLE[::-1]
    for row in rows[: len(PEOPLE)]:
        assert row["GenderSource"] == "inferred"
        assert 0.5 <= row["GenderProbability"] <= 1


def test_feedback_is_entered_by_the_origins_get(application: Application) -> None:
    status, answer = application.call(
        "GET", "/enterfeedback?FirstName=Zo%C3%AB&LastName=Test&Feedback=Fine%20%26%20good"
    )
    assert status == 200
    _, rows = application.call("GET", "/getallcontents?limit=1")
    assert rows[0]["ID"] == answer["ID"]
    assert (rows[0]["FirstName"], rows[0]["Feedback"]) == ("Zoë", "Fine & good")


def test_predictions_come_in_the_order_asked(application: Application) -> None:
    names = ["Mary", "", "qqqq", "Tom", "Mary", "李明", "123", "O’Brien", "x" * 200]
    status, answer = application.call("POST", "/predict", {"names": names})
    assert status == 200
    predictions = answer["predictions"]
    assert [prediction["name"] for prediction in predictions] == names
    assert predictions[0]["gender"] == "F"
    assert predictions[3]["gender"] == "M"
    assert predictions[0] == predictions[4]
    for position in (1, 2, 6):
        assert predictions[position]["gender"] == "U"
        assert predictions[position]["reason"]
        assert predictions[position]["probability"] is None


def test_bad_requests_get_errors_of_one_form(application: Application) -> None:
    for method, path, body, wanted in (
        ("POST", "/predict", {"names": "Mary"}, 400),
        ("POST", "/predict", {"names": ["Mary"] * 1001}, 413),
        ("POST", "/feedback", {"FirstName": "Mary"}, 400),
        ("GET", "/identifygender", None, 400),
    ):
        status, answer = application.call(method, path, body)
        assert status == wanted, (path, answer)
        assert {"code", "message"} <= set(answer["error"])
    status, answer = application.call("GET", "/nowhere")
    assert status in (403, 404)
    assert {"code", "message"} <= set(answer["error"])


def test_sagemaker_has_a_completed_job_and_an_endpoint(application: Application) -> None:
    sagemaker = application.aws("sagemaker")
    outputs = application.outputs
    job = sagemaker.describe_training_job(TrainingJobName=outputs["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Completed"
    metrics = {metric["MetricName"]: metric["Value"] for metric in job["FinalMetricDataList"]}
    assert set(metrics) == set(METRICS)
    assert metrics["test:accuracy"] >= 0.90
    bucket, _, key = job["ModelArtifacts"]["S3ModelArtifacts"][5:].partition("/")
    assert bucket == outputs["BucketName"]
    assert application.aws("s3").head_object(Bucket=bucket, Key=key)["ContentLength"] > 1_000_000
    endpoint = sagemaker.describe_endpoint(EndpointName=outputs["EndpointName"])
    assert endpoint["EndpointStatus"] == "InService"
    logs = application.aws("logs").describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=outputs["TrainingJobName"]
    )
    assert logs["logStreams"]


def test_notebook_is_in_service_with_both_policies(application: Application) -> None:
    notebook = application.aws("sagemaker").describe_notebook_instance(
        NotebookInstanceName=application.outputs["NotebookName"]
    )
    assert notebook["NotebookInstanceStatus"] == "InService"
    role = notebook["RoleArn"].rpartition("/")[2]
    policies = application.aws("iam").list_role_policies(RoleName=role)["PolicyNames"]
    assert set(policies) >= {"IAMRoleRead", "ECRUpload"}


def test_button_is_pressed(application: Application, browser: Browser) -> None:
    page = browser.new_page()
    problems: list[str] = []
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(application.urls["web"])
    page.fill("[name=FirstName]", "Margaret")
    page.fill("[name=LastName]", "<img src=x onerror=alert(1)>")
    page.fill("[name=Feedback]", "I would come again.")
    page.click("#feedback-form button[type=submit]")
    row = page.locator("[data-feedback-id]", has_text="Margaret").first
    expect(row).to_contain_text("<img src=x onerror=alert(1)>")
    page.check("#select-all")
    page.click("#identify-gender")
    expect(row).to_contain_text("inferred", ignore_case=True, timeout=30_000)
    expect(row).to_contain_text("%")
    page.reload()
    expect(row).to_contain_text("inferred", ignore_case=True)
    assert problems == []
    page.close()
