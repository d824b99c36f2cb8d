"""TensorFlow.js graphs, turned into ONNX once: convert.py."""
