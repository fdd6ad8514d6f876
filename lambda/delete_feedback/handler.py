"""Entry of the function that forgets a person."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from delete_feedback.logic import delete
from feedback.ids import PathId
from feedback.table import FeedbackTable
from rest_api.application import JsonAnswer, build_application, lambda_handler
from rest_api.documentation import responses
from rest_api.errors import NoSuchFeedbackError, StorageUnavailableError

application = build_application()


@application.delete(
    "/feedback/<id>",
    summary="Forget a person",
    operation_id="deleteFeedback",
    tags=["feedback"],
    responses=responses(
        None, NoSuchFeedbackError, StorageUnavailableError, status=204, description="It is gone"
    ),
)
def delete_by_id(id: PathId) -> JsonAnswer:  # noqa: A002 - the route's own word
    """Forget the person: the feedback, its gender and its sentiment, for good."""
    delete(id, table=FeedbackTable.from_environment())
    return Response(status_code=204)


handler = lambda_handler(application)
