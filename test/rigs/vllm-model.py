"""Writes a GGUF model of llama's kind as vLLM loads one: its weights as numbers, its configuration and its tokenizer.

usage: vllm-model.py MODEL.gguf FOLDER KIND     KIND: float32, bfloat16
writes FOLDER/model.safetensors, config.json, generation_config.json, tokenizer.json and tokenizer_config.json
"""

import json
import os
import sys

import numpy
from gguf import GGUFReader
from gguf.quants import dequantize

source, folder, kind = sys.argv[1:4]
reader = GGUFReader(source)


def said(key):
    return reader.fields[key].contents()


def shape(key):
    return said(f"llama.{key}")


assert said("general.architecture") == "llama" and said("tokenizer.ggml.model") == "gpt2"
assert said("tokenizer.ggml.pre") == "smollm", "another way to cut a text before its pairs are merged"
heads, cached_heads = shape("attention.head_count"), shape("attention.head_count_kv")

renamed = {
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}
outside = {
    "token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}


def name_of(name):
    if name in outside:
        return outside[name]
    _, layer, part, last = name.split(".")
    return f"model.layers.{layer}.{renamed[part]}.{last}"


def turned_back(weights, count):
    """llama.cpp keeps the two halves of a head's rows by turns (`permute` in its convert_hf_to_gguf.py)."""
    half = weights.shape[0] // count // 2
    return weights.reshape(count, half, 2, -1).swapaxes(1, 2).reshape(weights.shape)


def weights_of(tensor):
    weights = dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
    if ".attn_q." in tensor.name:
        return turned_back(weights, heads)
    return turned_back(weights, cached_heads) if ".attn_k." in tensor.name else weights


def encoded(weights):
    if kind == "float32":
        return weights.tobytes()
    assert kind == "bfloat16"
    bits = numpy.ascontiguousarray(weights).view(numpy.uint32)
    # To the nearest, ties to even.
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(numpy.uint16).tobytes()


def write_weights():
    """https://github.com/huggingface/safetensors#format"""
    header, parts, at = {"__metadata__": {"format": "pt"}}, [], 0
    for tensor in reader.tensors:
        weights = weights_of(tensor)
        data = encoded(weights)
        header[name_of(tensor.name)] = {
            "dtype": {"float32": "F32", "bfloat16": "BF16"}[kind], "shape": list(weights.shape),
            "data_offsets": [at, at + len(data)],
        }
        parts.append(data)
        at += len(data)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(os.path.join(folder, "model.safetensors"), "wb") as file:
        file.write(len(head).to_bytes(8, "little"))
        file.write(head)
        file.writelines(parts)


def write(name, value):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(value, file)


def tokenizer():
    """Pairs that are merged, bytes as letters, each digit by itself, and marks that stand outside of all that."""
    tokens, kinds = said("tokenizer.ggml.tokens"), said("tokenizer.ggml.token_type")
    control = 3
    marks = [{
        "id": id, "content": token, "special": True, "normalized": False,
        "single_word": False, "lstrip": False, "rstrip": False,
    } for id, (token, of) in enumerate(zip(tokens, kinds)) if of == control]
    bytes_as_letters = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": marks, "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Digits", "individual_digits": True}, bytes_as_letters,
        ]},
        "post_processor": None, "decoder": bytes_as_letters,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": {token: id for id, token in enumerate(tokens)}, "merges": said("tokenizer.ggml.merges"),
        },
    }, tokens


write_weights()
made, tokens = tokenizer()
begins, ends = said("tokenizer.ggml.bos_token_id"), said("tokenizer.ggml.eos_token_id")
write("tokenizer.json", made)
write("tokenizer_config.json", {
    "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": tokens[begins], "eos_token": tokens[ends],
    "chat_template": said("tokenizer.chat_template"), "model_max_length": shape("context_length"),
    "clean_up_tokenization_spaces": False,
})
# As this model's makers publish it; vLLM takes from it what a request does not say.
write("generation_config.json", {"bos_token_id": begins, "eos_token_id": ends})
write("config.json", {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "dtype": kind, "hidden_act": "silu",
    "vocab_size": len(tokens), "hidden_size": shape("embedding_length"),
    "intermediate_size": shape("feed_forward_length"), "num_hidden_layers": shape("block_count"),
    "num_attention_heads": heads, "num_key_value_heads": cached_heads,
    "max_position_embeddings": shape("context_length"), "rope_theta": shape("rope.freq_base"),
    "rms_norm_eps": shape("attention.layer_norm_rms_epsilon"), "bos_token_id": begins, "eos_token_id": ends,
    "tie_word_embeddings": not any(tensor.name == "output.weight" for tensor in reader.tensors),
    "attention_bias": False, "mlp_bias": False,
})
