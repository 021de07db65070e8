-- The first schema. Ids are UUIDv7 in 16 bytes, times are microseconds UTC,
-- money is integer nano-dollars, JSON is TEXT that only the owner reads.

CREATE TABLE users (
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- One-time sign-in links; only the hash of the token is kept.
CREATE TABLE sign_in_links (
    token_hash BLOB PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE sessions (
    id BLOB PRIMARY KEY NOT NULL,
    token_hash BLOB NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    CONSTRAINT sessions_token_hash_key UNIQUE (token_hash)
);

CREATE TABLE workspaces (
    id BLOB PRIMARY KEY NOT NULL,
    owner_id BLOB NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    default_model TEXT,
    -- The host uid that owns the workspace's files is derived from this number.
    number BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    archived_at BIGINT,
    CONSTRAINT workspaces_number_key UNIQUE (number)
);
CREATE INDEX workspaces_owner ON workspaces (owner_id, id);

-- What is in a workspace's tree: files, directories and links. A deleted file
-- keeps its row and its versions, and can be restored.
CREATE TABLE files (
    id BLOB PRIMARY KEY NOT NULL,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    path TEXT NOT NULL,
    kind TEXT NOT NULL,
    language TEXT,
    current_version_id BLOB,
    size_bytes BIGINT NOT NULL,
    -- What the file system said when the row was last brought up to date.
    modified_ns BIGINT NOT NULL,
    inode BIGINT NOT NULL,
    executable BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX files_live_path ON files (workspace_id, path) WHERE deleted_at IS NULL;
CREATE INDEX files_deleted ON files (workspace_id, deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE file_versions (
    id BLOB PRIMARY KEY NOT NULL,
    file_id BLOB NOT NULL REFERENCES files (id),
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    path TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    size_bytes BIGINT NOT NULL,
    executable BOOLEAN NOT NULL,
    author_kind TEXT NOT NULL,
    user_id BLOB REFERENCES users (id),
    turn_id BLOB,
    run_id BLOB,
    proposal_id BLOB,
    transaction_id BLOB NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX file_versions_file ON file_versions (file_id, id);
CREATE INDEX file_versions_turn ON file_versions (turn_id) WHERE turn_id IS NOT NULL;

-- Every applied change of a workspace's files. Its id makes applying the same
-- one twice a no-op, which is what lets recovery repeat it.
CREATE TABLE transactions (
    id BLOB PRIMARY KEY NOT NULL,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    user_id BLOB REFERENCES users (id),
    kind TEXT NOT NULL,
    proposal_id BLOB,
    created_at BIGINT NOT NULL
);

CREATE TABLE conversations (
    id BLOB PRIMARY KEY NOT NULL,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    title TEXT NOT NULL,
    active_model TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    archived_at BIGINT
);
CREATE INDEX conversations_workspace ON conversations (workspace_id, id);

CREATE TABLE turns (
    id BLOB PRIMARY KEY NOT NULL,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    mode TEXT NOT NULL,
    model TEXT NOT NULL,
    state TEXT NOT NULL,
    error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX turns_conversation ON turns (conversation_id, id);
CREATE INDEX turns_running ON turns (state) WHERE state = 'running';

CREATE TABLE messages (
    id BLOB PRIMARY KEY NOT NULL,
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    turn_id BLOB REFERENCES turns (id),
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    tool_calls TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX messages_conversation ON messages (conversation_id, id);
CREATE INDEX messages_turn ON messages (turn_id) WHERE turn_id IS NOT NULL;

CREATE TABLE model_calls (
    id BLOB PRIMARY KEY NOT NULL,
    turn_id BLOB REFERENCES turns (id),
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    state TEXT NOT NULL,
    input_tokens BIGINT NOT NULL,
    cached_input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    -- False when the provider did not report usage and the counts are ours.
    measured BOOLEAN NOT NULL,
    -- NULL when the model has no known price.
    cost_nanos BIGINT,
    first_token_ms BIGINT,
    latency_ms BIGINT,
    -- The exact bytes that went out, in the blob store.
    request_hash BLOB NOT NULL,
    error TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX model_calls_turn ON model_calls (turn_id);

-- One append-only log for turns, runs and workspaces. An event is stored here
-- before it is sent, and a client resumes after the last number it saw.
CREATE TABLE events (
    stream_id BLOB NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (stream_id, seq)
);

CREATE TABLE runs (
    id BLOB PRIMARY KEY NOT NULL,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    command TEXT NOT NULL,
    argv TEXT NOT NULL,
    limits TEXT NOT NULL,
    status TEXT NOT NULL,
    outcome TEXT,
    exit_code BIGINT,
    signal BIGINT,
    reason TEXT,
    wall_ms BIGINT,
    cpu_ms BIGINT,
    peak_memory_bytes BIGINT,
    stdout_bytes BIGINT NOT NULL,
    stderr_bytes BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT
);
CREATE INDEX runs_workspace ON runs (workspace_id, id);
CREATE INDEX runs_unfinished ON runs (status) WHERE status <> 'finished';

CREATE TABLE usage_records (
    id BLOB PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    turn_id BLOB,
    run_id BLOB,
    model TEXT,
    kind TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    cost_nanos BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX usage_records_user ON usage_records (user_id, created_at);
CREATE INDEX usage_records_turn ON usage_records (turn_id) WHERE turn_id IS NOT NULL;

CREATE TABLE proposals (
    id BLOB PRIMARY KEY NOT NULL,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    turn_id BLOB,
    title TEXT NOT NULL,
    format TEXT NOT NULL,
    -- The patch as it came in, in the blob store.
    patch_hash BLOB NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    decided_at BIGINT
);
CREATE INDEX proposals_workspace ON proposals (workspace_id, id);
CREATE INDEX proposals_turn ON proposals (turn_id) WHERE turn_id IS NOT NULL;

CREATE TABLE proposal_files (
    proposal_id BLOB NOT NULL REFERENCES proposals (id),
    position BIGINT NOT NULL,
    change TEXT NOT NULL,
    path TEXT NOT NULL,
    from_path TEXT,
    file_id BLOB,
    base_version_id BLOB,
    before_hash BLOB,
    after_hash BLOB,
    executable BOOLEAN NOT NULL,
    is_binary BOOLEAN NOT NULL,
    -- What the last apply wrote, for undo: the file before and after it.
    applied_before_hash BLOB,
    applied_after_hash BLOB,
    PRIMARY KEY (proposal_id, position)
);

CREATE TABLE proposal_hunks (
    id BLOB PRIMARY KEY NOT NULL,
    proposal_id BLOB NOT NULL REFERENCES proposals (id),
    file_position BIGINT NOT NULL,
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,
    old_start BIGINT NOT NULL,
    old_lines BIGINT NOT NULL,
    new_start BIGINT NOT NULL,
    new_lines BIGINT NOT NULL,
    label TEXT NOT NULL,
    state TEXT NOT NULL
);
CREATE INDEX proposal_hunks_proposal ON proposal_hunks (proposal_id, file_position, position);

CREATE TABLE providers (
    id BLOB PRIMARY KEY NOT NULL,
    owner_id BLOB NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    base_url TEXT NOT NULL,
    -- XChaCha20-Poly1305: 24 bytes of nonce, then the sealed key. NULL: no key.
    sealed_key BLOB,
    model TEXT NOT NULL,
    input_picos_per_token BIGINT,
    output_picos_per_token BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT providers_owner_name_key UNIQUE (owner_id, name)
);
