#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed of kvw beside transformers and llama.cpp: the same model, text, threads and machine, processes taking turns.

    rivals.py measure --kvw BIN --model DIR --text FILE [--transformers PYTHON] [--llama PYTHON --gguf FILE]
                      [--rounds 3] [--contexts 1,2048,7900] [--prefill 7900] [--tokens 4096] [--threads N] [--out FILE]
                      [--level LEVEL] [--types bf16,fp32] [--busy N]
        Tokens per second of scoring windows of 512 (all logits), of prefill and of greedy decoding with a cache of so
        many tokens; the median over rounds for each program, all in bf16 (llama.cpp keeps its cache in fp16, its
        default). Prints a Markdown table; --out keeps every round as JSON. PYTHON is an interpreter that has the
        package `transformers`, or `llama_cpp`. --level holds kvw and transformers to the instructions of another
        processor (as KVW_CPU does); llama.cpp must have been built for it. --busy runs so many endless loops beside
        them, as other programs would.
    rivals.py gguf SOURCE.gguf OUT.gguf
        The model of a quantised GGUF in bf16, metadata kept: what llama.cpp must read to compute the same as the
        converted sample model. Needs the package gguf.
    rivals.py llama ...
        One round of llama.cpp, as JSON; `measure` calls it.

What the programs do is not all the same: llama.cpp runs with flash attention (faster here than without), and its time
of scoring is that of its decoding call alone, without the log-softmax that the others include; transformers gets one `generate` step at a time with a dynamic cache.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

# What LibTorch and its libraries call the levels.
LIBRARIES = {
    "baseline": ("default", "SSE41", "SSE4_2"),
    "v3": ("avx2", "AVX2", "AVX2"),
    "v3-vnni": ("avx2", "AVX2_VNNI", "AVX2"),
    "v4": ("avx512", "AVX512_CORE", "AVX512"),
    "vnni": ("avx512", "AVX512_CORE_VNNI", "AVX512_E1"),
    "bf16": ("avx512", "AVX512_CORE_BF16", "AVX512_E3"),
}
WINDOW = 512
DECODED = 32  # steps of one timed piece


def run(command, threads):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise SystemExit(f"error: {command[0]} ended with {done.returncode}: {done.stderr.strip()[-600:]}")
    return json.loads(done.stdout)


def kvw_round(args):
    scored = run([args.kvw, "ppl", args.model, "--text", args.text, "--tokens", args.tokens, "--window", WINDOW,
                  "--config", "identity", "--json"], args.threads)
    figures = {"score": scored["results"][0]["scoring_tokens_per_s"]}
    contexts = sorted(set(args.contexts) | {args.prefill})
    bench = run([args.kvw, "bench", args.model, "--contexts", ",".join(map(str, contexts)), "--batch", "1",
                 "--decode", DECODED, "--rounds", "1", "--config", "identity", "--json"], args.threads)
    for row in bench["results"]:
        if row["configuration"] != "identity":
            continue
        figures[f"decode at {row['context']}"] = row["decode_tokens_per_s_median"]
        if row["context"] == args.prefill:
            figures[f"prefill of {args.prefill}"] = row["prefill_tokens_per_s"]
    return figures


def transformers_round(args, kind):
    script = Path(__file__).parent.parent / "conformance" / "make_reference.py"
    figures = {}
    for context in args.contexts:
        result = run([args.transformers, script, "speed", args.model, args.text, "-", "--window", WINDOW,
                      "--context", context, "--decode", DECODED, "--threads", args.threads, "--type", kind,
                      "--rounds", "1"], args.threads)
        figures["score"] = result["window_tokens_per_s"]["median"]
        figures[f"decode at {context}"] = result["decode_tokens_per_s"]["median"]
    return figures


def llama_round(args):
    return run([args.llama, __file__, "llama", "--gguf", args.gguf, "--text", args.text, "--threads", args.threads,
                "--contexts", ",".join(map(str, args.contexts)), "--prefill", args.prefill, "--tokens", args.tokens],
               args.threads)


def llama(args):
    """llama.cpp through its C interface: a batch of tokens goes in, logits come out."""
    import ctypes
    import llama_cpp

    silence = llama_cpp.llama_log_callback(lambda *_: None)  # must live as long as the library may call it
    llama_cpp.llama_log_set(silence, ctypes.c_void_p(0))
    text = Path(args.text).read_text(encoding="utf-8")[:400_000]
    longest = max([*args.contexts, args.prefill]) + DECODED + 1
    options = dict(model_path=args.gguf, n_threads=args.threads, n_threads_batch=args.threads, n_ubatch=WINDOW,
                   flash_attn=True, verbose=False)
    figures = {}

    def decode(context, batch, tokens, first, all_logits):
        batch.n_tokens = len(tokens)
        for i, token in enumerate(tokens):
            batch.token[i] = token
            batch.pos[i] = first + i
            batch.seq_id[i][0] = 0
            batch.n_seq_id[i] = 1
            batch.logits[i] = all_logits or i + 1 == len(tokens)
        if llama_cpp.llama_decode(context.ctx, batch) != 0:
            raise SystemExit("error: llama_decode failed")
        llama_cpp.llama_synchronize(context.ctx)

    def clear(context):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context.ctx), True)

    scorer = llama_cpp.Llama(n_ctx=WINDOW, n_batch=WINDOW, logits_all=True, **options)
    tokens = scorer.tokenize(text.encode("utf-8"), add_bos=False)
    batch = llama_cpp.llama_batch_init(WINDOW, 0, 1)
    windows = args.tokens // WINDOW
    seconds = []
    for i in range(windows + 1):
        clear(scorer._ctx)
        piece = tokens[i * WINDOW:(i + 1) * WINDOW]
        start = time.perf_counter()
        decode(scorer._ctx, batch, piece, 0, True)
        seconds.append(time.perf_counter() - start)
    figures["score"] = windows * WINDOW / sum(seconds[1:])  # the first window warms up
    del scorer

    model = llama_cpp.Llama(n_ctx=longest, n_batch=WINDOW, logits_all=False, **options)
    for length in sorted({*args.contexts, args.prefill}):
        clear(model._ctx)
        start = time.perf_counter()
        for first in range(0, length, WINDOW):
            decode(model._ctx, batch, tokens[first:min(first + WINDOW, length)], first, False)
        if length == args.prefill:
            figures[f"prefill of {length}"] = length / (time.perf_counter() - start)
        decode(model._ctx, batch, tokens[length:length + 1], length, False)
        start = time.perf_counter()
        for i in range(1, DECODED + 1):
            decode(model._ctx, batch, tokens[length + i:length + i + 1], length + i, False)
        figures[f"decode at {length}"] = DECODED / (time.perf_counter() - start)
    json.dump(figures, sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # some versions crash when the interpreter takes their objects apart


def write_gguf(args):
    """Every tensor decoded; matrices become bf16, vectors fp32, as llama.cpp's own converter writes them."""
    import gguf
    import numpy

    reader = gguf.GGUFReader(args.source)
    fields = reader.fields
    writer = gguf.GGUFWriter(args.out, fields["general.architecture"].contents())
    for name, field in fields.items():
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        kind = field.types[0]
        sub_kind = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), kind, sub_type=sub_kind)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    for tensor in reader.tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
        values = values.reshape(tuple(int(n) for n in reversed(tensor.shape)))
        if values.ndim == 1:
            writer.add_tensor(tensor.name, values)
        else:
            kind = gguf.GGMLQuantizationType.BF16
            writer.add_tensor(tensor.name, gguf.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def hold_to(level):
    names = dict(zip(("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS"), LIBRARIES[level]))
    os.environ.update(names, KVW_CPU=level)


def measure(args):
    if args.level:
        hold_to(args.level)
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(args.busy)]
    try:
        take_turns(args)
    finally:
        for loop in loops:
            loop.kill()


def take_turns(args):
    programs = {"kvw": lambda: kvw_round(args)}
    for kind in args.types if args.transformers else ():
        programs[f"transformers {kind}"] = lambda kind=kind: transformers_round(args, kind)
    if args.llama:
        programs["llama.cpp"] = lambda: llama_round(args)
    rounds = {name: [] for name in programs}
    for number in range(args.rounds):
        for name, one_round in programs.items():
            print(f"round {number + 1} of {args.rounds}: {name}", file=sys.stderr)
            rounds[name].append(one_round())
    rows = ["score", f"prefill of {args.prefill}", *(f"decode at {context}" for context in args.contexts)]
    print("| tokens/s | " + " | ".join(programs) + " |\n| --- |" + " ---: |" * len(programs))
    for row in rows:
        cells = []
        for name in programs:
            values = [figures[row] for figures in rounds[name] if row in figures]
            cells.append(f"{statistics.median(values):.1f} [{min(values):.1f}, {max(values):.1f}]" if values else "")
        print(f"| {row} | " + " | ".join(cells) + " |")
    if args.out:
        Path(args.out).write_text(json.dumps(rounds, indent=1) + "\n", encoding="utf-8")


def numbers(text):
    return [int(part) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("measure", "llama"):
        command = commands.add_parser(name)
        command.add_argument("--text", required=True)
        command.add_argument("--contexts", type=numbers, default=[1, 2048, 7900])
        command.add_argument("--prefill", type=int, default=7900)
        command.add_argument("--tokens", type=int, default=4096, help="tokens that are scored")
        command.add_argument("--threads", type=int, default=os.cpu_count())
        command.add_argument("--gguf", required=name == "llama")
        if name == "llama":
            continue
        command.add_argument("--kvw", required=True)
        command.add_argument("--model", required=True)
        command.add_argument("--transformers", help="Python that has transformers")
        command.add_argument("--types", type=lambda text: text.split(","), default=["bf16"],
                             help="of transformers: bf16, fp32 or bf16,fp32")
        command.add_argument("--llama", help="Python that has llama_cpp")
        command.add_argument("--rounds", type=int, default=3)
        command.add_argument("--out")
        command.add_argument("--level", choices=LIBRARIES)
        command.add_argument("--busy", type=int, default=0)
    command = commands.add_parser("gguf")
    command.add_argument("source")
    command.add_argument("out")
    args = parser.parse_args()
    {"measure": measure, "llama": llama, "gguf": write_gguf}[args.command](args)


if __name__ == "__main__":
    main()
