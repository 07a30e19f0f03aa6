"""Transforms of one's own: a file (`--plugin FILE`), or an installed package's entry point.

A plugin defines transforms as augcli's own modules do. What it gets wrong costs its copies, by name, with the
traceback of its own code.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from augcli.data import Array, PixelFormat, Sample
from augcli.errors import AugcliError, ImageError, PluginError
from augcli.geometry import Field, Fold, Frame, Projective
from augcli.transforms import TRANSFORMS, Transform
from augcli.transforms.operations import Applied, ColorOp, Drop, Filter, Operation, SpatialOp

GROUP = "augcli.transforms"  # the entry points of installed packages
T = TypeVar("T")


@dataclass(frozen=True)
class Plugin:
    """A loaded plugin: its name, its file, the BLAKE2b digest of that file, and its transforms' names.

    `given` is whether its file was named, and not found as an entry point.
    """

    name: str
    file: Path
    digest: str
    transforms: tuple[str, ...]
    given: bool


PLUGINS: dict[str, Plugin] = {}


def load_file(path: Path) -> Plugin:
    """Load the transforms that a Python file defines; its name is the file's, without `.py`.

    Raises AugcliError where it cannot be loaded, or defines nothing of use.
    """
    name, where = path.stem, str(path)
    if (known := PLUGINS.get(name)) and known.file == path.resolve() and known.digest == _digest(path):
        return known
    if known:
        raise AugcliError(f"a plugin called {name} is loaded already", where=where, hint="rename the file")
    if path.suffix != ".py":
        raise AugcliError("a plugin is a Python file, called NAME.py", where=where)
    spec = importlib.util.spec_from_file_location(f"augcli_plugin_{name}", path)
    if spec is None or spec.loader is None:
        raise AugcliError("is no Python module", where=where)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    return _loaded(name, path, functools.partial(spec.loader.exec_module, module), given=True)


def load_named(name: str) -> Plugin | None:
    """A plugin that is loaded, or that an installed package has as an entry point; None where neither is."""
    if name in PLUGINS:
        return PLUGINS[name]
    for point in importlib.metadata.entry_points(group=GROUP, name=name):
        found = importlib.util.find_spec(point.module)
        if found and found.origin:
            return _loaded(name, Path(found.origin), point.load, given=False)
    return None


def _loaded(name: str, path: Path, load: Callable[[], Any], *, given: bool) -> Plugin:
    """Run a plugin's code and take what it registers."""
    where, before = str(path), dict(TRANSFORMS)
    digest = _digest(path)
    try:
        load()
        new = {key: cls for key, cls in TRANSFORMS.items() if before.get(key) is not cls}
        _check(new, before, where)
    except BaseException as error:
        TRANSFORMS.clear()
        TRANSFORMS.update(before)
        if isinstance(error, AugcliError) or not isinstance(error, Exception):
            raise
        what = f"the plugin cannot be loaded: {type(error).__name__}: {error}"
        raise AugcliError(what, where=f"{where}{_line_of(error, path)}") from error
    for cls in new.values():
        _guard(cls, name, digest)
    PLUGINS[name] = Plugin(name, path.resolve(), digest, tuple(new), given)
    return PLUGINS[name]


def _digest(path: Path) -> str:
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    except OSError as error:
        raise AugcliError(f"the plugin cannot be read ({error.strerror})", where=str(path)) from None


def _line_of(error: Exception, path: Path) -> str:
    if isinstance(error, SyntaxError):
        return f":{error.lineno}"
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if Path(f.filename) == path]
    return f":{lines[-1]}" if lines else ""


def _check(new: dict[str, type[Transform]], before: Iterable[str], where: str) -> None:
    """A plugin's transforms have names of their own, and are documented as augcli's are."""
    if not new:
        hint = 'a transform is a class of augcli.extend with family="filter" or the like'
        raise AugcliError("defines no transform", where=where, hint=hint)
    for name, cls in new.items():
        if name in before:
            raise AugcliError(f"there is a transform called {name} already", where=where, hint="rename it")
        if not cls.summary().endswith("."):
            hint = "say in the first line of the class's docstring what it does"
            raise AugcliError(f"{name} has no docstring of whole sentences", where=where, hint=hint)
        for key, field in cls.model_fields.items():
            if not field.description:
                hint = f'write {key}: ... = Field(description="...")'
                raise AugcliError(f"{name}: the parameter {key} is not described", where=where, hint=hint)


def _guard(cls: type[Transform], plugin: str, digest: str) -> None:
    """Give a class its plugin's name, and name the class in whatever its code gets wrong."""
    cls.plugin, cls.plugin_digest = plugin, digest
    named = functools.partial(_named, cls.name, plugin)
    resolve_on, draw, operate = cls.resolve_on, cls.draw, cls.operate
    guarded: Any = cls  # methods are replaced, which types do not follow
    guarded.draw = named(draw)
    guarded.resolve_on = named(lambda self, *args: _checked_steps(cls.name, resolve_on(self, *args)))
    guarded.operate = classmethod(
        named(lambda _, params, frame: _checked(cls.name, plugin, operate(params, frame), frame))
    )


def _named(name: str, plugin: str, function: Callable[..., T]) -> Callable[..., T]:
    """The function, whose unexpected errors name the transform and keep their traceback."""

    @functools.wraps(function)
    def call(*args: Any) -> T:
        try:
            return function(*args)
        except (AugcliError, MemoryError):
            raise
        except Exception as error:
            what = f"{name} (plugin {plugin}) raised {type(error).__name__}: {error}"
            hint = "mend its code; expand leaves the traceback in failures.jsonl"
            raise PluginError(what, hint=hint, traceback=traceback.format_exc()) from error

    return call


def _checked_steps(name: str, steps: Any) -> list[Applied]:
    if not isinstance(steps, list) or not all(isinstance(step, Applied) for step in steps):
        raise ImageError(f"{name}: resolve gives a list of Applied, got {type(steps).__name__}")
    return steps


def _checked(name: str, plugin: str, operation: Any, frame: Frame) -> Operation:
    """An operation of the right type, whose functions are checked when they are called."""
    named = functools.partial(_named, name, plugin)
    if isinstance(operation, SpatialOp):
        maps_fit = all(isinstance(step, Projective | Field | Fold) for step in operation.maps)
        if maps_fit and isinstance(operation.frame, Frame):
            return operation
    if isinstance(operation, ColorOp):
        op = operation.op
        return replace(operation, op=_Colors(name, named(op))) if callable(op) else operation
    if isinstance(operation, Filter):
        return replace(operation, run=_pixels(name, named(operation.run)))
    if isinstance(operation, Drop):
        area, paint = named(operation.area), named(operation.paint)
        return replace(operation, area=_area(name, area), paint=_painted(name, paint))
    raise ImageError(
        f"{name}: operate gives a SpatialOp, ColorOp, Filter or Drop, got {type(operation).__name__}"
    )


@dataclass(frozen=True)
class _Colors:
    """A colour operation that has to keep the shape."""

    name: str
    op: Callable[[Any], Any]

    def __call__(self, colors: Any) -> Any:
        return _same(self.name, colors, self.op(colors))


def _pixels(name: str, run: Callable[[Array, PixelFormat], Array]) -> Callable[[Array, PixelFormat], Array]:
    return lambda pixels, meaning: _same(name, pixels, run(pixels, meaning), dtype=True)


def _painted(name: str, paint: Callable[..., Array]) -> Callable[..., Array]:
    return lambda pixels, area, meaning: _same(name, pixels, paint(pixels, area, meaning), dtype=True)


def _area(name: str, area: Callable[[Sample], Any]) -> Callable[[Sample], Any]:
    def checked(sample: Sample) -> Any:
        found, wanted = area(sample), sample.size[::-1]
        if getattr(found, "shape", None) != wanted or found.dtype != bool:
            raise ImageError(f"{name}: an area is bool {wanted}, got {_shown(found)}")
        return found

    return checked


def _same(name: str, before: Array, after: Any, *, dtype: bool = False) -> Array:
    """What a step returned. Raises ImageError where its shape or dtype is not that of what it got."""
    if getattr(after, "shape", None) != before.shape or (dtype and after.dtype != before.dtype):
        raise ImageError(f"{name} was given {_shown(before)} and returned {_shown(after)}")
    result: Array = after
    return result


def _shown(value: Any) -> str:
    return f"{value.dtype} {value.shape}" if hasattr(value, "dtype") else type(value).__name__
