-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 1: everything that a project file holds. Columns are named as the fields of core/records; docs/store.md.
-- The program runs this inside one transaction and sets user_version itself.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- The oldest store version whose programs can read this one. A migration that they could not read raises it.
INSERT INTO meta (name, value) VALUES ('minimum_compatible_version', '1');

CREATE TABLE model (
    model_hash   TEXT PRIMARY KEY NOT NULL,
    model_name   TEXT NOT NULL,
    model_folder TEXT NOT NULL,
    architecture TEXT NOT NULL,
    layers       INTEGER NOT NULL,
    heads        INTEGER NOT NULL,
    kv_heads     INTEGER NOT NULL,
    head_dim     INTEGER NOT NULL,
    hidden_size  INTEGER NOT NULL,
    vocab_size   INTEGER NOT NULL,
    parameters   INTEGER NOT NULL
) STRICT;

CREATE TABLE text (
    text_hash       TEXT PRIMARY KEY NOT NULL,
    text_name       TEXT NOT NULL,
    text_bytes      INTEGER NOT NULL,
    text_characters INTEGER
) STRICT;

CREATE TABLE environment (
    id               INTEGER PRIMARY KEY,
    cpu              TEXT NOT NULL,
    logical_cores    INTEGER NOT NULL,
    threads          INTEGER NOT NULL,
    memory_bytes     INTEGER NOT NULL,
    device           TEXT NOT NULL,
    type             TEXT NOT NULL,
    os               TEXT NOT NULL,
    compiler         TEXT NOT NULL,
    libtorch_version TEXT NOT NULL,
    program_version  TEXT NOT NULL
) STRICT;

-- AUTOINCREMENT: a deleted run's number is never given again, so calibration_run may outlive the run that it names.
CREATE TABLE run (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    parent_run         INTEGER REFERENCES run (id) ON DELETE CASCADE,
    kind               TEXT NOT NULL,
    status             TEXT NOT NULL,
    started_at         TEXT NOT NULL,
    duration_s         REAL,
    model_hash         TEXT NOT NULL REFERENCES model (model_hash),
    text_hash          TEXT REFERENCES text (text_hash),
    environment        INTEGER NOT NULL REFERENCES environment (id),
    configuration      TEXT,
    configuration_hash TEXT,
    protocol           TEXT,
    window_tokens      INTEGER,
    tokens             INTEGER,
    seed               INTEGER,
    calibration_run    INTEGER,
    settings_json      TEXT NOT NULL,
    error_code         TEXT,
    error_message      TEXT,
    error_hint         TEXT,
    process            TEXT
) STRICT;
CREATE INDEX run_parent ON run (parent_run);
CREATE INDEX run_model ON run (model_hash, kind);
CREATE INDEX run_text ON run (text_hash);
CREATE INDEX run_configuration ON run (configuration_hash);
CREATE INDEX run_unfinished ON run (status) WHERE status = 'running';

-- The configurations that were tried, by the hash of their normal form.
CREATE VIEW configuration AS
SELECT configuration_hash, min(configuration) AS configuration, count(*) AS runs
FROM run WHERE configuration_hash IS NOT NULL GROUP BY configuration_hash;

CREATE TABLE calibration (
    run        INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    layers     INTEGER NOT NULL,
    heads      INTEGER NOT NULL,
    kv_heads   INTEGER NOT NULL,
    head_dim   INTEGER NOT NULL,
    sinks      INTEGER NOT NULL,
    tokens     INTEGER NOT NULL,
    weighted   INTEGER NOT NULL,
    rank_limit INTEGER NOT NULL
) STRICT;

-- mean and absolute_maximum: fp64, little endian. scatter: the same of its upper triangle by rows, zstd.
CREATE TABLE moments (
    id               INTEGER PRIMARY KEY,
    run              INTEGER NOT NULL REFERENCES calibration (run) ON DELETE CASCADE,
    layer            INTEGER NOT NULL,
    kv_head          INTEGER NOT NULL,
    quantity         TEXT NOT NULL,
    positions        TEXT NOT NULL,
    weighting        TEXT NOT NULL,
    dim              INTEGER NOT NULL,
    count            INTEGER NOT NULL,
    weight           REAL NOT NULL,
    mean             BLOB NOT NULL,
    scatter          BLOB NOT NULL,
    absolute_maximum BLOB NOT NULL,
    UNIQUE (run, layer, kv_head, quantity, positions, weighting)
) STRICT;

CREATE TABLE output_gram (
    id      INTEGER PRIMARY KEY,
    run     INTEGER NOT NULL REFERENCES calibration (run) ON DELETE CASCADE,
    layer   INTEGER NOT NULL,
    kv_head INTEGER NOT NULL,
    dim     INTEGER NOT NULL,
    gram    BLOB NOT NULL,
    UNIQUE (run, layer, kv_head)
) STRICT;

-- hashes: 64-bit whole numbers, little endian.
CREATE TABLE token_blocks (
    run    INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    hashes BLOB NOT NULL
) STRICT;

CREATE TABLE spectrum (
    id               INTEGER PRIMARY KEY,
    run              INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    layer            INTEGER NOT NULL,
    kv_head          INTEGER NOT NULL,
    quantity         TEXT NOT NULL,
    positions        TEXT NOT NULL,
    weighting        TEXT NOT NULL,
    vectors          INTEGER NOT NULL,
    effective_rank   REAL NOT NULL,
    rank_90          INTEGER NOT NULL,
    rank_95          INTEGER NOT NULL,
    rank_99          INTEGER NOT NULL,
    spread           REAL NOT NULL,
    mean_share       REAL NOT NULL,
    coding_gain_bits REAL NOT NULL,
    eigenvalues      BLOB NOT NULL,
    UNIQUE (run, layer, kv_head, quantity, positions, weighting)
) STRICT;

CREATE TABLE metric (
    id    INTEGER PRIMARY KEY,
    run   INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    name  TEXT NOT NULL,
    x     REAL NOT NULL,
    value REAL NOT NULL
) STRICT;
CREATE INDEX metric_run ON metric (run);

CREATE TABLE quality (
    run               INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    config            TEXT NOT NULL,
    ppl               REAL NOT NULL,
    tokens            INTEGER NOT NULL,
    protocol          TEXT NOT NULL,
    delta_nll         REAL,
    delta_nll_lo      REAL,
    delta_nll_hi      REAL,
    rel_ppl           REAL,
    rel_ppl_lo        REAL,
    rel_ppl_hi        REAL,
    kl_mean           REAL,
    kl_median         REAL,
    kl_p99            REAL,
    top1              REAL,
    raw_token_share   REAL NOT NULL,
    coded_tokens_read INTEGER NOT NULL,
    tokens_per_s      REAL NOT NULL,
    seconds           REAL NOT NULL,
    payload_bytes     REAL NOT NULL,
    scales_bytes      REAL NOT NULL,
    raw_bytes         REAL NOT NULL,
    padding_bytes     REAL NOT NULL,
    fixed_bytes       REAL NOT NULL,
    scratch_bytes     REAL NOT NULL,
    cache_values      REAL NOT NULL
) STRICT;

CREATE TABLE quality_window (
    run        INTEGER NOT NULL REFERENCES quality (run) ON DELETE CASCADE,
    "window"   INTEGER NOT NULL,
    tokens     INTEGER NOT NULL,
    nll_sum    REAL NOT NULL,
    kl_sum     REAL,
    top1_equal INTEGER,
    PRIMARY KEY (run, "window")
) STRICT, WITHOUT ROWID;

CREATE TABLE throughput (
    id                         INTEGER PRIMARY KEY,
    run                        INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    config                     TEXT NOT NULL,
    context                    INTEGER NOT NULL,
    batch                      INTEGER NOT NULL,
    prefill_tokens_per_s       REAL NOT NULL,
    decode_tokens_per_s_median REAL NOT NULL,
    decode_tokens_per_s_p10    REAL NOT NULL,
    decode_tokens_per_s_p90    REAL NOT NULL,
    bandwidth_gb_s             REAL,
    bytes_per_step             REAL,
    payload_bytes              REAL NOT NULL,
    scales_bytes               REAL NOT NULL,
    raw_bytes                  REAL NOT NULL,
    padding_bytes              REAL NOT NULL,
    fixed_bytes                REAL NOT NULL,
    scratch_bytes              REAL NOT NULL,
    cache_values               REAL NOT NULL,
    allocator_bytes            REAL,
    peak_rss_bytes             REAL,
    UNIQUE (run, config, context, batch)
) STRICT;

CREATE TABLE throughput_sample (
    id          INTEGER PRIMARY KEY,
    throughput  INTEGER NOT NULL REFERENCES throughput (id) ON DELETE CASCADE,
    phase       TEXT NOT NULL,
    context     INTEGER NOT NULL,
    batch       INTEGER NOT NULL,
    round       INTEGER NOT NULL,
    tokens      INTEGER NOT NULL,
    seconds     REAL NOT NULL,
    bytes_moved REAL
) STRICT;
CREATE INDEX throughput_sample_throughput ON throughput_sample (throughput);

-- Every ledger by context and batch, wherever it was counted. A quality run's context is its window.
CREATE VIEW memory_ledger AS
SELECT run, config, context, batch, allocator_bytes, peak_rss_bytes,
       payload_bytes, scales_bytes, raw_bytes, padding_bytes, fixed_bytes, scratch_bytes, cache_values
FROM throughput
UNION ALL
SELECT quality.run, quality.config, run.window_tokens, 1, NULL, NULL,
       payload_bytes, scales_bytes, raw_bytes, padding_bytes, fixed_bytes, scratch_bytes, cache_values
FROM quality JOIN run ON run.id = quality.run WHERE run.window_tokens IS NOT NULL;

-- token_ids: 32-bit whole numbers, little endian.
CREATE TABLE generation (
    run              INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    prompt           TEXT NOT NULL,
    text             TEXT NOT NULL,
    token_ids        BLOB NOT NULL,
    finish_reason    TEXT NOT NULL,
    first_difference INTEGER,
    equal_share      REAL,
    kl_mean          REAL,
    tokens_per_s     REAL
) STRICT;

CREATE TABLE job (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    kind               TEXT NOT NULL,
    specification_json TEXT NOT NULL,
    status             TEXT NOT NULL,
    created_at         TEXT NOT NULL,
    started_at         TEXT,
    finished_at        TEXT,
    run                INTEGER REFERENCES run (id) ON DELETE SET NULL,
    error_code         TEXT,
    error_message      TEXT,
    error_hint         TEXT,
    process            TEXT
) STRICT;
CREATE INDEX job_run ON job (run);

CREATE TABLE job_event (
    id        INTEGER PRIMARY KEY,
    job       INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    at        TEXT NOT NULL,
    type      TEXT NOT NULL,
    body_json TEXT NOT NULL
) STRICT;
CREATE INDEX job_event_job ON job_event (job);

CREATE TABLE note (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    run        INTEGER REFERENCES run (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    text       TEXT NOT NULL
) STRICT;
CREATE INDEX note_run ON note (run);

CREATE TABLE view_state (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;
