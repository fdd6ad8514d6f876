"""Entry of the function that lists feedbacks."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from feedback.table import FeedbackTable
from get_all_contents.logic import MAX_PAGE, list_newest
from rest_api.application import JsonAnswer, build_application, json_response, lambda_handler

application = build_application()


@cache
def _table() -> FeedbackTable:
    return FeedbackTable.from_environment()


@application.get("/getallcontents")
def get_all_contents(
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = MAX_PAGE,
    after: Annotated[str | None, Query(description="From the Link header of a page")] = None,
) -> JsonAnswer:
    """List feedbacks, newest first."""
    listing = list_newest(_table(), limit=limit, after=after)
    rows = [feedback.as_answer() for feedback in listing.feedbacks]
    headers = {"Link": f'<{listing.next}>; rel="next"'} if listing.next else {}
    return json_response(json.dumps(rows), headers=headers)


handler = lambda_handler(application)
