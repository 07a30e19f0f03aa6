"""Names from other libraries -> the augcli line to paste, or what to do instead.

Albumentations, torchvision, imgaug, Augmentor, Keras' ImageDataGenerator and Gluon. Names are compared
without case, `_` and a leading `Random` or module (`A.`, `transforms.`, `iaa.`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_LINES = {
    "- horizontal_flip: {p: 0.5}": "horizontalflip fliplr hflip flipleftright horizontalflipaug mirror",
    "- vertical_flip: {p: 0.5}": "verticalflip flipud vflip fliptopbottom udflip",
    "- one_of: [horizontal_flip, vertical_flip, rotate90: {turns: 2}]": "flip fliprandom",
    "- sequence: [rotate90: {turns: [0, 3]}, transpose: {p: 0.5}]": "d4 squaresymmetry",
    "- transpose: {p: 0.5}": "transposeimage",
    "- rotate90: {turns: [0, 3]}": "rot90 rotate90s rotaterandom90 quarterturn",
    "- rotate90: {turns: 2}": "rotate180 rot180",
    "- rotate90: {turns: 3}": "rotate270 rot270",
    "- rotate: {degrees: {limit: 15}}": "rotation rotationrange turn",
    "- safe_rotate: {degrees: {limit: 15}}": "rotatewithoutcrop",
    "- affine: {degrees: {limit: 15}, scale: [0.9, 1.1], translate: {x: {limit: 0.1}, y: {limit: 0.1}}}": (
        "affinetransform"
    ),
    "- scale: {factor: [0.8, 1.2]}": "zoom zoomrange",
    "- translate: {x: {limit: 0.1}}": "widthshiftrange translatex",
    "- translate: {y: {limit: 0.1}}": "heightshiftrange translatey",
    "- translate: {x: {limit: 0.1}, y: {limit: 0.1}}": "shift translation",
    "- shear: {x: {limit: 5}}": "shearx shearrange",
    "- shear: {y: {limit: 5}}": "sheary",
    "- elastic: {alpha: [300, 800], sigma: 24}": (
        "elastictransform elastictransformation elasticdeformation elasticdeform"
    ),
    "- elastic_grid: {points: 3, sigma: 10}": "gridelasticdeform distortion gaussiandistortion",
    "- perspective: {strength: [0.1, 0.4]}": "perspectivetransform skew skewtilt skewcorner",
    "- optical_distortion: {k: [-0.2, 0.3]}": "lensdistortion fisheye",
    "- thin_plate_spline: {points: 4, sigma: 10}": "tps",
    "- anti_transpose: {p: 0.5}": "transverse",
    "- random_resized_crop: {size: 224, scale: [0.08, 1.0], ratio: [0.75, 1.3333]}": (
        "resizedcrop sizedcrop sizecrop cropandresize sizedcropaug"
    ),
    "- random_crop: {size: 256}": "croptofixedsize cropaug cropbysize cropandpad",
    "- mask_crop: {size: 256}": "cropnonemptymaskifexists",
    "- random_erasing: {p: 0.5}": "erasing",
    "- grid_mask: {distance: [0.15, 0.3]}": "griddropout",
    "- pixel_dropout: {share: [0.01, 0.05]}": "dropout",
    "- sequence: [pad: {left: 128, top: 128, right: 128, bottom: 128}, resize: {size: 256}]": "zoomout",
    "- center_crop: {size: 256}": "centrecrop centercropaug centercroptofixedsize cropcentre",
    "- crop: {x: 0.1, y: 0.1, width: 0.8, height: 0.8}": "cropresize croptobox fixedcrop",
    "- resize: {size: 256}": "forceresize forceresizeaug resizeimage",
    "- resize: {short_side: 256}": "smallestmaxsize resizeaug resizeshort shortestsize shortestedge",
    "- resize: {long_side: 512}": "longestmaxsize resizelong",
    "- pad_if_needed: {size: 512}": "padtofixedsize centerpad",
    "- letterbox: {size: 640}": "resizewithpad resizeandpad",
    "- brightness: {factor: [0.8, 1.2]}": (
        "multiply multiplybrightness brightnessrange brightnessjitteraug adjustbrightness"
    ),
    "- brightness: {shift: {limit: 0.1}}": "add addtobrightness additivebrightness channelshiftrange",
    "- contrast: {factor: [0.8, 1.2]}": "contrastjitteraug adjustcontrast",
    "- contrast: {factor: [0.8, 1.2], definition: imgaug}": "linearcontrast",
    (
        "- sequence: [contrast: {factor: [0.8, 1.2], definition: albumentations}, "
        "brightness: {shift: {limit: 0.2}}]"
    ): "brightnesscontrast",
    "- saturation: {factor: [0.8, 1.2]}": (
        "color multiplysaturation addtosaturation saturationjitteraug adjustsaturation"
    ),
    "- hue: {shift: {limit: 0.1}}": "addtohue multiplyhue huejitteraug adjusthue",
    "- color_jitter: {saturation: 0.3, hue: 0.05}": (
        "huesaturationvalue huesaturation addtohueandsaturation multiplyhueandsaturation hsv"
    ),
    "- color_jitter: {brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.1}": (
        "colorjitteraug colourjitter photometricdistort colorjittering"
    ),
    "- grayscale: {p: 0.2}": "togray gray grayaug greyscale blackandwhite tograyscale",
    "- to_sepia: {strength: [0.5, 1]}": "sepia",
    "- lighting: {std: 0.1}": "lightingaug fancypca pcalighting pcanoise",
    "- color_temperature: {mired: {limit: 60}}": "planckianjitter changecolortemperature",
    "- equalize": "histogramequalization histogramequalisation equalise",
    "- clahe: {clip_limit: [1, 4]}": "allchannelsclahe",
    "- invert: {p: 0.1}": "invertimg",
    "- solarize: {threshold: [0.5, 0.9]}": "solarise",
    "- posterize: {bits: [3, 6]}": "posterise colorquantization uniformcolorquantizationtonbits",
    "- gamma: {gamma: {log_uniform: [0.8, 1.25]}}": "gammacontrast gammacorrection adjustgamma",
    "- gaussian_blur: {sigma: [0.5, 2]}": "gaussblur blurgaussian",
    "- box_blur: {size: [1, 5]}": "blur averageblur meanblur",
    "- motion_blur: {size: [5, 15]}": "linearmotionblur directionalblur",
    "- defocus_blur: {radius: [2, 6]}": "defocus lensblur",
    "- sharpen: {factor: [0.5, 3]}": "sharpness adjustsharpness enhancesharpness",
    "- poisson_noise: {photons: {log_uniform: [30, 300]}}": "shotnoise additivepoissonnoise",
    "- speckle_noise: {std: [0.05, 0.2]}": "multiplicativenoise multiplyelementwise",
    "- salt_and_pepper: {amount: [0.005, 0.03]}": "impulsenoise saltpepper",
    "- salt_and_pepper: {amount: [0.005, 0.03], salt: 1}": "salt",
    "- salt_and_pepper: {amount: [0.005, 0.03], salt: 0}": "pepper",
    "- jpeg_artefacts: {quality: [10, 60]}": "jpegcompression imagecompression jpeg jpegartifacts",
    "- webp_artefacts: {quality: [5, 50]}": "webp webpcompression webpartifacts",
    "- downscale: {factor: [0.25, 0.75]}": "pixelate pixelation lowresolution simulatelowresolution",
    "- vignette: {strength: [0.2, 0.7]}": "vignetting",
    "- gradient_illumination: {strength: [0.2, 0.6]}": "illumination lineargradient",
    "- shadow: {count: [1, 3], strength: [0.3, 0.6]}": "addshadow",
    "- sun_flare: {strength: [0.5, 1]}": "lensflare",
    "- fog: {density: [0.3, 1.2]}": "clouds haze",
    "- rain: {density: [0.04, 0.15]}": "rainlayer",
    "- snow: {density: [0.03, 0.1]}": "snowflakes",
    "- trivial_augment": "trivialaugmentwide",
    "- gaussian_noise: {std: [0.01, 0.04]}": "gaussnoise additivegaussiannoise noise",
    "- one_of: [horizontal_flip, vertical_flip]": "choice oneorother randomchoice",
    "- sequence: {p: 0.5, transforms: [horizontal_flip, transpose]}": "sometimes apply sequential",
}

_NETWORK = "the network's values are not pixels of a file: do this in your loader"
_ADVICE = {
    _NETWORK: (
        "normalize normalise totensor totensorv2 piltotensor toimage todtype tofloat fromfloat "
        "convertimagedtype rescale cast colornormalize colornormalizeaug castaug featurewisecenter "
        "featurewisestdnormalization samplewisecenter samplewisestdnormalization zcawhitening "
        "standardize tonumpy topilimage"
    ),
    "steps are a list: write them one below the other under transforms:": "compose replaycompose pipeline",
    "leave the step out: nothing is the default": "noop identity",
    "code does not go into a recipe: do this in your loader": "lambda preprocessingfunction customop",
    "the border is one rule for picture and labels: write output: {border: reflect}": "fillmode bordermode",
    "the fill is one rule for all steps: write output: {border: constant, fill: 0}": (
        "cval fillvalue bordervalue"
    ),
    "splitting is not augmenting: keep train and val in folders of their own": "validationsplit",
    "this transform is not in this version": (
        "mixup cutmix mosaic copypaste samplepairing ricap fivecrop tencrop scalex scaley glassblur zoomblur "
        "withchannels"
    ),
}

# Another library's parameter -> the parameters it may mean here, and what to write.
_PARAMETERS: dict[str, tuple[tuple[str, ...], str]] = {
    "rotatelimit": (("degrees",), "{limit: 15} is -15 to 15"),
    "angle": (("degrees", "shift", "turns"), ""),
    "angles": (("degrees", "shift", "turns"), ""),
    "degree": (("degrees",), ""),
    "rotate": (("degrees",), ""),
    "k": (("turns",), "a number of quarter turns"),
    "factor": (("turns", "gamma", "scale"), ""),
    "limit": (
        ("degrees", "factor", "shift", "sigma", "std", "gamma", "size", "x"),
        "{limit: 5} is within 5 of neutral",
    ),
    "distortlimit": (("k", "limit"), ""),
    "distortionscale": (("strength",), ""),
    "scale": (("strength", "factor"), ""),
    "scalelimit": (("factor", "scale"), "{limit: 0.2} is 0.8 to 1.2"),
    "shiftlimit": (("translate", "shift_x", "x"), "fractions, {limit: 0.1} is -0.1 to 0.1"),
    "shiftlimitx": (("translate", "shift_x", "x"), "fractions, {limit: 0.1} is -0.1 to 0.1"),
    "shiftlimity": (("translate", "shift_y", "y"), "fractions, {limit: 0.1} is -0.1 to 0.1"),
    "translatepercent": (("translate", "x"), "fractions of width and height"),
    "brightnesslimit": (("brightness", "factor"), "a factor, 1 is neutral"),
    "contrastlimit": (("contrast", "factor"), "a factor, 1 is neutral"),
    "gammalimit": (("gamma",), "the exponent itself: 80 there is 0.8 here"),
    "hueshiftlimit": (("shift", "hue"), "turns: 180 there is 0.5 here"),
    "satshiftlimit": (("saturation", "factor"), "a factor, 1 is neutral"),
    "rshiftlimit": (("red",), "a share of the range: 20 there is 0.08 here"),
    "gshiftlimit": (("green",), "a share of the range: 20 there is 0.08 here"),
    "bshiftlimit": (("blue",), "a share of the range: 20 there is 0.08 here"),
    "numbits": (("bits",), ""),
    "thresholdrange": (("threshold",), "a share of the range"),
    "tilegridsize": (("tiles",), "across x down, like 8x8"),
    "temperaturelimit": (("kelvin",), ""),
    "alphastd": (("std",), ""),
    "sigmalimit": (("sigma",), ""),
    "blurlimit": (("size", "sigma"), "in pixels"),
    "ksize": (("size", "sigma"), "in pixels"),
    "kernelsize": (("size", "sigma"), "in pixels"),
    "radius": (("sigma", "size"), "in pixels"),
    "aliasblur": (("alias_sigma",), "in pixels"),
    "anglerange": (("degrees",), ""),
    "directionrange": (("direction",), ""),
    "percent": (("amount",), "150 there is 1.5 here"),
    "saltvspepper": (("salt",), ""),
    "qualityrange": (("quality",), ""),
    "compression": (("quality",), "100 - compression"),
    "intensityrange": (("strength",), ""),
    "shadowintensityrange": (("strength",), ""),
    "numshadowslimit": (("count",), ""),
    "numflarecirclesrange": (("ghosts",), ""),
    "fogcoefrange": (("density",), "the mean optical thickness"),
    "slantrange": (("degrees",), ""),
    "droplength": (("length",), "a share of the height"),
    "flakesize": (("size",), "a share of the height"),
    "varlimit": (("std",), "a share of the range: sqrt(variance) / 255"),
    "stdrange": (("std",), "a share of the range"),
    "numops": (("count",), ""),
    "mixturewidth": (("width",), ""),
    "chaindepth": (("depth",), ""),
    "noiselevel": (("std",), "a share of the range"),
    "height": (("size",), "width x height, like 384x192"),
    "width": (("size",), "width x height, like 384x192"),
    "minheight": (("size",), "width x height, like 384x192"),
    "minwidth": (("size",), "width x height, like 384x192"),
    "maxsize": (("long_side", "size"), "in pixels"),
    "shape": (("size",), "width x height, like 384x192"),
    "outputsize": (("size",), "width x height, like 384x192"),
    "scalerange": (("scale", "factor"), ""),
    "ratiorange": (("ratio",), ""),
    "xmin": (("x",), "with width, and unit: pixels for pixels"),
    "ymin": (("y",), "with height, and unit: pixels for pixels"),
    "prob": (("p",), ""),
    "probability": (("p",), ""),
    "alphaaffine": (("alpha",), "and add an affine step of its own"),
    "magnitude": (("alpha", "sigma", "factor"), ""),
    "gridwidth": (("points",), "points across x down, like 3x3"),
    "numsteps": (("steps", "points"), ""),
    "numcontrolpoints": (("points",), "points across x down, like 3x3"),
    "nbrows": (("points",), "points across x down, like 3x3"),
    "nbcols": (("points",), "points across x down, like 3x3"),
    "count": (("n",), ""),
    "children": (("transforms",), ""),
    "steps": (("transforms",), ""),
    "augmentations": (("transforms",), ""),
    "pipeline": (("transforms",), ""),
    "augmenters": (("transforms",), ""),
    "ops": (("transforms",), ""),
    "operations": (("transforms",), ""),
    "augmentation": (("transforms",), ""),
    "ncopies": (("copies",), "a number for each source"),
    "numcopies": (("copies",), "a number for each source"),
    "samples": (("copies",), "a number for each source"),
    "multiplier": (("copies",), "a number for each source"),
    "n": (("copies",), "a number for each source"),
    "number": (("copies", "n"), ""),
    "randomseed": (("seed",), ""),
    "randomstate": (("seed",), ""),
    "version": (("augcli",), "1 is the version of the recipe language"),
    "keeporiginals": (("keep_original",), ""),
    "includeoriginal": (("keep_original",), ""),
    "dataset": (("input",), ""),
    "source": (("input",), ""),
    "dest": (("output",), "the folder itself is an argument of `augcli expand`"),
    "names": (("classes",), ""),
    "ignoreindex": (("ignore",), ""),
    "ignorelabel": (("ignore",), ""),
    "masksuffix": (("suffix",), ""),
    "splits": (("expand",), "the splits that are expanded"),
}

# Another library's parameter that has no place here.
_GONE = {
    "keepsize": "leave it out: rotate, scale, shear and affine keep the frame",
    "expand": "leave it out: the frame stays, and safe_rotate makes it grow",
    "resample": "masks are label-exact; for pictures write output: {interpolation: linear}",
    "interpolation": "masks are label-exact; for pictures write output: {interpolation: linear}",
    "maskinterpolation": "leave it out: masks are label-exact",
    "alwaysapply": "leave it out: a step always runs unless p is below 1",
    "bordermode": "one rule for all steps: write output: {border: reflect}",
    "fillmode": "one rule for all steps: write output: {border: reflect}",
    "paddingmode": "one rule for all steps: write output: {border: reflect}",
    "value": "one rule for all steps: write output: {border: constant, fill: 0}",
    "maskvalue": "the fill of masks is input: {mask: {ignore: 255}}",
    "fillmask": "the fill of masks is input: {mask: {ignore: 255}}",
    "fillvalue": "one rule for all steps: write output: {border: constant, fill: 0}",
    "fill": "one rule for all steps: write output: {border: constant, fill: 0}",
    "cval": "one rule for all steps: write output: {border: constant, fill: 0}",
    "center": "leave it out: the centre of the picture is the centre",
    "mean": "the mean is 0, leave it out",
    "perchannel": "leave it out: noise is drawn for each channel",
    "approximate": "leave it out: the field is exact",
    "samedxdy": "leave it out: dx and dy are drawn apart",
    "antialias": "leave it out: every shrink is antialiased",
    "nummagnitudebins": "leave it out: magnitude is a bin from 0 to 30",
    "ignoreorder": "leave it out",
    "randomorder": "write a random_order group",
    "workers": "the number of workers is an argument: augcli expand -j 4",
    "numworkers": "the number of workers is an argument: augcli expand -j 4",
    "seed": "one seed stands at the top of the recipe",
}


def _letters(name: str) -> str:
    """A name without module, case and separators."""
    return re.sub(r"[^a-z0-9]", "", name.rsplit(".", 1)[-1].lower())


def _bare(name: str) -> str:
    """The same without a leading `random`."""
    return _letters(name).removeprefix("random")


_STEP_LINES = {_bare(name): line for line, names in _LINES.items() for name in names.split()}
_STEP_ADVICE = {_bare(name): advice for advice, names in _ADVICE.items() for name in names.split()}


def step_alias(name: str, examples: Mapping[str, str]) -> str | None:
    """What to write for another library's transform; `examples` has a line for each name there is here."""
    bare = _bare(name)
    same = [ours for ours in examples if _bare(ours) == bare]
    if same:
        exact = [ours for ours in same if _letters(ours) == _letters(name)]
        return f"write - {examples[(exact or same)[0]]}"
    if bare in _STEP_LINES:
        return f"write {_STEP_LINES[bare]}"
    return _STEP_ADVICE.get(bare)


def parameter_alias(key: str, allowed: Sequence[str]) -> str | None:
    """What to write for another library's parameter, where `allowed` are the keys of this place."""
    bare = _letters(key)
    candidates, note = _PARAMETERS.get(bare, ((), ""))
    if fits := [name for name in candidates if name in allowed]:
        return f"write {fits[0]}{f' ({note})' if note else ''}"
    return _GONE.get(bare) if "p" in allowed else None


def lines_to_paste() -> list[str]:
    """Every line that an answer may offer: each is a valid step."""
    return list(_LINES)
