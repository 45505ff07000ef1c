"""Writes a sentence-transformers model of BERT's kind as ONNX in fp32, or a classifier that reads its vectors.

usage: sentence-model.py MODEL.zip FOLDER             (→ last_hidden_state)
       sentence-model.py MODEL.zip FOLDER HEAD.json   (→ logits: scikit-learn's MLPClassifier over the sentence's vector)
writes FOLDER/model.onnx, and FOLDER/tokenizer.json and the configuration as they were published
"""

import base64
import json
import os
import sys
import zipfile

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

archive, folder = zipfile.ZipFile(sys.argv[1]), sys.argv[2]
config = json.loads(archive.read("config.json"))
assert config["model_type"] == "bert" and config["hidden_act"] == "gelu"
width, heads = config["hidden_size"], config["num_attention_heads"]
nodes, weights, constants = [], [], {}


def safetensors(data):
    """https://github.com/huggingface/safetensors#format"""
    start = 8 + int.from_bytes(data[:8], "little")
    listed = {name: each for name, each in json.loads(data[8:start]).items() if name != "__metadata__"}
    kinds = {"F32": numpy.float32, "I64": numpy.int64}
    return {
        name: numpy.frombuffer(data, kinds[each["dtype"]], offset=start + each["data_offsets"][0],
                               count=int(numpy.prod(each["shape"]))).reshape(each["shape"])
        for name, each in listed.items()
    }


tensors = safetensors(archive.read("model.safetensors"))


def constant(name, value, kind=numpy.float32):
    constants[name] = numpy_helper.from_array(numpy.asarray(value, dtype=kind), name)
    return name


def node(kind, *inputs, **attributes):
    name = f"{kind}_{len(nodes)}"
    nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
    return name


def weight(name, values):
    weights.append(numpy_helper.from_array(numpy.ascontiguousarray(values), name))
    return name


def dense(hidden, name):
    product = node("MatMul", hidden, weight(f"{name}.weight", tensors[f"{name}.weight"].T))
    return node("Add", product, weight(f"{name}.bias", tensors[f"{name}.bias"]))


def normed(hidden, name):
    scale, shift = (weight(f"{name}.{part}", tensors[f"{name}.{part}"]) for part in ("weight", "bias"))
    return node("LayerNormalization", hidden, scale, shift, axis=-1, epsilon=config["layer_norm_eps"])


def split_heads(hidden):
    shape = constant("heads", [0, 0, heads, width // heads], numpy.int64)
    return node("Transpose", node("Reshape", hidden, shape), perm=[0, 2, 1, 3])


def attention(hidden, at, mask):
    query, key, value = (split_heads(dense(hidden, f"{at}.attention.self.{part}")) for part in ("query", "key", "value"))
    scores = node("MatMul", query, node("Transpose", key, perm=[0, 1, 3, 2]))
    scaled = node("Add", node("Mul", scores, constant("scale", (width // heads) ** -0.5)), mask)
    seen = node("Transpose", node("MatMul", node("Softmax", scaled, axis=-1), value), perm=[0, 2, 1, 3])
    flat = node("Reshape", seen, constant("flat", [0, 0, width], numpy.int64))
    return normed(node("Add", dense(flat, f"{at}.attention.output.dense"), hidden), f"{at}.attention.output.LayerNorm")


def feed_forward(hidden, at):
    inner = node("Gelu", dense(hidden, f"{at}.intermediate.dense"))
    return normed(node("Add", dense(inner, f"{at}.output.dense"), hidden), f"{at}.output.LayerNorm")


def embedded():
    names = ("word", "position", "token_type")
    tables = {name: f"embeddings.{name}_embeddings.weight" for name in names}
    for table in tables.values():
        weight(table, tensors[table])
    zero, one = constant("zero", 0, numpy.int64), constant("one", 1, numpy.int64)
    places = node("Range", zero, node("Gather", node("Shape", "input_ids"), one), one)
    words = node("Gather", tables["word"], "input_ids")
    kinds = node("Gather", tables["token_type"], "token_type_ids")
    summed = node("Add", node("Add", words, kinds), node("Gather", tables["position"], places))
    return normed(summed, "embeddings.LayerNorm")


def encoder():
    present = node("Cast", "attention_mask", to=TensorProto.FLOAT)
    absent = node("Sub", constant("unit", 1.0), node("Unsqueeze", present, constant("middle", [1, 2], numpy.int64)))
    mask = node("Mul", absent, constant("never", -1e9))
    hidden = embedded()
    for layer in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{layer}"
        hidden = feed_forward(attention(hidden, at, mask), at)
    return hidden, present


def sentence(hidden, present):
    """The vector of length 1 that sentence-transformers makes: the mean over the tokens."""
    shares = node("Unsqueeze", present, constant("last", [-1], numpy.int64))
    total = node("ReduceSum", node("Mul", hidden, shares), constant("along", [1], numpy.int64), keepdims=0)
    mean = node("Div", total, node("ReduceSum", shares, "along", keepdims=0))
    return node("LpNormalization", mean, axis=-1, p=2)


def classified(vector, head):
    """The head has one output, for the second of two classes: beside a first logit of 0 its softmax is the logistic."""
    assert head["activation"] == "relu" and head["out_activation"] == "logistic"
    for at, layer in enumerate(head["layers"]):
        values, bias = (numpy.frombuffer(base64.b64decode(layer[part]), numpy.float32) for part in ("weights_b64", "bias_b64"))
        product = node("MatMul", vector, weight(f"head.{at}.weight", values.reshape(layer["shape"])))
        vector = node("Add", product, weight(f"head.{at}.bias", bias))
        if at < len(head["layers"]) - 1:
            vector = node("Relu", vector)
    return node("Concat", node("Sub", vector, vector), vector, axis=-1)


def write(output, result, dimensions):
    names = ("input_ids", "attention_mask", "token_type_ids")
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in names]
    nodes.append(helper.make_node("Identity", [result], [output]))
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, dimensions)]
    graph = helper.make_graph(nodes, "sentence", inputs, outputs, [*constants.values(), *weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, f"{folder}/model.onnx")


hidden, present = encoder()
if len(sys.argv) > 3:
    with open(sys.argv[3], encoding="utf-8") as file:
        head = json.load(file)
    write("logits", classified(sentence(hidden, present), head), ["batch", 2])
    config = {**config, "architectures": ["BertForSequenceClassification"], "id2label": {"0": "other", "1": "skill"}}
else:
    write("last_hidden_state", hidden, ["batch", "length", width])
    archive.extract("1_Pooling/config.json", folder)
archive.extract("tokenizer.json", folder)
with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
    json.dump(config, file)
