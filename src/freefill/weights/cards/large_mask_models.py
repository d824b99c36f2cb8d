"""The list of weights, fourth part: larger mask models under permissive licences, for users with an open network.

Hashes are what the publishers state (rembg: MD5) or what several projects that use the file state alike (MobileSAM,
at a fixed revision); these files were not opened when the table was made.
"""

from __future__ import annotations

from freefill.weights.cards.card import NOT_PUBLISHED, Card, Url

_REMBG = "https://github.com/danielgatis/rembg/releases/download/v0.0.0/"
# A fixed revision, so that the file behind the address cannot change.
_MOBILE_SAM = "https://huggingface.co/Acly/MobileSAM/resolve/0d3b403339b4674a82493d5e97964dd78089ddc8/"

LARGE_MASK_MODELS: tuple[Card, ...] = (
    Card(
        name="u2net-human",
        what_for="mask people, larger network",
        network="u2net",
        file="u2net-human.onnx",
        sources=(Url(_REMBG + "u2net_human_seg.onnx"),),
        about_mb=176,
        sha256=NOT_PUBLISHED,
        md5="c09ddc2e0104f800e3e1bb4652583d1f",
        licence="Apache-2.0 (U-2-Net)",
        forbids="nothing",
        origin="Qin et al., U2-Net, Pattern Recognition 2020, as ONNX by rembg",
        trained_on="Supervisely Person (by its authors)",
        layout="ONNX, (1, 3, 320, 320) RGB less ImageNet mean over deviation",
    ),
    Card(
        name="birefnet-lite",
        what_for="mask salient, sharpest edges",
        network="birefnet",
        file="birefnet-lite.onnx",
        sources=(
            Url(_REMBG + "BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx"),
            Url(
                "https://github.com/ZhengPeng7/BiRefNet/releases/download/v1/"
                "BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx"
            ),
        ),
        about_mb=224,
        sha256=NOT_PUBLISHED,
        md5="4fab47adc4ff364be1713e97b7e66334",
        licence="MIT (BiRefNet)",
        forbids="nothing; some of the data it was trained on has terms of its own",
        origin="Zheng et al., Bilateral Reference for High-Resolution Dichotomous Image Segmentation, 2024",
        trained_on="several segmentation sets named by its authors, not checked here",
        layout="ONNX, (1, 3, 1024, 1024) RGB less ImageNet mean over deviation",
    ),
    Card(
        name="mobile-sam",
        what_for="mask from clicks and boxes",
        network="mobile-sam-encoder",
        file="mobile-sam.onnx",
        sources=(Url(_MOBILE_SAM + "mobile_sam_image_encoder.onnx"),),
        bytes=28_157_093,
        sha256="580f5fb648ea1062c0aabc26217aed56921985f03f0cbbd852bba81d760cc749",
        licence="Apache-2.0 (MobileSAM, Segment Anything); the ONNX export is MIT",
        forbids="nothing",
        origin="Zhang et al., Faster Segment Anything, 2023, as ONNX by Acly",
        trained_on="SA-1B (a part of it; by its paper)",
        layout="ONNX, image encoder",
        companions=("mobile-sam-decoder",),
    ),
    Card(
        name="mobile-sam-decoder",
        what_for="the decoder of mobile-sam",
        network="mobile-sam-decoder",
        file="mobile-sam-decoder.onnx",
        sources=(Url(_MOBILE_SAM + "sam_mask_decoder_single.onnx"),),
        bytes=16_501_323,
        sha256="93915fc7c993ab9d59ab8c9ccd3bce37f7509c81ab4150a74abd4d2abbd8570d",
        licence="Apache-2.0 (Segment Anything); the ONNX export is MIT",
        forbids="nothing",
        origin="Kirillov et al., Segment Anything, ICCV 2023, as ONNX by Acly",
        trained_on="SA-1B",
        layout="ONNX, mask decoder, one mask",
        companions=("mobile-sam",),
    ),
)
