"""Metrics that a training job's own definitions catch in its log."""

from __future__ import annotations

import re

from local.aws_api import Record, now
from local.aws_api.errors import validation_error


def check_definitions(definitions: list[Record]) -> None:
    """Refuse definitions that cannot be read.

    Raises
    ------
    ApiError
        ``ValidationException`` that names the definition.
    """
    for definition in definitions:
        try:
            groups = re.compile(definition["Regex"]).groups
        except re.error as error:
            raise validation_error(
                f"The regular expression of metric {definition['Name']} is invalid: {error}"
            ) from error
        if groups < 1:
            raise validation_error(
                f"The regular expression of metric {definition['Name']} captures no value"
            )


class MetricCatcher:
    """Reads lines and keeps the last value of each metric.

    Parameters
    ----------
    definitions
        The job's ``MetricDefinitions``.
    """

    def __init__(self, definitions: list[Record]) -> None:
        self._patterns = [(item["Name"], re.compile(item["Regex"])) for item in definitions]
        self._final: dict[str, Record] = {}
        self._series: list[Record] = []

    def read(self, line: str) -> None:
        """Look for every metric in one line."""
        for name, pattern in self._patterns:
            match = pattern.search(line)
            if match is None:
                continue
            try:
                value = float(match.group(1))
            except (TypeError, ValueError):
                continue
            self._final[name] = {"MetricName": name, "Value": value, "Timestamp": now()}
            self._series.append(self._final[name])

    @property
    def final(self) -> list[Record]:
        """``FinalMetricDataList`` in the order of the definitions."""
        return [self._final[name] for name, _ in self._patterns if name in self._final]

    @property
    def series(self) -> list[Record]:
        """Every value in the order of the log."""
        return list(self._series)
