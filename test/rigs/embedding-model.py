"""Writes the first layers of a GGUF language model as an ONNX model that embeds: its weights in fp32, its tokenizer beside.

usage: embedding-model.py SOURCE.gguf FOLDER LAYERS
writes FOLDER/model.onnx (input_ids, attention_mask → sentence_embedding) and FOLDER/tokenizer.json
"""

import json
import sys

import numpy
import onnx
from gguf import GGMLQuantizationType, GGUFReader
from gguf.quants import dequantize
from onnx import TensorProto, helper, numpy_helper

source, folder, layers = sys.argv[1], sys.argv[2], int(sys.argv[3])
reader = GGUFReader(source)
fields = {field.name: field.contents() for field in reader.fields.values() if field.types}
tensors = {tensor.name: tensor for tensor in reader.tensors}
width = fields["llama.embedding_length"]
heads = fields["llama.attention.head_count"]
groups = fields["llama.attention.head_count_kv"]
size = fields["llama.rope.dimension_count"]
epsilon = fields["llama.attention.layer_norm_rms_epsilon"]
nodes, weights, constants = [], [], {}


def constant(name, value, kind=numpy.float32):
    constants[name] = numpy_helper.from_array(numpy.asarray(value, dtype=kind), name)
    return name


def node(kind, *inputs, **attributes):
    name = f"{kind}_{len(nodes)}"
    nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
    return name


def shape(*dimensions):
    return constant("shape_" + "_".join(map(str, dimensions)), dimensions, numpy.int64)


def matrix(hidden, name):
    tensor = tensors[name]
    values = dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
    weights.append(numpy_helper.from_array(numpy.ascontiguousarray(values.T), name))
    return node("MatMul", hidden, name)


def normed(hidden, name):
    weights.append(numpy_helper.from_array(numpy.array(tensors[name].data, dtype=numpy.float32), name))
    mean = node("ReduceMean", node("Mul", hidden, hidden), axes=[-1])
    root = node("Sqrt", node("Add", mean, constant("epsilon", epsilon)))
    return node("Mul", node("Div", hidden, root), name)


def table():
    """Rows of the embedding, kept as the 8-bit blocks they are and scaled when they are read."""
    tensor = tensors["token_embd.weight"]
    assert tensor.tensor_type == GGMLQuantizationType.Q8_0
    blocks = tensor.data.reshape(-1, width // 32, 34)
    scales = numpy.ascontiguousarray(blocks[..., :2]).view(numpy.float16).astype(numpy.float32)
    steps = numpy.ascontiguousarray(blocks[..., 2:]).view(numpy.int8)
    weights.append(numpy_helper.from_array(steps, "token_steps"))
    weights.append(numpy_helper.from_array(scales, "token_scales"))
    read = node("Cast", node("Gather", "token_steps", "input_ids"), to=TensorProto.FLOAT)
    return node("Reshape", node("Mul", read, node("Gather", "token_scales", "input_ids")), shape(0, 0, width))


def split_heads(hidden, count):
    return node("Transpose", node("Reshape", hidden, shape(0, 0, count, size)), perm=[0, 2, 1, 3])


def turned(hidden, cosine, sine):
    """Neighbouring pairs are turned by their position's angle, as llama.cpp lays the weights out."""
    pairs = node("Reshape", hidden, shape(0, 0, -1, size // 2, 2))
    even = node("Gather", pairs, constant("zero", 0, numpy.int64), axis=4)
    odd = node("Gather", pairs, constant("one", 1, numpy.int64), axis=4)
    left = node("Sub", node("Mul", even, cosine), node("Mul", odd, sine))
    right = node("Add", node("Mul", even, sine), node("Mul", odd, cosine))
    last = constant("last", [-1], numpy.int64)
    both = node("Concat", node("Unsqueeze", left, last), node("Unsqueeze", right, last), axis=-1)
    return node("Reshape", both, shape(0, 0, -1, size))


def repeated(hidden):
    """Every key and value serves several heads."""
    wide = node("Unsqueeze", hidden, constant("second", [2], numpy.int64))
    copies = constant("copies", [1, 1, heads // groups, 1, 1], numpy.int64)
    return node("Reshape", node("Tile", wide, copies), constant("heads", [0, heads, -1, size], numpy.int64))


def attention(hidden, at, cosine, sine, mask):
    query = turned(split_heads(matrix(hidden, f"blk.{at}.attn_q.weight"), heads), cosine, sine)
    key = repeated(turned(split_heads(matrix(hidden, f"blk.{at}.attn_k.weight"), groups), cosine, sine))
    value = repeated(split_heads(matrix(hidden, f"blk.{at}.attn_v.weight"), groups))
    scores = node("MatMul", query, node("Transpose", key, perm=[0, 1, 3, 2]))
    scaled = node("Add", node("Mul", scores, constant("scale", size**-0.5)), mask)
    seen = node("MatMul", node("Softmax", scaled, axis=-1), value)
    flat = node("Reshape", node("Transpose", seen, perm=[0, 2, 1, 3]), shape(0, 0, width))
    return matrix(flat, f"blk.{at}.attn_output.weight")


def feed_forward(hidden, at):
    gate = matrix(hidden, f"blk.{at}.ffn_gate.weight")
    up = matrix(hidden, f"blk.{at}.ffn_up.weight")
    active = node("Mul", node("Mul", gate, node("Sigmoid", gate)), up)
    return matrix(active, f"blk.{at}.ffn_down.weight")


def network():
    length = node("Gather", node("Shape", "input_ids"), constant("one", 1, numpy.int64))
    zero, one = constant("zero", 0, numpy.int64), constant("one", 1, numpy.int64)
    places = node("Range", zero, length, one)
    rows = node("Unsqueeze", places, constant("last", [-1], numpy.int64))
    ahead = node("Cast", node("Greater", places, rows), to=TensorProto.FLOAT)
    padded = node("Unsqueeze", node("Cast", "attention_mask", to=TensorProto.FLOAT), constant("middle", [1, 2], numpy.int64))
    absent = node("Sub", constant("unit", 1.0), padded)
    mask = node("Mul", node("Add", ahead, absent), constant("never", -1e9))
    rate = fields["llama.rope.freq_base"] ** (-numpy.arange(0, size, 2, dtype=numpy.float64) / size)
    angles = node("Mul", node("Cast", rows, to=TensorProto.FLOAT), constant("rates", rate))
    cosine, sine = node("Cos", angles), node("Sin", angles)
    hidden = table()
    for at in range(layers):
        hidden = node("Add", hidden, attention(normed(hidden, f"blk.{at}.attn_norm.weight"), at, cosine, sine, mask))
        hidden = node("Add", hidden, feed_forward(normed(hidden, f"blk.{at}.ffn_norm.weight"), at))
    nodes[-1].output[0] = "last_hidden_state"
    mean_of_words(padded_row(places, length))


def padded_row(places, length):
    """1 for the positions that count: a language model's first one holds nothing of the text, unless it is all there is."""
    zero, one = constant("zero", 0, numpy.int64), constant("one", 1, numpy.int64)
    counted = node("Cast", node("Or", node("Greater", places, zero), node("Equal", length, one)), to=TensorProto.FLOAT)
    return node("Mul", counted, node("Cast", "attention_mask", to=TensorProto.FLOAT))


def mean_of_words(counted):
    shares = node("Unsqueeze", counted, constant("last", [-1], numpy.int64))
    along = constant("along", [1], numpy.int64)
    total = node("ReduceSum", node("Mul", "last_hidden_state", shares), along, keepdims=0)
    node("Div", total, node("ReduceSum", shares, along, keepdims=0))
    nodes[-1].output[0] = "sentence_embedding"


def tokenizer():
    tokens, kinds = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    special = [
        {"id": at, "content": token, "special": True, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
        for at, token in enumerate(tokens)
        if kinds[at] == 3
    ]
    words = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    digits = {"type": "Digits", "individual_digits": True}
    return {
        "version": "1.0",
        "added_tokens": special,
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [digits, words]},
        "post_processor": None,
        "decoder": words,
        "model": {
            "type": "BPE",
            "vocab": {token: at for at, token in enumerate(tokens)},
            "merges": fields["tokenizer.ggml.merges"],
        },
    }


network()
inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in ("input_ids", "attention_mask")]
outputs = [
    helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["batch", width]),
    helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "length", width]),
]
graph = helper.make_graph(nodes, "embedding", inputs, outputs, [*constants.values(), *weights])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, f"{folder}/model.onnx")
with open(f"{folder}/tokenizer.json", "w", encoding="utf-8") as file:
    json.dump(tokenizer(), file, ensure_ascii=False)
