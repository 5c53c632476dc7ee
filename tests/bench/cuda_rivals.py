#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decode steps of PyTorch with the shapes of Qwen2.5-7B and random weights, for the table of cuda_decode_bench.

    cuda_rivals.py [--out FILE] [--rounds 5] [--steps 24] [--layers 28] [--contexts 1x1024,8x32768]

Rows, each measured with CUDA events over several steps, median, least and most over rounds:
    eager      transformers' Qwen2 with its dynamic cache where the package is installed, else the same operations written
               out here (the JSON says which)
    compiled   a static cache and torch.compile(mode="max-autotune-no-cudagraphs") inside one CUDA graph
    attention  scaled_dot_product_attention alone, with each of its backends that takes the shape; the best is kept
"""

import argparse
import json
import statistics
import sys

import torch
import torch.nn.functional as F

HIDDEN, INTERMEDIATE, HEADS, KV_HEADS, HEAD_DIM, VOCAB = 3584, 18944, 28, 4, 128, 152064
DEVICE, TYPE = "cuda", torch.bfloat16


def random_weight(*shape):
    return torch.empty(shape, device=DEVICE, dtype=TYPE).uniform_(-0.02, 0.02)


def timed(step, steps, rounds, before=lambda: None):
    """Microseconds of a step: [median, least, most]."""
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    out = []
    for round_number in range(rounds + 1):
        before()
        step()
        begin.record()
        for _ in range(steps - 1):
            step()
        end.record()
        end.synchronize()
        if round_number > 0:
            out.append(begin.elapsed_time(end) * 1e3 / (steps - 1))
    return {"us_median": statistics.median(out), "us_least": min(out), "us_most": max(out)}


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv_bias = torch.nn.Parameter(random_weight((HEADS + 2 * KV_HEADS) * HEAD_DIM), requires_grad=False)
        for name, rows, columns in (("q", HEADS * HEAD_DIM, HIDDEN), ("k", KV_HEADS * HEAD_DIM, HIDDEN),
                                    ("v", KV_HEADS * HEAD_DIM, HIDDEN), ("o", HIDDEN, HEADS * HEAD_DIM),
                                    ("gate", INTERMEDIATE, HIDDEN), ("up", INTERMEDIATE, HIDDEN),
                                    ("down", HIDDEN, INTERMEDIATE)):
            self.register_parameter(name, torch.nn.Parameter(random_weight(rows, columns), requires_grad=False))
        self.norms = torch.nn.Parameter(torch.ones(2, HIDDEN, device=DEVICE, dtype=TYPE), requires_grad=False)


def rms_norm(x, weight):
    wide = x.float()
    return weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)).to(x.dtype)


def rotate(x, cosine, sine):
    half = x.shape[-1] // 2
    return x * cosine + torch.cat((-x[..., half:], x[..., :half]), dim=-1) * sine


class Model(torch.nn.Module):
    """The operations of a Qwen2 decoder, one token a sequence at a time."""

    def __init__(self, layers):
        super().__init__()
        self.layers = torch.nn.ModuleList(Layer() for _ in range(layers))
        self.embedding = torch.nn.Parameter(random_weight(VOCAB, HIDDEN), requires_grad=False)
        self.head = torch.nn.Parameter(random_weight(VOCAB, HIDDEN), requires_grad=False)
        self.norm = torch.nn.Parameter(torch.ones(HIDDEN, device=DEVICE, dtype=TYPE), requires_grad=False)
        self.frequencies = 1.0 / (1e6 ** (torch.arange(0, HEAD_DIM, 2, device=DEVICE).float() / HEAD_DIM))

    def step(self, tokens, position, append):
        """tokens [sequences, 1], position [1] int64; append(layer, k, v) -> (keys, values, mask or None)."""
        angles = torch.cat((position * self.frequencies, position * self.frequencies))
        cosine, sine = angles.cos().to(TYPE), angles.sin().to(TYPE)
        x = F.embedding(tokens, self.embedding)
        sequences = x.shape[0]
        for index, layer in enumerate(self.layers):
            h = rms_norm(x, layer.norms[0])
            bias = layer.qkv_bias.split([HEADS * HEAD_DIM, KV_HEADS * HEAD_DIM, KV_HEADS * HEAD_DIM])
            q = F.linear(h, layer.q, bias[0]).view(sequences, 1, HEADS, HEAD_DIM).transpose(1, 2)
            k = F.linear(h, layer.k, bias[1]).view(sequences, 1, KV_HEADS, HEAD_DIM).transpose(1, 2)
            v = F.linear(h, layer.v, bias[2]).view(sequences, 1, KV_HEADS, HEAD_DIM).transpose(1, 2)
            q, k = rotate(q, cosine, sine), rotate(k, cosine, sine)
            keys, values, mask = append(index, k, v)
            a = F.scaled_dot_product_attention(q, keys, values, attn_mask=mask, enable_gqa=True)
            x = x + F.linear(a.transpose(1, 2).reshape(sequences, 1, HEADS * HEAD_DIM), layer.o)
            h = rms_norm(x, layer.norms[1])
            x = x + F.linear(F.silu(F.linear(h, layer.gate)) * F.linear(h, layer.up), layer.down)
        return F.linear(rms_norm(x, self.norm), self.head)[:, -1].argmax(-1, keepdim=True)


def own_eager(model, sequences, context, args):
    """A dynamic cache: every step concatenates, as transformers does."""
    state = {}

    def reset():
        state["cache"] = None  # freed before the next is made
        state["cache"] = [[random_weight(sequences, KV_HEADS, context - 1, HEAD_DIM) for _ in range(2)]
                          for _ in model.layers]
        state["tokens"] = torch.zeros(sequences, 1, dtype=torch.long, device=DEVICE)
        state["position"] = torch.tensor([context - 1.0], device=DEVICE)

    def append(index, k, v):
        cache = state["cache"][index]
        cache[0], cache[1] = torch.cat((cache[0], k), dim=2), torch.cat((cache[1], v), dim=2)
        return cache[0], cache[1], None

    def step():
        state["tokens"] = model.step(state["tokens"], state["position"], append)
        state["position"] = state["position"] + 1

    result = timed(step, args.steps, args.rounds, reset)
    state.clear()
    return result


def transformers_eager(sequences, context, args):
    from transformers import DynamicCache, Qwen2Config, Qwen2ForCausalLM

    config = Qwen2Config(hidden_size=HIDDEN, intermediate_size=INTERMEDIATE, num_hidden_layers=args.layers,
                         num_attention_heads=HEADS, num_key_value_heads=KV_HEADS, vocab_size=VOCAB,
                         max_position_embeddings=65536, tie_word_embeddings=False)
    torch.set_default_dtype(TYPE)
    with torch.device(DEVICE):
        model = Qwen2ForCausalLM(config).eval()
    torch.set_default_dtype(torch.float32)
    state = {}

    def reset():
        state.clear()
        state["cache"] = DynamicCache()
        for layer in range(args.layers):
            state["cache"].update(random_weight(sequences, KV_HEADS, context - 1, HEAD_DIM),
                                  random_weight(sequences, KV_HEADS, context - 1, HEAD_DIM), layer)
        state["tokens"] = torch.zeros(sequences, 1, dtype=torch.long, device=DEVICE)

    def step():
        out = model(input_ids=state["tokens"], past_key_values=state["cache"], use_cache=True, logits_to_keep=1)
        state["tokens"] = out.logits[:, -1].argmax(-1, keepdim=True)

    return timed(step, args.steps, args.rounds, reset)


def compiled(model, sequences, context, args):
    length = context + args.steps + 8
    cache = [torch.zeros(2, sequences, KV_HEADS, length, HEAD_DIM, device=DEVICE, dtype=TYPE).uniform_(-0.02, 0.02)
             for _ in model.layers]
    tokens = torch.zeros(sequences, 1, dtype=torch.long, device=DEVICE)
    position = torch.full((1,), context - 1, dtype=torch.long, device=DEVICE)
    places = torch.arange(length, device=DEVICE)

    def one(tokens, position):
        mask = (places <= position)[None, None, None, :]

        def append(index, k, v):
            cache[index][0].index_copy_(2, position, k)
            cache[index][1].index_copy_(2, position, v)
            return cache[index][0], cache[index][1], mask

        return model.step(tokens, position, append)

    function = torch.compile(one, mode="max-autotune-no-cudagraphs", fullgraph=True, dynamic=False)
    for _ in range(3):
        function(tokens, position)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        tokens.copy_(function(tokens, position))
        position.add_(1)

    return timed(graph.replay, args.steps, args.rounds, lambda: position.fill_(context - 1))


def attention(sequences, context, args):
    from torch.nn.attention import SDPBackend, sdpa_kernel

    q = random_weight(sequences, HEADS, 1, HEAD_DIM)
    k, v = (random_weight(sequences, KV_HEADS, context, HEAD_DIM) for _ in range(2))
    best = None
    for backend in (SDPBackend.FLASH_ATTENTION, SDPBackend.CUDNN_ATTENTION, SDPBackend.EFFICIENT_ATTENTION):
        try:
            with sdpa_kernel(backend):
                result = timed(lambda: F.scaled_dot_product_attention(q, k, v, enable_gqa=True), 20, args.rounds)
        except RuntimeError:
            continue  # this backend does not take the shape
        result["backend"] = backend.name
        if best is None or result["us_median"] < best["us_median"]:
            best = result
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--layers", type=int, default=28)
    parser.add_argument("--contexts", default="1x1024,1x8192,8x32768")
    parser.add_argument("--parts", default="attention,eager,compiled")
    args = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("error: this PyTorch finds no CUDA device")
    torch.manual_seed(1)
    torch.set_grad_enabled(False)
    places = [tuple(int(number) for number in part.split("x")) for part in args.contexts.split(",")]
    rows, notes = [], {"torch": torch.__version__, "device": torch.cuda.get_device_name(0)}

    def add(name, place, measure):
        try:
            result = measure()
        except Exception as error:  # one that fails must not take the others with it
            result = {"failed": f"{type(error).__name__}: {error}"[:300]}
        torch.cuda.empty_cache()
        rows.append({"what": name, "sequences": place[0], "context": place[1], **(result or {"failed": "no backend"})})
        print(rows[-1], flush=True)

    parts = args.parts.split(",")
    if "attention" in parts:
        for place in places:
            add("attention", place, lambda place=place: attention(*place, args))
    if "eager" in parts:
        try:
            import transformers
            notes["eager"] = "transformers " + transformers.__version__
            for place in places:
                add("eager", place, lambda place=place: transformers_eager(*place, args))
        except ImportError:
            notes["eager"] = "the operations of transformers' Qwen2, written out"
    if "compiled" in parts or "eager" not in notes or not notes["eager"].startswith("transformers"):
        model = Model(args.layers)
        if "eager" in parts and not notes["eager"].startswith("transformers "):
            for place in places:
                add("eager", place, lambda place=place: own_eager(model, *place, args))
        if "compiled" in parts:
            for place in places:
                torch._dynamo.reset()
                add("compiled", place, lambda place=place: compiled(model, *place, args))
    if args.out:
        with open(args.out, "w", encoding="utf-8") as file:
            json.dump({**notes, "rows": rows}, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
