from __future__ import annotations

from typing import Any, get_args

import pytest
from aws_cdk.aws_logs import RetentionDays
from pydantic import ValidationError

from stacks.settings import (
    CONTEXT_KEY,
    LogRetention,
    SettingsError,
    context_overrides,
    load_settings,
    read_presets,
)

PRESETS = read_presets()


def test_presets_cover_every_environment_and_region() -> None:
    names = {settings.stage_name for settings in load_settings(PRESETS)}
    assert {"us-east-1", "us-east-2", "us-west-2", "eu-west-1"} <= set(PRESETS["regions"])
    assert names == {
        f"{environment}-{region}"
        for environment in ("workshop", "production")
        for region in PRESETS["regions"]
    }


def test_region_decides_the_population() -> None:
    populations = {
        settings.region: settings.population
        for settings in load_settings(PRESETS, {"environment": "workshop"})
    }
    assert populations == {
        region: "us" if region.startswith("us-") else "world" for region in PRESETS["regions"]
    }


def test_command_line_wins_over_region_and_preset() -> None:
    (settings,) = load_settings(
        PRESETS,
        {
            "environment": "workshop",
            "region": "eu-west-1",
            "population": "us",
            "gate_min_accuracy": "0.95",
            "notebook": "false",
            "hyperparameters": '{"epochs": 2}',
        },
    )
    assert settings.population == "us"
    assert settings.gate_min_accuracy == 0.95
    assert settings.notebook is False
    assert settings.hyperparameters == {"epochs": 2}


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("region", "mars-north-1", ", ".join(PRESETS["regions"])),
        ("environment", "staging", "workshop, production"),
        ("method", "by-hand", "'high-level'"),
        ("hosting", "cluster", "'serverless' or 'instances'"),
        ("population", "mars", "'us' or 'world'"),
        ("gate_min_accuracy", "1.5", "less than or equal to 1. Allowed: 0 to 1"),
        ("confidence_threshold", "0.3", "greater than or equal to 0.5. Allowed: 0.5 to 1"),
        ("confidence_threshold", True, "It is a number. Allowed: 0.5 to 1"),
        ("throttle_rate", False, "It is a number"),
        ("serverless_memory_mb", "1000", "1024, 2048"),
        ("serverless_max_concurrency", "201", "less than or equal to 200"),
        ("training_instance_type", "m5.large", "pattern"),
        ("training_max_runtime_minutes", "90", "less than or equal to 55"),
        ("notebook", "perhaps", "boolean"),
        ("notebook_repository", "http://git.example/lessons", "pattern"),
        ("notebook_repository", "https://me:secret@git.example/lessons", "pattern"),
        ("notebook_repository", "https://git.example/';rm -r x;'", "pattern"),
        ("container_base_image", "python:3.12@sha256:abc", "pattern"),
        ("cors_allow_origin", "example.org", "pattern"),
        ("log_retention", "A_FORTNIGHT", "ONE_WEEK"),
        ("hyperparameters", "epochs=2", "hyperparameters"),
        ("feedback_retention_days", "-1", "greater than or equal to 0"),
        ("cost_centre", "", "pattern"),
        ("alarm_email", "ops", "pattern"),
        ("rollout", "slowly", "'all-at-once' or 'canary'"),
        ("permissions_boundary", "arn:aws:iam::aws:policy/Boundary", "pattern"),
    ],
)
def test_wrong_value_is_named_with_what_is_allowed(name: str, value: Any, allowed: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(PRESETS, {name: value})
    message = str(caught.value)
    assert message.startswith(f"{name}: {value!r} is not allowed")
    assert allowed in message


@pytest.mark.parametrize(
    ("name", "lowest", "highest", "step"),
    [
        ("training_max_runtime_minutes", 5, 55, 1),
        ("gate_min_accuracy", 0, 1, 0.01),
        ("gate_max_ece", 0, 1, 0.01),
        ("confidence_threshold", 0.5, 1, 0.01),
        ("serverless_max_concurrency", 1, 200, 1),
        ("serverless_provisioned_concurrency", 0, 200, 1),
        ("instances_min", 1, 100, 1),
        ("instances_max", 1, 100, 1),
        ("notebook_idle_minutes", 10, 1440, 1),
        ("batch_keep_days", 1, 365, 1),
        ("throttle_rate", 1, 10_000, 1),
        ("throttle_burst", 1, 5_000, 1),
        ("monthly_budget_usd", 0, 1_000_000, 1),
        ("feedback_retention_days", 0, 3650, 1),
    ],
)
def test_numbers_have_bounds(name: str, lowest: float, highest: float, step: float) -> None:
    together = {"serverless_max_concurrency": 200, "instances_max": 100, "alarms": True}
    for value in (lowest, highest):
        chosen = {"environment": "workshop", **together, name: str(value)}
        for settings in load_settings(PRESETS, chosen):
            assert getattr(settings, name) == value
    for value in (lowest - step, highest + step):
        with pytest.raises(SettingsError, match=rf"{name}: '{value}' is not allowed"):
            load_settings(PRESETS, {**together, name: str(value)})


def test_memory_is_what_a_serverless_endpoint_can_have() -> None:
    def chosen(memory: int) -> int:
        overrides = {"environment": "workshop", "region": "us-east-1"}
        (settings,) = load_settings(PRESETS, {**overrides, "serverless_memory_mb": memory})
        return settings.serverless_memory_mb

    allowed = range(1024, 6145, 1024)
    assert [chosen(memory) for memory in allowed] == list(allowed)
    for memory in (*(size - 1 for size in allowed), *(size + 1 for size in allowed)):
        with pytest.raises(SettingsError, match="serverless_memory_mb"):
            chosen(memory)


def test_an_address_of_a_repository_has_a_length() -> None:
    address = "https://git.example/".ljust(1000, "x")
    for settings in load_settings(PRESETS, {"notebook_repository": address}):
        assert settings.notebook_repository == address
    with pytest.raises(SettingsError, match="at most 1000 characters"):
        load_settings(PRESETS, {"notebook_repository": address + "x"})


def test_a_wrong_part_of_a_setting_is_named_by_the_setting() -> None:
    with pytest.raises(SettingsError, match=r"^hyperparameters: \[\] is not allowed[^()]*$"):
        load_settings(PRESETS, {"hyperparameters": '{"epochs": []}'})


def test_what_follows_from_the_settings() -> None:
    overrides = {"environment": "production", "region": "eu-west-1"}
    (settings,) = load_settings(PRESETS, overrides)
    assert settings.stage_name == "production-eu-west-1"
    assert settings.endpoint_name == "voc-gender-production-instances"
    assert settings.notebook_name == "smworkshop-notebook-production"
    assert settings.batch_job_name_prefix == "voc-gender-production-batch-"
    (other,) = load_settings(PRESETS, {**overrides, "cors_allow_origin": "https://voc.example"})
    assert (settings.allows_other_origins, other.allows_other_origins) == (False, True)
    (workshop,) = load_settings(PRESETS, {**overrides, "environment": "workshop"})
    assert workshop.endpoint_name == "voc-gender-workshop-serverless"
    assert workshop.notebook_name == "smworkshop-notebook"


@pytest.mark.parametrize(
    ("hosting", "least", "most", "follows"),
    [
        ("instances", 2, 3, True),
        ("instances", 2, 2, False),
        ("serverless", 2, 3, False),
        ("serverless", 2, 2, False),
    ],
)
def test_instances_follow_the_traffic_between_two_numbers(
    hosting: str, least: int, most: int, follows: bool
) -> None:
    overrides = {"hosting": hosting, "instances_min": least, "instances_max": most}
    for settings in load_settings(PRESETS, {"environment": "workshop", **overrides}):
        assert settings.follows_traffic is follows


def test_counts_out_of_order_are_refused() -> None:
    with pytest.raises(SettingsError, match="instances_min: 3 is more than instances_max: 2"):
        load_settings(PRESETS, {"instances_min": "3", "instances_max": "2"})


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            {"serverless_provisioned_concurrency": "2", "hosting": "instances"},
            "serverless_provisioned_concurrency: 2 needs hosting: serverless",
        ),
        (
            {"serverless_provisioned_concurrency": "6"},
            "6 is more than serverless_max_concurrency: 5",
        ),
        ({"rollout": "canary"}, "canary needs hosting: instances"),
        ({"rollout": "canary", "hosting": "instances"}, "instances_min: 1 is too few"),
        (
            {"rollout": "canary", "hosting": "instances", "instances_min": 2, "instances_max": 2},
            "set alarms: true",
        ),
        ({"alarm_email": "ops@example.org"}, "gets nothing without alarms: true"),
        ({"monthly_budget_usd": "10"}, "tells nobody without alarms: true"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    overrides: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(PRESETS, {"environment": "workshop", **overrides})


def test_setting_missing_from_the_presets_is_named() -> None:
    workshop = {
        name: value
        for name, value in PRESETS["environments"]["workshop"].items()
        if name != "hosting"
    }
    with pytest.raises(SettingsError, match=r"^hosting is missing.* \(workshop in us-east-1\)$"):
        load_settings({**PRESETS, "environments": {"workshop": workshop}})


def test_misspelt_setting_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"metod: no such setting\. Did you mean method\?"):
        context_overrides({"metod": "low-level"})
    with pytest.raises(SettingsError, match=r"zzz: no such setting\. Allowed: environment, region"):
        context_overrides({"zzz": "low-level"})
    with pytest.raises(SettingsError, match=r"^metod: no such.* \(workshop in us-east-1\)$"):
        load_settings({**PRESETS, "defaults": {**PRESETS["defaults"], "metod": "low-level"}})


def with_regions(**regions: Any) -> dict[str, Any]:
    return {**PRESETS, "regions": {name.replace("_", "-"): of for name, of in regions.items()}}


def test_misspelt_region_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^region: 'eu-cenral-1' is not allowed.*eu-central-1"):
        load_settings(with_regions(eu_cenral_1={"population": "world"}))
    with pytest.raises(SettingsError, match=r"^regions\.eu-west-1: 'world' is not allowed\."):
        load_settings(with_regions(eu_west_1="world"))


def test_one_region_of_one_environment_may_differ() -> None:
    workshop = {
        **PRESETS["environments"]["workshop"],
        "regions": {"eu-west-1": {"throttle_rate": 7}},
    }
    environments = {**PRESETS["environments"], "workshop": workshop}
    chosen = load_settings({**PRESETS, "environments": environments})
    usual = {settings.stage_name: settings for settings in load_settings(PRESETS)}
    for settings in chosen:
        other = {"throttle_rate": 7} if settings.stage_name == "workshop-eu-west-1" else {}
        assert settings == usual[settings.stage_name].model_copy(update=other)
    workshop["regions"] = {"eu-west-2": {}}
    with pytest.raises(SettingsError, match=r"'eu-west-2' is not among.* Did you mean us-west-2\?"):
        load_settings({**PRESETS, "environments": environments})


def test_context_of_the_cdk_is_not_taken_for_a_setting() -> None:
    context: dict[str, Any] = {
        CONTEXT_KEY: {},
        "@aws-cdk/core:newStyleStackSynthesis": True,
        "aws:cdk:bundling-stacks": ["**"],
        "availability-zones:account=1:region=us-east-1": ["us-east-1a"],
        "hosted-zone:account=1:domainName=voc.example:region=us-east-1": {"Id": "Z1"},
        "cdk-migrate": True,
        "gate-min-accuracy": "0.9",
    }
    assert context_overrides(context) == {"gate_min_accuracy": "0.9"}


def test_logs_can_be_kept_as_long_as_the_cdk_knows() -> None:
    assert list(get_args(LogRetention)) == list(RetentionDays.__members__)


def test_settings_are_frozen() -> None:
    settings = load_settings(PRESETS)[0]
    with pytest.raises(ValidationError, match="frozen"):
        settings.region = "eu-west-1"  # type: ignore[misc]
