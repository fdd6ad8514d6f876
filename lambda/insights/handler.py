"""Entry of the function that tells what the feedbacks say."""

from __future__ import annotations

from insights.logic import Insights, summarize
from rest_api.application import JsonAnswer, build_application, json_response, lambda_handler
from rest_api.documentation import responses
from rest_api.errors import StorageUnavailableError
from tally.table import TallyTable

application = build_application()


@application.get(
    "/insights",
    summary="Do women and men feel differently about the service?",
    operation_id="getInsights",
    tags=["insights"],
    responses=responses(
        Insights, StorageUnavailableError, description="Shares with their intervals"
    ),
)
def get_insights() -> JsonAnswer:
    """Tell whether women and men feel differently about the service, and how sure that is."""
    return json_response(summarize(TallyTable.from_environment().read()).model_dump_json())


handler = lambda_handler(application)
