"""Operations on notebook instances and their lifecycle configurations."""

from __future__ import annotations

import base64
import binascii

from local.sagemaker import emulator, listing, roles, validation
from local.sagemaker.errors import could_not_find, validation_error
from local.sagemaker.notebook_runner import NotebookRunner
from local.sagemaker.roles import Caller
from local.sagemaker.store import Record, Store, now

_INSTANCE = "notebook-instance"
_LIFECYCLE = "notebook-instance-lifecycle-config"
_DEFAULTS = {
    "DirectInternetAccess": "Enabled",
    "RootAccess": "Enabled",
    "VolumeSizeInGB": 5,
    "PlatformIdentifier": "notebook-al2-v3",
    "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "1"},
}
_DISASSOCIATIONS = {
    "DisassociateLifecycleConfig": "NotebookInstanceLifecycleConfigName",
    "DisassociateAcceleratorTypes": "AcceleratorTypes",
    "DisassociateDefaultCodeRepository": "DefaultCodeRepository",
    "DisassociateAdditionalCodeRepositories": "AdditionalCodeRepositories",
}


class NotebookInstances:
    """Control plane of notebook instances."""

    def __init__(self, store: Store, runner: NotebookRunner) -> None:
        self._store = store
        self._runner = runner

    def create(self, request: Record, caller: Caller) -> Record:
        """CreateNotebookInstance."""
        name = request["NotebookInstanceName"]
        arn = emulator.arn(_INSTANCE, name)
        roles.require_role(caller, request["RoleArn"])
        renamed = {"LifecycleConfigName": "NotebookInstanceLifecycleConfigName"}
        settings = {renamed.get(key, key): value for key, value in request.items()}
        security_groups = settings.pop("SecurityGroupIds", None)
        settings.pop("Tags", None)
        self._check_lifecycle(settings)
        _check_repositories(settings)
        moment = now()
        record = {
            **_DEFAULTS,
            **settings,
            "_Arn": arn,
            "NotebookInstanceArn": arn,
            "NotebookInstanceStatus": "Pending",
            "Url": f"{name.lower()}.notebook.{emulator.region()}.sagemaker.aws",
            "CreationTime": moment,
            "LastModifiedTime": moment,
        }
        if security_groups:
            record["SecurityGroups"] = security_groups
        with self._store.lock:
            if name in self._store.table(_INSTANCE):
                raise validation_error(f'Cannot create already existing notebook instance "{arn}".')
            self._store.table(_INSTANCE)[name] = record
            self._store.set_tags(arn, request.get("Tags"))
        self._runner.start(record, self._scripts(record, "OnCreate", "OnStart"))
        return {"NotebookInstanceArn": arn}

    def describe(self, request: Record, _caller: Caller) -> Record:
        """DescribeNotebookInstance."""
        return self.find(request["NotebookInstanceName"])

    def list_page(self, request: Record, _caller: Caller) -> Record:
        """ListNotebookInstances."""
        part = request.get("NotebookInstanceLifecycleConfigNameContains", "")
        records = listing.select(
            (
                record
                for record in self._store.table(_INSTANCE).values()
                if part in record.get("NotebookInstanceLifecycleConfigName", "")
            ),
            request,
            name="NotebookInstanceName",
            status="NotebookInstanceStatus",
        )
        found, more = listing.page(records, request, 10)
        shape = validation.service_model("sagemaker").shape_for("NotebookInstanceSummary")
        return {"NotebookInstances": [validation.project(shape, item) for item in found], **more}

    def update(self, request: Record, caller: Caller) -> Record:
        """UpdateNotebookInstance."""
        record = self.find(request["NotebookInstanceName"])
        self._require_status(record, "Stopped", "Failed")
        if "RoleArn" in request:
            roles.require_role(caller, request["RoleArn"])
        renamed = {"LifecycleConfigName": "NotebookInstanceLifecycleConfigName"}
        changes = {
            renamed.get(key, key): value
            for key, value in request.items()
            if not key.startswith("Disassociate")
        }
        self._check_lifecycle(changes)
        _check_repositories(changes)
        with self._store.lock:
            for flag, member in _DISASSOCIATIONS.items():
                if request.get(flag):
                    record.pop(member, None)
            record.update(changes, LastModifiedTime=now())
        return {}

    def start(self, request: Record, _caller: Caller) -> Record:
        """StartNotebookInstance."""
        record = self.find(request["NotebookInstanceName"])
        self._set_status(record, "Pending", "Stopped", "Failed")
        self._runner.start(record, self._scripts(record, "OnStart"))
        return {}

    def stop(self, request: Record, _caller: Caller) -> Record:
        """StopNotebookInstance."""
        record = self.find(request["NotebookInstanceName"])
        self._set_status(record, "Stopping", "InService")
        self._runner.stop(record)
        return {}

    def open(self, request: Record, _caller: Caller) -> Record:
        """CreatePresignedNotebookInstanceUrl."""
        record = self.find(request["NotebookInstanceName"])
        self._require_status(record, "InService")
        return {"AuthorizedUrl": self._runner.open(record)}

    def delete(self, request: Record, _caller: Caller) -> Record:
        """DeleteNotebookInstance."""
        record = self.find(request["NotebookInstanceName"])
        self._set_status(record, "Deleting", "Stopped", "Failed")
        self._runner.delete(record)
        self._store.remove(_INSTANCE, record["NotebookInstanceName"])
        return {}

    def wait(self, record: Record) -> None:
        """Wait until an instance is neither being started nor stopped."""
        self._runner.wait(record)

    def end_interrupted(self) -> None:
        """Settle the instances that an emulator left while they were started or stopped."""
        for _account, _region, record in self._store.everything(_INSTANCE):
            status = record["NotebookInstanceStatus"]
            if status == "Pending":
                record["FailureReason"] = "The embedded AWS stopped while the instance started."
            settled = {"Pending": "Failed", "Stopping": "Stopped", "Deleting": "Stopped"}
            record["NotebookInstanceStatus"] = settled.get(status, status)

    def find(self, name: str) -> Record:
        """Find the record of a notebook instance.

        Raises
        ------
        ApiError
            If there is none.
        """
        record = self._store.table(_INSTANCE).get(name)
        if record is None:
            raise could_not_find("notebook instance", emulator.arn(_INSTANCE, name))
        return record

    def _check_lifecycle(self, settings: Record) -> None:
        name = settings.get("NotebookInstanceLifecycleConfigName")
        if name is not None and name not in self._store.table(_LIFECYCLE):
            raise could_not_find(
                "notebook instance lifecycle config", emulator.arn(_LIFECYCLE, name)
            )

    def _require_status(self, record: Record, *allowed: str) -> None:
        status = record["NotebookInstanceStatus"]
        if status not in allowed:
            raise validation_error(
                f"Status ({status}) not in ([{', '.join(allowed)}]). Unable to transition for "
                f"notebook instance ({record['_Arn']})."
            )

    def _set_status(self, record: Record, status: str, *allowed: str) -> None:
        with self._store.lock:
            self._require_status(record, *allowed)
            record["NotebookInstanceStatus"] = status
            record["LastModifiedTime"] = now()

    def _scripts(self, record: Record, *hooks: str) -> list[tuple[str, Record]]:
        name = record.get("NotebookInstanceLifecycleConfigName")
        lifecycle = self._store.table(_LIFECYCLE).get(name) if name is not None else None
        # A copy: what runs is what the configuration said when the instance was started.
        return [(hook, dict(lifecycle)) for hook in hooks] if lifecycle is not None else []


class LifecycleConfigs:
    """Control plane of notebook instance lifecycle configurations."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, request: Record, _caller: Caller) -> Record:
        """CreateNotebookInstanceLifecycleConfig."""
        name = request["NotebookInstanceLifecycleConfigName"]
        arn = emulator.arn(_LIFECYCLE, name)
        _check_scripts(request)
        moment = now()
        record = {
            **{key: value for key, value in request.items() if key != "Tags"},
            "_Arn": arn,
            "NotebookInstanceLifecycleConfigArn": arn,
            "CreationTime": moment,
            "LastModifiedTime": moment,
        }
        with self._store.lock:
            if name in self._store.table(_LIFECYCLE):
                raise validation_error(
                    "Unable to create Notebook Instance Lifecycle Config "
                    f"{arn}. (Details: Notebook Instance Lifecycle Config already exists.)"
                )
            self._store.table(_LIFECYCLE)[name] = record
            self._store.set_tags(arn, request.get("Tags"))
        return {"NotebookInstanceLifecycleConfigArn": arn}

    def describe(self, request: Record, _caller: Caller) -> Record:
        """DescribeNotebookInstanceLifecycleConfig."""
        return self.find(request["NotebookInstanceLifecycleConfigName"])

    def list_page(self, request: Record, _caller: Caller) -> Record:
        """ListNotebookInstanceLifecycleConfigs."""
        records = listing.select(
            self._store.table(_LIFECYCLE).values(),
            request,
            name="NotebookInstanceLifecycleConfigName",
        )
        found, more = listing.page(records, request, 10)
        model = validation.service_model("sagemaker")
        shape = model.shape_for("NotebookInstanceLifecycleConfigSummary")
        summaries = [validation.project(shape, item) for item in found]
        return {"NotebookInstanceLifecycleConfigs": summaries, **more}

    def update(self, request: Record, _caller: Caller) -> Record:
        """UpdateNotebookInstanceLifecycleConfig."""
        record = self.find(request["NotebookInstanceLifecycleConfigName"])
        _check_scripts(request)
        with self._store.lock:
            for script in ("OnCreate", "OnStart"):
                record.pop(script, None)
            record.update(request, LastModifiedTime=now())
        return {}

    def delete(self, request: Record, _caller: Caller) -> Record:
        """DeleteNotebookInstanceLifecycleConfig."""
        record = self.find(request["NotebookInstanceLifecycleConfigName"])
        name = record["NotebookInstanceLifecycleConfigName"]
        users = [
            instance["NotebookInstanceName"]
            for instance in self._store.table(_INSTANCE).values()
            if instance.get("NotebookInstanceLifecycleConfigName") == name
        ]
        if users:
            raise validation_error(
                f"Unable to delete Notebook Instance Lifecycle Config {record['_Arn']}: it is "
                f"used by {', '.join(sorted(users))}."
            )
        self._store.remove(_LIFECYCLE, name)
        return {}

    def find(self, name: str) -> Record:
        """Find the record of a lifecycle configuration.

        Raises
        ------
        ApiError
            If there is none.
        """
        record = self._store.table(_LIFECYCLE).get(name)
        if record is None:
            raise could_not_find(
                "notebook instance lifecycle config", emulator.arn(_LIFECYCLE, name)
            )
        return record


def _check_repositories(settings: Record) -> None:
    repository = settings.get("DefaultCodeRepository", "https://")
    if not repository.startswith("https://") or "AdditionalCodeRepositories" in settings:
        raise validation_error(
            "the embedded SageMaker clones one repository, DefaultCodeRepository, by its https:// "
            "URL; it has no resources of the type CodeRepository"
        )


def _check_scripts(request: Record) -> None:
    for hook in ("OnCreate", "OnStart"):
        for script in request.get(hook, []):
            try:
                base64.b64decode(script.get("Content", ""), validate=True)
            except binascii.Error as error:
                raise validation_error(f"The content of {hook} is not base64: {error}") from error
