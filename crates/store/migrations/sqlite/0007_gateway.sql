-- The ledger of model calls: who paid, for what task, why this model, tokens
-- by kind, money in integer micro-dollars. A call outside of any workspace is
-- possible now, which SQLite only learns by making the table anew.
CREATE TABLE model_calls_new (
    id BLOB PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    workspace_id BLOB REFERENCES workspaces (id),
    conversation_id BLOB REFERENCES conversations (id),
    turn_id BLOB REFERENCES turns (id),
    -- The access token it was asked with.
    token_id BLOB,
    -- The call that failed and that this one took over from.
    replaces_id BLOB,
    task TEXT NOT NULL,
    provider_id BLOB,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    wire TEXT NOT NULL,
    local BOOLEAN NOT NULL,
    -- Why this model, as a sentence.
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    stop_reason TEXT,
    input_tokens BIGINT NOT NULL,
    cached_input_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    -- False when the provider did not report usage and the counts are ours.
    measured BOOLEAN NOT NULL,
    -- NULL when the model has no known price.
    cost_micros BIGINT,
    -- The most it can use and cost; what counts while it runs.
    reserved_micros BIGINT,
    reserved_tokens BIGINT NOT NULL,
    first_token_ms BIGINT,
    latency_ms BIGINT,
    -- BLAKE3 of the exact bytes that went out.
    request_hash BLOB NOT NULL,
    error TEXT,
    created_at BIGINT NOT NULL
);
INSERT INTO model_calls_new
SELECT c.id, COALESCE(t.user_id, w.owner_id), c.workspace_id, c.conversation_id, c.turn_id,
    NULL, NULL, 'chat', NULL, c.provider, c.model, 'openai_chat', FALSE,
    'Recorded before reasons were.', c.state, NULL, c.input_tokens, c.cached_input_tokens, 0,
    c.output_tokens, 0, c.measured, (c.cost_nanos + 999) / 1000, NULL, 0, c.first_token_ms,
    c.latency_ms, c.request_hash, c.error, c.created_at
FROM model_calls c
JOIN workspaces w ON w.id = c.workspace_id
LEFT JOIN turns t ON t.id = c.turn_id;
DROP TABLE model_calls;
ALTER TABLE model_calls_new RENAME TO model_calls;
CREATE INDEX model_calls_user ON model_calls (user_id, created_at);
CREATE INDEX model_calls_workspace ON model_calls (workspace_id, created_at)
    WHERE workspace_id IS NOT NULL;
CREATE INDEX model_calls_conversation ON model_calls (conversation_id)
    WHERE conversation_id IS NOT NULL;
CREATE INDEX model_calls_turn ON model_calls (turn_id) WHERE turn_id IS NOT NULL;
CREATE INDEX model_calls_running ON model_calls (state) WHERE state = 'running';

-- The exact bytes of each request, with what they were made of. Requests from
-- before are in the blob store, under their hash.
CREATE TABLE model_requests (
    call_id BLOB PRIMARY KEY NOT NULL REFERENCES model_calls (id),
    body BLOB NOT NULL,
    -- The manifest, as a JSON list.
    sources TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What calls used stands in their rows alone, so that the two can't differ;
-- usage records are left for what runs used.
DELETE FROM usage_records WHERE kind <> 'run_ms';
ALTER TABLE usage_records RENAME COLUMN cost_nanos TO cost_micros;
UPDATE usage_records SET cost_micros = (cost_micros + 999) / 1000;

ALTER TABLE providers ADD COLUMN wire TEXT NOT NULL DEFAULT 'openai_chat';
-- Whether it runs on hardware of the person's own; NULL: nobody said.
ALTER TABLE providers ADD COLUMN local BOOLEAN;

-- What is known of a provider's models. The provider of the environment has no
-- row, hence no reference.
CREATE TABLE provider_models (
    provider_id BLOB NOT NULL,
    model TEXT NOT NULL,
    context_tokens BIGINT,
    max_output_tokens BIGINT,
    images BOOLEAN,
    tools BOOLEAN,
    reasoning BOOLEAN,
    fim BOOLEAN,
    input_picos_per_token BIGINT,
    output_picos_per_token BIGINT,
    cached_input_picos_per_token BIGINT,
    cache_write_picos_per_token BIGINT,
    -- Who named the prices: the person or the provider; NULL: nobody.
    price_source TEXT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (provider_id, model)
);

-- Which models a person's tasks go to, as JSON.
CREATE TABLE model_policies (
    owner_id BLOB PRIMARY KEY NOT NULL REFERENCES users (id),
    policy TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE budgets (
    id BLOB PRIMARY KEY NOT NULL,
    owner_id BLOB NOT NULL REFERENCES users (id),
    scope TEXT NOT NULL,
    -- The workspace, conversation or turn; NULL: each of the owner's.
    subject_id BLOB,
    period TEXT NOT NULL,
    limit_micros BIGINT,
    limit_tokens BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX budgets_owner ON budgets (owner_id, id);

-- What is used and reserved of a budget in one period: the sums of the calls
-- in it, kept so that deciding about a call takes no sum.
CREATE TABLE budget_windows (
    budget_id BLOB NOT NULL REFERENCES budgets (id),
    subject_id BLOB NOT NULL,
    starts_at BIGINT NOT NULL,
    used_micros BIGINT NOT NULL,
    reserved_micros BIGINT NOT NULL,
    used_tokens BIGINT NOT NULL,
    reserved_tokens BIGINT NOT NULL,
    PRIMARY KEY (budget_id, subject_id, starts_at)
);
