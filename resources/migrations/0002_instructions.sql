-- What the processor's instructions were and how matrices were multiplied: NULL in rows that are older than the question.
ALTER TABLE environment ADD COLUMN instructions TEXT;
ALTER TABLE environment ADD COLUMN products TEXT;
