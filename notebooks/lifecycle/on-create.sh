#!/bin/bash
# Once, as root, when the instance is created: the folders of the workshop on its volume.
set -euo pipefail

if [[ '@REPOSITORY@' != none ]]; then
    echo "SageMaker clones @REPOSITORY@ in the place of the lessons"
    exit 0
fi
workshop=/home/ec2-user/SageMaker/nlp-workshop
mkdir -p "$workshop/notebooks"
chown -R ec2-user: "$workshop"
echo "$workshop is ready"
