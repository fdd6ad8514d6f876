"""The stage that a make target names."""

from __future__ import annotations

from stacks.settings import Settings, load_settings, read_presets


def chosen_stage(environment: str, region: str, method: str | None = None) -> Settings:
    """Return the settings of one environment in one region.

    Parameters
    ----------
    environment, region
        As ``ENVIRONMENT`` and ``REGION`` name them.
    method
        As ``METHOD`` names it; the preset's without it.

    Raises
    ------
    SettingsError
        Naming what is wrong and what is allowed.
    """
    overrides = {"environment": environment, "region": region}
    if method:
        overrides["method"] = method
    (settings,) = load_settings(read_presets(), overrides)
    return settings
