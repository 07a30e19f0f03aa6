"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from augcli.cli.sections import INPUT, MADE, RUNNING, option

PATH = click.Path(path_type=Path)


def max_pixels_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --max-pixels."""
    return option(
        "--max-pixels",
        section=INPUT,
        metavar="N",
        type=click.IntRange(min=1),
        default=64_000_000,
        show_default=True,
        help="Pictures of more pixels are refused from their header, undecoded.",
    )(command)


def plugin_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --plugin, which loads its files before the command runs."""
    return option(
        "--plugin",
        section=INPUT,
        type=PATH,
        multiple=True,
        expose_value=False,
        is_eager=True,
        callback=_load_plugins,
        metavar="FILE",
        help="A Python file with transforms of your own. May be given several times.",
    )(command)


def _load_plugins(context: click.Context, option: click.Parameter, files: tuple[Path, ...]) -> None:
    if files:
        from augcli.transforms.plugins import load_file

        for file in files:
            load_file(file)


def images_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --images."""
    return option(
        "--images",
        section=INPUT,
        type=PATH,
        metavar="DIR",
        help="The folder of the images, where INPUT is a COCO annotation file.",
    )(command)


def workers_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add -j/--workers."""
    return option(
        "-j",
        "--workers",
        section=RUNNING,
        metavar="N",
        type=click.IntRange(min=1),
        help="Worker processes. Default: the CPUs this process may use.",
    )(command)


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --only and --limit."""
    only = option("--only", section=INPUT, metavar="GLOB", help="Only sources whose key or path matches.")
    limit = option(
        "--limit", section=INPUT, type=click.IntRange(min=1), metavar="N", help="Only the first N sources."
    )
    return only(limit(command))


def override_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --copies and --seed."""
    copies = option(
        "-n",
        "--copies",
        section=MADE,
        type=int,
        metavar="N",
        help="Copies of every random variant, instead of the recipe's.",
    )
    seed = option("--seed", section=MADE, type=int, metavar="N", help="The seed, instead of the recipe's.")
    return copies(seed(command))
