-- The stages of a run that ended, as a JSON array: compile and run apart.
ALTER TABLE runs ADD COLUMN stages TEXT NOT NULL DEFAULT '[]';
