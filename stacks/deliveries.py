"""Everything that a deploy delivers to the bucket."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.lessons import lessons
from stacks.pretrained_model import PretrainedModel, pretrained_model
from stacks.settings import Settings
from stacks.shipped_folder import REPOSITORY, ShippedFolder
from stacks.training_source import training_data, training_source


@dataclass(frozen=True, kw_only=True)
class Deliveries:
    """What models are made from, and what the notebook instance copies.

    Attributes
    ----------
    data, source
        Training data, and the program for AWS's framework images.
    pretrained
        The finished model, where the method is ``pre-trained``.
    lessons
        Where there is a notebook instance.
    """

    data: ShippedFolder
    source: ShippedFolder
    pretrained: PretrainedModel | None
    lessons: ShippedFolder | None


def find_deliveries(settings: Settings) -> Deliveries:
    """Find everything that is shipped, before anything is built from it.

    Raises
    ------
    MissingInputError
        If something is missing or damaged.
    """
    finished = settings.method == "pre-trained"
    build = REPOSITORY / "build"
    return Deliveries(
        data=training_data(REPOSITORY / settings.training_data),
        source=training_source(build),
        pretrained=pretrained_model(REPOSITORY / settings.pretrained_model) if finished else None,
        lessons=lessons(build, settings) if settings.notebook else None,
    )
