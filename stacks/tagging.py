"""The tags that every resource carries, by policy: what it is part of, and who pays."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnResource, CustomResourceProviderBase, Stack, Stage, Tags

from stacks.settings import Settings

APPLICATION = "voc-gender"


def tags_of(settings: Settings) -> dict[str, str]:
    """Return the tags of everything that these settings deploy."""
    return {
        "application": APPLICATION,
        "environment": settings.environment,
        "cost-centre": settings.cost_centre,
    }


def tag_everything(scope: Stage | Stack, settings: Settings) -> None:
    """Tag every resource of a stage, and its stacks, or of one stack.

    Parameters
    ----------
    scope
        The stage or the stack, with everything in it.
    settings
        For the tags' values.
    """
    tags = tags_of(settings)
    for key, value in tags.items():
        Tags.of(scope).add(key, value)
    stacks = [scope] if isinstance(scope, Stack) else scope.node.children
    for stack in stacks:
        if isinstance(stack, Stack):
            for key, value in tags.items():
                stack.add_stack_tag(key, value)
            _tag_providers(stack, tags)


def _tag_providers(stack: Stack, tags: Mapping[str, str]) -> None:
    """Tag what CDK writes without knowing that it can be tagged."""
    listed = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    for child in stack.node.children:
        if isinstance(child, CustomResourceProviderBase):
            for resource in child.node.children:
                if isinstance(resource, CfnResource):
                    resource.add_property_override("Tags", listed)
