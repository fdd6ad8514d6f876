"""Say whether a stage can be deployed: ``python -m operations.preflight ENVIRONMENT REGION``.

Ends with 0 if nothing is known to be missing, with 1 if something is, with 2 for a setting
that does not exist.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from operations.chosen_stage import chosen_stage
from operations.preflight.account import check_bootstrap, check_credentials
from operations.preflight.existing import check_existing
from operations.preflight.finding import Finding, Outcome
from operations.preflight.machine import check_docker
from operations.preflight.quotas import check_quotas
from operations.preflight.region import check_services
from stacks.settings import Settings, SettingsError


def findings(settings: Settings) -> Iterator[Finding]:
    """Make every check that can be made, whatever the others find."""
    yield check_services(settings)
    yield check_docker(settings)
    caller, credentials = check_credentials(settings.region)
    yield credentials
    if caller is None:
        return
    yield check_bootstrap(caller)
    yield from check_existing(settings, caller)
    yield from check_quotas(settings, caller)


def main(arguments: Sequence[str]) -> int:
    """Print all findings; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m operations.preflight", description=__doc__)
    parser.add_argument("environment")
    parser.add_argument("region")
    parser.add_argument("method", nargs="?")
    options = parser.parse_args(arguments)
    try:
        settings = chosen_stage(options.environment, options.region, options.method)
    except SettingsError as error:
        print(f"preflight: {error}", file=sys.stderr)
        return 2
    print(f"Before a deploy of {settings.stage_name}, method {settings.method}:", flush=True)
    blocking = 0
    for finding in findings(settings):
        print(finding, flush=True)
        blocking += finding.outcome is Outcome.MISSING
    if blocking:
        print(f"\n{blocking} missing; nothing was created.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
