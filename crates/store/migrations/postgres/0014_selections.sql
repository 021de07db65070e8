-- The lines that a person selected for a turn's question, as a JSON list of
-- paths, versions and line ranges.
ALTER TABLE turns ADD COLUMN selections TEXT NOT NULL DEFAULT '[]';
