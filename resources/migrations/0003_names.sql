-- SPDX-License-Identifier: GPL-3.0-or-later
-- One name for a quantity, in every table, export and JSON (docs/store.md has the old and the new ones).

DROP VIEW memory_ledger;

ALTER TABLE run RENAME COLUMN tokens TO input_tokens;
ALTER TABLE calibration RENAME COLUMN tokens TO input_tokens;
ALTER TABLE moments RENAME COLUMN count TO vectors;

ALTER TABLE quality RENAME COLUMN config TO configuration;
ALTER TABLE quality RENAME COLUMN tokens TO scored_tokens;
ALTER TABLE quality RENAME COLUMN tokens_per_s TO scoring_tokens_per_s;
ALTER TABLE quality RENAME COLUMN seconds TO scoring_s;

ALTER TABLE quality_window RENAME COLUMN "window" TO window_index;
ALTER TABLE quality_window RENAME COLUMN tokens TO scored_tokens;

ALTER TABLE throughput RENAME COLUMN config TO configuration;
ALTER TABLE throughput_sample RENAME COLUMN tokens TO timed_tokens;
ALTER TABLE throughput_sample RENAME COLUMN seconds TO timed_s;

ALTER TABLE generation RENAME COLUMN text TO generated_text;
ALTER TABLE generation RENAME COLUMN tokens_per_s TO decode_tokens_per_s;

ALTER TABLE job_event RENAME COLUMN type TO message_type;
ALTER TABLE note RENAME COLUMN text TO note;

-- Every ledger by context and batch, wherever it was counted. A quality run's context is its window.
CREATE VIEW memory_ledger AS
SELECT run, configuration, context, batch, allocator_bytes, peak_rss_bytes,
       payload_bytes, scales_bytes, raw_bytes, padding_bytes, fixed_bytes, scratch_bytes, cache_values
FROM throughput
UNION ALL
SELECT quality.run, quality.configuration, run.window_tokens, 1, NULL, NULL,
       payload_bytes, scales_bytes, raw_bytes, padding_bytes, fixed_bytes, scratch_bytes, cache_values
FROM quality JOIN run ON run.id = quality.run WHERE run.window_tokens IS NOT NULL;

-- Programs of version 2 ask for the old columns.
UPDATE meta SET value = '3' WHERE name = 'minimum_compatible_version';
