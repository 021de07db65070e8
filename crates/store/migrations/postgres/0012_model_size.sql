-- How many parameters a model has; NULL: nobody said.
ALTER TABLE provider_models ADD COLUMN parameters BIGINT;
