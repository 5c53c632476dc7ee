#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference values of other people's implementations, for the tests in this folder.

Runs in the conformance environment (scripts/test makes it and names its Python in KVW_PYTHON). Each sub-command:

    make_reference.py tokens MODEL TEXT OUT.i32 [--special]
        Token ids of the whole file TEXT by the package `tokenizers`, raw little-endian int32. The text is read as
        UTF-8 without any newline translation. --special lets the post-processor add its tokens.
    make_reference.py decode MODEL IDS.i32 OUT.txt [--skip-special]
        The text that `tokenizers` decodes the ids to, UTF-8.
    make_reference.py chat MODEL OUT.txt MESSAGE...
        The chat template of MODEL by `transformers`; messages alternate user, assistant, user, ...; ends with the
        prompt for the assistant.
    make_reference.py logits MODEL TEXT FOLDER [--tokens 512]
        Logits of `transformers` in fp32 for the first tokens of TEXT in one window: FOLDER/ids.i32,
        FOLDER/logits.f32 (raw little-endian float32 [tokens, vocab]) and FOLDER/logits.json (tokens, vocab).
    make_reference.py ppl MODEL TEXT OUT.json [--windows 16] [--window 512] [--type fp32|bf16]
        Perplexity over the first windows x window tokens of TEXT, windows not overlapping, the first token of each
        not scored: {"nll": sum in nats, "tokens": scored, "ppl": exp(nll / tokens), "window_nll": [...], ...}.
    make_reference.py greedy MODEL TEXT OUT.i32 [--tokens 64] [--new 32]
        The ids that `transformers` decodes greedily in fp32 after the first tokens of TEXT, without stopping.
    make_reference.py hostile OUT.txt
        Unicode that tokenizers stumble over: emoji with joiners, combining marks, right-to-left, escapes of lone
        surrogates as literal text, NUL, odd spaces, digits and contractions, 1 MB without a space. Always the same.
    make_reference.py speed MODEL TEXT OUT.json [--rounds 5] [--window 512] [--context 2048] [--decode 32]
                            [--threads N] [--type bf16|fp32]
        Tokens per second of `transformers`: windows with all logits and the loss, and greedy decoding from a filled
        dynamic cache; median, smallest and largest over interleaved rounds. OUT.json may be - for standard output.

MODEL is a model folder. Every output is written to a temporary name first and renamed. Exit code 1 with one sentence
when something is wrong.
"""

import argparse
import json
import math
import os
import random
import statistics
import sys
import time
from pathlib import Path


def write_output(path, data):
    """bytes, text or a JSON value, whole or not at all; '-' is standard output."""
    if not isinstance(data, (bytes, str)):
        data = json.dumps(data, indent=1) + "\n"
    if str(path) == "-":
        sys.stdout.write(data)
        return
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
    os.replace(temporary, path)


def read_text(path):
    return Path(path).read_bytes().decode("utf-8")


def load_tokenizer(model):
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(Path(model) / "tokenizer.json"))


def encode_ids(model, text_file, special=False):
    return load_tokenizer(model).encode(read_text(text_file), add_special_tokens=special).ids


def pack_ids(ids):
    import numpy as np

    return np.asarray(ids, dtype="<i4").tobytes()


def first_tokens(model, text_file, count):
    ids = encode_ids(model, text_file)
    if len(ids) < count:
        sys.exit(f"error: {text_file} has {len(ids)} tokens, {count} are wanted.")
    return ids[:count]


def load_model(folder, type_name, threads=None):
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    if threads:
        torch.set_num_threads(threads)
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[type_name]
    return torch, AutoModelForCausalLM.from_pretrained(str(folder), dtype=dtype).eval()


def window_nll(torch, model, ids):
    """Sum of the negative log-likelihood in nats of all tokens but the first, log-softmax in fp32."""
    tokens = torch.tensor([ids])
    logits = model(tokens, use_cache=False).logits[0, :-1].float()
    return torch.nn.functional.cross_entropy(logits, tokens[0, 1:], reduction="sum").item()


def run_tokens(arguments):
    write_output(arguments.out, pack_ids(encode_ids(arguments.model, arguments.text, arguments.special)))


def run_decode(arguments):
    import numpy as np

    ids = np.fromfile(arguments.ids, dtype="<i4").tolist()
    tokenizer = load_tokenizer(arguments.model)
    write_output(arguments.out, tokenizer.decode(ids, skip_special_tokens=arguments.skip_special))


def run_chat(arguments):
    from transformers import AutoTokenizer

    messages = [{"role": ("user", "assistant")[index % 2], "content": text}
                for index, text in enumerate(arguments.message)]
    tokenizer = AutoTokenizer.from_pretrained(str(arguments.model))
    write_output(arguments.out, tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))


def run_logits(arguments):
    ids = first_tokens(arguments.model, arguments.text, arguments.tokens)
    torch, model = load_model(arguments.model, "fp32")
    with torch.inference_mode():
        logits = model(torch.tensor([ids]), use_cache=False).logits[0].contiguous().numpy()
    folder = Path(arguments.folder)
    write_output(folder / "ids.i32", pack_ids(ids))
    write_output(folder / "logits.f32", logits.astype("<f4").tobytes())
    write_output(folder / "logits.json", {"tokens": logits.shape[0], "vocab": logits.shape[1]})


def run_ppl(arguments):
    window = arguments.window
    ids = first_tokens(arguments.model, arguments.text, arguments.windows * window)
    torch, model = load_model(arguments.model, arguments.type)
    with torch.inference_mode():
        nll = [window_nll(torch, model, ids[start:start + window]) for start in range(0, len(ids), window)]
    total, scored = math.fsum(nll), len(nll) * (window - 1)
    if not math.isfinite(total):
        sys.exit("error: the reference model gives NaN or infinity.")
    write_output(arguments.out, {"nll": total, "tokens": scored, "ppl": math.exp(total / scored), "windows": len(nll),
                                 "window": window, "type": arguments.type, "window_nll": nll})


def run_greedy(arguments):
    ids = first_tokens(arguments.model, arguments.text, arguments.tokens)
    torch, model = load_model(arguments.model, "fp32")
    made = []
    with torch.inference_mode():
        step, cache = torch.tensor([ids]), None
        while len(made) < arguments.new:
            out = model(step, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache = out.past_key_values
            step = out.logits[:, -1].argmax(-1, keepdim=True)
            made.append(int(step))
    write_output(arguments.out, pack_ids(made))


HOSTILE_PIECES = [
    # emoji: joined families, skin tones, flags, keycaps, variation selectors, tag sequences
    "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466", "\U0001F44D\U0001F3FD", "\U0001F1E9\U0001F1EA",
    "1\uFE0F\u20E3", "\u2764\uFE0F\u200D\U0001F525", "\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067",
    # combining marks, composed and decomposed, stacked, and one that starts a piece
    "e\u0301 \u00e9", "Z\u0351\u036B\u0343\u036A\u0302\u036B\u033D\u034F\u0334\u0319", "\u0301start", "a\u0308\u0304b",
    # right-to-left, with marks, overrides and digits of other scripts
    "\u05E9\u05C1\u05B8\u05DC\u05D5\u05B9\u05DD", "\u0645\u0631\u062D\u0628\u0627 \u0661\u0662\u0663",
    "\u202Eabc\u202C \u2067x\u2069",
    # other scripts: Devanagari conjuncts, Thai, Hangul jamo, Han beyond the BMP, Deseret, mathematical letters
    "\u0915\u094D\u0937\u0924\u094D\u0930\u093F\u092F", "\u0E20\u0E32\u0E29\u0E32\u0E44\u0E17\u0E22",
    "\u1112\u1161\u11AB \uD55C", "\u4F60\u597D\U00020BB7\u91CE\u5BB6", "\U00010400\U00010428",
    "\U0001D54F\U0001D7D8\U0001D7D9",
    # escapes of lone surrogates as literal text; the code points next to the surrogates, the last ones, not characters
    "\\ud83d", "\\ud83d\\ude00 \\udc00x", "\uD7FF\uE000\uFFFD\uFFFE\uFFFF", "\U0010FFFF\U0001FFFE\uFDD0",
    # NUL, controls, byte order mark, soft hyphen
    "\0", "a\0b\0\0c", "\x01\x02\x1b[31m\x7f\x80\x85\x9f", "\uFEFFbom", "so\u00ADft",
    # spaces of all kinds, at ends, in runs, before line ends
    " ", "  two", "   three ", "\t\ttab", "a\u00a0b\u00a0\u00a0c", "\u2003em\u2009thin\u3000ideographic\u205F\u1680",
    "\u200Bzero\u2060width\u180E", "end  \n  next\r\n\r\nlast\r", "\n\n\n", " \n \n\t \n", "\v\f\u2028\u2029x",
    # digits and numbers of many kinds, mixed with letters
    "3.14159e-10", "1,234,567.89", "abc123def456", "\u0663\u0664\u06F5\u0967\u0E51", "\u00bd\u00b2\u2460\u2167\u3289",
    "0x7fffFFFF", "v1.2.3-rc4", "x\u00b2+y\u2082",
    # contractions in every case, with other apostrophes, cut off
    "I'm you're he'll we've it's don't she'd", "I'M YOU'RE HE'LL WE'VE IT'S DON'T SHE'D", "'s't're've'm'll'd",
    "don\u2019t o'clock ''s '", "'S'LL x'Re", "\u017Fs'\u017F",
    # punctuation and code
    "!!!???...;;;", "foo(bar[0]->baz)::{qux}", "==> <!-- --> #!/bin/sh", "\"\\\"'\\'", "\u2026\u2014\u201C\u201D\u00AB\u00BB",
    # special tokens, whole, broken, repeated
    "<|endoftext|>", "<|im_start|>user\n<|im_end|>", "<|im_start|><|im_start|>", "<|im_start|", "<|IM_START|>",
    " <repo_name> ", "x<|im_end|>y", "<reponame><file_sep>",
    # case mappings that change the length
    "\u0130\u0131\u00DF\u1E9E\uFB01\u01C5",
]


def run_hostile(arguments):
    generator = random.Random(20240607)
    lines = list(HOSTILE_PIECES)
    for _ in range(400):
        pieces = generator.choices(HOSTILE_PIECES, k=generator.randint(2, 6))
        lines.append(generator.choice(["", " ", "\n", "  ", "a", "7"]).join(pieces))
    for _ in range(400):
        codes = [generator.choice([generator.randrange(0x20, 0x250), generator.randrange(0x250, 0x3000),
                                   generator.randrange(0x3000, 0xD800), generator.randrange(0xE000, 0x110000)])
                 for _ in range(generator.randint(1, 24))]
        lines.append("".join(map(chr, codes)))
    letters = "abcdefghijklmnopqrstuvwxyz"
    lines.append("".join(generator.choices(letters, k=1 << 20)))  # 1 MB without a space
    lines.append("a" * 20000)
    lines.append(" " * 20000 + "x")
    lines.append("\u4F60\u597D" * 5000)
    lines.append("7" * 5000 + "\u0301" * 5000)
    write_output(arguments.out, "\n".join(lines))


def time_windows(torch, model, ids, window):
    start = time.perf_counter()
    for begin in range(0, len(ids), window):
        window_nll(torch, model, ids[begin:begin + window])
    return len(ids) / (time.perf_counter() - start)


def time_decode(torch, model, ids, count):
    """Tokens per second of `count` greedy steps after a prefill of `ids` that is not timed; a new cache each time."""
    from transformers import DynamicCache

    out = model(torch.tensor([ids]), past_key_values=DynamicCache(), use_cache=True, logits_to_keep=1)
    cache, step = out.past_key_values, out.logits[:, -1].argmax(-1, keepdim=True)
    start = time.perf_counter()
    for _ in range(count):
        out = model(step, past_key_values=cache, use_cache=True)
        step = out.logits[:, -1].argmax(-1, keepdim=True)
    return count / (time.perf_counter() - start)


def summary(samples):
    return {"median": statistics.median(samples), "min": min(samples), "max": max(samples), "samples": samples}


def run_speed(arguments):
    windows = 4
    ids = first_tokens(arguments.model, arguments.text, max(arguments.context, windows * arguments.window))
    torch, model = load_model(arguments.model, arguments.type, arguments.threads)
    text = ids[:windows * arguments.window]
    score, decode = [], []
    with torch.inference_mode():
        time_windows(torch, model, text[:arguments.window], arguments.window)  # warm-up
        time_decode(torch, model, ids[:arguments.context], 4)
        for _ in range(arguments.rounds):
            score.append(time_windows(torch, model, text, arguments.window))
            decode.append(time_decode(torch, model, ids[:arguments.context], arguments.decode))
    import transformers

    write_output(arguments.out, {
        "transformers": transformers.__version__, "torch": torch.__version__, "threads": torch.get_num_threads(),
        "type": arguments.type, "window": arguments.window, "context": arguments.context, "rounds": arguments.rounds,
        "attention": model.config._attn_implementation,
        "window_tokens_per_s": summary(score), "decode_tokens_per_s": summary(decode)})


def add_command(commands, name, run, *positional):
    parser = commands.add_parser(name)
    parser.set_defaults(run=run)
    for argument in positional:
        parser.add_argument(argument)
    return parser


def make_parser():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_command(commands, "tokens", run_tokens, "model", "text", "out").add_argument("--special", action="store_true")
    add_command(commands, "decode", run_decode, "model", "ids", "out").add_argument("--skip-special",
                                                                                    action="store_true")
    add_command(commands, "chat", run_chat, "model", "out").add_argument("message", nargs="+")
    add_command(commands, "logits", run_logits, "model", "text", "folder").add_argument("--tokens", type=int,
                                                                                        default=512)
    ppl = add_command(commands, "ppl", run_ppl, "model", "text", "out")
    ppl.add_argument("--windows", type=int, default=16)
    ppl.add_argument("--window", type=int, default=512)
    ppl.add_argument("--type", choices=("fp32", "bf16"), default="fp32")
    greedy = add_command(commands, "greedy", run_greedy, "model", "text", "out")
    greedy.add_argument("--tokens", type=int, default=64)
    greedy.add_argument("--new", type=int, default=32)
    add_command(commands, "hostile", run_hostile, "out")
    speed = add_command(commands, "speed", run_speed, "model", "text", "out")
    speed.add_argument("--rounds", type=int, default=5)
    speed.add_argument("--window", type=int, default=512)
    speed.add_argument("--context", type=int, default=2048)
    speed.add_argument("--decode", type=int, default=32)
    speed.add_argument("--threads", type=int)
    speed.add_argument("--type", choices=("bf16", "fp32"), default="bf16")
    return parser


def main():
    arguments = make_parser().parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"  # nothing here may look for a file in the network
    try:
        arguments.run(arguments)
    except ImportError as error:
        sys.exit(f"error: {error}; run this with the Python that scripts/test sets up (KVW_PYTHON).")
    except UnicodeDecodeError as error:
        sys.exit(f"error: {arguments.text} is not UTF-8: {error}.")
    except OSError as error:
        sys.exit(f"error: {error}.")


if __name__ == "__main__":
    main()
