"""One embedded AWS for all tests that do not stop it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local.embedded_aws import EmbeddedAws, running


@pytest.fixture(scope="session")
def embedded_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """Return a running embedded AWS that the tests of this session share."""
    with running(tmp_path_factory.mktemp("embedded-aws")) as aws:
        yield aws
