-- What a model costs when more than so many tokens are sent; NULL: no more.
ALTER TABLE provider_models ADD COLUMN long_from_tokens BIGINT;
ALTER TABLE provider_models ADD COLUMN long_input_picos_per_token BIGINT;
ALTER TABLE provider_models ADD COLUMN long_output_picos_per_token BIGINT;
ALTER TABLE provider_models ADD COLUMN long_cached_input_picos_per_token BIGINT;
