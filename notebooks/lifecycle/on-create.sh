#!/bin/bash
# Runs once, as root, when the notebook instance is created.
set -euo pipefail

workshop=/home/ec2-user/SageMaker/nlp-workshop
mkdir -p "$workshop/container" "$workshop/notebooks"
chown -R ec2-user:ec2-user "$workshop"
