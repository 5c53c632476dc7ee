#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small tokenizers of many kinds with reference ids of the package `tokenizers`, for the test of the tokenizer.

    make_tokenizers.py TRAINING HOSTILE FOLDER

TRAINING is the text that the vocabularies are learnt from (its first 400,000 bytes are used), HOSTILE that of
make_reference.py. Writes FOLDER/text.txt (odd lines, most characters, ordinary text), a part of it as FOLDER/short.txt,
and for each kind FOLDER/whole/KIND/ (for text.txt) or FOLDER/short/KIND/ (for short.txt): tokenizer.json, ids.i32 and
special.i32 (ids of the text without and with the post-processor's tokens, raw little-endian int32), decoded.txt and
skipped.txt (the ids decoded with and without special tokens).
"""

import json
import struct
import sys
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")
CASED = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}{1,3}"
         r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
SPLITS = {"space": r"\s+", "letter": r"[\p{L}-]", "literal": None, "word": r"\w\d?", "not-word": r"[^\w]",
          "empty": r"\p{Lu}*", "lines": r"^[A-Z]|[.]$", "any": r"[\S]{3}[\s\S]", "hex": r"\h{2}|\W+",
          "marks": r"[\p{M}\p{P}\p{S}\p{Z}]"}
BEHAVIOURS = ("isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous")
UNDERLINE = "\u2581"


def byte_level(text, pre_tokenizer, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator([text], trainers.BpeTrainer(
        vocab_size=2000, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False,
        special_tokens=["<s>", "</s>"]))
    return tokenizer


def then_bytes(*parts):
    return pre_tokenizers.Sequence([*parts, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def sentence_piece(text, pre_tokenizer, decoder=None, normalizer=None, **options):
    """A tokenizer of the Llama 2 kind: no alphabet of bytes, "<0xE2>" for characters that are not in the vocabulary."""
    tokenizer = Tokenizer(models.BPE(**options))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer.train_from_iterator([text], trainers.BpeTrainer(vocab_size=1500, limit_alphabet=80, show_progress=False,
                                                              special_tokens=special))
    description = json.loads(tokenizer.to_str())
    description["added_tokens"] = [token for token in description["added_tokens"] if token["id"] < 3]
    description["pre_tokenizer"] = None
    tokenizer = Tokenizer.from_str(json.dumps(description))
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoder or decoders.Sequence([
        decoders.Replace(UNDERLINE, " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return tokenizer


def byte_level_kinds(text):
    llama3 = byte_level(text, then_bytes(pre_tokenizers.Split(Regex(LLAMA3), "isolated")), ignore_merges=True)
    llama3.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A $B",
                                      special_tokens=[("<s>", 0), ("</s>", 1)])])
    yield "llama3", llama3
    qwen2 = byte_level(text, then_bytes(pre_tokenizers.Split(Regex(QWEN2), "isolated")))
    qwen2.normalizer = normalizers.NFC()
    yield "qwen2", qwen2
    nfc = added_tokens(byte_level(text, pre_tokenizers.ByteLevel(add_prefix_space=False)))
    nfc.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace("a", "e")])
    yield "nfc-added", nfc
    yield "cased", byte_level(text, then_bytes(pre_tokenizers.Split(Regex(CASED), "removed", invert=True)))
    yield "gpt2", byte_level(text, pre_tokenizers.ByteLevel(add_prefix_space=True))
    yield "digits", byte_level(text, pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]))
    yield "digit-runs", byte_level(text, pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=False), pre_tokenizers.ByteLevel(add_prefix_space=True)]))
    yield "added", added_tokens(byte_level(text, pre_tokenizers.ByteLevel(add_prefix_space=False)))


def added_tokens(tokenizer):
    tokenizer.add_tokens([
        AddedToken("the", single_word=True), AddedToken(" and", lstrip=True),
        AddedToken("The", rstrip=True, normalized=False), AddedToken("\u4f60", lstrip=True, rstrip=True),
        AddedToken("then"), AddedToken("there is", normalized=False),
        AddedToken(" x\u00e9 y"), AddedToken("  "), AddedToken("e\u0301", single_word=True)])
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", lstrip=True, rstrip=True, special=True),
                                  AddedToken("<|end", special=True)])
    return tokenizer


def split_kinds(text):
    base = byte_level(text, pre_tokenizers.ByteLevel(add_prefix_space=False)).to_str()
    for name, pattern in SPLITS.items():
        for number, behaviour in enumerate(BEHAVIOURS):
            tokenizer = Tokenizer.from_str(base)
            tokenizer.pre_tokenizer = then_bytes(pre_tokenizers.Split(Regex(pattern) if pattern else "e", behaviour,
                                                                      invert=(len(name) + number) % 2 == 1))
            yield f"split-{name}-{behaviour}", tokenizer


def sentence_piece_kinds(text):
    underline = normalizers.Sequence([normalizers.Prepend(UNDERLINE), normalizers.Replace(" ", UNDERLINE)])
    fallback = {"byte_fallback": True, "unk_token": "<unk>", "fuse_unk": True}
    metaspace = pre_tokenizers.Metaspace()
    yield "llama2", sentence_piece(text, None, normalizer=underline, **fallback)
    yield "llama2-added", added_tokens(sentence_piece(text, None, normalizer=underline, **fallback))
    for scheme in ("always", "first", "never"):
        cut = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=scheme != "first")
        yield f"metaspace-{scheme}", sentence_piece(text, cut, decoders.Metaspace(prepend_scheme=scheme), **fallback)
    yield "unknown", sentence_piece(text, pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace]),
                                    unk_token="<unk>")
    yield "unknown-fused", sentence_piece(text, metaspace, unk_token="<unk>", fuse_unk=True)
    yield "unknown-dropped", sentence_piece(text, metaspace)
    yield "replace", sentence_piece(text, metaspace, normalizer=normalizers.Replace(Regex(r"\s+"), " "), **fallback)


def odd_text(hostile, training):
    """Odd lines that are not too long, most characters (all of the blocks that still grow), some ordinary text."""
    lines = [line for line in hostile.split("\n") if len(line) < 3000]
    codes = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000
             and (code < 0x4000 or code % 7 == 0 or 0x10000 <= code < 0x20000)]
    characters = "".join(chr(code) + ("a " if code % 16 == 0 else "") for code in codes)
    return "\n".join(lines) + characters + training[:60000]


def write_kind(folder, tokenizer, text):
    def pack(ids):
        return struct.pack(f"<{len(ids)}i", *ids)

    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    (folder / "ids.i32").write_bytes(pack(ids))
    (folder / "special.i32").write_bytes(pack(tokenizer.encode(text).ids))
    (folder / "decoded.txt").write_bytes(tokenizer.decode(ids, skip_special_tokens=False).encode("utf-8"))
    (folder / "skipped.txt").write_bytes(tokenizer.decode(ids).encode("utf-8"))


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    training = Path(sys.argv[1]).read_bytes()[:400000].decode("utf-8", errors="ignore")
    hostile = Path(sys.argv[2]).read_bytes().decode("utf-8")
    folder = Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    text = odd_text(hostile, training)
    (folder / "text.txt").write_bytes(text.encode("utf-8"))
    short = text[:30000] + training[:30000]
    (folder / "short.txt").write_bytes(short.encode("utf-8"))
    for name, tokenizer in byte_level_kinds(training):
        write_kind(folder / "whole" / name, tokenizer, text)
    for kinds in (split_kinds, sentence_piece_kinds):
        for name, tokenizer in kinds(training):
            write_kind(folder / "short" / name, tokenizer, short)


if __name__ == "__main__":
    main()
