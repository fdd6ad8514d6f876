"""Entry of the function that tells what the feedbacks say."""

from __future__ import annotations

from functools import cache

from insights.logic import summarize
from rest_api.application import JsonAnswer, build_application, json_response, lambda_handler
from tally.table import TallyTable

application = build_application()


@cache
def _tally() -> TallyTable:
    return TallyTable.from_environment()


@application.get("/insights")
def get_insights() -> JsonAnswer:
    """Tell whether women and men feel differently about the service, and how sure that is."""
    return json_response(summarize(_tally().read()).model_dump_json())


handler = lambda_handler(application)
