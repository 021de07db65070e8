-- What review knows of a file beside its contents, and how a hunk came to stand.
ALTER TABLE proposal_files ADD COLUMN executable_before BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE proposal_files ADD COLUMN encoding TEXT NOT NULL DEFAULT 'utf-8';
ALTER TABLE proposal_hunks ADD COLUMN merged BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE proposal_files SET executable_before = executable WHERE change <> 'create';

-- What the checks said of a proposal, and of exactly which tree and hunks.
CREATE TABLE verdicts (
    id BLOB PRIMARY KEY NOT NULL,
    proposal_id BLOB NOT NULL REFERENCES proposals (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    state TEXT NOT NULL,
    -- The hunks, as a JSON list of ids in the order of the proposal.
    hunks TEXT NOT NULL,
    -- The tree they were put on, and the tree that came of it.
    base_hash BLOB NOT NULL,
    tree_hash BLOB NOT NULL,
    -- The commands with what came of each, as JSON.
    commands TEXT NOT NULL,
    reason TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX verdicts_proposal ON verdicts (proposal_id, id);

-- What people say of a proposal, a hunk or a line.
CREATE TABLE proposal_comments (
    id BLOB PRIMARY KEY NOT NULL,
    proposal_id BLOB NOT NULL REFERENCES proposals (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    hunk_id BLOB,
    side TEXT,
    line BIGINT,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX proposal_comments_proposal ON proposal_comments (proposal_id, id);
