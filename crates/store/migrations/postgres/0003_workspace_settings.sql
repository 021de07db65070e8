-- What is set for a workspace and its runs, as a JSON object.
ALTER TABLE workspaces ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
