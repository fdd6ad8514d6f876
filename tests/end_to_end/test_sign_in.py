"""With ``access=cognito`` only people whom an administrator added reach the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from stacks.capabilities.sign_in import API_SCOPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from .conftest import Application

PERSON = "ann@example.org"
PASSWORD = "Correct-Horse-7-Battery"


def deploy(application: Application, access: str) -> None:
    stage = application.settings.stage_name
    deployed = application.cdk(
        "deploy",
        f"{stage}/Api",
        f"{stage}/Web",
        "--exclusively",
        "--require-approval",
        "never",
        "-c",
        f"access={access}",
    )
    assert deployed.returncode == 0, deployed.stdout


@pytest.fixture(scope="module", autouse=True)
def _behind_sign_in(application: Application) -> Iterator[None]:
    deploy(application, "cognito")
    add_person(application, application.outputs["UserPoolId"])
    yield
    deploy(application, "open")


def add_person(application: Application, pool: str) -> None:
    cognito = application.aws("cognito-idp")
    cognito.admin_create_user(
        UserPoolId=pool,
        Username=PERSON,
        MessageAction="SUPPRESS",
        UserAttributes=[
            {"Name": "email", "Value": PERSON},
            {"Name": "email_verified", "Value": "true"},
        ],
    )
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=PERSON, Password=PASSWORD, Permanent=True
    )


def assert_unauthorized(application: Application, **headers: str) -> None:
    status, answer = application.call("GET", "/getallcontents", **headers)
    assert status == 401, answer
    assert {"code", "message"} <= set(answer["error"])


def sign_in(page: Page, application: Application) -> None:
    page.goto(application.urls["web"])
    page.click("#sign-in")
    page.fill("[name=username]", PERSON)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(application.urls["web"])


def test_without_a_token_only_the_contract_is_readable(application: Application) -> None:
    assert_unauthorized(application)
    assert_unauthorized(application, Authorization="Bearer nonsense")
    for method, path, body in (
        ("POST", "/predict", {"names": ["Mary"]}),
        ("POST", "/feedback", {"FirstName": "Mary", "LastName": "", "Feedback": "Good."}),
        ("GET", "/identifygender?Id=a", None),
        ("GET", "/insights", None),
        ("DELETE", "/feedback/a", None),
    ):
        status, answer = application.call(method, path, body)
        assert status == 401, (path, answer)
        assert answer["error"]["code"] == "unauthorized"
    status, contract = application.call("GET", "/openapi.json")
    assert status == 200
    assert contract["security"], "the contract says that a token is needed"


def test_token_of_another_pool_is_refused(application: Application) -> None:
    cognito = application.aws("cognito-idp")
    pool = cognito.create_user_pool(PoolName="another")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="another", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    add_person(application, pool)
    token = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": PERSON, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]["AccessToken"]
    assert_unauthorized(application, Authorization=f"Bearer {token}")
    cognito.delete_user_pool(UserPoolId=pool)


def test_nobody_can_sign_up(application: Application) -> None:
    pool = application.aws("cognito-idp").describe_user_pool(
        UserPoolId=application.outputs["UserPoolId"]
    )["UserPool"]
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True


def test_person_signs_in_stays_signed_in_and_signs_out(
    application: Application, browser: Browser
) -> None:
    page = browser.new_page()
    page.goto(application.urls["web"])
    expect(page.locator("#status")).to_have_text("Please sign in.")
    sign_in(page, application)
    expect(page.locator("[data-feedback-id]").first).to_be_visible()
    expect(page.locator("#sign-in")).to_be_hidden()
    first = stored_token(page)
    assert API_SCOPE in first["scope"]

    page.evaluate(
        "sessionStorage.tokens = JSON.stringify({...JSON.parse(sessionStorage.tokens), ends: 0})"
    )
    page.reload()
    expect(page.locator("[data-feedback-id]").first).to_be_visible()
    assert stored_token(page)["jti"] != first["jti"], "an ended token is renewed"

    page.fill("[name=Feedback]", "Half a sentence")
    page.evaluate('sessionStorage.tokens = JSON.stringify({access: "x", refresh: "x", ends: 0})')
    page.click("#reload")
    expect(page.locator("#problem")).to_contain_text("Please sign in")
    sign_in(page, application)
    expect(page.locator("[name=Feedback]")).to_have_value("Half a sentence")

    page.click("#sign-out")
    page.wait_for_url(application.urls["web"])
    expect(page.locator("#status")).to_have_text("Please sign in.")
    page.close()


def stored_token(page: Page) -> dict[str, str]:
    claims: dict[str, str] = page.evaluate(
        "JSON.parse(atob(JSON.parse(sessionStorage.tokens).access.split('.')[1]"
        ".replaceAll('-', '+').replaceAll('_', '/')))"
    )
    return claims
