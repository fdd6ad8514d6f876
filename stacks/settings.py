"""What can be chosen about a deployment: typed, validated and frozen.

The values stand in ``cdk.json`` under the context key ``voc-gender``: defaults, then what
differs per environment, then what differs per region, then what differs in one region of one
environment (``regions`` of the environment). ``-c name=value`` on the command line wins over all
(``-c method=low-level -c region=eu-west-1``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from stacks import framework_images
from stacks.shipped_folder import REPOSITORY

CONTEXT_KEY = "voc-gender"

Method = Literal["high-level", "low-level", "pre-trained"]
Hosting = Literal["serverless", "instances"]
Population = Literal["us", "world"]
Access = Literal["open", "cognito"]
Rollout = Literal["all-at-once", "canary"]
# The names of CDK's RetentionDays. The CDK is not imported here: it takes seconds, and operators'
# programs need the settings without it.
LogRetention = Literal[
    "ONE_DAY",
    "THREE_DAYS",
    "FIVE_DAYS",
    "ONE_WEEK",
    "TWO_WEEKS",
    "ONE_MONTH",
    "TWO_MONTHS",
    "THREE_MONTHS",
    "FOUR_MONTHS",
    "FIVE_MONTHS",
    "SIX_MONTHS",
    "ONE_YEAR",
    "THIRTEEN_MONTHS",
    "EIGHTEEN_MONTHS",
    "TWO_YEARS",
    "THREE_YEARS",
    "FIVE_YEARS",
    "SIX_YEARS",
    "SEVEN_YEARS",
    "EIGHT_YEARS",
    "NINE_YEARS",
    "TEN_YEARS",
    "INFINITE",
]

_IMAGE = r"^[^\s@]+(@sha256:[0-9a-f]{64})?$"
# Neither credentials nor anything that a shell would take for more than an address: it stands in
# the instance's scripts.
_REPOSITORY = r"^(none|https://[A-Za-z0-9.:-]+/[A-Za-z0-9._~/-]+)$"


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it, its value and what is allowed."""


def _from_json(value: Any) -> Any:
    """Read an object given as text, as ``-c hyperparameters='{"epochs": 2}'`` gives it."""
    return json.loads(value) if isinstance(value, str) else value


def _with_images(region: str) -> str:
    known = framework_images.regions()
    if region not in known:
        raise ValueError(
            "AWS publishes no images there that train and serve, as far as its SDK knows."
            + _suggestion(region, known)
        )
    return region


def _suggestion(name: str, known: Iterable[str]) -> str:
    """Return a question about the most similar name, or nothing if none is similar."""
    similar = get_close_matches(name, known, 1)
    return f" Did you mean {similar[0]}?" if similar else ""


class Settings(BaseModel):
    """Everything that can be chosen for one environment in one region.

    Attributes
    ----------
    environment, region
        The preset and the AWS region; together they name the stage.
    method
        The way to the model: AWS framework containers (``high-level``), our own image
        (``low-level``), or a finished model (``pre-trained``).
    container_base_image
        What our own image is built on (``low-level``), by tag or, better, also by digest.
    pretrained_model
        Folder of the finished model (``pre-trained``), relative to the repository.
    training_data
        Folder with the CSV files of the training channel, relative to the repository.
    training_instance_type, training_max_runtime_minutes
        Machine of the training job, and its limit in minutes. The custom resource that
        waits for the job can wait for 60 minutes at most, so the limit stays below that.
    hyperparameters
        Passed to the training program as they are.
    gate_min_accuracy, gate_max_ece
        What a model must reach on names it has not seen before it gets traffic:
        accuracy, and expected calibration error.
    confidence_threshold
        Below this probability of the likelier gender the answer is "unknown".
    population
        Whose names to assume where a request does not say.
    hosting
        ``serverless``, or ``instances`` with autoscaling between the two counts.
    serverless_memory_mb, serverless_max_concurrency
        Size and number of concurrent invocations of a serverless endpoint.
    serverless_provisioned_concurrency
        How many of these are kept warm, and paid for, all the time; 0 for none.
    instance_type, instances_min, instances_max
        Machine and counts of an endpoint on instances.
    rollout
        How a new model comes to an endpoint on instances: ``all-at-once``, or ``canary``, to one
        instance first and back by itself when an alarm says so.
    notebook, notebook_instance_type, notebook_idle_minutes
        Whether the data scientist's notebook instance exists, its machine, and after how many
        idle minutes it stops by itself.
    notebook_repository
        ``none``: the instance gets the lessons that the deploy delivers. Otherwise the https URL
        of a git repository, whose default branch SageMaker clones onto the instance instead.
    batch_state_machine
        Whether a state machine infers the names of large files that are put in the bucket;
        ``make batch`` does the same from an operator's machine.
    batch_instance_type, batch_keep_days
        Machine of the batch transform jobs, and after how many days the bucket forgets the
        names and results of a batch.
    access
        ``open``: anybody may call the API; ``cognito``: whom an administrator added to
        the user pool.
    cors_allow_origin
        Origin of other sites' pages that may call the API, ``*`` for any, ``none`` for the
        site's own page only.
    throttle_rate, throttle_burst
        Requests per second that the API accepts, steady and in a burst.
    firewall
        Whether AWS WAF stands before the API, however a request comes to it.
    page_web_acl_arn
        ARN of an existing web ACL for the page's distribution; empty for none. CloudFront's are
        in us-east-1, wherever the application is.
    customer_key
        Whether data and logs are encrypted with a key of this deployment, which rotates every
        year, instead of keys that AWS owns.
    access_logs
        Whether the gateway logs every request, without anything that it said.
    alarms, alarm_email
        Whether alarms watch the deployment, and who gets them by mail; empty for nobody yet.
    monthly_budget_usd
        Above this cost of a month, and when it is forecast, the alarms' readers are told; 0 for
        no budget.
    dashboard
        Whether the region has its dashboard; an account's first three cost nothing.
    retain_data
        Whether bucket, tables, user pool and key outlive their stack.
    feedback_retention_days
        After how many days a feedback is forgotten by itself; 0 keeps it until it is deleted.
    termination_protection
        Whether a stack must be freed by hand before it can be deleted.
    cost_centre
        Who pays: the tag ``cost-centre`` of every resource.
    permissions_boundary
        Name of the managed policy that bounds every role, where a company asks for one; empty
        for none. It must be in the account before the first deploy.
    log_retention
        How long logs are kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: str
    region: Annotated[str, AfterValidator(_with_images)]
    method: Method
    container_base_image: Annotated[str, Field(pattern=_IMAGE)]
    pretrained_model: str
    training_data: str
    training_instance_type: Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]
    training_max_runtime_minutes: Annotated[int, Field(ge=5, le=55)]
    hyperparameters: Annotated[dict[str, str | int | float], BeforeValidator(_from_json)]
    gate_min_accuracy: Annotated[float, Field(ge=0, le=1)]
    gate_max_ece: Annotated[float, Field(ge=0, le=1)]
    confidence_threshold: Annotated[float, Field(ge=0.5, le=1)]
    population: Population
    hosting: Hosting
    rollout: Rollout
    serverless_memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144]
    serverless_max_concurrency: Annotated[int, Field(ge=1, le=200)]
    serverless_provisioned_concurrency: Annotated[int, Field(ge=0, le=200)]
    instance_type: Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]
    instances_min: Annotated[int, Field(ge=1, le=100)]
    instances_max: Annotated[int, Field(ge=1, le=100)]
    notebook: bool
    notebook_instance_type: Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]
    notebook_idle_minutes: Annotated[int, Field(ge=10, le=1440)]
    notebook_repository: Annotated[str, Field(pattern=_REPOSITORY, max_length=1000)]
    batch_state_machine: bool
    batch_instance_type: Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]
    batch_keep_days: Annotated[int, Field(ge=1, le=365)]
    access: Access
    cors_allow_origin: Annotated[str, Field(pattern=r"^(\*|none|https?://[^/\s]+)$")]
    throttle_rate: Annotated[int, Field(ge=1, le=10_000)]
    throttle_burst: Annotated[int, Field(ge=1, le=5_000)]
    firewall: bool
    page_web_acl_arn: Annotated[
        str, Field(pattern=r"^(arn:aws:wafv2:us-east-1:\d{12}:global/webacl/.+)?$")
    ]
    customer_key: bool
    access_logs: bool
    alarms: bool
    alarm_email: Annotated[str, Field(pattern=r"^([^@\s]+@[^@\s]+\.[^@\s]+)?$")]
    monthly_budget_usd: Annotated[int, Field(ge=0, le=1_000_000)]
    dashboard: bool
    retain_data: bool
    feedback_retention_days: Annotated[int, Field(ge=0, le=3650)]
    termination_protection: bool
    cost_centre: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/=+@-]{1,128}$")]
    permissions_boundary: Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@-]{0,128}$")]
    log_retention: LogRetention

    @field_validator("*", mode="before")
    @classmethod
    def _no_boolean_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields[info.field_name or ""]
        if isinstance(value, bool) and field.annotation in {int, float}:
            raise ValueError("It is a number")
        return value

    @model_validator(mode="after")
    def _counts_in_order(self) -> Self:
        if self.instances_min > self.instances_max:
            raise ValueError(
                f"instances_min: {self.instances_min} is more than "
                f"instances_max: {self.instances_max}"
            )
        return self

    @model_validator(mode="after")
    def _hosting_can_do_it(self) -> Self:
        warm = self.serverless_provisioned_concurrency
        if warm and self.hosting != "serverless":
            raise ValueError(
                f"serverless_provisioned_concurrency: {warm} needs hosting: serverless; "
                "instances are warm anyway, set it to 0"
            )
        if warm > self.serverless_max_concurrency:
            raise ValueError(
                f"serverless_provisioned_concurrency: {warm} is more than "
                f"serverless_max_concurrency: {self.serverless_max_concurrency}"
            )
        if self.rollout == "canary" and self.hosting != "instances":
            raise ValueError(
                "rollout: canary needs hosting: instances; a serverless endpoint changes "
                "all-at-once"
            )
        if self.rollout == "canary" and self.instances_min < 2:
            raise ValueError(
                f"rollout: canary needs two instances, one to try the new model on; "
                f"instances_min: {self.instances_min} is too few"
            )
        return self

    @model_validator(mode="after")
    def _alarms_are_there_for_what_needs_them(self) -> Self:
        if self.alarms:
            return self
        if self.rollout == "canary":
            raise ValueError("rollout: canary goes back when an alarm says so: set alarms: true")
        if self.alarm_email:
            raise ValueError(f"alarm_email: {self.alarm_email!r} gets nothing without alarms: true")
        if self.monthly_budget_usd:
            raise ValueError(
                f"monthly_budget_usd: {self.monthly_budget_usd} tells nobody without alarms: true"
            )
        return self

    @property
    def stage_name(self) -> str:
        """Name of the stage, and the first part of its stacks' names."""
        return f"{self.environment}-{self.region}"

    @property
    def name_prefix(self) -> str:
        """What names begin with that are given once per account and region, or per account."""
        return f"voc-gender-{self.environment}"

    @property
    def endpoint_name(self) -> str:
        """Name of the endpoint.

        It is known before the endpoint exists, so that the API needs no export of the model's
        stack. It carries the kind of hosting, because an endpoint cannot change from one kind
        to the other: it is replaced. Lower case, because IAM matches names as they are written
        and SageMaker does not.
        """
        return f"{self.name_prefix}-{self.hosting}"

    @property
    def follows_traffic(self) -> bool:
        """Whether the number of the endpoint's instances follows the traffic."""
        return self.hosting == "instances" and self.instances_max > self.instances_min

    @property
    def notebook_name(self) -> str:
        """Name of the notebook instance: the workshop's own, in the workshop's environment."""
        suffix = "" if self.environment == "workshop" else f"-{self.environment}"
        return f"smworkshop-notebook{suffix}"

    @property
    def batch_job_name_prefix(self) -> str:
        """What the names of the batch transform jobs begin with."""
        return f"{self.name_prefix}-batch-"

    @property
    def allows_other_origins(self) -> bool:
        """Whether other sites' pages may call the API."""
        return self.cors_allow_origin != "none"


def load_settings(
    presets: Mapping[str, Any], overrides: Mapping[str, Any] | None = None
) -> list[Settings]:
    """Read the settings of every environment and region, or of those that were chosen.

    Parameters
    ----------
    presets
        The value of the context key ``voc-gender``: ``defaults``; ``environments``, each with
        ``regions`` of its own if it likes; ``regions``.
    overrides
        What ``-c`` gave, by name of the setting; ``environment`` and ``region`` choose.

    Returns
    -------
    list of Settings
        One per environment and region, in the order of ``cdk.json``.

    Raises
    ------
    SettingsError
        Naming every wrong setting, its value and what is allowed.
    """
    overrides = dict(overrides or {})
    environments = _choose("environment", overrides, presets["environments"])
    regions = _choose("region", overrides, presets["regions"])
    return [
        _validate({**_preset(presets, environment, region), **overrides}, overrides)
        for environment in environments
        for region in regions
    ]


def _preset(presets: Mapping[str, Any], environment: str, region: str) -> dict[str, Any]:
    """Return what ``cdk.json`` says of one region of one environment."""
    of_environment = dict(presets["environments"][environment])
    own_regions = of_environment.pop("regions", {})
    for name in own_regions:
        if name not in presets["regions"]:
            raise SettingsError(
                f"environments.{environment}.regions: {name!r} is not among the regions."
                + _suggestion(name, presets["regions"])
            )
    layers = {
        "defaults": presets["defaults"],
        f"environments.{environment}": of_environment,
        f"regions.{region}": presets["regions"][region],
        f"environments.{environment}.regions.{region}": own_regions.get(region, {}),
    }
    values: dict[str, Any] = {}
    for place, layer in layers.items():
        if not isinstance(layer, Mapping):
            raise SettingsError(f"{place}: {layer!r} is not allowed. It is an object of settings")
        values |= layer
    return {**values, "environment": environment, "region": region}


def context_overrides(all_context: Mapping[str, Any]) -> dict[str, Any]:
    """Pick the app's own settings out of the context that the CDK CLI passes.

    Raises
    ------
    SettingsError
        For a name that is neither a setting nor the CDK's own (those hold a colon, or begin with
        ``@`` or ``cdk-``): a misspelt ``-c`` must not be ignored in silence.
    """
    own = {
        name.replace("-", "_"): value
        for name, value in all_context.items()
        if name != CONTEXT_KEY and not _belongs_to_cdk(name)
    }
    unknown = sorted(set(own) - set(Settings.model_fields))
    if unknown:
        raise SettingsError("; ".join(_no_such_setting(name) for name in unknown))
    return own


def read_context() -> dict[str, Any]:
    """Read the context in ``cdk.json``, for programs that the CDK CLI does not start."""
    context: dict[str, Any] = json.loads((REPOSITORY / "cdk.json").read_text())["context"]
    return context


def read_presets() -> Mapping[str, Any]:
    """Read the presets in ``cdk.json``, for programs that the CDK CLI does not start."""
    presets: Mapping[str, Any] = read_context()[CONTEXT_KEY]
    return presets


def _belongs_to_cdk(name: str) -> bool:
    return ":" in name or name.startswith(("@", "cdk-"))


def _choose(name: str, overrides: dict[str, Any], known: Mapping[str, Any]) -> list[str]:
    chosen = overrides.pop(name, None)
    if chosen is None:
        return list(known)
    if chosen not in known:
        raise SettingsError(f"{name}: {chosen!r} is not allowed. Allowed: {', '.join(known)}")
    return [chosen]


def _validate(values: Mapping[str, Any], overrides: Mapping[str, Any]) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        details = error.errors()
    complaints = "; ".join(map(_complaint, details))
    if all(detail["loc"] and detail["loc"][0] in overrides for detail in details):
        raise SettingsError(complaints)
    raise SettingsError(f"{complaints} ({values['environment']} in {values['region']})")


def _complaint(detail: Any) -> str:
    message: str = detail["msg"].removeprefix("Value error, ")
    if not detail["loc"]:
        return message
    name = detail["loc"][0]
    if detail["type"] == "missing":
        return f"{name} is missing: cdk.json must give it"
    if detail["type"] == "extra_forbidden":
        return _no_such_setting(name)
    return f"{name}: {detail['input']!r} is not allowed. {message}{_range(name)}"


def _no_such_setting(name: str) -> str:
    known = Settings.model_fields
    return f"{name}: no such setting." + (
        _suggestion(name, known) or f" Allowed: {', '.join(known)}"
    )


def _range(name: str) -> str:
    """Return what is between a number's bounds in words; nothing for what has none."""
    bounds = {
        kind: getattr(part, kind)
        for part in Settings.model_fields[name].metadata
        for kind in ("ge", "le")
        if hasattr(part, kind)
    }
    return f". Allowed: {bounds['ge']} to {bounds['le']}" if len(bounds) == 2 else ""
