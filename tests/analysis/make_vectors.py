# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes vectors.json: small inputs and what numpy says about them, for the tests of core/analysis.

    python tests/analysis/make_vectors.py

numpy decomposes directly (Cholesky and singular values where the C++ takes eigenvalues), and the generator is written
again with Python's integers, so that both sides are independent. The numbers are numpy 2.4's; another version may move
the last digits.
"""
import json
import math
import pathlib

import numpy as np

MASK = (1 << 64) - 1


def rotl(value, by):
    return ((value << by) | (value >> (64 - by))) & MASK


class Generator:
    """xoshiro256** with its state from SplitMix64."""

    def __init__(self, seed):
        self.state = []
        for _ in range(4):
            seed = (seed + 0x9E3779B97F4A7C15) & MASK
            mixed = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
            mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
            self.state.append(mixed ^ (mixed >> 31))
        self.spare = None

    def next(self):
        a, b, c, d = self.state
        result = (rotl((b * 5) & MASK, 7) * 9) & MASK
        c ^= a
        d ^= b
        new_b, new_a = b ^ c, a ^ d
        c ^= (b << 17) & MASK
        self.state = [new_a, new_b, c, rotl(d, 45)]
        return result

    def uniform(self):
        return (self.next() >> 11) * 2.0**-53

    def normal(self):
        if self.spare is not None:
            value, self.spare = self.spare, None
            return value
        radius = math.sqrt(-2.0 * math.log(1.0 - self.uniform()))
        angle = 2.0 * math.pi * self.uniform()
        self.spare = radius * math.sin(angle)
        return radius * math.cos(angle)

    def below(self, bound):
        while True:
            draw = self.next()
            if draw >= 2**64 % bound:
                return draw % bound


def moments(rows, weights):
    weight = weights.sum()
    mean = (weights[:, None] * rows).sum(axis=0) / weight
    centred = rows - mean
    return weight, mean, (weights[:, None] * centred).T @ centred


def spectrum(eigenvalues, mean_energy):
    eigenvalues = np.sort(eigenvalues)[::-1]
    share = eigenvalues / eigenvalues.sum()
    cumulative = np.cumsum(share)
    return {
        "eigenvalues": eigenvalues.tolist(),
        "cumulative_energy": cumulative.tolist(),
        "effective_rank": float(np.exp(-(share * np.log(share)).sum())),
        "rank_90": int(np.searchsorted(cumulative, 0.90) + 1),
        "rank_95": int(np.searchsorted(cumulative, 0.95) + 1),
        "rank_99": int(np.searchsorted(cumulative, 0.99) + 1),
        "spread": float(np.sqrt(eigenvalues[0] / eigenvalues[-1])),
        "mean_share": float(mean_energy / (mean_energy + eigenvalues.sum())),
        "coding_gain_bits": float(0.5 * (np.log2(eigenvalues.mean()) - np.log2(eigenvalues).mean())),
    }


def tails(energies):
    return [float(energies[i:].sum()) for i in range(len(energies) + 1)]


def main():
    source = np.random.default_rng(7)
    dim, tokens, queries = 6, 40, 50
    mix = source.normal(size=(dim, dim)) * np.geomspace(5.0, 0.05, dim)
    keys = np.round(source.normal(size=(tokens, dim)) @ mix + source.normal(size=dim) * 3, 6)
    query_rows = np.round(source.normal(size=(queries, dim)) @ source.normal(size=(dim, dim)) + 0.5, 6)
    weights = np.round(source.uniform(0.1, 2.0, size=tokens), 6)
    projection = source.normal(size=(dim, 9))
    gram = projection @ projection.T

    _, mean, scatter = moments(keys, np.ones(tokens))
    weight_w, mean_w, scatter_w = moments(keys, weights)
    covariance = scatter / tokens
    raw = query_rows.T @ query_rows / queries
    root_k, root_q, root_m = (np.linalg.cholesky(m) for m in (covariance, raw, gram))
    singular_kq = np.linalg.svd(root_q.T @ root_k, compute_uv=False)
    singular_out = np.linalg.svd(root_k.T @ root_m, compute_uv=False)
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = values[::-1], vectors[:, ::-1]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), range(dim)])

    differences = np.round(source.normal(0.5, 3.0, size=24), 6)
    token_counts = source.integers(3, 40, size=24)
    generator = Generator(20250601)
    means = []
    for _ in range(2000):
        drawn = [generator.below(24) for _ in range(24)]
        means.append(sum(float(differences[i]) for i in drawn) / int(sum(token_counts[i] for i in drawn)))

    first, second = np.linalg.qr(source.normal(size=(dim, 3)))[0], np.linalg.qr(source.normal(size=(dim, 3)))[0]
    cosines = np.linalg.svd(first.T @ second, compute_uv=False)
    known, normals = Generator(42), Generator(42)
    document = {
        "keys": keys.tolist(), "queries": query_rows.tolist(), "weights": weights.tolist(), "gram": gram.tolist(),
        "uniform": {"weight": tokens, "mean": mean.tolist(), "scatter": scatter.tolist()},
        "weighted": {"weight": float(weight_w), "mean": mean_w.tolist(), "scatter": scatter_w.tolist()},
        "pca_vectors": vectors.tolist(), "pca_curve": tails(values),
        "kq_curve": tails(singular_kq**2), "out_curve": tails(singular_out**2),
        "key_spectrum": spectrum(values, mean @ mean),
        "query_key_spectrum": spectrum(singular_kq**2, mean @ raw @ mean),
        "quantile_values": keys[:, 0].tolist(),
        "quantiles": [[q, float(np.quantile(keys[:, 0], q))] for q in (0.0, 0.025, 0.1, 0.5, 0.731, 0.975, 1.0)],
        "differences": differences.tolist(), "tokens": token_counts.tolist(),
        "bootstrap_95": [float(np.quantile(means, q)) for q in (0.025, 0.975)],
        "subspaces": [first.tolist(), second.tolist()], "subspace_change": float(np.mean(1 - cosines**2)),
        "generator_seed_42": [str(known.next()) for _ in range(8)],
        "normal_seed_42": [normals.normal() for _ in range(6)],
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in document.items()]
    path = pathlib.Path(__file__).with_name("vectors.json")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
