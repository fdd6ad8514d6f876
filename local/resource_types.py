"""CloudFormation's resource types: those that ministack lacks, and properties that it drops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners, stacks

Properties = dict[str, Any]
Provisioned = tuple[str, dict[str, Any]]
"""Physical id of a resource, and what ``Fn::GetAtt`` finds."""

Create = Callable[[str, Properties, str], Provisioned]
"""Of logical id, properties and the stack's name."""

Update = Callable[[str, Properties, Properties, str], Provisioned]
"""Of physical id, earlier properties, properties and the stack's name."""

Delete = Callable[[str, Properties], None]
"""Of physical id and properties."""


def register(
    resource_type: str,
    *,
    create: Create,
    delete: Delete,
    update: Update | None = None,
    replacing: tuple[str, ...] = (),
    name_property: str | None = None,
    blocks: bool = False,
) -> None:
    """Register a resource type, in the place of the emulator's own where it has one.

    Parameters
    ----------
    resource_type
        Type as a template names it.
    create, delete, update
        Its handlers; a failure is whatever they raise.
    replacing
        Properties whose change replaces the resource.
    name_property
        Property that holds a name of the user's own: such a resource cannot be replaced. It takes
        the stack's tags.
    blocks
        Whether the handlers wait for something, and so must not run on the event loop.
    """
    handlers: dict[str, Any] = {"create": create, "delete": delete}
    if update is not None:
        handlers["update"] = update
    provisioners._RESOURCE_HANDLERS[resource_type] = handlers
    if replacing:
        provisioners._REPLACING_PROPERTIES[resource_type] = replacing
    if name_property is not None:
        provisioners._CUSTOM_NAME_REPLACEMENT[resource_type] = {"name": name_property}
        provisioners._STACK_TAG_PROPERTY[resource_type] = ("Tags", "list")
    if blocks:
        _run_on_worker_thread(resource_type)


def _run_on_worker_thread(resource_type: str) -> None:
    upstream: Any = stacks._runs_on_worker_thread

    def runs_on_worker_thread(candidate: str) -> bool:
        return candidate == resource_type or bool(upstream(candidate))

    stacks._runs_on_worker_thread = runs_on_worker_thread


def add_property(
    resource_type: str, name: str, apply: Callable[[str, Properties, Properties], None]
) -> None:
    """Apply a property that the emulator's own type drops or misreads.

    Parameters
    ----------
    resource_type
        Type as a template names it.
    name
        The property, which the emulator's own handlers do not see any more.
    apply
        Called after each creation and update, with physical id, properties and earlier ones.
    """
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    upstream_create: Any = handlers["create"]
    upstream_update: Any = handlers["update"]

    def without(properties: Properties) -> Properties:
        return {key: value for key, value in properties.items() if key != name}

    def create(logical_id: str, properties: Properties, stack: str) -> Provisioned:
        created: Provisioned = upstream_create(logical_id, without(properties), stack)
        apply(created[0], properties, {})
        return created

    def update(physical_id: str, old: Properties, new: Properties, *place: Any) -> Provisioned:
        updated: Provisioned = upstream_update(physical_id, without(old), without(new), *place)
        apply(updated[0], new, old)
        return updated

    handlers["create"] = create
    handlers["update"] = update
