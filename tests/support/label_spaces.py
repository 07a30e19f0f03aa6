"""Label spaces, and the rules of drawing into them, for the tests of label maps."""

from augcli.labels.label_maps.draw import DrawRules
from augcli.labels.label_maps.label_spaces import LabelSpace, space_of
from augcli.labels.validate import categories_of

SPACES = ("json", "stuffthingmaps", "train171", "file")


ABC = [{"id": 1, "name": "a"}, {"id": 7, "name": "b"}, {"id": 3, "name": "c"}]


def rules(space="json", categories=ABC, overlaps="smallest-on-top", kind="semantic", with_crowds=False):
    found = space_of(space, categories, where="x.json") if kind == "semantic" else LabelSpace(kind, 0, {})
    return DrawRules(kind, found, overlaps, with_crowds, categories_of(categories))


def box(number, category, x, y, width, height, **more):
    """An annotation of a rectangle."""
    part = [x, y, x + width, y, x + width, y + height, x, y + height]
    return {"id": number, "category_id": category, "segmentation": [part], **more}
