"""From resolved steps to what the pixels go through: where fusing lives.

A run of spatial and colour steps is one stage: one warp, then one run of colours. A filter, or a step that
drops parts of a picture, ends a stage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from augcli.errors import ImageError
from augcli.geometry import Border, Fold, Frame, Map, Projective, Warp
from augcli.transforms import TRANSFORMS
from augcli.transforms.operations import Applied, ColorOp, Drop, Filter, SpatialOp

MAX_SIDE = 32766  # OpenCV's remap counts in 16 bits
MAX_FRAME = 268_435_456  # pixels: what a step may make, whatever a source may have (16384 x 16384)


@dataclass(frozen=True)
class Colored:
    """A colour step of a stage: it sees the frame that the first `depth` maps of the warp make."""

    tint: ColorOp
    depth: int
    frame: Frame


@dataclass(frozen=True)
class Stage:
    """One sampling, one run of colours, and the step that ends the stage."""

    warp: Warp
    tints: tuple[Colored, ...] = ()
    end: Filter | Drop | None = None


@dataclass(frozen=True)
class Program:
    """Everything the pixels of one pair go through."""

    source: Frame
    stages: tuple[Stage, ...]

    @property
    def target(self) -> Frame:
        """The frame of the result."""
        return self.stages[-1].warp.target if self.stages else self.source

    def warp(self) -> Warp:
        """The whole way of a point, over all stages."""
        maps = tuple(step for stage in self.stages for step in stage.warp.maps)
        return Warp(self.source, self.target, maps)


def build_program(applied: Iterable[Applied], frame: Frame, border: Border) -> Program:
    """Compose resolved steps for a source of this frame under a border rule."""
    builder = _StageBuilder(frame, border)
    for step in applied:
        operation = TRANSFORMS[step.name].operate(step.params, builder.frame)
        if isinstance(operation, SpatialOp):
            builder.move(operation)
        elif isinstance(operation, ColorOp):
            builder.tint(operation)
        else:
            builder.end_stage(operation)
    builder.end_stage(None)
    return Program(frame, tuple(builder.stages))


class _StageBuilder:
    """The stage that is being put together."""

    def __init__(self, frame: Frame, border: Border) -> None:
        self.border = border
        self.stages: list[Stage] = []
        self._begin(frame)

    def _begin(self, frame: Frame) -> None:
        self.source = self.frame = frame
        self.maps: list[Map] = [Fold.of(frame, self.border)]
        self.tints: list[Colored] = []

    def move(self, operation: SpatialOp) -> None:
        _check_frame(operation.frame)
        for step in operation.maps:
            if isinstance(step, Fold):
                step = replace(step, border=self.border, tints_before=len(self.tints))
            self.maps.append(step)
        self.frame = operation.frame

    def tint(self, operation: ColorOp) -> None:
        self.tints.append(Colored(operation, len(self.maps), self.frame))

    def end_stage(self, operation: Filter | Drop | None) -> None:
        if len(self.maps) > 1 or self.tints or operation:
            warp = Warp(self.source, self.frame, tuple(self.maps))
            self.stages.append(Stage(warp, tuple(self.tints), operation))
        self._begin(self.frame)


def _check_frame(frame: Frame) -> None:
    """Refuse what is too large: a step can be a bomb too."""
    if max(frame.width, frame.height) > MAX_SIDE or frame.width * frame.height > MAX_FRAME:
        raise ImageError(
            f"a step would make a picture of {frame.width}x{frame.height}",
            hint=f"a side is at most {MAX_SIDE}, and the whole at most {MAX_FRAME} pixels",
        )


def needs_chain(warp: Warp) -> bool:
    """Whether a 3x3 matrix and the source's border rule do not say all of a (simplified) warp."""
    first = warp.maps[0] if warp.maps else None
    inner = warp.maps[1:] if isinstance(first, Fold) and first.corners == warp.source.corners else warp.maps
    return not all(isinstance(step, Projective) for step in inner)
