-- Which server runs a call, where several share a database.
ALTER TABLE model_calls ADD COLUMN server BIGINT;
