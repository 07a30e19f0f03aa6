"""Recipes as text that several tests read."""

DESIGN = """
augcli: 1
seed: 66
keep_original: true
input:
  layout: auto
  expand: [train]
  group: "{car}_{view}"
  classes: {0: background, 1: car}
  mask: {kind: binary, threshold: 108, ignore: 255}
  image: {range: [0, 255]}
variants:
  flipud: [vertical_flip]
  fliplr: [horizontal_flip]
  jitter:
    copies: 5
    transforms:
      - horizontal_flip: {p: 0.5}
      - rotate: {degrees: [-15, 15]}
      - elastic: {alpha: [300, 800], sigma: 24}
      - random_resized_crop: {size: 256, scale: [0.1, 1.0], ratio: [0.5, 2.0]}
      - color_jitter: {brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.1}
      - one_of:
          p: 0.3
          transforms:
            - gaussian_blur: {sigma: [0.5, 2], weight: 2}
            - gaussian_noise: {std: [0.01, 0.04]}
output:
  layout: like-input
  size: null
  fit: stretch
  border: auto
  fill: 0
  interpolation: linear
  image: {format: same, quality: 95, subsampling: 420}
  mask: {format: png, foreground: 255}
  originals: copy
  also: []
"""
