-- Secrets of persons and workspaces, sealed with the server's key.
CREATE TABLE secrets (
    id BLOB PRIMARY KEY NOT NULL,
    owner_id BLOB NOT NULL REFERENCES users (id),
    -- NULL: the owner's, wherever they work.
    workspace_id BLOB REFERENCES workspaces (id),
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX secrets_owner_name ON secrets (owner_id, name) WHERE workspace_id IS NULL;
CREATE UNIQUE INDEX secrets_workspace_name ON secrets (workspace_id, name)
    WHERE workspace_id IS NOT NULL;

-- Access tokens of programs; only the hash of one is kept.
CREATE TABLE access_tokens (
    id BLOB PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    token_hash BLOB NOT NULL,
    -- Its last characters, to tell it from others.
    ending TEXT NOT NULL,
    -- What its calls count for; NULL: no workspace.
    workspace_id BLOB REFERENCES workspaces (id),
    -- The models it may ask, as a JSON list; NULL: all.
    models TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT,
    CONSTRAINT access_tokens_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX access_tokens_user ON access_tokens (user_id, id);
