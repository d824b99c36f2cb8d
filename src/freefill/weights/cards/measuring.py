"""The list of weights, fifth part: the networks of LPIPS and of FID, whose trunks lie at addresses of their publishers.

The heads of LPIPS were hashed from the package. The trunks could not be had where this table was made: their publishers
state no SHA-256, and the first fetch records one.
"""

from __future__ import annotations

from freefill.weights.cards.card import NOT_PUBLISHED, Card, PackageMember, Url

_TORCHVISION = "https://download.pytorch.org/models/"
_LPIPS = "Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, CVPR 2018, version 0.1"


def _heads(trunk: str, title: str, size: int, sha256: str) -> Card:
    """Return the card of the heads over a trunk."""
    return Card(
        name=f"lpips-{trunk}",
        what_for=f"metric lpips_{trunk}, with {title}",
        network=f"lpips-{trunk}",
        file=f"lpips-{trunk}.pth",
        sources=(
            PackageMember(
                registry="pypi",
                package="lpips",
                version="0.1.4",
                archive_sha256="fd537af5828b69d2e6ffc0a397bd506dbc28ca183543617690844c08e102ec5e",
                archive_bytes=53_763,
                member=f"lpips/weights/v0.1/{trunk}.pth",
            ),
        ),
        bytes=size,
        sha256=sha256,
        licence="BSD-2-Clause",
        forbids="nothing",
        origin=_LPIPS,
        trained_on="human two-way choices (BAPPS)",
        layout="state dict of five 1 x 1 convolutions",
        companions=(title,),
    )


def _trunk(name: str, file: str, about_mb: float, heads: str) -> Card:
    return Card(
        name=name,
        what_for=f"the network under {heads}",
        network=name,
        file=f"{name}.pth",
        published_as=file,
        sources=(Url(_TORCHVISION + file),),
        about_mb=about_mb,
        sha256=NOT_PUBLISHED,
        licence="BSD-3-Clause (torchvision; none is stated for the weights apart)",
        forbids="nothing; ImageNet, on which it was trained, is a research data set with terms of its own",
        origin="torchvision",
        trained_on="ImageNet",
        layout="state dict, RGB less mean over deviation",
        companions=(heads,),
    )


MEASURING_MODELS: tuple[Card, ...] = (
    _heads("alex", "alexnet", 6_009, "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0"),
    _heads("vgg", "vgg16", 7_289, "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868"),
    _trunk("alexnet", "alexnet-owt-7be5be79.pth", 244, "lpips-alex"),
    _trunk("vgg16", "vgg16-397923af.pth", 553, "lpips-vgg"),
    Card(
        name="inception-fid",
        what_for="metric fid_inception: features that published values are of",
        network="inception-fid",
        file="inception-fid.pth",
        published_as="pt_inception-2015-12-05-6726825d.pth",
        sources=(
            Url(
                "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
                "pt_inception-2015-12-05-6726825d.pth"
            ),
        ),
        about_mb=96,
        sha256=NOT_PUBLISHED,
        licence="Apache-2.0 (the repository's; the graph is Google's, Apache-2.0)",
        forbids="nothing; ImageNet, on which it was trained, is a research data set with terms of its own",
        origin="Szegedy et al., Inception v3, as TensorFlow's graph of 2015-12-05, converted by mseitzer/pytorch-fid",
        trained_on="ImageNet",
        layout="state dict, (B, 3, 299, 299), (RGB - 128) / 128",
    ),
)
