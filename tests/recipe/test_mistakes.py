"""Every mistake in a recipe: its place, its path, and words that say what to write."""

import pytest

from augcli.errors import RecipeError
from augcli.recipe import parse_recipe
from augcli.recipe.errors import MAX_MISTAKES

FORMS = "5, [low, high], {limit: x}, {choice: [...]}, {normal: [mean, std]}, {log_uniform: [low, high]}"
TOP_KEYS = "augcli, seed, plugins, keep_original, input, variants, transforms, copies, accept, output"
STEPS = "for example [horizontal_flip, rotate: {degrees: [-15, 15]}]"
CLASSES = '{0: background, 1: car}, [background, car] or, for rgb masks, {car: "#00008e"}'


def mistakes(text: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        parse_recipe(text, "r")
    return str(caught.value).split("\n")


def check(text: str, *lines: str) -> None:
    assert mistakes(text) == [f"r:{line}" for line in lines]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[a]", "1:1: a recipe is keys and values, for example transforms: [horizontal_flip], got a list"),
        ("augcli: 2", "1:9: augcli: expected 1, the version of the recipe language, got 2"),
        ("augcli: true", "1:9: augcli: expected 1, the version of the recipe language, got true"),
        ("seed: -1", "1:7: seed: expected a number of at least 0, got -1"),
        ("seed: 9223372036854775808", "1:7: seed: expected a whole number, got 9.223372036854776e+18"),
        ("seed: 1.5", "1:7: seed: expected a whole number, got 1.5"),
        ("keep_original: no", "1:16: keep_original: expected true or false, got 'no'"),
        (
            "keep_original: false",
            "1:16: keep_original: no variants and no originals: nothing would be made",
        ),
        ("outputs: 1", "1:1: outputs: unknown key 'outputs', did you mean output?; "
         f"allowed here: {TOP_KEYS}"),
        ("n_copies: 1", f"1:1: n_copies: unknown key 'n_copies': write copies (a number for each source); "
         f"allowed here: {TOP_KEYS}"),
        ("augmentations: 1", f"1:1: augmentations: unknown key 'augmentations': write transforms; "
         f"allowed here: {TOP_KEYS}"),
        ("size: 256", "1:1: size: 'size' belongs to output: write output: {size: ...}"),
        ("quality: 9",
         "1:1: quality: 'quality' belongs to output.image: write output: {image: {quality: ...}}"),
        ("layout: auto", "1:1: layout: 'layout' belongs to input or output"),
        (
            "rotate: 5",
            "1:1: rotate: a step belongs to transforms: write transforms: [rotate: {degrees: [-15, 15]}]",
        ),
        (
            "rotation_range: 5",
            "1:1: rotation_range: unknown key 'rotation_range': under transforms: "
            "write - rotate: {degrees: {limit: 15}}",
        ),
        ("copies: 2", f"1:1: copies: copies of what? Add transforms:, {STEPS}"),
    ],
)  # fmt: skip
def test_mistakes_at_the_top(text: str, line: str) -> None:
    check(text, line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "variants: [transpose]",
            "1:11: variants: expected variants by name, for example {fliplr: [horizontal_flip]}, got a list; "
            "a list of steps goes under transforms:",
        ),
        ("variants: {original: [transpose]}",
         "1:12: variants.original: the name 'original' is taken by the sources themselves"),
        ("variants: {Flip_: [transpose]}",
         "1:12: variants.Flip_: a variant's name is lower-case letters and digits with single - or _ between"
         ", like jitter-2"),
        ("variants: {1: [transpose]}", "1:12: variants[1]: a variant's name is text: put 1 in quotes"),
        ("variants: {a: {copies: 1}}", f"1:12: variants.a: a variant needs transforms: {STEPS}"),
        ("variants: {a: []}", f"1:15: variants.a: expected a list of steps, {STEPS}, got an empty list"),
        ("variants: {a: transpose}", f"1:15: variants.a: expected a list of steps, {STEPS}, got 'transpose'"),
        ("variants: {a: {transpose: {}, transforms: [transpose]}}",
         "1:16: variants.a.transpose: a step belongs to the list below transforms: write - transpose"),
        ("variants: {a: {copy: 1, transforms: [transpose]}}",
         "1:16: variants.a.copy: unknown key 'copy', did you mean copies?; "
         "allowed here: accept, copies, transforms"),
        ("transforms:", f"1:12: transforms: expected a list of steps, {STEPS}, got nothing"),
        ("{copies: 0, transforms: [transpose]}", "1:10: copies: expected a number of at least 1, got 0"),
        ("{copies: 3, transforms: [transpose]}",
         "1:10: copies: nothing in 'aug' is drawn, so its 3 copies would be the same: "
         "remove copies, or draw something, like rotate: {degrees: [-15, 15]}"),
        ("{variants: {a: [transpose]}, transforms: [transpose]}",
         "1:30: transforms: 'transforms' and 'variants' do not go together: give each variant its own"),
    ],
)  # fmt: skip
def test_mistakes_in_variants(text: str, line: str) -> None:
    check(text, line)


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("5", "14: transforms[0]: expected a step, like rotate: {degrees: [-15, 15]}, got 5"),
        ("{}", "14: transforms[0]: expected a step, like rotate: {degrees: [-15, 15]}, got an empty mapping"),
        ("rotat", "14: transforms[0]: unknown transform 'rotat': did you mean rotate?"),
        ("xyz", "14: transforms[0]: unknown transform 'xyz': augcli transforms lists those there are"),
        (
            "{HorizontalFlip: {p: 1}}",
            "15: transforms[0].HorizontalFlip: unknown transform 'HorizontalFlip': "
            "write - horizontal_flip: {p: 0.5}",
        ),
        (
            "Normalize",
            "14: transforms[0]: unknown transform 'Normalize': "
            "the network's values are not pixels of a file: do this in your loader",
        ),
        (
            "{transpose: , rotate90: }",
            "28: transforms[0].rotate90: one step, one name: put a dash before 'rotate90'",
        ),
        (
            "{rotate: , degrees: 5}",
            "25: transforms[0].degrees: 'degrees' belongs to rotate: "
            "indent it further, or write rotate: {degrees: ...}",
        ),
        (
            "{name: rotate, degrees: 5}",
            "29: transforms[0].degrees: a step is its name with its parameters below it, "
            "like - rotate: {degrees: [-15, 15]}",
        ),
        ("{rotate: 15}", "23: transforms[0].rotate: parameters have names: write rotate: {degrees: 15}"),
        (
            "{rotate: [-5, 5]}",
            "23: transforms[0].rotate: parameters have names: write rotate: {degrees: [-5, 5]}",
        ),
        (
            "{horizontal_flip: 0.5}",
            "32: transforms[0].horizontal_flip: parameters have names: write horizontal_flip: {p: 0.5}",
        ),
        (
            "{brightness: 0.5}",
            "27: transforms[0].brightness: parameters have names, "
            "for example brightness: {factor: [0.8, 1.2]}",
        ),
        (
            "rotate",
            "14: transforms[0]: degrees is missing (degrees counter-clockwise as seen), "
            "for example rotate: {degrees: [-15, 15]}",
        ),
        (
            "{rotate: {degree: 5, degrees: 1}}",
            "24: transforms[0].rotate.degree: unknown key 'degree': write degrees; allowed here: p, degrees",
        ),
        (
            "{rotate: {rotate_limit: 5, degrees: 1}}",
            "24: transforms[0].rotate.rotate_limit: unknown key 'rotate_limit': "
            "write degrees ({limit: 15} is -15 to 15); allowed here: p, degrees",
        ),
        (
            "{rotate: {always_apply: true, degrees: 1}}",
            "24: transforms[0].rotate.always_apply: unknown key 'always_apply': "
            "leave it out: a step always runs unless p is below 1; allowed here: p, degrees",
        ),
        ("{transpose: {p: 2}}", "30: transforms[0].transpose.p: expected a number of at most 1, got 2"),
        ("{transpose: {p: yes}}", "30: transforms[0].transpose.p: expected a number, got 'yes'"),
        (
            "{rotate: {degrees: 3:4}}",
            f"33: transforms[0].rotate.degrees: expected a number or one of {FORMS}, got '3:4'",
        ),
        (
            "{rotate: {degrees: [5, -5]}}",
            "33: transforms[0].rotate.degrees: the lower end comes first: [-5, 5]",
        ),
        ("{rotate: {degrees: .inf}}", "33: transforms[0].rotate.degrees: expected a finite number, got inf"),
        (
            "{hue: {shift: 0, definition: hsl}}",
            "43: transforms[0].hue.definition: expected hsv, hls, yiq or hsv8, got 'hsl'",
        ),
        (
            "{center_crop: {size: [384, 192]}}",
            "35: transforms[0].center_crop.size: a size is never a list: write 384x192 for width 384 and "
            "height 192, or 192x384 for height 384 and width 192",
        ),
        (
            "{center_crop: {size: 9, height: 9}}",
            "38: transforms[0].center_crop.height: unknown key 'height': "
            "write size (width x height, like 384x192); allowed here: p, size",
        ),
        (
            "{shear: {x: 70, y: 70}}",
            "15: transforms[0].shear: shears of x and y together press the picture flat: "
            "tan(x) tan(y) must stay below 0.95",
        ),
        (
            "{affine: {translate: {z: 1}}}",
            "36: transforms[0].affine.translate.z: unknown key 'z'; allowed here: x, y",
        ),
        (
            "{affine: {shear: 5}}",
            "31: transforms[0].affine.shear: expected a mapping of keys to values, got 5",
        ),
        (
            "{transpose: {weight: 2}}",
            "27: transforms[0].transpose.weight: weight has a meaning only for the steps of a one_of",
        ),
        (
            "{one_of: [transpose: {weight: 0}]}",
            "44: transforms[0].one_of[0].transpose.weight: expected a number above 0, got 0",
        ),
        (
            "one_of",
            "14: transforms[0]: expected steps, for example one_of: [horizontal_flip, vertical_flip], "
            "got nothing",
        ),
        ("{one_of: {p: 1}}", f"15: transforms[0].one_of: one_of needs transforms: {STEPS}"),
        (
            "{some_of: [transpose]}",
            "24: transforms[0].some_of: expected steps, for example some_of: "
            "{n: 2, transforms: [horizontal_flip, vertical_flip, transpose]}, got a list",
        ),
        (
            "{some_of: {transforms: [transpose]}}",
            "15: transforms[0].some_of: n is missing (how many of the steps are chosen)",
        ),
        (
            "{some_of: {n: 2, transforms: [transpose]}}",
            "28: transforms[0].some_of.n: n is at most the number of steps, 1, got 2",
        ),
        (
            "{some_of: {n: 0.5, transforms: [transpose]}}",
            "28: transforms[0].some_of.n: expected a whole number, got 0.5",
        ),
        (
            "{sequence: {x: 1, transforms: [transpose]}}",
            "26: transforms[0].sequence.x: unknown key 'x'; allowed here: p, transforms",
        ),
        (
            "{one_of: [sequence: {x: 1, transforms: [transpose]}]}",
            "35: transforms[0].one_of[0].sequence.x: unknown key 'x'; allowed here: p, transforms, weight",
        ),
    ],
)
def test_mistakes_in_steps(step: str, line: str) -> None:
    check(f"transforms: [{step}]", f"1:{line}")


@pytest.mark.parametrize(
    ("section", "line"),
    [
        (
            "layout: folder",
            "17: input.layout: expected auto, folders, suffix, carvana, classes, images, pattern, coco, "
            "yolo, voc or cityscapes, got 'folder', did you mean folders?",
        ),
        ("images: 5", "17: input.images: expected a folder's name below the input, got 5"),
        ("images: /etc", "17: input.images: expected a folder below the input, got '/etc'"),
        ("masks: ../m", "16: input.masks: expected a folder below the input, got '../m'"),
        (
            "annotations: ../a.yaml",
            "22: input.annotations: expected a file below the input, got '../a.yaml'; copy it there",
        ),
        (
            "{layout: suffix, masks: m}",
            "8: input: masks goes with layout: folders, not with layout: suffix",
        ),
        ("expand: train", "17: input.expand: expected a list of names in [brackets], got 'train'"),
        ("expand: []", "17: input.expand: expected at least one split, for example [train]"),
        ("expand: [1]", "17: input.expand: expected a list of names in [brackets], got [1]"),
        (
            'group: "a(b)(c)"',
            '16: input.group: expected placeholders like "{car}_{view}" or a regular expression '
            "with one group, got 'a(b)(c)'",
        ),
        ("classes: 5", f"18: input.classes: expected {CLASSES}, got 5"),
        ("classes: []", f"18: input.classes: expected {CLASSES}, got []"),
        ("classes: [a, a]", "18: input.classes: 'a' stands for two classes"),
        ("classes: [a, no, 5]", f"18: input.classes: a class's name is text, got 5; the forms are {CLASSES}"),
        (
            "classes: {car: }",
            '18: input.classes: expected a colour like "#00008e" in quotes, got nothing: '
            "without quotes # is a comment",
        ),
        ("classes: {car: red}", "18: input.classes: expected a colour like \"#00008e\", got 'red'"),
        ("suffix: ''", "17: input.suffix: expected text that is not empty, got ''"),
        ("mask: 5", "15: input.mask: expected a mapping of keys to values, got 5"),
        ("mask: {threshold: 1.5}", "27: input.mask.threshold: expected a whole number, got 1.5"),
        (
            "mask: {kind: rgb, threshold: 5}",
            "15: input.mask: threshold goes with kind: binary, not with kind: rgb",
        ),
        (
            'mask: {kind: index, ignore: "#ffffff"}',
            "15: input.mask: a colour as ignore goes with kind: rgb, not with kind: index",
        ),
        ("mask: {ignore: -1}", "24: input.mask.ignore: expected a mask value from 0 to 65535, got -1"),
        (
            "mask: {ignore: [1]}",
            '24: input.mask.ignore: expected a mask value like 255, or for rgb masks a colour like "#ffffff"'
            ", got [1]",
        ),
        (
            "image: {range: [255, 0]}",
            "24: input.image.range: expected [low, high] like [0, 255], got [255, 0]",
        ),
    ],
)
def test_mistakes_in_the_input(section: str, line: str) -> None:
    text = f"input: {section}" if section.startswith("{") else f"input: {{{section}}}"
    check(text, f"1:{line}")


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("size: [5, 5]", "16: output.size: a size is never a list: write 5x5 for width 5 and height 5, "
         "or 5x5 for height 5 and width 5"),
        ("size: big", "16: output.size: expected 256 (square) or 384x192 (width x height), got 'big'"),
        ("fit: fill", "15: output.fit: expected stretch, letterbox or crop, got 'fill'"),
        ("border: mirror", "18: output.border: expected auto, reflect, replicate, wrap or constant, "
         "got 'mirror'"),
        ("fill: 256", '16: output.fill: expected a number from 0 to 255, "#rrggbb" or [r, g, b], got 256'),
        ("fill: [1, 2]",
         '16: output.fill: expected a number from 0 to 255, "#rrggbb" or [r, g, b], got [1, 2]'),
        ("fill: red", "16: output.fill: expected a colour like \"#00008e\", got 'red'"),
        ("image: {quality: 0}", "27: output.image.quality: expected a number of at least 1, got 0"),
        ("image: {quality: 101}", "27: output.image.quality: expected a number of at most 100, got 101"),
        ("image: {subsampling: 411}", "31: output.image.subsampling: expected 420, 422 or 444, got 411"),
        ("image: {format: jpg}", "26: output.image.format: expected same, jpeg, png, webp or tiff, got 'jpg'"
         ", did you mean jpeg?"),
        ("mask: {format: jpeg}", "25: output.mask.format: expected png, got 'jpeg'"),
        ("mask: {foreground: 0}", "29: output.mask.foreground: expected a number of at least 1, got 0"),
        ("originals: link", "21: output.originals: expected copy or hardlink, got 'link'"),
        ("also: yolo", "16: output.also: expected a list of names in [brackets], got 'yolo'"),
        ("quality: 5", "10: output.quality: 'quality' belongs to image: write image: {quality: ...}"),
        (
            "also: [csv]",
            "16: output.also: a description other than coco, yolo, yolo-boxes, "
            "yolo-segments, yolo-pose, voc, cityscapes, huggingface (csv) is not in this version",
        ),
    ],
)  # fmt: skip
def test_mistakes_in_the_output(section: str, line: str) -> None:
    check(f"output: {{{section}}}", f"1:{line}")


def test_all_mistakes_come_at_once_in_the_order_of_the_file() -> None:
    text = """seed: -1
seed: 2
variants:
  jitter:
    copies: 2.5
    transforms:
      - rotat: {degrees: 5}
      - rotate: {degree: 5}
      - one_of:
        - gaussian_blur: {sigma: -1}
output: {fitt: crop}
"""
    allowed = (
        "layout, size, fit, border, fill, interpolation, image, mask, annotations, pixelmaps, originals, also"
    )
    check(
        text,
        "1:7: seed: expected a number of at least 0, got -1",
        "2:1: seed: the key 'seed' is given twice, first in line 1",
        "5:13: variants.jitter.copies: expected a whole number, got 2.5",
        "7:9: variants.jitter.transforms[0].rotat: unknown transform 'rotat': did you mean rotate?",
        "8:9: variants.jitter.transforms[1].rotate: degrees is missing (degrees counter-clockwise as seen), "
        "for example rotate: {degrees: [-15, 15]}",
        "8:18: variants.jitter.transforms[1].rotate.degree: unknown key 'degree': write degrees; "
        "allowed here: p, degrees",
        "10:34: variants.jitter.transforms[2].one_of[0].gaussian_blur.sigma: "
        "expected at least 0 and at most 1000, got -1",
        "11:10: output.fitt: unknown key 'fitt', did you mean fit?; allowed here: " + allowed,
    )


def test_mistakes_end_at_a_hundred() -> None:
    assert len(mistakes(f"transforms: [{'xyz, ' * 1000}]")) == MAX_MISTAKES


def test_an_aliased_step_is_marked_where_it_is_written() -> None:
    check(
        "variants:\n  a: &steps [xyz]\n  b: *steps",
        "2:14: variants.a[0]: unknown transform 'xyz': augcli transforms lists those there are",
        "2:14: variants.b[0]: unknown transform 'xyz': augcli transforms lists those there are",
    )
