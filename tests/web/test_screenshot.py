"""The picture in the README: ``SCREENSHOT=docs/page.png pytest tests/web/test_screenshot.py``."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.web.conftest import Site

PRAISE = (
    "Checking in took two minutes. Wonderful.",
    "A quiet garden, and the tea was excellent.",
    "Best booking experience I have had so far.",
    "Lovely staff, thank you!",
)
BLAME = (
    "Nobody answered the phone for three days. Terrible.",
    "Too expensive, and the room was dirty.",
    "The bus was late again, very annoying.",
)
WOMEN = ("Mary", "Olivia", "Amina", "Sofia", "Chiara", "Emily")
MEN = ("Tom", "José", "Pedro", "Kwame", "Viktor", "Ahmed")


def test_screenshot(page: Page, site: Site, call: Any, tmp_path: Path) -> None:
    chance = random.Random(2)  # noqa: S311
    ids = []
    for number in range(48):
        woman = number % 2 == 0
        first_name = (WOMEN if woman else MEN)[number // 2 % 6]
        happy = chance.random() < (0.85 if woman else 0.35)
        body = {
            "FirstName": "Robin" if number == 45 else first_name,
            "LastName": ("Example", "Sample", "Muster")[number % 3],
            "Feedback": chance.choice(PRAISE if happy else BLAME),
        }
        ids.append(call("POST", "/feedback", body=body).json()["ID"])
    call("POST", "/identifygender", body={"ids": ids[:47]})
    call("POST", "/predictsentiment", body={"ids": ids[:47]})
    call("PUT", f"/feedback/{ids[43]}/gender", body={"gender": "X"})
    page.set_viewport_size({"width": 1280, "height": 820})
    page.goto(site.url)
    expect(page.locator("#insights-chart")).to_be_visible()
    page.check(f'[data-feedback-id="{ids[47]}"] .choose')

    picture = Path(os.environ.get("SCREENSHOT", tmp_path / "page.png"))
    page.screenshot(path=picture)

    assert picture.stat().st_size > 20_000
