-- The secrets that a person attached to a turn, and those that were kept out
-- of it, as JSON lists of names: a secret may be gone by the time it is read.
ALTER TABLE turns ADD COLUMN attached TEXT NOT NULL DEFAULT '[]';
ALTER TABLE turns ADD COLUMN withheld TEXT NOT NULL DEFAULT '[]';

-- When the value was last replaced; NULL: never.
ALTER TABLE secrets ADD COLUMN replaced_at BIGINT;
