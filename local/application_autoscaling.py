"""Application Auto Scaling, which ministack 1.5.33 lacks: records of targets and policies.

Nothing is scaled: an endpoint of the embedded AWS has one server per variant however many
instances it asks for. What AWS would refuse is refused, so that a template is proven.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from local import resource_types
from local.aws_api import Record, context, json_service, listing, now, validation
from local.aws_api.callers import Caller, CloudFormationCaller
from local.aws_api.errors import ApiError, validation_error
from local.aws_api.json_service import JsonService, Operation
from local.resource_types import Provisioned
from local.sagemaker.service import SageMaker

SERVICE = "application-autoscaling"
SCALABLE_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
SCALING_POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"

_TARGET_KEYS = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_TARGET_ID_KEYS = ("ResourceId", "ScalableDimension", "ServiceNamespace")
"""In the order in which CloudFormation's id of a target has them."""

_PAGE = 50
_VARIANT = re.compile(r"endpoint/(?P<endpoint>[^/]+)/variant/(?P<variant>[^/]+)")
# For SageMaker the role is always the service-linked one, whatever the request says.
_IGNORED = ("RoleARN", "Tags")


def register(sagemaker: SageMaker) -> None:
    """Add Application Auto Scaling to the emulator of this process, before it loads its state.

    Parameters
    ----------
    sagemaker
        The service whose endpoints' variants can be targets.
    """
    service = ApplicationAutoScaling(sagemaker)
    json_service.register(
        service,
        target_prefix="AnyScaleFrontendService.",
        host_pattern=r"application-autoscaling\.",
    )
    _register_types(service)


class ApplicationAutoScaling(JsonService):
    """Scalable targets and their policies.

    Parameters
    ----------
    sagemaker
        The service whose endpoints' variants can be targets.
    """

    def __init__(self, sagemaker: SageMaker) -> None:
        super().__init__(SERVICE, "Application Auto Scaling")
        self._sagemaker = sagemaker
        self._scopes: dict[str, dict[str, dict[str, Record]]] = {}

    def operations(self) -> Mapping[str, Operation]:
        """Return what is implemented, by name."""
        return {
            "RegisterScalableTarget": self._register_target,
            "DescribeScalableTargets": self._describe_targets,
            "DeregisterScalableTarget": self._deregister_target,
            "PutScalingPolicy": self._put_policy,
            "DescribeScalingPolicies": self._describe_policies,
            "DeleteScalingPolicy": self._delete_policy,
            "DescribeScalingActivities": lambda _request, _caller: {"ScalingActivities": []},
        }

    def perform(self, operation: str, request: object, caller: Caller) -> Record:
        """Check and perform one operation, one after the other."""
        with self.lock:
            return super().perform(operation, request, caller)

    def get_state(self) -> dict[str, Any]:
        """State for the emulator to save."""
        with self.lock:
            return {"scopes": json.loads(json.dumps(self._scopes))}

    def load_persisted_state(self, state: dict[str, Any]) -> None:
        """Take over a saved state."""
        with self.lock:
            self._scopes = dict(state.get("scopes", {}))

    def reset(self) -> None:
        """Forget everything."""
        with self.lock:
            self._scopes = {}

    def _table(self, kind: str) -> dict[str, Record]:
        scope = self._scopes.setdefault(
            f"{context.account()}/{context.region()}", {"targets": {}, "policies": {}}
        )
        return scope[kind]

    def _register_target(self, request: Record, _caller: Caller) -> Record:
        targets = self._table("targets")
        key = _target_key(request)
        target = targets.get(key)
        if target is None:
            for member in ("MinCapacity", "MaxCapacity"):
                if member not in request:
                    raise validation_error(f"{member} is required to register a scalable target.")
            self._require_resource(request)
            target = {
                **{member: request[member] for member in _TARGET_KEYS},
                "RoleARN": _service_linked_role(),
                "CreationTime": now(),
                "SuspendedState": {
                    "DynamicScalingInSuspended": False,
                    "DynamicScalingOutSuspended": False,
                    "ScheduledScalingSuspended": False,
                },
                "ScalableTargetARN": (
                    f"arn:aws:{SERVICE}:{context.region()}:{context.account()}:"
                    f"scalable-target/{uuid.uuid4().hex[:24]}"
                ),
            }
        changed = {
            **target,
            **{key: value for key, value in request.items() if key not in _IGNORED},
        }
        if changed["MinCapacity"] > changed["MaxCapacity"]:
            raise validation_error("Maximum capacity cannot be less than minimum capacity.")
        targets[key] = changed
        return {"ScalableTargetARN": changed["ScalableTargetARN"]}

    def _describe_targets(self, request: Record, _caller: Caller) -> Record:
        wanted = request.get("ResourceIds")
        found = [
            target
            for target in self._table("targets").values()
            if _matches(target, request) and (not wanted or target["ResourceId"] in wanted)
        ]
        page, more = listing.page(found, request, _PAGE)
        return {"ScalableTargets": page, **more}

    def _deregister_target(self, request: Record, _caller: Caller) -> Record:
        key = _target_key(request)
        self._require_target(request)
        del self._table("targets")[key]
        policies = self._table("policies")
        for policy_key in [name for name in policies if name.startswith(f"{key}|")]:
            del policies[policy_key]
        return {}

    def _put_policy(self, request: Record, _caller: Caller) -> Record:
        self._require_target(request)
        key = f"{_target_key(request)}|{request['PolicyName']}"
        policies = self._table("policies")
        default_type = policies.get(key, {}).get("PolicyType", "StepScaling")
        policy_type = request.get("PolicyType", default_type)
        # StepScaling, TargetTrackingScaling, PredictiveScaling
        configuration = f"{policy_type}PolicyConfiguration"
        if configuration not in request:
            raise validation_error(f"{configuration} is required for a policy of {policy_type}.")
        arn = policies.get(key, {}).get("PolicyARN") or (
            f"arn:aws:autoscaling:{context.region()}:{context.account()}:scalingPolicy:"
            f"{uuid.uuid4()}:resource/{request['ServiceNamespace']}/{request['ResourceId']}:"
            f"policyName/{request['PolicyName']}"
        )
        policies[key] = {
            **request,
            "PolicyType": policy_type,
            "PolicyARN": arn,
            "Alarms": [],
            "CreationTime": policies.get(key, {}).get("CreationTime", now()),
        }
        return {"PolicyARN": arn, "Alarms": []}

    def _describe_policies(self, request: Record, _caller: Caller) -> Record:
        wanted = request.get("PolicyNames")
        found = [
            policy
            for policy in self._table("policies").values()
            if _matches(policy, request) and (not wanted or policy["PolicyName"] in wanted)
        ]
        page, more = listing.page(found, request, _PAGE)
        return {"ScalingPolicies": page, **more}

    def _delete_policy(self, request: Record, _caller: Caller) -> Record:
        key = f"{_target_key(request)}|{request['PolicyName']}"
        if self._table("policies").pop(key, None) is None:
            raise ApiError(
                "ObjectNotFoundException", f"No scaling policy found for {key.replace('|', ', ')}."
            )
        return {}

    def _require_resource(self, request: Record) -> None:
        if request["ScalableDimension"] != "sagemaker:variant:DesiredInstanceCount":
            return
        match = _VARIANT.fullmatch(request["ResourceId"])
        if match is None or not self._sagemaker.endpoints.has_instances(
            match["endpoint"], match["variant"]
        ):
            raise validation_error(
                f"{request['ResourceId']} is no variant of a SageMaker endpoint that runs on "
                "instances."
            )

    def _require_target(self, request: Record) -> None:
        if _target_key(request) not in self._table("targets"):
            raise ApiError(
                "ObjectNotFoundException",
                "No scalable target found for "
                + ", ".join(f"{member}: {request[member]}" for member in _TARGET_KEYS)
                + ".",
            )


def _target_key(record: Mapping[str, Any]) -> str:
    return "|".join(record[member] for member in _TARGET_KEYS)


def _matches(record: Record, request: Record) -> bool:
    return all(record[member] == request[member] for member in _TARGET_KEYS if member in request)


def _service_linked_role() -> str:
    return (
        f"arn:aws:iam::{context.account()}:role/aws-service-role/"
        "sagemaker.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    )


def _register_types(service: ApplicationAutoScaling) -> None:
    types = _ResourceTypes(service)
    resource_types.register(
        SCALABLE_TARGET,
        create=types.create_target,
        update=types.update_target,
        delete=types.delete_target,
        replacing=_TARGET_KEYS,
        blocks=True,
    )
    resource_types.register(
        SCALING_POLICY,
        create=types.create_policy,
        update=types.update_policy,
        delete=types.delete_policy,
        replacing=("PolicyName", "ResourceId", "ScalableDimension", "ScalingTargetId"),
        blocks=True,
    )


class _ResourceTypes:
    """CloudFormation's handlers."""

    def __init__(self, service: ApplicationAutoScaling) -> None:
        self._service = service

    def create_target(self, _logical_id: str, properties: Record, _stack: str) -> Provisioned:
        if properties.get("ScheduledActions"):
            raise validation_error("The embedded AWS does not implement ScheduledActions.")
        wanted = {key: value for key, value in properties.items() if key != "ScheduledActions"}
        # A template's tags are a list, the API's a map.
        wanted["Tags"] = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
        self._perform("RegisterScalableTarget", wanted)
        target_id = "|".join(properties[member] for member in _TARGET_ID_KEYS)
        return target_id, {"Id": target_id}

    def update_target(
        self, _physical_id: str, _old: Record, new: Record, stack: str
    ) -> Provisioned:
        return self.create_target("", new, stack)

    def delete_target(self, physical_id: str, _properties: Record) -> None:
        self._forget("DeregisterScalableTarget", _from_target_id(physical_id))

    def create_policy(self, _logical_id: str, properties: Record, _stack: str) -> Provisioned:
        answer = self._perform("PutScalingPolicy", _policy_request(properties))
        return answer["PolicyARN"], {"Arn": answer["PolicyARN"]}

    def update_policy(
        self, _physical_id: str, _old: Record, new: Record, stack: str
    ) -> Provisioned:
        return self.create_policy("", new, stack)

    def delete_policy(self, _physical_id: str, properties: Record) -> None:
        request = _policy_request(properties)
        identity = {key: request[key] for key in ("PolicyName", *_TARGET_KEYS)}
        self._forget("DeleteScalingPolicy", identity)

    def _perform(self, operation: str, properties: Record) -> Record:
        request = validation.coerce(SERVICE, operation, properties)
        return self._service.perform(operation, request, CloudFormationCaller())

    def _forget(self, operation: str, identity: Record) -> None:
        try:
            self._perform(operation, identity)
        except ApiError as error:
            # Gone already, by hand or with its target.
            if error.code != "ObjectNotFoundException":
                raise


def _from_target_id(target_id: str) -> Record:
    return dict(zip(_TARGET_ID_KEYS, target_id.split("|"), strict=True))


def _policy_request(properties: Record) -> Record:
    request = {key: value for key, value in properties.items() if key != "ScalingTargetId"}
    if "ScalingTargetId" in properties:
        request |= _from_target_id(properties["ScalingTargetId"])
    return request
