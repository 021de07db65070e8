-- How many lines a comment is on; NULL when it is on one or on none.
ALTER TABLE proposal_comments ADD COLUMN line_count BIGINT;
