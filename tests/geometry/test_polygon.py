"""Polygons through warps: cut by every fold, bent by every field, their insides what the pixels show."""

import numpy as np
import pytest
import shapely
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from support.recipe_steps import program_of

from augcli.geometry import Fold, Frame, Projective, Warp
from augcli.geometry.polygon import areas, clipped, is_inside, moved_rings, rings_of

FRAME = Frame(40, 30)
WHOLE = (0, 0, 40, 30)
SQUARE = [10, 10, 20, 10, 20, 20, 10, 20]
HORSESHOE = [5, -10, 35, -10, 35, 10, 25, 10, 25, -5, 15, -5, 15, 10, 5, 10]  # its legs hang into the frame
STAR = [20, 2, 28, 26, 8, 11, 32, 11, 12, 26]
KEYHOLE = [10, 5, 30, 5, 30, 25, 10, 25, 10, 15, 15, 15, 15, 20, 25, 20, 25, 10, 15, 10, 15, 15, 10, 15]
STEPS = [
    "horizontal_flip",
    "transpose",
    "rotate90",
    {"rotate": {"degrees": 25}},
    {"scale": {"factor": 1.4}},
    {"translate": {"x": 0.3, "y": -0.2}},
    {"shear": {"x": 15}},
    {"perspective": {"strength": 0.3}},
    {"elastic_grid": {"points": 3, "sigma": 1.5}},
    {"elastic": {"alpha": 40, "sigma": 6}},
    {"optical_distortion": {"k": -0.2}},
    {"crop": {"x": 0.2, "y": 0.1, "width": 0.6, "height": 0.7}},
    {"pad": {"left": 7, "right": 3, "bottom": 9}},
    {"resize": {"size": "60x25"}},
]


def points_in(frame, spacing=0.5):
    """Places all over a frame that are on no round number."""
    x = np.arange(0.1237, frame.width, spacing)
    y = np.arange(0.1781, frame.height, spacing)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def covered(rings, points):
    """Whether points lie in any of the rings."""
    return np.any([is_inside(ring, points) for ring in rings.each()] or [np.zeros(len(points), bool)], axis=0)


def near(rings, points, pixels):
    """Whether points lie within some pixels of a line."""
    lines = [shapely.linearrings(ring) for ring in rings.each()]
    return np.any(
        [distance(points, line) <= pixels for line in lines] or [np.zeros(len(points), bool)], axis=0
    )


def distance(points, line):
    return shapely.distance(line, shapely.points(points))


# --- cuts


def test_a_ring_inside_keeps_its_vertices_and_their_order():
    (ring,) = clipped(rings_of([SQUARE]), WHOLE).each()
    assert ring.ravel().tolist() == SQUARE


def test_a_ring_outside_is_gone():
    cut = clipped(rings_of([SQUARE, SQUARE]), (21, 0, 40, 30))
    assert cut.each() == []
    assert cut.owners.tolist() == []


def test_a_cut_square_has_its_corners_on_the_edge():
    (ring,) = clipped(rings_of([SQUARE]), (0, 0, 40, 15)).each()
    assert sorted(map(tuple, ring)) == [(10, 10), (10, 15), (20, 10), (20, 15)]


def test_a_horseshoe_falls_into_two_parts_of_one_owner():
    cut = clipped(rings_of([SQUARE, HORSESHOE, SQUARE]), WHOLE)
    assert cut.owners.tolist() == [0, 1, 1, 2]
    assert areas(cut, 3).tolist() == [100, 200, 100]


def test_a_star_is_empty_in_its_middle():
    assert (
        areas(rings_of([STAR]), 1)[0]
        < 0.8 * shapely.convex_hull(shapely.Polygon(rings_of([STAR]).points)).area
    )
    assert not is_inside(rings_of([STAR]).points, np.array([[20.0, 15.0]]))[0]


def test_a_cut_that_leaves_a_hole_says_so():
    assert clipped(rings_of([SQUARE, KEYHOLE]), (0, 0, 29, 30)).pierced == {1}
    assert clipped(rings_of([SQUARE, KEYHOLE]), (20, 0, 40, 30)).pierced == set()
    assert clipped(rings_of([SQUARE, STAR]), (0, 0, 40, 25.5)).pierced == set()


def test_a_line_without_an_inside_leaves_nothing():
    for line in ([0, 0, 50, 50, 0, 0], [5, 5] * 3, [-5, 5, 20, 5, 45, 5]):
        assert clipped(rings_of([line]), (6, 0, 40, 30)).each() == []


coordinates = st.integers(-10, 50) | st.floats(-10, 50, width=32)
lines = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=9)


@given(lines, st.tuples(st.integers(0, 15), st.integers(0, 15), st.integers(20, 40), st.integers(20, 30)))
@settings(max_examples=150, deadline=None)
def test_what_is_left_of_any_line_is_its_inside_in_the_box(line, box):
    ring, points = rings_of([line]), points_in(FRAME, 1.0)
    cut = clipped(ring, box)
    assume(not cut.pierced)
    left, top, right, bottom = box
    x, y = points.T
    boxed = (x > left) & (x < right) & (y > top) & (y < bottom)
    clear = ~near(ring, points, 1e-3)
    np.testing.assert_array_equal(
        covered(cut, points)[clear], (is_inside(ring.points, points) & boxed)[clear]
    )


# --- warps


def shown(warp, line, points):
    """Whether output points show the inside of a source line, by asking where they come from."""
    return is_inside(rings_of([line]).points, warp.backward(points)) & ~warp.filled(points)


@given(lines, st.lists(st.sampled_from(STEPS), min_size=1, max_size=4), st.integers(0, 9))
@example([(2, 0), (0, 1), (6e-8, -2), (6e-8, 0), (3, 0)], ["horizontal_flip"], 0)  # an arm as thin as GRID
@settings(max_examples=120, deadline=None)
def test_moved_rings_are_what_the_output_shows(line, steps, seed):
    program = program_of(steps, FRAME, "constant", seed=seed)
    warp = program.warp()
    moved, points = moved_rings(rings_of([line]), warp), points_in(program.target, 1.0)
    assume(not moved.pierced)
    around = np.array([(dx, dy) for dx in (-0.1, 0, 0.1) for dy in (-0.1, 0, 0.1)])
    seen = np.stack([shown(warp, line, points + off) for off in around])
    clear = (seen == seen[0]).all(axis=0) & ~near(moved, points, 0.1)  # of edges, by a tenth of a pixel
    np.testing.assert_array_equal(covered(moved, points)[clear], seen[0][clear])


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=4), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_moved_rings_lie_in_the_output(steps, seed):
    program = program_of(steps, FRAME, "constant", seed=seed)
    moved = moved_rings(rings_of([HORSESHOE, STAR, [0, 0, 40, 0, 40, 30, 0, 30]]), program.warp())
    assert (moved.points >= -1e-6).all()
    assert (moved.points <= (program.target.width + 1e-6, program.target.height + 1e-6)).all()
    assert np.diff(moved.owners).min(initial=0) >= 0


@pytest.mark.parametrize(
    "step", [step for step in STEPS if "elastic" in str(step) or "distortion" in str(step)]
)
def test_bent_edges_are_off_by_less_than_a_twentieth_of_a_pixel(step):
    warp = program_of([step, {"scale": {"factor": 0.7}}], FRAME, "constant").warp()
    (ring,) = moved_rings(rings_of([[1, 1, 39, 1, 39, 29]]), warp).each()
    corners, share = np.array([(1, 1), (39, 1), (39, 29)]), np.linspace(0, 1, 2000)[:, None]
    edges = [a + share * (b - a) for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
    curve = warp.forward(np.concatenate(edges))
    assert distance(curve, shapely.linearrings(ring)).max() < 0.05
    assert len(ring) < 200


def test_a_straight_map_adds_no_vertices():
    warp = program_of([{"rotate": {"degrees": 20}}, {"perspective": {"strength": 0.2}}], FRAME).warp()
    (ring,) = moved_rings(rings_of([SQUARE]), warp).each()
    np.testing.assert_allclose(ring, warp.forward(np.reshape(SQUARE, (-1, 2))))


def test_a_crop_in_the_middle_forgets_what_it_cuts_off():
    there_and_back = [{"center_crop": {"size": 10}}, {"pad": {"size": "40x30"}}]
    (ring,) = moved_rings(
        rings_of([[0, 0, 40, 0, 40, 30, 0, 30]]), program_of(there_and_back, FRAME).warp()
    ).each()
    assert sorted(map(tuple, ring)) == [(15, 10), (15, 20), (25, 10), (25, 20)]


def test_without_cuts_rings_leave_the_frame():
    warp = program_of([{"scale": {"factor": 3}}], FRAME, "constant").warp()
    assert areas(moved_rings(rings_of([SQUARE]), warp, cut=False), 1)[0] == pytest.approx(900)
    assert areas(moved_rings(rings_of([SQUARE]), warp), 1)[0] == pytest.approx(20 * 30)


def test_what_lies_beyond_the_horizon_is_not_seen():
    warp = Warp(FRAME, FRAME, (Fold.of(FRAME, "constant"), Projective(((1, 0, 0), (0, 1, 0), (-0.05, 0, 1)))))
    points = points_in(FRAME, 0.5)
    for line in ([5, 5, 35, 5, 35, 25, 5, 25], [15, 3, 39, 10, 18, 28], [25, 5, 35, 5, 30, 20]):
        moved = moved_rings(rings_of([line]), warp)
        back = points / (1 + 0.05 * points[:, :1])  # the inverse by hand: x = u / (1 + u / 20)
        np.testing.assert_array_equal(covered(moved, points), is_inside(rings_of([line]).points, back))


def test_a_ring_that_fields_tangle_is_given_up():
    """Followed, each field would give it as many vertices again as pixels, and crossings by the square."""
    wild = [{"elastic": {"alpha": 100, "sigma": 3}}] * 4
    program = program_of(wild, FRAME, "constant", seed=3)
    found = moved_rings(rings_of([SQUARE, HORSESHOE]), program.warp())
    assert len(found.points) == 0
    assert found.pierced == {0, 1}


def test_a_ring_that_one_field_bends_sharply_is_followed():
    program = program_of([{"elastic": {"alpha": 60, "sigma": 4}}], FRAME, "constant", seed=3)
    found = moved_rings(rings_of([SQUARE]), program.warp())
    assert len(found.points) > 20
    assert not found.pierced
