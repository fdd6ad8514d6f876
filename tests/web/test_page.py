"""The page in a real browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.web.conftest import Site


def enter(call: Any, *names: str) -> list[str]:
    """Enter feedbacks and return their IDs."""
    return [
        call(
            "POST", "/feedback", body={"FirstName": name, "LastName": "Doe", "Feedback": "Fine."}
        ).json()["ID"]
        for name in names
    ]


def test_identify_gender_button(page: Page, site: Site, call: Any) -> None:
    tom, mary, _, nobody = enter(call, "Tom", "Mary", "Robin", "123")
    page.goto(site.url)
    expect(page.locator("[data-feedback-id]")).to_have_count(4)
    expect(page.locator("#identify-gender")).to_be_disabled()

    page.check("#select-all")
    page.click("#identify-gender")

    expect(page.locator("#status")).to_have_text("4 genders identified, 2 of them unknown.")
    row = page.locator(f'[data-feedback-id="{mary}"] .gender')
    expect(row).to_have_text("Female inferred99%")
    expect(page.locator(f'[data-feedback-id="{tom}"]')).to_have_attribute("data-gender", "M")
    expect(page.locator(f'[data-feedback-id="{nobody}"] .gender')).to_have_text("Unknown inferred")
    page.reload()
    expect(row).to_have_text("Female inferred99%")


def test_one_row_is_selected(page: Page, site: Site, call: Any) -> None:
    tom, mary = enter(call, "Tom", "Mary")
    page.goto(site.url)

    page.check(f'[data-feedback-id="{tom}"] .choose')

    expect(page.locator("#identify-gender")).to_have_text("Identify Gender (1)")
    assert page.locator("#select-all").evaluate("box => box.indeterminate")
    page.click("#identify-gender")
    expect(page.locator("#status")).to_have_text("1 gender identified.")
    expect(page.locator(f'[data-feedback-id="{mary}"] .gender')).to_have_text("Not identified")


def test_markup_is_text(page: Page, site: Site) -> None:
    page.goto(site.url)
    expect(page.locator("#empty")).to_be_visible()
    attack = "<img src=x onerror=document.title='broken'>"

    page.fill("[name=FirstName]", attack)
    page.fill("[name=LastName]", "<b>Doe</b>")
    page.fill("[name=Feedback]", attack)
    page.click("#enter-feedback")

    expect(page.locator("#form-status")).to_contain_text("stored")
    expect(page.locator(".text")).to_have_text(attack)
    page.reload()
    expect(page.locator(".text")).to_have_text(attack)
    expect(page.locator("td.name")).to_contain_text(f"{attack} <b>Doe</b>")
    expect(page).to_have_title("Voice of the Customer")
    expect(page.locator("[name=FirstName]")).to_have_value("")


def test_nothing_typed_is_lost_when_the_api_fails(page: Page, site: Site) -> None:
    page.goto(site.url)
    expect(page.locator("#empty")).to_be_visible()
    site.meddle = lambda _method, _path: (500, {"Content-Type": "text/plain"}, "no JSON")

    page.fill("[name=FirstName]", "Mary")
    page.fill("[name=Feedback]", "Half a novel")
    page.click("#enter-feedback")

    expect(page.locator("#form-status")).to_contain_text("Not stored")
    expect(page.locator("[name=Feedback]")).to_have_value("Half a novel")
    site.meddle = lambda _method, _path: None
    page.click("#enter-feedback")
    expect(page.locator("#form-status")).to_contain_text("stored")
    expect(page.locator("[data-feedback-id]")).to_have_count(1)


def test_missing_fields_are_pointed_out(page: Page, site: Site) -> None:
    page.goto(site.url)

    page.click("#enter-feedback")

    expect(page.locator("#first-name-problem")).to_be_visible()
    expect(page.locator("[name=FirstName]")).to_be_focused()
    expect(page.locator("[name=Feedback]")).to_have_attribute("aria-invalid", "true")


def test_a_failing_model_is_told(page: Page, site: Site, call: Any, model: Any) -> None:
    enter(call, "Tom")
    page.goto(site.url)
    model.failures.extend([(403, "AccessDeniedException", {})] * 9)

    page.check("#select-all")
    page.click("#identify-gender")

    expect(page.locator("#problem")).to_have_text("The model refused the request.")
    expect(page.locator("#identify-gender")).to_be_enabled()


def test_a_model_that_starts_is_asked_again(page: Page, site: Site, call: Any) -> None:
    enter(call, "Tom")
    page.goto(site.url)
    refusals = [(503, {"Retry-After": "0", "Content-Type": "application/json"}, "{}")]
    site.meddle = lambda method, _path: refusals.pop() if method == "POST" and refusals else None

    page.check("#select-all")
    page.click("#identify-gender")

    expect(page.locator("#status")).to_have_text("1 gender identified.")


def test_a_failing_listing_can_be_reloaded(page: Page, site: Site, call: Any) -> None:
    enter(call, "Tom")
    site.meddle = lambda _method, _path: (502, {}, "")
    page.goto(site.url)
    expect(page.locator("#problem")).to_have_text("The service answered 502.")

    site.meddle = lambda _method, _path: None
    page.click("#reload")

    expect(page.locator("[data-feedback-id]")).to_have_count(1)
    expect(page.locator("#problem")).to_be_hidden()


def test_offline_is_told(page: Page, site: Site) -> None:
    page.goto(site.url)
    expect(page.locator("#empty")).to_be_visible()
    page.context.set_offline(True)

    page.click("#reload")

    expect(page.locator("#problem")).to_contain_text("You are offline")


def test_older_feedbacks_come_by_pages(page: Page, site: Site, call: Any) -> None:
    enter(call, *(f"Name{number}" for number in range(201)))
    page.goto(site.url)
    expect(page.locator("[data-feedback-id]")).to_have_count(200)

    page.click("#more")

    expect(page.locator("[data-feedback-id]")).to_have_count(201)
    expect(page.locator("#more")).to_be_hidden()
    expect(page.locator("#status")).to_have_text(re.compile("^201 feedbacks"))
