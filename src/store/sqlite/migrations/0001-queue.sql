-- Times are microseconds since 1970. What is only read back, never searched, stands as JSON in `doc`.

CREATE TABLE deliveries (
    seq INTEGER PRIMARY KEY,
    guid TEXT NOT NULL UNIQUE,
    event TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    received INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'settled', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    settled INTEGER,
    note TEXT NOT NULL DEFAULT '',
    -- A body is in the row or, if it is big, in a file of this name; in neither once it is dropped.
    body_file TEXT,
    body BLOB
) STRICT;

CREATE INDEX deliveries_due ON deliveries (seq) WHERE state = 'waiting';
CREATE INDEX deliveries_kept ON deliveries (settled)
    WHERE state = 'settled' AND (body IS NOT NULL OR body_file IS NOT NULL);
CREATE INDEX deliveries_files ON deliveries (body_file) WHERE body_file IS NOT NULL;

CREATE TABLE seen (
    key TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    installation INTEGER NOT NULL,
    repo INTEGER NOT NULL,
    subject TEXT NOT NULL,
    head TEXT NOT NULL,
    base TEXT NOT NULL,
    priority INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('held', 'queued', 'leased', 'over')),
    ended TEXT,
    note TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    started INTEGER,
    finished INTEGER,
    runner TEXT,
    lease TEXT,
    lease_until INTEGER,
    progress TEXT,
    -- When GitHub had last to be told of it.
    told INTEGER NOT NULL,
    doc TEXT NOT NULL,
    CHECK ((state = 'over') = (ended IS NOT NULL)),
    CHECK ((state = 'leased') = (lease IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX one_live_job_a_subject ON jobs (repo, subject) WHERE state <> 'over';
CREATE INDEX jobs_queued ON jobs (priority DESC, seq) WHERE state = 'queued';
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'leased';
CREATE INDEX jobs_of_subject ON jobs (repo, subject, seq);
CREATE INDEX jobs_of_head ON jobs (repo, head, seq);
CREATE INDEX jobs_of_name
    ON jobs (lower(doc ->> '$.repo.owner'), lower(doc ->> '$.repo.name'), seq);
CREATE INDEX jobs_judged ON jobs (finished) WHERE ended = 'judged';

CREATE TABLE runs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    job TEXT NOT NULL REFERENCES jobs (id),
    repo INTEGER NOT NULL,
    subject TEXT NOT NULL,
    head TEXT NOT NULL,
    doc TEXT NOT NULL
) STRICT;

CREATE INDEX runs_of_job ON runs (job, seq);
CREATE INDEX runs_of_head ON runs (repo, subject, head, seq);

CREATE TABLE outbox (
    repo INTEGER NOT NULL,
    key TEXT NOT NULL,
    installation INTEGER NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    subject TEXT NOT NULL,
    doc TEXT NOT NULL,
    -- Goes up each time that there is something new to tell.
    version INTEGER NOT NULL,
    published INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN ('due', 'done', 'given-up')),
    -- Its place in its lane: kept while it is due, the last place when it becomes due again.
    due_seq INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    remote INTEGER,
    began INTEGER NOT NULL DEFAULT 0,
    digest TEXT,
    why TEXT,
    PRIMARY KEY (repo, key)
) STRICT;

CREATE INDEX outbox_order ON outbox (due_seq);
CREATE INDEX outbox_lanes ON outbox (installation, repo, subject, due_seq) WHERE state = 'due';
CREATE INDEX outbox_due ON outbox (due_seq) WHERE state = 'due';

CREATE TABLE notes (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
