-- Remembered permissions: who allowed what in a workspace, and until when.
CREATE TABLE grants (
    id UUID PRIMARY KEY NOT NULL,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    action TEXT NOT NULL,
    -- In its canonical form, so that a resource is granted at most once.
    resource TEXT NOT NULL,
    created_by UUID NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    CONSTRAINT grants_workspace_action_resource_key UNIQUE (workspace_id, action, resource)
);
