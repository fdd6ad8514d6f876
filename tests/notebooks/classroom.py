"""The notebook instance of the application, on an emulator with IAM enforced."""

from __future__ import annotations

import base64
import csv
import json
import re
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.sagemaker import SageMakerSettings
from local.sagemaker.notebook_machine import NotebookMachine
from local.sagemaker.roles import RoleCredentials
from stacks.lessons import lessons, lifecycle_script
from stacks.pretrained_model import pretrained_model
from stacks.settings import load_settings, read_context, read_presets
from stacks.shipped_folder import REPOSITORY
from stacks.stage import RegionalStage
from stacks.training_source import training_source
from tests.local.sagemaker.emulator import Emulator
from tests.local.sagemaker.workbench import wait_for

Record = dict[str, Any]

HIGH_LEVEL = "1-high-level.ipynb"
EXPERIMENTATION = "2a-experimentation.ipynb"
CONTAINERIZATION = "2b-containerization-and-orchestration.ipynb"
PRE_TRAINED = "3-pre-trained.ipynb"
LESSONS = [HIGH_LEVEL, EXPERIMENTATION, CONTAINERIZATION, PRE_TRAINED]
BUCKET = "smworkshop-classroom"
NOTEBOOKS_PYTHON = REPOSITORY / ".venv-notebooks" / "bin" / "python"
MODEL_PYTHON = REPOSITORY / ".venv-model" / "bin" / "python"
_ACCURACY = re.compile(r"accuracy (?P<value>[\d.]+) on names not seen in training")
_RUN = Path(__file__).with_name("run_lesson.py")


@dataclass(frozen=True)
class Size:
    """How much of everything a lesson gets."""

    names_per_file: int | None
    cell_seconds: int
    variables: dict[str, str]


SMALL = Size(3000, 240, {"LESSON_SAMPLE": "0.5", "LESSON_EPOCHS": "1", "OMP_NUM_THREADS": "1"})
FULL = Size(None, 3600, {})


@dataclass(frozen=True)
class Lesson:
    """A lesson that was run."""

    exit_code: int
    output: str
    seconds: float

    @property
    def accuracies(self) -> list[float]:
        """What it has compared with the workshop's baseline."""
        return [float(found["value"]) for found in _ACCURACY.finditer(self.output)]


class Classroom:
    """A bucket with what the deploy delivers, and the notebook stack of the template.

    Parameters
    ----------
    emulator
        A running emulator.
    templates
        Templates of the stage by stack, as synthesized.
    size
        How much the lessons get.
    """

    def __init__(self, emulator: Emulator, templates: Record, size: Size = SMALL) -> None:
        self.emulator = emulator
        self._size = size
        self.sagemaker = emulator.client("sagemaker")
        self._fill_bucket()
        self._create_stack("Storage", _storage_template(templates["Notebook"]))
        self._create_stack("Notebook", _without_bootstrap(templates["Notebook"]))
        self.name = settings().notebook_name

    @property
    def instance(self) -> Record:
        """The instance as SageMaker describes it."""
        return self._described(self.name)

    @property
    def machine(self) -> NotebookMachine:
        """The instance's disk and programs."""
        return self._machine_of(self.instance)

    def _described(self, name: str) -> Record:
        described: Record = self.sagemaker.describe_notebook_instance(NotebookInstanceName=name)
        return described

    def _machine_of(self, instance: Record) -> NotebookMachine:
        surroundings = SageMakerSettings(
            state_folder=self.emulator.folder,
            temporary_folder=self.emulator.folder / "tmp",
            model_python=MODEL_PYTHON,
        )
        return NotebookMachine(instance, surroundings)

    @property
    def decisions(self) -> list[Record]:
        """What IAM was asked about sessions of a role; there is no role but the instance's."""
        return [entry for entry in self.emulator.decisions if entry["key"].startswith("ASIA")]

    @property
    def workshop(self) -> Path:
        """Folder of the workshop on the instance's volume."""
        volume: Path = self.machine.volume
        return volume / "nlp-workshop"

    def log(self, stream: str) -> str:
        """What a script of the instance printed."""
        events = self.emulator.client("logs").get_log_events(
            logGroupName="/aws/sagemaker/NotebookInstances",
            logStreamName=f"{self.name}/{stream}",
            startFromHead=True,
        )["events"]
        return "\n".join(event["message"] for event in events)

    def restart(self) -> None:
        """Stop and start the instance."""
        self.sagemaker.stop_notebook_instance(NotebookInstanceName=self.name)
        self.wait_for_status("Stopped")
        self.start()

    def start(self) -> None:
        """Start the instance."""
        self.sagemaker.start_notebook_instance(NotebookInstanceName=self.name)
        self.wait_for_status("InService")

    def open(self) -> tuple[str, str]:
        """Open JupyterLab; answers its address and its token."""
        url: str = self.sagemaker.create_presigned_notebook_instance_url(
            NotebookInstanceName=self.name
        )["AuthorizedUrl"]
        address, _, token = url.partition("/lab?token=")
        return address, token

    def stop_if_idle(self, minutes: float) -> Lesson:
        """Run on the instance what its timer runs every few minutes."""
        address, token = self.open()
        program = "/home/ec2-user/SageMaker/.voc-gender/instance/auto_stop.py"
        return self._run(
            ["python3", program, "--idle-minutes", str(minutes), "--url", address],
            JUPYTER_TOKEN=token,
        )

    def wait_for_status(self, status: str) -> Record:
        """Wait until the instance has a status."""
        found: Record = wait_for(
            lambda: self.instance if self.instance["NotebookInstanceStatus"] == status else None,
            f"a notebook instance that is {status}",
        )
        return found

    def _role_credentials(self) -> RoleCredentials:
        """Session of the instance's role, as its programs have one."""
        role = self.instance["RoleArn"]
        iam = self.emulator.client("iam")
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {
                        "Service": "sagemaker.amazonaws.com",
                        "AWS": f"arn:aws:iam::{role.split(':')[4]}:root",
                    },
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        iam.update_assume_role_policy(
            RoleName=role.rpartition("/")[2], PolicyDocument=json.dumps(trust)
        )
        session = self.emulator.client("sts").assume_role(
            RoleArn=role, RoleSessionName="SageMaker"
        )["Credentials"]
        return RoleCredentials(
            session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]
        )

    def run_lesson(self, name: str) -> Lesson:
        """Execute a notebook on the instance, from the first cell to the last."""
        return self._run(
            [str(NOTEBOOKS_PYTHON), str(_RUN), name, str(self._size.cell_seconds)],
            "/home/ec2-user/SageMaker/nlp-workshop/notebooks",
            **self._size.variables,
        )

    def run_lessons(self, names: list[str]) -> dict[str, Lesson]:
        """Execute notebooks, as many at a time as there are cores to spare."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            return dict(zip(names, pool.map(self.run_lesson, names), strict=True))

    def _run(self, program: list[str], folder: str = "/", **variables: str) -> Lesson:
        environment = self.machine.environment(self._role_credentials())
        began = time.monotonic()
        done = subprocess.run(
            self.machine.command(program, folder=folder),
            env={**environment, "AWS_ENDPOINT_URL": self.emulator.url, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=self._size.cell_seconds + 60,
            check=False,
        )
        return Lesson(done.returncode, done.stdout, time.monotonic() - began)

    def volume_of_an_instance_with(self, repository: str) -> Path:
        """Create an instance that clones a repository, and return its volume."""
        named = settings(notebook_repository=repository)
        delivered = lessons(REPOSITORY / "build", named)
        self._upload(delivered.path, delivered.prefix)
        values = {
            "LESSONS": f"s3://{BUCKET}/{delivered.prefix}",
            "BUCKET": BUCKET,
            "REGION": "us-east-1",
            "METHOD": named.method,
            "IDLE_MINUTES": "60",
            "REPOSITORY": repository,
        }
        name = "cloning"
        hooks = {
            hook: [{"Content": base64.b64encode(script.encode()).decode()}]
            for hook, file in (("OnCreate", "on-create.sh"), ("OnStart", "on-start.sh"))
            for script in [lifecycle_script(file, values, BUCKET)]
        }
        self.sagemaker.create_notebook_instance_lifecycle_config(
            NotebookInstanceLifecycleConfigName=name, **hooks
        )
        self.sagemaker.create_notebook_instance(
            NotebookInstanceName=name,
            InstanceType="ml.t3.medium",
            RoleArn=self.instance["RoleArn"],
            LifecycleConfigName=name,
            DefaultCodeRepository=repository,
        )
        instance: Record = wait_for(
            lambda: (
                found
                if (found := self._described(name))["NotebookInstanceStatus"] != "Pending"
                else None
            ),
            "an instance that clones",
        )
        assert instance["NotebookInstanceStatus"] == "InService", instance["FailureReason"]
        volume: Path = self._machine_of(instance).volume
        return volume

    def _fill_bucket(self) -> None:
        self.emulator.client("s3").create_bucket(Bucket=BUCKET)
        build = REPOSITORY / "build"
        finished = pretrained_model(REPOSITORY / settings().pretrained_model)
        source, delivered = training_source(build), lessons(build, settings())
        for folder, prefix in (
            (source.path, source.prefix),
            (delivered.path, delivered.prefix),
            (finished.folder.path, finished.folder.prefix),
            (self._names(), "train/0123456789abcdef"),
        ):
            self._upload(folder, prefix)

    def _upload(self, folder: Path, prefix: str) -> None:
        s3 = self.emulator.client("s3")
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                s3.upload_file(str(path), BUCKET, f"{prefix}/{path.relative_to(folder)}")

    def _names(self) -> Path:
        if self._size.names_per_file is None:
            return REPOSITORY / "build" / "train"
        return _some_names(self.emulator.folder / "names", self._size.names_per_file)

    def _create_stack(self, name: str, template: Record) -> None:
        cloudformation = self.emulator.client("cloudformation")
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )

        def settled() -> Record | None:
            stack: Record = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
            return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

        stack = wait_for(settled, f"the stack {name}", 60)
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [event.get("ResourceStatusReason") for event in events]
        assert stack["StackStatus"] == "CREATE_COMPLETE", [reason for reason in reasons if reason]


def settings(**changes: str) -> Any:
    """Settings of the stage whose notebook is tried."""
    presets = read_presets()
    chosen = {"environment": "workshop", "region": "us-east-1", "method": "low-level", **changes}
    return load_settings(presets, chosen)[0]


def synthesized(folder: Path) -> Record:
    """Templates of that stage, by stack."""
    import aws_cdk as cdk

    app = cdk.App(outdir=str(folder), context=read_context())
    stage = settings()
    RegionalStage(app, settings=stage)
    nested = app.synth().get_nested_assembly(f"assembly-{stage.stage_name}")
    return {
        stack.stack_name.removeprefix(f"{stage.stage_name}-"): stack.template
        for stack in nested.stacks
    }


def _some_names(folder: Path, number_per_file: int) -> Path:
    folder.mkdir()
    for name in ("us.csv", "world.csv"):
        with (REPOSITORY / "build" / "train" / name).open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            header = next(rows)
            some = [row for number, row in enumerate(rows) if number % 7 == 0]
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *some[:number_per_file]])
    return folder


def _storage_template(notebook: Record) -> Record:
    """Template that exports what the notebook's stack imports, for the classroom's bucket."""
    names = set(_imports(notebook))
    outputs = {}
    for number, name in enumerate(sorted(names)):
        value = f"arn:aws:s3:::{BUCKET}" if "Arn" in name.rpartition("FnGetAtt")[2] else BUCKET
        outputs[f"Export{number}"] = {"Value": value, "Export": {"Name": name}}
    handle = {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle", "Properties": {}}}
    return {"Resources": handle, "Outputs": outputs}


def _imports(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "Fn::ImportValue" in value:
            yield value["Fn::ImportValue"]
        for item in value.values():
            yield from _imports(item)
    elif isinstance(value, list):
        for item in value:
            yield from _imports(item)


def _without_bootstrap(template: Record) -> Record:
    return {key: value for key, value in template.items() if key not in ("Parameters", "Rules")}
