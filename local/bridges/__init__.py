"""Bridges over the gaps of ministack 1.5.33, one module each.

Every module names its gap, closes it in :func:`install`, and can be deleted on the day that
upstream closes the gap. Each ``install`` may be called once per process.
"""

from __future__ import annotations

from local.bridges import (
    api_regions,
    bucket_deletion,
    bucket_tags,
    budget,
    cloudfront_api_origin,
    custom_resource_failure,
    function_concurrency,
    function_environment,
    idle_functions,
    initialization_errors,
    interrupted_stacks,
    lambda_error_text,
    layer_paths,
    layer_storage,
    loopback_transport,
    metric_namespace,
    missing_images,
    node_sdk,
    repository_names,
    request_validator,
    table_journal,
    table_properties,
    web_acl_association,
)
from local.settings import LocalSettings


def install_all(settings: LocalSettings) -> None:
    """Install every bridge; to be called before the emulator serves its first request."""
    loopback_transport.install(settings.bridge)
    metric_namespace.install()
    bucket_tags.install()
    bucket_deletion.install()
    custom_resource_failure.install()
    interrupted_stacks.install()
    request_validator.install()
    table_properties.install()
    web_acl_association.install()
    budget.install()
    table_journal.install(settings.emulator_state / "journal")
    missing_images.install()
    repository_names.install()
    lambda_error_text.install()
    layer_paths.install()
    function_environment.install(settings.functions_python)
    layer_storage.install()
    initialization_errors.install()
    function_concurrency.install()
    idle_functions.install()
    node_sdk.install()
    api_regions.install()
    cloudfront_api_origin.install()
