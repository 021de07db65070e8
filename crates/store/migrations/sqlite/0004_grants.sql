-- Remembered permissions: who allowed what in a workspace, and until when.
CREATE TABLE grants (
    id BLOB PRIMARY KEY NOT NULL,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    action TEXT NOT NULL,
    -- In its canonical form, so that a resource is granted at most once.
    resource TEXT NOT NULL,
    created_by BLOB NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    CONSTRAINT grants_workspace_action_resource_key UNIQUE (workspace_id, action, resource)
);
