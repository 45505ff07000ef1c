"""Writes a GGUF model with its weights altered, everything else kept: what a provider that cheats would load.

usage: requantise.py SOURCE TARGET KIND      KIND: q4_0, q8_0, three-bit, noise
"""

import sys

import numpy
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import dequantize, quantize


def three_bit(weights):
    """Eight levels for every 32 weights: about what a 3-bit file of the same model holds."""
    blocks = weights.reshape(-1, 32)
    low = blocks.min(axis=1, keepdims=True)
    step = (blocks.max(axis=1, keepdims=True) - low) / 7
    step[step == 0] = 1
    return (low + numpy.round((blocks - low) / step) * step).reshape(weights.shape)


def noise(weights):
    """Two per cent of a tensor's own spread, as a light fine-tune would move it. The same every time."""
    chance = numpy.random.default_rng(7)
    return weights + chance.standard_normal(weights.shape, dtype=numpy.float32) * weights.std() * 0.02


kinds = {
    "q4_0": (lambda weights: weights, GGMLQuantizationType.Q4_0),
    "q8_0": (lambda weights: weights, GGMLQuantizationType.Q8_0),
    "three-bit": (three_bit, GGMLQuantizationType.Q8_0),
    "noise": (noise, GGMLQuantizationType.Q8_0),
}

source, target, kind = sys.argv[1:4]
alter, encoding = kinds[kind]
reader = GGUFReader(source)
writer = GGUFWriter(target, reader.fields["general.architecture"].contents())
for field in reader.fields.values():
    if field.name == "general.architecture" or field.name.startswith("GGUF."):
        continue
    element = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
    writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=element)
for tensor in reader.tensors:
    if tensor.tensor_type == GGMLQuantizationType.F32:
        writer.add_tensor(tensor.name, tensor.data)
        continue
    weights = alter(dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32))
    writer.add_tensor(tensor.name, quantize(weights, encoding), raw_dtype=encoding)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
