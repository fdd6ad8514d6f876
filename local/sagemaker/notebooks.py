"""Operations on notebook instances and their lifecycle configurations."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from local.aws_api import Record, context, now
from local.aws_api.callers import Caller
from local.aws_api.errors import ApiError, validation_error
from local.sagemaker import kinds, roles
from local.sagemaker.control_plane import ControlPlane
from local.sagemaker.notebook_runner import NotebookRunner
from local.sagemaker.store import Store

_RENAMED = {"LifecycleConfigName": "NotebookInstanceLifecycleConfigName"}
"""Members of a description that requests call otherwise."""

_HOOKS = ("OnCreate", "OnStart")
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


class LifecycleConfigs(ControlPlane):
    """Control plane of notebook instance lifecycle configurations."""

    def __init__(self, store: Store) -> None:
        super().__init__(kinds.LIFECYCLE_CONFIG, store)

    def create(self, request: Record, _caller: Caller) -> Record:
        """CreateNotebookInstanceLifecycleConfig."""
        _check_scripts(request)
        record = self.new_record(request)
        record["LastModifiedTime"] = record["CreationTime"]
        return self.add(record, request)

    def taken(self, arn: str) -> ApiError:
        """Build the error for a name that is taken."""
        return validation_error(
            "Unable to create Notebook Instance Lifecycle Config "
            f"{arn}. (Details: Notebook Instance Lifecycle Config already exists.)"
        )

    def update(self, request: Record, _caller: Caller) -> Record:
        """UpdateNotebookInstanceLifecycleConfig."""
        record = self.named(request)
        _check_scripts(request)
        with self.store.lock:
            for hook in _HOOKS:
                record.pop(hook, None)
            record.update(request, LastModifiedTime=now())
        return {}

    def delete(self, request: Record, caller: Caller) -> Record:
        """DeleteNotebookInstanceLifecycleConfig."""
        record = self.named(request)
        users = [
            instance["NotebookInstanceName"]
            for instance in self.store.records(kinds.NOTEBOOK_INSTANCE)
            if instance.get(self.kind.name_member) == record[self.kind.name_member]
        ]
        if users:
            raise validation_error(
                f"Unable to delete Notebook Instance Lifecycle Config {record['_Arn']}: it is "
                f"used by {', '.join(sorted(users))}."
            )
        return super().delete(request, caller)


class NotebookInstances(ControlPlane):
    """Control plane of notebook instances."""

    def __init__(self, store: Store, configs: LifecycleConfigs, runner: NotebookRunner) -> None:
        super().__init__(kinds.NOTEBOOK_INSTANCE, store)
        self._configs = configs
        self._runner = runner

    def create(self, request: Record, caller: Caller) -> Record:
        """CreateNotebookInstance."""
        roles.require_role(caller, request["RoleArn"])
        record = {**_DEFAULTS, **_described(self.new_record(request))}
        self._check(record)
        record["NotebookInstanceStatus"] = "Pending"
        name = record["NotebookInstanceName"].lower()
        record["Url"] = f"{name}.notebook.{context.region()}.sagemaker.aws"
        record["LastModifiedTime"] = record["CreationTime"]
        security_groups = record.pop("SecurityGroupIds", None)
        if security_groups:
            record["SecurityGroups"] = security_groups
        answer = self.add(record, request)
        self._runner.start(record, self._scripts(record, *_HOOKS))
        return answer

    def candidates(self, request: Record) -> Iterable[Record]:
        """Return the instances whose lifecycle configuration's name holds what is asked for."""
        part = request.get("NotebookInstanceLifecycleConfigNameContains", "")
        return [
            record
            for record in super().candidates(request)
            if part in record.get("NotebookInstanceLifecycleConfigName", "")
        ]

    def update(self, request: Record, caller: Caller) -> Record:
        """UpdateNotebookInstance."""
        record = self.named(request)
        self._require_status(record, "Stopped", "Failed")
        if "RoleArn" in request:
            roles.require_role(caller, request["RoleArn"])
        changes = _described(request)
        gone = [member for flag, member in _DISASSOCIATIONS.items() if changes.pop(flag, False)]
        self._check(changes)
        with self.store.lock:
            for member in gone:
                record.pop(member, None)
            record.update(changes, LastModifiedTime=now())
        return {}

    def start(self, request: Record, _caller: Caller) -> Record:
        """StartNotebookInstance."""
        record = self.named(request)
        self._set_status(record, "Pending", "Stopped", "Failed")
        self._runner.start(record, self._scripts(record, "OnStart"))
        return {}

    def stop(self, request: Record, _caller: Caller) -> Record:
        """StopNotebookInstance."""
        record = self.named(request)
        self._set_status(record, "Stopping", "InService")
        self._runner.stop(record)
        return {}

    def open(self, request: Record, _caller: Caller) -> Record:
        """CreatePresignedNotebookInstanceUrl."""
        record = self.named(request)
        self._require_status(record, "InService")
        return {"AuthorizedUrl": self._runner.open(record)}

    def delete(self, request: Record, caller: Caller) -> Record:
        """DeleteNotebookInstance."""
        record = self.named(request)
        self._set_status(record, "Deleting", "Stopped", "Failed")
        self._runner.delete(record)
        return super().delete(request, caller)

    def wait(self, record: Record) -> None:
        """Wait until an instance is neither being started nor stopped."""
        self._runner.wait(record)

    def end_interrupted(self) -> None:
        """Settle the instances that an emulator left while they were started or stopped."""
        for _account, _region, record in self.store.everything(self.kind):
            status = record["NotebookInstanceStatus"]
            if status == "Pending":
                record["FailureReason"] = "The embedded AWS stopped while the instance started."
            settled = {"Pending": "Failed", "Stopping": "Stopped", "Deleting": "Stopped"}
            record["NotebookInstanceStatus"] = settled.get(status, status)

    def _check(self, settings: Record) -> None:
        name = settings.get("NotebookInstanceLifecycleConfigName")
        if name is not None:
            self._configs.find(name)
        repository = settings.get("DefaultCodeRepository", "https://")
        if not repository.startswith("https://") or "AdditionalCodeRepositories" in settings:
            raise validation_error(
                "the embedded SageMaker clones one repository, DefaultCodeRepository, by its "
                "https:// URL; it has no resources of the type CodeRepository"
            )

    def _require_status(self, record: Record, *allowed: str) -> None:
        status = record["NotebookInstanceStatus"]
        if status not in allowed:
            raise validation_error(
                f"Status ({status}) not in ([{', '.join(allowed)}]). Unable to transition for "
                f"notebook instance ({record['_Arn']})."
            )

    def _set_status(self, record: Record, status: str, *allowed: str) -> None:
        with self.store.lock:
            self._require_status(record, *allowed)
            record["NotebookInstanceStatus"] = status
            record["LastModifiedTime"] = now()

    def _scripts(self, record: Record, *hooks: str) -> list[tuple[str, Record]]:
        name = record.get("NotebookInstanceLifecycleConfigName")
        lifecycle = self._configs.table.get(name) if name is not None else None
        # A copy: what runs is what the configuration said when the instance was started.
        return [(hook, dict(lifecycle)) for hook in hooks] if lifecycle is not None else []


def _described(request: Record) -> Record:
    """Give the members of a request the names that a description has."""
    return {_RENAMED.get(member, member): value for member, value in request.items()}


def _check_scripts(request: Record) -> None:
    for hook in _HOOKS:
        for script in request.get(hook, []):
            try:
                base64.b64decode(script.get("Content", ""), validate=True)
            except binascii.Error as error:
                raise validation_error(f"The content of {hook} is not base64: {error}") from error
