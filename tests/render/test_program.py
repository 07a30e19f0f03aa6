"""What is fused with what, and that fusing changes no point."""

import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.recipe_steps import applied, program_of

from augcli.errors import ImageError
from augcli.geometry import Field, Fold, Frame, Projective, Warp
from augcli.render.program import build_program, needs_chain
from augcli.transforms import TRANSFORMS
from augcli.transforms.operations import Applied, SpatialOp

FRAME = Frame(64, 48)
BORDERS = ["reflect", "replicate", "wrap", "constant"]


def pixels_of(**box):
    return {"crop": {"unit": "pixels", **box}}


def centres(frame: Frame) -> np.ndarray:
    x, y = np.meshgrid(np.arange(frame.width) + 0.5, np.arange(frame.height) + 0.5)
    return np.stack([x.ravel(), y.ravel()], axis=-1)


margin = st.integers(0, 30)
sides = st.integers(20, 90)
moves = st.one_of(
    st.sampled_from(["horizontal_flip", "vertical_flip", "transpose"]),
    st.integers(-3, 3).map(lambda t: {"rotate90": {"turns": t}}),
    st.floats(-180, 180).map(lambda d: {"rotate": {"degrees": d}}),
    st.floats(0.4, 2.5).map(lambda f: {"scale": {"factor": f}}),
    st.tuples(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6)).map(
        lambda v: {"translate": {"x": v[0], "y": v[1]}}
    ),
    st.floats(-30, 30).map(lambda d: {"shear": {"x": d}}),
    st.tuples(margin, margin).map(lambda m: {"pad": {"left": m[0], "bottom": m[1]}}),
    st.tuples(sides, sides).map(lambda s: {"resize": {"size": f"{s[0]}x{s[1]}"}}),
    st.just({"crop": {"x": 0.2, "y": 0.1, "width": 0.6, "height": 0.8}}),
    st.just({"elastic": {"displacement_px": 1.5, "sigma": 10}}),
    st.just({"elastic_grid": {"points": 3, "sigma": 2}}),
    st.floats(-180, 180).map(lambda d: {"safe_rotate": {"degrees": d}}),
    st.floats(0, 0.6).map(lambda s: {"perspective": {"strength": s}}),
    st.just({"perspective": {"strength": 0.1, "definition": "albumentations"}}),
    st.tuples(sides, sides).map(lambda s: {"letterbox": {"size": f"{s[0]}x{s[1]}"}}),
    st.tuples(sides, sides).map(lambda s: {"pad_if_needed": {"size": f"{s[0]}x{s[1]}"}}),
    st.just({"grid_distortion": {"steps": 4, "limit": 0.4}}),
    st.floats(-0.2, 0.4).map(lambda k: {"optical_distortion": {"k": k}}),
    st.just({"piecewise_affine": {"points": "3x4", "sigma": 1.5}}),
    st.just({"thin_plate_spline": {"points": 3, "sigma": 1.5}}),
)
chains = st.lists(moves, min_size=1, max_size=5)


def near_an_edge(warp: Warp, points: np.ndarray) -> np.ndarray:
    """Points that some fold reads within a millionth of a pixel of an edge, where it may go either way, and
    those that some perspective sees at the horizon or beyond."""
    near = np.zeros(len(points), bool)
    x, y = points[:, 0], points[:, 1]
    for step in reversed(warp.maps):
        if isinstance(step, Fold):
            for value, low, high in ((x, step.left, step.right), (y, step.top, step.bottom)):
                near |= np.abs((value - low) / (high - low) - np.rint((value - low) / (high - low))) < 1e-6
        if isinstance(step, Projective):
            near |= weights(step.inverse(), x, y) < 0.05
        x, y = step.pull(x, y)
    return near


def weights(step: Projective, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    g, h, i = step.matrix()[2]
    return g * x + h * y + i


def near_the_horizon(warp: Warp, points: np.ndarray) -> np.ndarray:
    """Source points that some perspective sends to the horizon or beyond."""
    near = np.zeros(len(points), bool)
    x, y = points[:, 0], points[:, 1]
    for step in warp.maps:
        if isinstance(step, Projective):
            near |= weights(step, x, y) < 0.05
        x, y = step.push(x, y)
    return near


@settings(max_examples=60, deadline=None)
@given(chains, st.sampled_from(BORDERS), st.integers(1, 99))
def test_a_simplified_warp_reads_the_same_points(steps, border, copy):
    warp = program_of(steps, FRAME, border, copy=copy).warp()
    simple, points = warp.simplified(), centres(warp.target)
    clear = ~near_an_edge(warp, points)
    np.testing.assert_allclose(simple.backward(points)[clear], warp.backward(points)[clear], atol=1e-6)
    np.testing.assert_array_equal(simple.filled(points)[clear], warp.filled(points)[clear])


@settings(max_examples=40, deadline=None)
@given(chains, st.integers(1, 99))
def test_a_simplified_warp_sends_points_to_the_same_place(steps, copy):
    warp = program_of(steps, FRAME, copy=copy).warp()
    points = centres(FRAME)
    clear = ~near_the_horizon(warp, points)
    found, expected = warp.simplified().forward(points), warp.forward(points)
    np.testing.assert_allclose(found[clear], expected[clear], atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(chains, st.sampled_from(BORDERS), st.integers(1, 99))
def test_a_chain_is_its_steps_one_by_one(steps, border, copy):
    resolved = applied(steps, FRAME, copy=copy)
    warp = build_program(resolved, FRAME, border).warp()
    frame, ways = FRAME, []
    for step in resolved:
        move = TRANSFORMS[step.name].operate(step.params, frame)
        assert isinstance(move, SpatialOp)
        maps = tuple(_with(step, border) for step in move.maps)
        ways.append(Warp(frame, move.frame, maps))
        frame = move.frame
    assert warp.target == frame
    points = centres(frame)
    back, there = points, centres(FRAME)
    for way in reversed(ways):
        back = way.backward(back)
    for way in ways:
        there = way.forward(there)
    back = Warp(FRAME, FRAME, (Fold.of(FRAME, border),)).backward(back)
    np.testing.assert_array_equal(warp.backward(points), back)
    np.testing.assert_array_equal(warp.forward(centres(FRAME)), there)


def _with(step, border):
    return Fold(step.left, step.top, step.right, step.bottom, border) if isinstance(step, Fold) else step


@settings(max_examples=40, deadline=None)
@given(chains, st.integers(1, 99))
def test_points_inside_come_back(steps, copy):
    """Where no fold and no fill stands in the way, and no field turns over, backward undoes forward."""
    warp = program_of(steps, FRAME, "constant", copy=copy).warp()
    assume(not any(isinstance(step, Field) and step.folds() for step in warp.maps))
    points = centres(FRAME)
    there = warp.forward(points)
    (width, height), seen = (warp.target.width, warp.target.height), ~warp.filled(there)
    seen &= (there > 0).all(axis=1) & (there < (width, height)).all(axis=1)
    np.testing.assert_allclose(warp.backward(there)[seen], points[seen], atol=1e-5)


# stages

SPATIAL = [{"rotate": {"degrees": 7}}, {"scale": {"factor": 0.9}}, {"shear": {"x": 4}}]
COLOR = [{"brightness": {"factor": 1.1}}, {"hue": {"shift": 0.1}}]
BLUR = {"gaussian_blur": {"sigma": 1}}


def test_a_run_of_spatial_and_colour_steps_is_one_stage():
    (stage,) = program_of([SPATIAL[0], COLOR[0], SPATIAL[1], COLOR[1], SPATIAL[2]], FRAME).stages
    assert len(stage.tints) == 2
    assert len(stage.warp.simplified().maps) == 2  # the frame's border, and one matrix
    assert stage.end is None


def test_a_filter_ends_a_stage():
    program = program_of([*SPATIAL, BLUR, *COLOR, BLUR, SPATIAL[0]], FRAME)
    assert [bool(s.end) for s in program.stages] == [True, True, False]
    assert [len(s.tints) for s in program.stages] == [0, 2, 0]


def test_a_filter_of_no_strength_ends_a_stage_too():
    assert len(program_of([SPATIAL[0], {"gaussian_blur": {"sigma": 0}}, SPATIAL[0]], FRAME).stages) == 2


def test_nothing_to_do_is_no_stage():
    program = build_program([], FRAME, "reflect")
    assert program.stages == ()
    assert program.target == FRAME


def test_a_filter_forgets_what_is_outside_its_frame():
    there_and_back = [{"translate": {"x": 0.5}}, BLUR, {"translate": {"x": -0.5}}]
    warp = program_of(there_and_back, FRAME).warp()
    assert warp.backward([[60, 10]])[0] == pytest.approx([4, 10])  # mirrored at x = 32
    without = program_of([there_and_back[0], there_and_back[2]], FRAME).warp()
    assert without.simplified().maps == ()


def test_a_crop_forgets():
    steps = [pixels_of(x=0, y=0, width=32, height=48), {"pad": {"right": 32}}]
    assert program_of(steps, FRAME).warp().backward([[60, 10]])[0] == pytest.approx([4, 10])


def test_turning_there_and_back_is_the_identity():
    warp = program_of([{"rotate": {"degrees": 30}}, {"rotate": {"degrees": -30}}], FRAME).warp()
    assert not [m for m in warp.simplified().maps if isinstance(m, Fold)]
    np.testing.assert_allclose(warp.forward(centres(FRAME)), centres(FRAME), atol=1e-9)


def test_a_fold_knows_the_colour_steps_before_it():
    steps = [COLOR[0], {"pad": {"left": 2}}, COLOR[1], {"pad": {"left": 2}}]
    maps = program_of(steps, FRAME, "constant").warp().maps
    assert [m.tints_before for m in maps if isinstance(m, Fold)] == [0, 1, 2]


def test_a_colour_step_knows_its_frame():
    (stage,) = program_of([{"resize": {"size": "20x10"}}, COLOR[0], "transpose"], FRAME).stages
    assert stage.tints[0].frame == Frame(20, 10)
    assert stage.warp.target == Frame(10, 20)


@pytest.mark.parametrize("border", BORDERS)
def test_every_fold_has_the_border_of_the_program(border):
    maps = (
        program_of([{"pad": {"left": 2}}, {"crop": {"width": 0.5, "height": 0.5}}], FRAME, border).warp().maps
    )
    assert {m.border for m in maps if isinstance(m, Fold)} == {border}


def test_a_program_depends_on_what_was_applied_alone():
    steps = applied([*SPATIAL, {"elastic": {"alpha": 40, "sigma": 8}}, BLUR, *COLOR], FRAME)
    line = json.loads(json.dumps([[s.name, s.params] for s in steps]))
    first, second = (
        build_program(s, FRAME, "reflect").warp() for s in (steps, [Applied(n, p) for n, p in line])
    )
    np.testing.assert_array_equal(first.backward(centres(FRAME)), second.backward(centres(FRAME)))
    assert [m.as_record() for m in first.maps] == [m.as_record() for m in second.maps]


def test_a_frame_that_is_too_large_is_refused():
    with pytest.raises(ImageError) as caught:
        program_of([{"pad": {"left": 32767}}], FRAME)
    limits = "a side is at most 32766, and the whole at most 268435456 pixels"
    assert str(caught.value) == f"a step would make a picture of 32831x48; {limits}"


@pytest.mark.parametrize(
    ("steps", "needed"),
    [
        (["horizontal_flip"], False),
        (SPATIAL, False),
        ([{"resize": {"size": 20}}], False),
        ([pixels_of(x=5, y=5, width=30, height=30)], False),
        ([pixels_of(x=5, y=5, width=30, height=30), {"rotate": {"degrees": 30}}], True),
        ([{"pad": {"left": 5}}, "horizontal_flip"], False),
        ([{"rotate": {"degrees": 5}}, BLUR, {"rotate": {"degrees": 5}}], True),
        ([{"elastic": {"alpha": 40, "sigma": 8}}], True),
    ],
    ids=str,
)
def test_a_chain_is_recorded_where_the_matrix_does_not_say_it_all(steps, needed):
    warp = program_of(steps, FRAME).warp()
    assert needs_chain(warp.simplified()) == needed
    short = Warp(FRAME, warp.target, (Fold.of(FRAME), warp.projective()))
    points = centres(warp.target)
    assert np.allclose(short.backward(points), warp.backward(points), atol=1e-6) == (not needed)


def test_an_elastic_field_covers_the_frame_of_its_step():
    steps = [{"resize": {"size": "20x10"}}, {"elastic": {"alpha": 40, "sigma": 8}}]
    (field,) = [m for m in program_of(steps, FRAME).warp().maps if isinstance(m, Field)]
    assert (field.spec["width"], field.spec["height"]) == (20, 10)


def test_neighbouring_matrices_are_multiplied():
    maps = program_of([*SPATIAL, *SPATIAL], FRAME).warp().simplified().maps
    assert [type(m) for m in maps] == [Fold, Projective]
