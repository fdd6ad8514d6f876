#!/bin/sh
# What the CDK CLI starts in Docker's place (CDK_DOCKER) on the embedded AWS.
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
PYTHONPATH=$root exec python -m local.image_client "$@"
