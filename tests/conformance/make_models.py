#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small random models by `transformers`, one for each thing that a Llama-family decoder can get wrong, with logits.

    make_models.py OUT

writes OUT/NAME/config.json and safetensors (save_pretrained), ids.i32 (token ids, raw little-endian int32),
logits.f32 (raw little-endian float32 [tokens, vocab], computed in fp32 from the files as they were written) and
reference.json ({"tokens", "vocab"}). Weights are drawn so that attention is far from uniform and every logit depends on
the past; always the same ones. Runs in the conformance environment like make_reference.py.
"""

import json
import os
import sys
from pathlib import Path

TOKENS = 150
VOCAB = 211


def cases():
    """name -> (class, configuration, how it is written)."""
    llama3 = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
              "high_freq_factor": 4.0, "original_max_position_embeddings": 64}
    linear = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}
    return {
        "llama-16-group1-tied": ("Llama", dict(heads=(4, 4, 16), tie_word_embeddings=True), {}),
        "llama-32-group4-narrow": ("Llama", dict(heads=(8, 2, 32), hidden_size=40, rms_norm_eps=0.1), {}),
        "llama-48-group2-theta": ("Llama", dict(heads=(4, 2, 48), rope_parameters={"rope_type": "default",
                                                                                  "rope_theta": 1e6}), {}),
        "llama-64-group3-llama3": ("Llama", dict(heads=(6, 2, 64), hidden_size=72, rope_parameters=llama3), {}),
        "llama-64-group2-llama3-old-config": ("Llama", dict(heads=(4, 2, 64), rope_parameters=llama3),
                                              {"old_config": True}),
        "llama-80-group1-linear": ("Llama", dict(heads=(2, 2, 80), rope_parameters=linear), {}),
        "llama-96-group3-bias": ("Llama", dict(heads=(3, 1, 96), hidden_size=66, attention_bias=True, mlp_bias=True),
                                 {}),
        "llama-20-group2-attention-bias": ("Llama", dict(heads=(4, 2, 20), attention_bias=True,
                                                         tie_word_embeddings=True), {}),
        "llama-128-group4-fp16": ("Llama", dict(heads=(4, 1, 128)), {"type": "float16"}),
        "llama-64-group4-bf16-sharded": ("Llama", dict(heads=(8, 2, 64), layers=3),
                                         {"type": "bfloat16", "shard": "100KB"}),
        "llama-112-group2-fp32-sharded": ("Llama", dict(heads=(2, 1, 112), tie_word_embeddings=True),
                                          {"shard": "60KB"}),
        "mistral-32-group2-window": ("Mistral", dict(heads=(4, 2, 32), sliding_window=24), {}),
        "mistral-64-group4-window": ("Mistral", dict(heads=(4, 1, 64), sliding_window=1 + TOKENS // 2),
                                     {"type": "bfloat16"}),
        "qwen2-32-group2-tied": ("Qwen2", dict(heads=(4, 2, 32), hidden_size=128, tie_word_embeddings=True), {}),
        "qwen2-16-group4-theta-old-config": ("Qwen2", dict(heads=(8, 2, 16), hidden_size=128, rope_parameters={
            "rope_type": "default", "rope_theta": 1e6}), {"old_config": True}),
        "qwen2-20-group7-bf16": ("Qwen2", dict(heads=(7, 1, 20), hidden_size=140), {"type": "bfloat16"}),
        "qwen2-48-group1-window-above": ("Qwen2", dict(heads=(2, 2, 48), hidden_size=96, layers=4, use_sliding_window=True,
                                                       sliding_window=20, max_window_layers=2), {}),
        "qwen2-32-group2-layer-types": ("Qwen2", dict(heads=(4, 2, 32), hidden_size=128, layers=3, use_sliding_window=True,
                                                      sliding_window=31, layer_types=[
                                                          "sliding_attention", "full_attention", "sliding_attention"]),
                                        {"type": "bfloat16"}),
        "qwen2-64-group2-window-unused": ("Qwen2", dict(heads=(2, 1, 64), hidden_size=128, sliding_window=16), {}),
        "mistral-24-group1-no-window": ("Mistral", dict(heads=(4, 4, 24), sliding_window=None), {}),
    }


def make_config(kind, heads, hidden_size=64, layers=2, **more):
    import transformers

    count, kv_heads, head_dim = heads
    return getattr(transformers, kind + "Config")(
        vocab_size=VOCAB, hidden_size=hidden_size, intermediate_size=88, num_hidden_layers=layers,
        num_attention_heads=count, num_key_value_heads=kv_heads, head_dim=head_dim, max_position_embeddings=512, **more)


def draw_weights(torch, model):
    """Scaled by the width that a row sums over; queries and keys more, so that a softmax has a few large terms."""
    generator = torch.Generator().manual_seed(20240611)
    for name, weight in sorted(model.named_parameters()):
        draw = torch.randn(weight.shape, generator=generator)
        if name.endswith("bias"):
            draw *= 0.5
        elif weight.dim() == 1:
            draw = 1 + 0.2 * draw
        else:
            draw *= (1.5 if "q_proj" in name or "k_proj" in name else 1.0) / weight.shape[1] ** 0.5
            if "embed_tokens" in name or "lm_head" in name:
                draw *= 2
        weight.data.copy_(draw)


def use_old_config(folder):
    """The same configuration in the words of transformers 4, as most published models have it."""
    file = folder / "config.json"
    config = json.loads(file.read_text())
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = rope
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.45.0"
    file.write_text(json.dumps(config, indent=1))


def make(torch, folder, kind, configuration, how):
    from transformers import AutoModelForCausalLM
    import transformers

    torch.manual_seed(1)
    model = getattr(transformers, kind + "ForCausalLM")(make_config(kind, **configuration))
    draw_weights(torch, model)
    model.to(getattr(torch, how.get("type", "float32"))).save_pretrained(folder, max_shard_size=how.get("shard", "5GB"))
    if how.get("old_config"):
        use_old_config(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    ids = torch.randint(0, VOCAB, (1, TOKENS), generator=torch.Generator().manual_seed(7))
    with torch.inference_mode():
        logits = model(ids, use_cache=False).logits[0].contiguous().numpy()
    (folder / "ids.i32").write_bytes(ids[0].numpy().astype("<i4").tobytes())
    (folder / "logits.f32").write_bytes(logits.astype("<f4").tobytes())
    (folder / "reference.json").write_text(json.dumps({"tokens": TOKENS, "vocab": VOCAB}))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        import torch
        from transformers.utils import logging
    except ImportError as error:
        sys.exit(f"error: {error}; run this with the Python that scripts/test sets up (KVW_PYTHON).")
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    for name, (kind, configuration, how) in cases().items():
        folder = Path(sys.argv[1]) / name
        folder.mkdir(parents=True)
        make(torch, folder, kind, configuration, how)


if __name__ == "__main__":
    main()
