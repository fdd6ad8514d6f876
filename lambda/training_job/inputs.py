"""What a training job is made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_FINGERPRINT_LENGTH = 12


@dataclass(frozen=True)
class TrainingInputs:
    """The properties of the custom resource.

    CloudFormation hands every number over as text; the counts are numbers again here.
    """

    job_name_prefix: str
    training_image: str
    hyperparameters: Mapping[str, str]
    training_data: str
    role_arn: str
    output_path: str
    instance_type: str
    volume_size_gb: int
    max_runtime_seconds: int
    metric_definitions: tuple[Mapping[str, str], ...]
    kms_key_id: str = ""

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> TrainingInputs:
        """Read the properties of the custom resource."""
        return cls(
            job_name_prefix=properties["JobNamePrefix"],
            training_image=properties["TrainingImage"],
            hyperparameters=properties.get("HyperParameters", {}),
            training_data=properties["TrainingData"],
            role_arn=properties["RoleArn"],
            output_path=properties["OutputPath"],
            instance_type=properties["InstanceType"],
            volume_size_gb=int(properties["VolumeSizeInGB"]),
            max_runtime_seconds=int(properties["MaxRuntimeInSeconds"]),
            metric_definitions=tuple(properties["MetricDefinitions"]),
            kms_key_id=properties.get("KmsKeyId", ""),
        )

    @property
    def job_name_base(self) -> str:
        """Name for these inputs: the same exactly while image, code, data and hyperparameters are.

        The code is named by the hyperparameter ``sagemaker_submit_directory`` or by the
        image; code and data lie at addresses that hold the fingerprint of their content.
        The machine makes no other model and is left out.
        """
        made_from = json.dumps(
            [self.training_image, dict(self.hyperparameters), self.training_data, self.output_path],
            sort_keys=True,
        )
        fingerprint = hashlib.sha256(made_from.encode()).hexdigest()[:_FINGERPRINT_LENGTH]
        return f"{self.job_name_prefix}-{fingerprint}"

    def request(self, job_name: str) -> dict[str, Any]:
        """Return the request of ``CreateTrainingJob``."""
        return {
            "TrainingJobName": job_name,
            "AlgorithmSpecification": {
                "TrainingImage": self.training_image,
                "TrainingInputMode": "File",
                "MetricDefinitions": [dict(metric) for metric in self.metric_definitions],
            },
            "HyperParameters": dict(self.hyperparameters),
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {
                        "S3DataSource": {
                            "S3DataType": "S3Prefix",
                            # The slash ends the prefix: another fingerprint that begins
                            # alike must not match.
                            "S3Uri": f"{self.training_data}/",
                            "S3DataDistributionType": "FullyReplicated",
                        }
                    },
                }
            ],
            "OutputDataConfig": {
                "S3OutputPath": self.output_path,
                **({"KmsKeyId": self.kms_key_id} if self.kms_key_id else {}),
            },
            "ResourceConfig": {
                "InstanceType": self.instance_type,
                "InstanceCount": 1,
                "VolumeSizeInGB": self.volume_size_gb,
                **({"VolumeKmsKeyId": self.kms_key_id} if self.kms_key_id else {}),
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": self.max_runtime_seconds},
            "RoleArn": self.role_arn,
        }
