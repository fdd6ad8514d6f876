"""Entry of the function that lists feedbacks."""

from __future__ import annotations

import json
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from feedback.ids import QUERY_IDS, ids_of_query
from feedback.record import Feedback
from feedback.table import FeedbackTable
from get_all_contents.logic import CURSOR, MAX_FRESH, MAX_PAGE, list_newest
from rest_api.application import JsonAnswer, build_application, json_response, lambda_handler
from rest_api.documentation import responses
from rest_api.errors import StorageUnavailableError, TooLargeError

application = build_application()


@application.get(
    "/getallcontents",
    summary="List feedbacks, newest first",
    operation_id="listFeedbacks",
    tags=["feedback"],
    responses=responses(
        list[Feedback],
        TooLargeError,
        StorageUnavailableError,
        description="One page",
        headers={
            "Link": {
                "description": 'Where the next page is, if there is one: `<…>; rel="next"`',
                "schema": {"type": "string"},
            }
        },
    ),
)
def get_all_contents(
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = MAX_PAGE,
    after: Annotated[
        str | None, Query(description="From the Link header of a page", pattern=CURSOR)
    ] = None,
    fresh: Annotated[
        str | None,
        Query(
            description=f"Ids that you have just written, separated by commas; at most {MAX_FRESH}",
            pattern=QUERY_IDS,
        ),
    ] = None,
) -> JsonAnswer:
    """List feedbacks, newest first."""
    written = ids_of_query(fresh, most=MAX_FRESH) if fresh else []
    listing = list_newest(FeedbackTable.from_environment(), limit=limit, after=after, fresh=written)
    rows = [feedback.as_answer() for feedback in listing.feedbacks]
    headers = {"Link": f'<{listing.next}>; rel="next"'} if listing.next else {}
    return json_response(json.dumps(rows), headers=headers)


handler = lambda_handler(application)
