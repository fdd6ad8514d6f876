"""Real templates of this application, one real change each."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from operations.diff_gate.__main__ import ExitCode, exit_code
from operations.diff_gate.cdk_diff import compare
from operations.diff_gate.report import markdown, table
from operations.diff_gate.verdict import Kind, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from operations.diff_gate.assembly import SynthesizedStack

Template = dict[str, Any]


def named(template: Template, kind: str, part: str = "") -> str:
    """Return the logical id of the first resource of a type whose id holds a text."""
    return next(
        str(logical_id)
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == kind and part in logical_id
    )


def resource(template: Template, kind: str, part: str = "") -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][named(template, kind, part)]
    return found


def properties(template: Template, kind: str, part: str = "") -> dict[str, Any]:
    found: dict[str, Any] = resource(template, kind, part)["Properties"]
    return found


def statements(template: Template, part: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = properties(template, "AWS::IAM::Policy", part)["PolicyDocument"][
        "Statement"
    ]
    return listed


def bucket_statements(template: Template) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = properties(template, "AWS::S3::BucketPolicy")["PolicyDocument"][
        "Statement"
    ]
    return listed


def edited(stack: SynthesizedStack, edit: Callable[[Template], Any]) -> SynthesizedStack:
    template = copy.deepcopy(dict(stack.template))
    edit(template)
    return replace(stack, template=template)


def verdict_on(base: SynthesizedStack | None, head: SynthesizedStack | None) -> Verdict:
    old, new = base.template if base else None, head.template if head else None
    (change,) = compare({"": (old, new)})
    return judge(base, head, change)


@dataclass(frozen=True)
class Case:
    """A change of one stack, the kinds that it must be given, and what the lines must name."""

    stack: str
    edit: Callable[[Template], Any]
    kinds: set[Kind]
    says: str


HARMLESS, REPLACEMENT = Kind.HARMLESS, Kind.REPLACEMENT
DESTRUCTION, BROADENING = Kind.DESTRUCTION, Kind.BROADENING
TABLE, BUCKET, FUNCTION = "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Lambda::Function"
METHOD, ROLE, PERMISSION = "AWS::ApiGateway::Method", "AWS::IAM::Role", "AWS::Lambda::Permission"
IDENTIFY = "IdentifyGender"


def _rename_logical_id(template: Template, kind: str) -> None:
    name = named(template, kind)
    template["Resources"][f"{name}New"] = template["Resources"].pop(name)


def _grant(template: Template, **changes: Any) -> None:
    statements(template, IDENTIFY)[0].update(changes)


def _allow_all_but(template: Template) -> None:
    statement = statements(template, IDENTIFY)[0]
    del statement["Action"]
    statement["NotAction"] = "iam:*"


def _merge_statements(template: Template) -> None:
    """Write every statement of a policy as one per action, as another CDK may group them."""
    policy = properties(template, "AWS::IAM::Policy", IDENTIFY)["PolicyDocument"]
    policy["Statement"] = [
        {**statement, "Action": action}
        for statement in policy["Statement"]
        for action in (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
    ]


def _narrow(template: Template) -> None:
    for statement in statements(template, IDENTIFY):
        statement["Condition"] = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}


def _other_code(template: Template) -> None:
    for found in template["Resources"].values():
        if found["Type"] == FUNCTION:
            found["Properties"]["Code"]["S3Key"] = f"{'ab' * 32}.zip"
        if found["Type"] == "AWS::Lambda::LayerVersion":
            found["Properties"]["Content"]["S3Key"] = f"{'cd' * 32}.zip"


CASES = {
    "other code": Case("Api", _other_code, {HARMLESS}, "IdentifyGender"),
    "changed memory": Case(
        "Api",
        lambda t: properties(t, FUNCTION, IDENTIFY).update(MemorySize=3008),
        {HARMLESS},
        "changed (MemorySize)",
    ),
    "environment variable": Case(
        "Api",
        lambda t: properties(t, FUNCTION, IDENTIFY)["Environment"]["Variables"].update(NEW="1"),
        {HARMLESS},
        "changed (Environment)",
    ),
    "new route's deployment": Case(
        "Api",
        lambda t: _rename_logical_id(t, "AWS::ApiGateway::Deployment"),
        {HARMLESS},
        "the old version",
    ),
    "renamed bucket": Case(
        "Storage",
        lambda t: properties(t, BUCKET).update(BucketName="another"),
        {HARMLESS, REPLACEMENT},
        "replaced (BucketName), the old one stays",
    ),
    "table with another key": Case(
        "Api",
        lambda t: properties(t, TABLE)["KeySchema"][0].update(AttributeName="Other"),
        {REPLACEMENT},
        "replaced (KeySchema)",
    ),
    "removed log": Case(
        "Api",
        lambda t: t["Resources"].pop(named(t, "AWS::Logs::LogGroup", IDENTIFY)),
        {DESTRUCTION},
        "destroyed",
    ),
    "removed table, retained": Case(
        "Api",
        lambda t: t["Resources"].pop(named(t, TABLE)),
        {DESTRUCTION},
        "leaves the stack",
    ),
    "another logical id": Case(
        "Api",
        lambda t: _rename_logical_id(t, TABLE),
        {HARMLESS, DESTRUCTION},
        "leaves the stack",
    ),
    "retention given up": Case(
        "Storage",
        lambda t: resource(t, BUCKET).update(DeletionPolicy="Delete"),
        {HARMLESS, DESTRUCTION},
        "DeletionPolicy: Retain → Delete",
    ),
    "retention left out": Case(
        "Api",
        lambda t: resource(t, TABLE).pop("DeletionPolicy"),
        {HARMLESS, DESTRUCTION},
        "DeletionPolicy: Retain → Delete",
    ),
    "logs kept for less long": Case(
        "Api",
        lambda t: properties(t, "AWS::Logs::LogGroup").update(RetentionInDays=1),
        {HARMLESS, DESTRUCTION},
        "older log events are deleted",
    ),
    "widened action": Case(
        "Api", lambda t: _grant(t, Action="dynamodb:*"), {HARMLESS, BROADENING}, "dynamodb:*"
    ),
    "widened resource": Case(
        "Api", lambda t: _grant(t, Resource="*"), {HARMLESS, BROADENING}, "on *"
    ),
    "all but some actions": Case(
        "Api", _allow_all_but, {HARMLESS, BROADENING}, "Allow all but iam:*"
    ),
    "statements regrouped": Case("Api", _merge_statements, {HARMLESS}, "PolicyDocument"),
    "narrowed by a condition": Case("Api", _narrow, {HARMLESS}, "PolicyDocument"),
    "policy removed": Case(
        "Api",
        lambda t: t["Resources"].pop(named(t, "AWS::IAM::Policy", IDENTIFY)),
        {HARMLESS},
        "its statements are judged",
    ),
    "managed policy attached": Case(
        "Api",
        lambda t: properties(t, ROLE, IDENTIFY).update(
            ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]
        ),
        {HARMLESS, BROADENING},
        "AdministratorAccess attached",
    ),
    "trust widened": Case(
        "Api",
        lambda t: properties(t, ROLE, IDENTIFY)["AssumeRolePolicyDocument"]["Statement"][0].update(
            Principal={"AWS": "*"}
        ),
        {HARMLESS, BROADENING},
        "AssumeRolePolicyDocument",
    ),
    "function open to all": Case(
        "Api",
        lambda t: properties(t, PERMISSION).update(Principal="*"),
        {HARMLESS, BROADENING},
        "lambda:InvokeFunction",
    ),
    "source of a call forgotten": Case(
        "Api",
        lambda t: properties(t, PERMISSION).pop("SourceArn"),
        {HARMLESS, BROADENING},
        "to apigateway.amazonaws.com",
    ),
    "no sign-in asked for": Case(
        "Api",
        lambda t: next(
            r["Properties"]
            for r in t["Resources"].values()
            if r["Type"] == METHOD and r["Properties"]["AuthorizationType"] != "NONE"
        ).update(AuthorizationType="NONE"),
        {HARMLESS, BROADENING},
        "anybody may call it",
    ),
    "plain http allowed": Case(
        "Storage",
        lambda t: bucket_statements(t).pop(0),
        {HARMLESS, BROADENING},
        "no longer denied",
    ),
    "bucket policy for anybody": Case(
        "Storage",
        lambda t: bucket_statements(t).append(
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
        ),
        {HARMLESS, BROADENING},
        "Allow s3:GetObject on * to *",
    ),
    "public access not blocked": Case(
        "Storage",
        lambda t: properties(t, BUCKET)["PublicAccessBlockConfiguration"].pop("BlockPublicPolicy"),
        {HARMLESS, BROADENING},
        "public access is no longer blocked",
    ),
}


@pytest.fixture(scope="module")
def verdicts(stacks: Mapping[str, SynthesizedStack]) -> Mapping[str, Verdict]:
    """The verdict on every case, and on nothing changed, by one call of CDK's comparison."""
    cases = {name: (stacks[case.stack], case.edit) for name, case in CASES.items()}
    cases["nothing"] = (stacks["Api"], lambda _: None)
    pairs = {name: (stack, edited(stack, edit)) for name, (stack, edit) in cases.items()}
    changes = compare(
        {name: (base.template, head.template) for name, (base, head) in pairs.items()}
    )
    return {change.name: judge(*pairs[change.name], change) for change in changes}


@pytest.mark.parametrize("name", CASES)
def test_change(name: str, verdicts: Mapping[str, Verdict]) -> None:
    case, verdict = CASES[name], verdicts[name]
    lines = [line for lines in verdict.findings.values() for line in lines]
    assert verdict.kinds == case.kinds, lines
    worst = [*verdict.findings.get(max(case.kinds), []), *verdict.content_of]
    assert any(case.says in line for line in worst), worst
    assert verdict.content_only == (name == "other code")


def test_nothing_changed(verdicts: Mapping[str, Verdict]) -> None:
    assert exit_code([verdicts["nothing"]]) is ExitCode.NONE
    assert "harmless" not in table([verdicts["nothing"]])


def test_narrowing_is_shown(verdicts: Mapping[str, Verdict]) -> None:
    assert any("Allow" in line for line in verdicts["policy removed"].narrowed)


def test_a_condition_is_lost(stacks: Mapping[str, SynthesizedStack]) -> None:
    assert verdict_on(edited(stacks["Api"], _narrow), stacks["Api"]).kinds == {
        HARMLESS,
        BROADENING,
    }


def test_content_only_is_said(verdicts: Mapping[str, Verdict]) -> None:
    assert "harmless (assets only)" in table([verdicts["other code"]])


def test_new_and_removed_stack(stacks: Mapping[str, SynthesizedStack]) -> None:
    stack = stacks["Storage"]
    verdict = verdict_on(None, stack)
    assert verdict.presence == "new"
    assert verdict.kinds == {HARMLESS, BROADENING}
    verdict = verdict_on(stack, None)
    assert verdict.presence == "removed"
    assert verdict.kinds == {HARMLESS, DESTRUCTION}
    assert "removed: DESTRUCTION" in table([verdict])


@pytest.mark.parametrize(
    ("kind", "emptying", "names_it"),
    [
        (BUCKET, "Custom::S3AutoDeleteObjects", "BucketName"),
        ("AWS::ECR::Repository", "Custom::ECRAutoDeleteImages", "RepositoryName"),
    ],
)
def test_what_is_there_will_be_emptied(
    stacks: Mapping[str, SynthesizedStack], kind: str, emptying: str, names_it: str
) -> None:
    base = edited(stacks["Storage"], lambda t: t["Resources"].update(Old={"Type": kind}))
    empties = {"Type": emptying, "Properties": {names_it: {"Ref": "Old"}}}
    verdict = verdict_on(base, edited(base, lambda t: t["Resources"].update(Empties=empties)))
    assert verdict.findings[DESTRUCTION] == ["${Old}: will be emptied when it is removed"]


def test_stack_attributes(stacks: Mapping[str, SynthesizedStack]) -> None:
    stack = replace(stacks["Storage"], termination_protection=True)
    unprotected = replace(stack, termination_protection=False)
    assert verdict_on(stack, unprotected).kinds == {DESTRUCTION}
    assert verdict_on(stack, replace(stack, deployed_name="another")).kinds == {REPLACEMENT}


def test_exit_codes_tell_kinds_apart(verdicts: Mapping[str, Verdict]) -> None:
    harmless, replaced = verdicts["changed memory"], verdicts["renamed bucket"]
    broadened = verdicts["trust widened"]
    assert exit_code([harmless]) is ExitCode.HARMLESS
    assert exit_code([harmless, replaced]) is ExitCode.REPLACEMENT_OR_DESTRUCTION
    assert exit_code([harmless, broadened]) is ExitCode.IAM_BROADENING
    assert exit_code([replaced, broadened]) is ExitCode.DESTRUCTION_AND_BROADENING


def test_only_one_region_changed(verdicts: Mapping[str, Verdict]) -> None:
    same = replace(verdicts["nothing"], stage="production-us-east-1")
    report = markdown([verdicts["changed memory"], same], base="main", conclusion="…", notes=[])
    rows = [line for line in report.splitlines() if line.startswith("| production-")]
    assert ["harmless" in row for row in rows] == [True, False]
    assert "### Api in production-eu-west-1: harmless" in report
    assert "cdk diff production-eu-west-1/Api" in report
