"""What must hold for the ways to a model that are not the default."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from stacks.framework_images import SCIKIT_LEARN_INFERENCE
from stacks.pretrained_model import ARTIFACT, EVALUATION, pretrained_model
from stacks.settings import load_settings, read_presets
from stacks.shipped_folder import REPOSITORY, MissingInputError

from .conftest import synthesize
from .test_invariants import actions, only, resources, statements

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Assembly, Template

STAGE = "workshop-eu-west-1"
BASE_IMAGE = f"registry/python:1@sha256:{'0' * 64}"
FRAMEWORK_ONLY = {"SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY"}


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished model, as small as can be."""
    folder = tmp_path_factory.mktemp("pretrained")
    files = {ARTIFACT: b"weights", EVALUATION: b'{"metrics": {}}'}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    sha256 = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    (folder / "provenance.json").write_text(json.dumps({"sha256": sha256}))
    return folder


def of_method(tmp_path_factory: pytest.TempPathFactory, method: str, **settings: str) -> Assembly:
    chosen = {"environment": "workshop", "region": "eu-west-1", "method": method, **settings}
    return synthesize(tmp_path_factory.mktemp(method), chosen)


@pytest.fixture(scope="session")
def low_level(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return of_method(
        tmp_path_factory,
        "low-level",
        container_base_image=BASE_IMAGE,
        notebook_repository="https://git.example/team/lessons.git",
    )


@pytest.fixture(scope="session")
def pre_trained(tmp_path_factory: pytest.TempPathFactory, finished: Path) -> Assembly:
    return of_method(tmp_path_factory, "pre-trained", pretrained_model=str(finished))


def model_of(assembly: Assembly) -> Template:
    return assembly.templates[STAGE]["Model"]


def properties(template: Template, resource_type: str) -> Template:
    return {
        logical_id: resource["Properties"]
        for logical_id, resource in resources(template, resource_type).items()
    }


def container(assembly: Assembly) -> Template:
    found: Template = only(model_of(assembly), "AWS::SageMaker::Model")["Properties"][
        "PrimaryContainer"
    ]
    return found


@pytest.mark.parametrize("method", ["low_level", "pre_trained"])
def test_every_way_keeps_to_the_policies(method: str, request: pytest.FixtureRequest) -> None:
    assembly: Assembly = request.getfixturevalue(method)
    findings = [
        finding["ruleName"]
        for plugin in assembly.report["pluginReports"]
        for finding in plugin["violations"]
    ]
    assert findings == []


@pytest.mark.parametrize("method", ["low_level", "pre_trained"])
def test_every_way_ends_in_the_same_endpoint(
    method: str, assembly: Assembly, request: pytest.FixtureRequest
) -> None:
    changed = model_of(request.getfixturevalue(method))
    usual = model_of(assembly)
    for resource_type in ("AWS::SageMaker::Endpoint", "AWS::SageMaker::EndpointConfig"):
        assert properties(changed, resource_type) == properties(usual, resource_type)
    (gate,) = resources(changed, "Custom::QualityGate")
    assert gate in resources(usual, "Custom::QualityGate")
    assert gate in only(changed, "AWS::SageMaker::Model")["DependsOn"]
    thresholds = ("Minimum", "Maximum")
    judged = [only(each, "Custom::QualityGate")["Properties"] for each in (changed, usual)]
    assert [judged[0][name] for name in thresholds] == [judged[1][name] for name in thresholds]
    names = [only(each, "AWS::SageMaker::Model")["Properties"] for each in (changed, usual)]
    assert names[0]["ExecutionRoleArn"] != names[1]["ExecutionRoleArn"]
    environments = [each["PrimaryContainer"]["Environment"] for each in names]
    assert {
        name: value for name, value in environments[0].items() if name not in FRAMEWORK_ONLY
    } == {name: value for name, value in environments[1].items() if name not in FRAMEWORK_ONLY}


def test_own_image_is_built_pushed_and_runs_in_both_places(low_level: Assembly) -> None:
    template = model_of(low_level)
    job = only(template, "Custom::TrainingJob")["Properties"]
    images = [job["TrainingImage"], container(low_level)["Image"]]
    assert images[0] != images[1]
    for image in images:
        assert "${AWS::AccountId}.dkr.ecr.eu-west-1" in image["Fn::Sub"]
    assert not set(job.get("HyperParameters", {})) & {
        "sagemaker_program",
        "sagemaker_submit_directory",
    }
    assert not FRAMEWORK_ONLY & set(container(low_level)["Environment"])


def test_named_repository_is_cloned_and_no_lesson_is_copied(low_level: Assembly) -> None:
    stack = low_level.templates[STAGE]["Notebook"]
    instance = only(stack, "AWS::SageMaker::NotebookInstance")["Properties"]
    assert instance["DefaultCodeRepository"] == "https://git.example/team/lessons.git"
    lifecycle = only(stack, "AWS::SageMaker::NotebookInstanceLifecycleConfig")["Properties"]
    for hook in ("OnCreate", "OnStart"):
        assert "https://git.example/team/lessons.git" in json.dumps(lifecycle[hook])


def test_own_image_is_all_that_the_roles_may_pull(low_level: Assembly) -> None:
    for policy in ("TrainingJobRole", "OwnImageServingRole"):
        pull = next(
            statement
            for statement in statements(model_of(low_level), policy)
            if "ecr:BatchGetImage" in statement["Action"]
        )
        named = json.dumps(pull["Resource"])
        assert ':repository/", {"Fn::Sub": "cdk-hnb659fds-container-assets-' in named


def test_own_image_brings_its_program_and_reads_none_in_the_bucket(low_level: Assembly) -> None:
    for policy in ("TrainingJobRole", "OwnImageServingRole"):
        read = json.dumps(statements(model_of(low_level), policy))
        assert "/models/*" in read
        assert "/code/*" not in read


def test_images_are_for_sagemakers_machines(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("images")
    chosen = {"environment": "workshop", "region": "eu-west-1", "method": "low-level"}
    synthesize(folder, {**chosen, "container_base_image": BASE_IMAGE})
    manifests = {path: json.loads(path.read_text()) for path in folder.rglob("*.assets.json")}
    ((manifest, images),) = (
        (path, assets["dockerImages"].values())
        for path, assets in manifests.items()
        if assets["dockerImages"]
    )
    assert {image["source"]["dockerBuildTarget"] for image in images} == {"train", "serve"}
    for image in images:
        assert image["source"]["platform"] == "linux/amd64"
        assert image["source"]["dockerBuildArgs"] == {"BASE_IMAGE": BASE_IMAGE}
        context = manifest.parent / image["source"]["directory"]
        held = {path.name for path in context.iterdir()}
        assert {"Dockerfile", "__main__.py", "train.py", "serve.py"} <= held
        assert not held & {"pretrained", "entry_points", "requirements-dev.txt"}


def test_usual_base_is_named_by_digest_and_the_same_everywhere() -> None:
    bases = {settings.container_base_image for settings in load_settings(read_presets())}
    (base,) = bases
    assert "@sha256:" in base
    dockerfile = (REPOSITORY / "model_code" / "Dockerfile").read_text()
    assert f"ARG BASE_IMAGE={base}\n" in dockerfile


def test_pre_trained_trains_nothing_and_proves_what_it_hosts(
    pre_trained: Assembly, finished: Path
) -> None:
    template = model_of(pre_trained)
    assert not resources(template, "Custom::TrainingJob")
    assert "TrainingJobName" not in template["Outputs"]
    assert container(pre_trained)["Image"] == SCIKIT_LEARN_INFERENCE.uri("eu-west-1")
    files = only(template, "Custom::QualityGate")["Properties"]["Files"]
    assert files["Model"]["Url"] == container(pre_trained)["ModelDataUrl"]
    model = pretrained_model(finished)
    assert files["Model"]["Sha256"] == model.sha256[ARTIFACT]
    assert files["Evaluation"]["Sha256"] == model.sha256[EVALUATION]
    delivered = json.dumps(pre_trained.templates[STAGE]["Storage"]["Resources"])
    assert model.folder.prefix in delivered
    assert "sagemaker:DescribeTrainingJob" not in actions(template, "QualityGate")


@pytest.mark.parametrize("name", [ARTIFACT, EVALUATION, "provenance.json"])
def test_missing_file_of_a_finished_model_is_named(
    name: str, finished: Path, tmp_path: Path
) -> None:
    copy_without(finished, tmp_path, name)
    with pytest.raises(MissingInputError, match=f"holds no {name}. 'make pretrained'"):
        pretrained_model(tmp_path)


@pytest.mark.parametrize("name", [ARTIFACT, EVALUATION])
def test_file_that_is_not_the_recorded_one_is_named(
    name: str, finished: Path, tmp_path: Path
) -> None:
    copy_without(finished, tmp_path, name)
    (tmp_path / name).write_bytes(b"another")
    with pytest.raises(MissingInputError, match=f"the sha256 of .*{name}' is "):
        pretrained_model(tmp_path)


def test_provenance_without_hashes_is_refused(finished: Path, tmp_path: Path) -> None:
    copy_without(finished, tmp_path, "provenance.json")
    (tmp_path / "provenance.json").write_text("[]")
    with pytest.raises(MissingInputError, match="names no sha256"):
        pretrained_model(tmp_path)


def test_shipped_model_is_whole_small_and_good_enough() -> None:
    """The gate would let it through in every environment and region."""
    for settings in load_settings(read_presets()):
        folder = REPOSITORY / settings.pretrained_model
        pretrained_model(folder)
        assert (folder / ARTIFACT).stat().st_size <= 15_000_000
        metrics = json.loads((folder / EVALUATION).read_text())["metrics"]
        assert metrics["validation:accuracy"] >= settings.gate_min_accuracy
        assert metrics["validation:ece"] <= settings.gate_max_ece


def copy_without(source: Path, target: Path, name: str) -> None:
    for path in source.iterdir():
        if path.name != name:
            (target / path.name).write_bytes(path.read_bytes())
