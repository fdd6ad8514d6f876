"""Reliability and coverage of a training as PNG, drawn with Pillow.

Pillow rather than matplotlib: a tenth of the size, and both plots are a few lines and labels.
"""

from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

_SIZE = 720
_LEFT, _TOP, _RIGHT, _BOTTOM = 90, 60, 690, 640
_COLOURS = {"us": "#1f5fbf", "world": "#c2571a"}
_INK, _GRID = "#222222", "#dddddd"

Point = tuple[float, float]


class _Plot:
    """Axes from 0 to given limits, with grid, labels and lines."""

    def __init__(
        self, title: str, x_label: str, y_label: str, *, x_most: float, y_most: float
    ) -> None:
        self._most = (x_most, y_most)
        self._image = Image.new("RGB", (_SIZE, _SIZE), "white")
        self._draw = ImageDraw.Draw(self._image)
        self._font = ImageFont.load_default(size=16)
        self._draw.text((_LEFT, 20), title, _INK, ImageFont.load_default(size=20))
        self._draw.text(((_LEFT + _RIGHT) / 2, 690), x_label, _INK, self._font, anchor="mm")
        self._draw.text((20, 48), y_label, _INK, self._font, anchor="lm")
        for step in range(11):
            x, y = self._at((x_most * step / 10, y_most * step / 10))
            self._draw.line([(x, _TOP), (x, _BOTTOM)], _GRID)
            self._draw.line([(_LEFT, y), (_RIGHT, y)], _GRID)
            self._draw.text((x, _BOTTOM + 16), f"{x_most * step / 10:g}", _INK, self._font, "mm")
            self._draw.text((_LEFT - 10, y), f"{y_most * step / 10:.3g}", _INK, self._font, "rm")
        self._legend = 0

    def line(self, points: list[Point], colour: str, label: str, *, dots: bool) -> None:
        """Draw a line with its label."""
        at = [self._at(point) for point in points]
        if len(at) > 1:
            self._draw.line(at, colour, width=3)
        for x, y in at if dots else []:
            self._draw.ellipse([x - 4, y - 4, x + 4, y + 4], colour)
        self._draw.text((_LEFT + 20, _TOP + 16 + 24 * self._legend), label, colour, self._font)
        self._legend += 1

    def save(self, path: Path) -> None:
        """Write the PNG."""
        self._image.save(path, optimize=True)

    def _at(self, point: Point) -> Point:
        x = _LEFT + (_RIGHT - _LEFT) * min(point[0] / self._most[0], 1)
        return x, _BOTTOM - (_BOTTOM - _TOP) * min(point[1] / self._most[1], 1)


def draw(folder: Path, figures: dict[str, Any]) -> None:
    """Write ``reliability.png`` and ``coverage.png`` of the test split into a folder.

    Parameters
    ----------
    figures
        Per population, as in ``evaluation.json``.
    """
    reliability = _Plot(
        "Reliability on unseen names",
        "inferred probability of a woman",
        "share of women among the people",
        x_most=1,
        y_most=1,
    )
    reliability.line([(0, 0), (1, 1)], "#888888", "perfect", dots=False)
    coverage = _Plot(
        "Coverage on unseen names",
        "share of names answered, the surest first",
        "share of wrong answers",
        x_most=1,
        y_most=0.2,
    )
    for population, colour in _COLOURS.items():
        if "reliability" not in figures.get(population, {}):
            continue
        group = figures[population]
        bins = [(entry["inferred"], entry["observed"]) for entry in group["reliability"]]
        label = f"{population}: ECE {group['ece']:.4f}, {group['names']} names"
        reliability.line(bins, colour, label, dots=True)
        curve = [(entry["coverage"], entry["error"]) for entry in group["curve"]]
        label = f"{population}: accuracy {group['accuracy']:.4f}"
        coverage.line(curve, colour, label, dots=False)
    reliability.save(folder / "reliability.png")
    coverage.save(folder / "coverage.png")
