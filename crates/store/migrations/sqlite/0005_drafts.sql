-- Copy-on-write layers over workspaces. What a draft changed lies in the data
-- directory under its id; what it stands on, in the blob of its manifest.
CREATE TABLE drafts (
    id BLOB PRIMARY KEY NOT NULL,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    state TEXT NOT NULL,
    share_caches BOOLEAN NOT NULL,
    manifest_hash BLOB NOT NULL,
    proposal_id BLOB REFERENCES proposals (id),
    created_by BLOB NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX drafts_workspace ON drafts (workspace_id, id);
