"""Points of a record are the oracle: for every spatial step they come back, and pixels follow them."""

import json

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support.recipe_steps import applied, pixels

from augcli.geometry import Field, Frame
from augcli.manifest import Record, Source
from augcli.render.program import Program, build_program, needs_chain
from augcli.transforms import TRANSFORMS

WIDTH, HEIGHT = 233, 181
FRAME = Frame(WIDTH, HEIGHT)
INDICES = np.arange(WIDTH * HEIGHT, dtype=np.uint16).reshape(HEIGHT, WIDTH)  # each source pixel's own label
FAMILIES = ("geometric", "elastic")
SPATIAL = sorted(name for name, t in TRANSFORMS.items() if t.family in FAMILIES and not t.needs_labels)
NAMES = pytest.mark.parametrize("name", SPATIAL)
MARGIN = 2.0  # pixels from the edge, where a border may answer for the source


def example(name):
    """A transform's example at full probability, with boxes that fit."""
    step = yaml.safe_load(TRANSFORMS[name].example.replace("256", "96"))
    params = step[name] if isinstance(step, dict) else {}
    return {name: params | {"p": 1}}


def record_of(program: Program, border: str) -> Record:
    """The geometry of a program as its manifest line says it, read back from JSON."""
    simple, target = program.warp().simplified(), program.target
    chain = [step.as_record() for step in simple.maps] if needs_chain(simple) else None
    line = json.loads(json.dumps([program.warp().projective().matrix(), chain]))
    return Record(
        file_name="x.png",
        masks={},
        sources=(Source("x.png", "", WIDTH, HEIGHT),),
        group="x",
        split=None,
        label=None,
        variant="aug",
        copy=1,
        applied=(),
        matrix=line[0],
        warp=line[1],
        width=target.width,
        height=target.height,
        sha256="",
        mask_sha256={},
        border=border,
    )


def made(steps, border, copy):
    program = build_program(applied(steps, FRAME, copy=copy), FRAME, border)
    return program, record_of(program, border)


def centres(width, height):
    y, x = np.mgrid[:height, :width] + 0.5
    return np.stack([x.ravel(), y.ravel()], axis=-1)


def assert_inverse(record):
    """Output points that show the source, a little inside its edges, come back; and source points do."""
    points = centres(record.width, record.height)[::7]
    source = record.to_source(points)
    shown = ((source > MARGIN) & (source < (WIDTH - MARGIN, HEIGHT - MARGIN))).all(axis=1)
    assert shown.sum() > 20
    np.testing.assert_allclose(record.to_output(source[shown]), points[shown], atol=0.05)
    there = record.to_output(centres(WIDTH, HEIGHT)[::11])
    seen = ((there > MARGIN) & (there < (record.width - MARGIN, record.height - MARGIN))).all(axis=1)
    back = record.to_source(there[seen])
    np.testing.assert_allclose(back, centres(WIDTH, HEIGHT)[::11][seen], atol=0.05)


def assert_labels_follow(program, record):
    """The label of each output pixel is that of the source pixel at the point of its centre."""
    _, moved = pixels(program, np.uint8(INDICES // 256), INDICES)
    points = record.to_source(centres(record.width, record.height))
    known = np.isfinite(points).all(axis=1)
    column, row = np.floor(points[known]).astype(int).T
    expected = INDICES[np.clip(row, 0, HEIGHT - 1), np.clip(column, 0, WIDTH - 1)]
    wrong = moved.ravel()[known] != expected
    to_edge = np.abs(points[known][wrong] - np.rint(points[known][wrong])).min(axis=1)
    assert (to_edge <= 1 / 32).all()
    return known


@NAMES
@pytest.mark.parametrize("copy", [1, 2, 3])
def test_points_come_back_and_labels_follow_them(name, copy):
    program, record = made([example(name)], "constant", copy)
    assert_inverse(record)
    assert_labels_follow(program, record)


@NAMES
@pytest.mark.parametrize("border", ["reflect", "wrap"])
def test_labels_follow_points_over_the_border(name, border):
    program, record = made([example(name)], border, 4)
    assert assert_labels_follow(program, record).all()


@NAMES
def test_points_are_exact_where_there_is_no_field(name):
    program, record = made([example(name)], "constant", 5)
    points = centres(record.width, record.height)[::5]
    source = record.to_source(points)
    shown = np.isfinite(source).all(axis=1)
    exact = not any(isinstance(step, Field) for step in program.warp().maps)
    found = record.to_output(source[shown])
    inner = ((source[shown] > MARGIN) & (source[shown] < (WIDTH - MARGIN, HEIGHT - MARGIN))).all(axis=1)
    np.testing.assert_allclose(found[inner], points[shown][inner], atol=1e-9 if exact else 0.05)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([n for n in SPATIAL if n != "tiles"]), min_size=2, max_size=4),
    st.integers(1, 999),
)
def test_chains_of_any_steps_keep_the_law(names, copy):
    steps = [{"pad_if_needed": {"size": 96}}, {"resize": {"long_side": 240}}]
    chain = [part for name in names for part in (*steps, example(name))]
    _, record = made(chain, "constant", copy)
    points = centres(record.width, record.height)[::13]
    source = record.to_source(points)
    inner = ((source > MARGIN) & (source < (WIDTH - MARGIN, HEIGHT - MARGIN))).all(axis=1)
    np.testing.assert_allclose(record.to_output(source[inner]), points[inner], atol=0.05)
