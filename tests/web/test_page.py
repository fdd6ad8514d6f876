"""The page in a real browser."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.new_feedback import schema, text_limits

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.web.conftest import Site


def enter(call: Any, *names: str, text: str = "Fine.") -> list[str]:
    """Enter feedbacks and return their IDs."""
    return [
        call(
            "POST", "/feedback", body={"FirstName": name, "LastName": "Doe", "Feedback": text}
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
    expect(page.locator("td.text")).to_have_text(attack)
    page.reload()
    expect(page.locator("td.text")).to_have_text(attack)
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


def test_nothing_typed_while_storing_is_lost(page: Page, site: Site) -> None:
    page.goto(site.url)
    expect(page.locator("#empty")).to_be_visible()
    answer = threading.Event()

    def wait(method: str, _path: str) -> None:
        if method == "POST":
            answer.wait(60)

    site.meddle = wait
    page.fill("[name=FirstName]", "Mary")
    page.fill("[name=Feedback]", "Half a novel")
    page.click("#enter-feedback")
    expect(page.locator("#form-status")).to_contain_text("Storing")

    page.fill("[name=Feedback]", "Half a novel, and the end")
    answer.set()

    expect(page.locator("#form-status")).to_contain_text("stored")
    expect(page.locator("td.text")).to_have_text("Half a novel")
    expect(page.locator("[name=Feedback]")).to_have_value("Half a novel, and the end")
    page.reload()
    expect(page.locator("[name=Feedback]")).to_have_value("Half a novel, and the end")


def test_a_first_attempt_under_way_is_waited_for(page: Page, site: Site) -> None:
    page.goto(site.url)
    refusals = [(409, {"Retry-After": "0", "Content-Type": "application/json"}, "{}")]
    site.meddle = lambda method, _path: refusals.pop() if method == "POST" and refusals else None

    page.fill("[name=FirstName]", "Mary")
    page.fill("[name=Feedback]", "Good")
    page.click("#enter-feedback")

    expect(page.locator("#form-status")).to_contain_text("stored")


def test_the_form_takes_what_the_contract_takes(page: Page, site: Site) -> None:
    required = schema()["required"]
    page.goto(site.url)

    fields = page.locator("#feedback-form [name]").evaluate_all(
        "fields => fields.map(({ name, required, maxLength }) => [name, required, maxLength])"
    )

    assert sorted(fields) == sorted(
        [name, name in required, limit] for name, limit in text_limits().items()
    )


def test_what_is_typed_stands_in_the_row_and_is_found(page: Page, site: Site, call: Any) -> None:
    enter(call, "Tom")
    typed = {name: f"{name}Marker"[:limit] for name, limit in text_limits().items()}
    page.goto(site.url)
    rows = page.locator("[data-feedback-id]")
    expect(rows).to_have_count(1)

    for name, marker in typed.items():
        page.fill(f"#feedback-form [name={name}]", marker)
    page.click("#enter-feedback")
    expect(rows).to_have_count(2)
    page.reload()
    expect(rows).to_have_count(2)

    for marker in typed.values():
        page.get_by_label("Search feedbacks").fill(marker)
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text(marker)


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
    rows = page.locator("[data-feedback-id]")
    expect(rows).to_have_count(50)
    expect(page.locator("#page-info")).to_have_text("1–50 of 200+")
    expect(page.locator("#newer")).to_be_disabled()

    for _ in range(4):
        page.click("#older")

    expect(page.locator("#page-info")).to_have_text("201–201 of 201")
    expect(rows).to_have_count(1)
    expect(page.locator("#older")).to_be_disabled()
    page.click("#newer")
    expect(page.locator("#page-info")).to_have_text("151–200 of 201")
    page.check("#select-all")
    expect(page.locator("#identify-gender")).to_have_text("Identify Gender (201)")
    page.click("#identify-gender")
    expect(page.locator("#status")).to_have_text("201 genders identified.")


def test_older_feedbacks_are_selected_too(page: Page, site: Site, call: Any) -> None:
    enter(call, *(f"Name{number}" for number in range(203)))
    page.goto(site.url)
    expect(page.locator("#hint")).to_be_visible()
    expect(page.locator("#select-older")).to_be_hidden()

    page.check("#select-all")
    expect(page.locator("#hint")).to_be_hidden()
    page.click("#select-older")

    expect(page.locator("#identify-gender")).to_have_text("Identify Gender (203)")
    expect(page.locator("#select-older")).to_be_hidden()
    expect(page.locator("#select-all")).to_be_focused()


def test_search_finds_older_feedbacks_too(page: Page, site: Site, call: Any) -> None:
    (old,) = enter(call, "Zoë")
    enter(call, *(f"Name{number}" for number in range(230)))
    page.goto(site.url)
    expect(page.locator("[data-feedback-id]")).to_have_count(50)

    page.fill("#search", "zoë fine")

    expect(page.locator("[data-feedback-id]")).to_have_count(1)
    expect(page.locator(f'[data-feedback-id="{old}"]')).to_be_visible()
    expect(page.locator("#status")).to_have_text("1 of 231 feedbacks.")
    page.check("#select-all")
    page.fill("#search", "nothing like this")
    expect(page.locator("#empty")).to_have_text("No feedback holds these words.")
    expect(page.locator("#identify-gender")).to_be_disabled()
    page.fill("#search", "")
    expect(page.locator("#identify-gender")).to_have_text("Identify Gender (1)")


def test_predict_sentiment_button(page: Page, site: Site, call: Any) -> None:
    (identifier,) = enter(call, "Tom", text="Wonderful!")
    page.goto(site.url)

    page.check("#select-all")
    page.click("#predict-sentiment")

    expect(page.locator("#status")).to_have_text("1 sentiment predicted.")
    row = page.locator(f'[data-feedback-id="{identifier}"]')
    expect(row.locator(".sentiment")).to_have_text("Positive")
    expect(page.locator("#insights")).to_contain_text("1 of 1 feedbacks have a sentiment.")


def test_the_own_word_is_stored(page: Page, site: Site, call: Any) -> None:
    (identifier,) = enter(call, "Mary")
    page.goto(site.url)
    row = page.locator(f'[data-feedback-id="{identifier}"]')

    row.get_by_role("button", name="Correct the gender of Mary Doe").click()
    page.get_by_role("button", name="Cancel").click()
    expect(row.locator(".gender")).to_have_text("Not identified")
    row.get_by_role("button", name="Correct the gender of Mary Doe").click()
    expect(page.get_by_role("dialog")).to_contain_text("What did Mary Doe say?")
    page.get_by_label("Neither or another").check()
    page.get_by_role("button", name="Save").click()

    expect(row.locator(".gender")).to_have_text("Neither or another said by the person")
    page.check("#select-all")
    page.click("#identify-gender")
    expect(page.locator("#status")).to_have_text("1 gender identified.")
    expect(row.locator(".gender")).to_have_text("Neither or another said by the person")


def test_a_feedback_is_deleted(page: Page, site: Site, call: Any) -> None:
    mary, tom = enter(call, "Mary", "Tom")
    page.goto(site.url)

    page.get_by_role("button", name="Delete the feedback of Mary Doe").click()
    page.keyboard.press("Escape")
    expect(page.locator(f'[data-feedback-id="{mary}"]')).to_be_visible()
    page.get_by_role("button", name="Delete the feedback of Mary Doe").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(page.locator("#status")).to_have_text("The feedback is deleted.")
    expect(page.locator(f'[data-feedback-id="{mary}"]')).to_have_count(0)
    page.reload()
    expect(page.locator(f'[data-feedback-id="{tom}"]')).to_be_visible()
    expect(page.locator("[data-feedback-id]")).to_have_count(1)


def test_a_row_that_fails_says_so(page: Page, site: Site, call: Any) -> None:
    mary, tom = enter(call, "Mary", "Tom")
    page.goto(site.url)
    page.check("#select-all")
    call("DELETE", f"/feedback/{mary}")

    page.click("#identify-gender")

    expect(page.locator("#status")).to_have_text("1 gender identified, 1 failed.")
    expect(page.locator(f'[data-feedback-id="{mary}"] .row-problem')).to_have_text(
        "There is no such feedback."
    )
    expect(page.locator(f'[data-feedback-id="{tom}"]')).to_have_attribute("data-gender", "M")


def told(call: Any) -> list[str]:
    """Enter feedbacks of twelve happy women, twelve unhappy men and some others."""
    ids = enter(call, *["Mary"] * 12, text="Wonderful, we loved it!")
    ids += enter(call, *["Tom"] * 12, text="Terrible, never again.")
    ids += enter(call, "Robin", "José", "123", text="The hotel is on Main Street.")
    call("POST", "/identifygender", body={"ids": ids})
    call("POST", "/predictsentiment", body={"ids": ids})
    return ids


def test_insights_are_told_and_drawn(page: Page, site: Site, call: Any) -> None:
    page.goto(site.url)
    expect(page.locator("#insights-sentence")).to_contain_text("Too early to say")
    told(call)

    page.click("#reload")

    expect(page.locator("#insights-sentence")).to_contain_text("Women’s feedback is more positive.")
    expect(page.locator("#insights")).to_contain_text("The gender of 7% (2) is unknown.")
    women = page.locator('#insights-chart [data-group="F"]')
    men = page.locator('#insights-chart [data-group="M"]')
    assert percents(women.get_attribute("x1")) > percents(men.get_attribute("x2"))
    expect(page.locator('#insights-chart [data-group="X"]')).to_have_count(0)
    label = page.locator("#insights-chart").get_attribute("aria-label") or ""
    assert re.search(r"Women: \d+%, between \d+% and \d+%", label)


def percents(position: str | None) -> float:
    """Read where something lies in the chart, from 0 to 100."""
    assert position is not None
    assert position.endswith("%")
    return float(position.removesuffix("%"))


def test_insights_that_fail_leave_the_page_alone(page: Page, site: Site, call: Any) -> None:
    enter(call, "Tom")
    site.meddle = lambda _method, path: (500, {}, "") if path == "/insights" else None

    page.goto(site.url)

    expect(page.locator("[data-feedback-id]")).to_have_count(1)
    expect(page.locator("#insights")).to_contain_text("cannot be loaded")
    expect(page.locator("#problem")).to_be_hidden()


@pytest.mark.parametrize("width", [390, 1280])
def test_insights_that_come_late_move_nothing(
    width: int, page: Page, site: Site, call: Any
) -> None:
    enter(call, "Tom")
    page.set_viewport_size({"width": width, "height": 900})
    answer = threading.Event()

    def wait(_method: str, path: str) -> None:
        if path == "/insights":
            answer.wait(60)

    site.meddle = wait
    page.goto(site.url)
    button = page.locator("#predict-sentiment")
    expect(page.locator("[data-feedback-id]")).to_have_count(1)
    before = button.bounding_box()
    expect(page.locator("#insights-sentence")).to_have_count(0)

    answer.set()

    expect(page.locator("#insights-sentence")).to_be_visible()
    assert before is not None
    assert button.bounding_box() == before


def test_a_slow_service_is_told(page: Page, site: Site, call: Any) -> None:
    enter(call, "Tom")
    page.clock.install()
    page.goto(site.url)
    expect(page.locator("[data-feedback-id]")).to_have_count(1)
    answer = threading.Event()

    def wait(_method: str, path: str) -> None:
        if path == "/getallcontents":
            answer.wait(60)

    site.meddle = wait
    page.click("#reload")
    page.clock.fast_forward(7_000)
    expect(page.locator("#status")).to_contain_text("slow at present")
    answer.set()

    expect(page.locator("#status")).to_have_text("1 feedback.")


def test_a_draft_survives_a_reload(page: Page, site: Site) -> None:
    page.goto(site.url)
    page.fill("[name=Feedback]", "Half a novel")

    page.reload()

    expect(page.locator("[name=Feedback]")).to_have_value("Half a novel")


def test_keyboard_alone(page: Page, site: Site, call: Any) -> None:
    enter(call, "Mary")
    page.goto(site.url)
    expect(page.locator("[data-feedback-id]")).to_have_count(1)

    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#feedbacks")).to_be_focused()
    page.locator("#select-all").focus()
    page.keyboard.press("Space")
    page.locator("#identify-gender").focus()
    page.keyboard.press("Enter")

    expect(page.locator("#status")).to_have_text("1 gender identified.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_accessibility(
    page: Page, site: Site, call: Any, scheme: Literal["light", "dark"], width: int
) -> None:
    """No violation of axe's rules, with data, problems, dialogs; nothing wider than a phone."""
    ids = told(call)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(site.url)
    page.check(f'[data-feedback-id="{ids[0]}"] .choose')
    page.click("#enter-feedback")
    site.meddle = lambda _method, path: (502, {}, "") if path == "/identifygender" else None
    page.click("#identify-gender")
    expect(page.locator("#problem")).to_be_visible()
    expect(page.locator("#insights-chart")).to_be_visible()

    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.locator(".correct").first.click()
    assert Axe().run(page).response["violations"] == []
    page.keyboard.press("Escape")
    page.locator(".delete").first.click()
    assert Axe().run(page).response["violations"] == []


def test_long_words_stay_in_their_cells(page: Page, site: Site, call: Any) -> None:
    """Nothing scrolls sideways, and nothing covers the buttons, whatever people typed."""
    long = {name: "W" * min(limit, 200) for name, limit in text_limits().items()}
    identifier = call("POST", "/feedback", body=long).json()["ID"]
    call("POST", "/predictsentiment", body={"ids": [identifier]})
    call("POST", "/identifygender", body={"ids": [identifier, *enter(call, "Mary")]})
    call("PUT", f"/feedback/{identifier}/gender", body={"gender": "X"})
    page.goto(site.url)
    delete = page.locator(f'[data-feedback-id="{identifier}"] .delete')

    # Just above 1200 and 832, where the layout changes, the table has the least room.
    for width in (1280, 1201, 1000, 833, 390):
        page.set_viewport_size({"width": width, "height": 900})
        delete.click(trial=True)
        assert too_wide(page, "html", "#feedbacks") == [], width

    delete.click()
    assert too_wide(page, "#forget") == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Correct the gender of WW").click()
    assert too_wide(page, "#own-word") == []


def too_wide(page: Page, *selectors: str) -> list[str]:
    """Return which of these hold something wider than themselves."""
    return [
        selector
        for selector in selectors
        if page.locator(selector).evaluate("part => part.scrollWidth > part.clientWidth")
    ]


def test_the_policy_forbids_foreign_code(page: Page, site: Site) -> None:
    page.goto(site.url)
    expect(page.locator("#empty")).to_be_visible()

    violated = page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) => {
                resolve(event.effectiveDirective);
            });
            const image = document.createElement("img");
            image.src = "https://example.com/x.png";
            document.body.append(image);
        })"""
    )

    assert violated == "img-src"
    assert page.locator("script:not([src])").count() == 0
    assert page.locator("style, [style]").count() == 0
