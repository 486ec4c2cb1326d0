-- What the sources tell over time, and how they answer.

ALTER TABLE subreddits
    ADD COLUMN refresh_every      interval NOT NULL DEFAULT '1 hour', -- halved by a change, longer without
    ADD COLUMN posts_per_hour     real,            -- pace of its newest posts; null: not known yet
    ADD COLUMN details_due_at     timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN details_leased_until timestamptz,
    ADD COLUMN history_read_at    timestamptz;     -- when an archive told its subscribers of old; null: not yet
CREATE INDEX subreddits_details_due ON subreddits (details_due_at);
-- Only of those that are collected: others stay due for ever, and each plan would read them all, a million after an
-- import of names.
DROP INDEX subreddits_posts_due;
CREATE INDEX subreddits_posts_due ON subreddits (posts_due_at)
    WHERE state = 'alive' AND type IN ('public', 'restricted');

-- Rules and posting requirements, as the source writes them.
CREATE TABLE subreddit_details (
    subreddit_id text PRIMARY KEY REFERENCES subreddits ON DELETE CASCADE,
    rules        jsonb NOT NULL DEFAULT '[]',
    requirements jsonb,                            -- null: the source has none to tell
    read_at      timestamptz NOT NULL DEFAULT now()
);

-- A row is as of `read_at`: an older reading (of a dump, say) never replaces a newer one.
ALTER TABLE posts RENAME COLUMN updated_at TO read_at;
-- Room on each page for readings to come: a row that finds it need not be entered into three indexes again.
ALTER TABLE posts SET (fillfactor = 70);
ALTER TABLE posts ADD COLUMN deleted_at timestamptz; -- gone at the source: title, text, URL and author are gone here too

-- Posts read again at fixed ages, so that scores can be compared.
CREATE TABLE post_readings (
    post_id             text NOT NULL REFERENCES posts ON DELETE CASCADE,
    age_hours           smallint NOT NULL,
    leased_until        timestamptz,
    read_at             timestamptz,               -- null: asked for, not yet answered
    score               integer,
    upvote_ratio        real,
    num_comments        integer,
    removed_by_category text,
    PRIMARY KEY (post_id, age_hours)
);
CREATE INDEX post_readings_open ON post_readings (leased_until) WHERE read_at IS NULL;

-- Where work that goes round and round stands: the next search word, the last post looked after.
CREATE TABLE rounds (
    name     text PRIMARY KEY,
    position text NOT NULL DEFAULT '',
    moved_at timestamptz NOT NULL DEFAULT now()
);

-- How each source answered, by the minute.
CREATE TABLE source_answers (
    at       timestamptz NOT NULL,                 -- start of the minute
    source   text NOT NULL,
    instance text NOT NULL,
    outcome  text NOT NULL CHECK (outcome IN ('alive', 'refused', 'unknown', 'request')),
    reason   text NOT NULL DEFAULT '',             -- '' for alive and for requests
    count    bigint NOT NULL,
    last_at  timestamptz NOT NULL,                 -- when the last of them was stored
    PRIMARY KEY (at, source, instance, outcome, reason)
);
CREATE INDEX source_answers_last ON source_answers (source, outcome, last_at DESC);

-- What a source last said of our credentials and quota.
CREATE TABLE source_credentials (
    source           text PRIMARY KEY,
    token_expires_at timestamptz,                  -- null: it does not say, or there is none
    token_problem    text,                         -- why the token is refused; null: it is taken
    quota_percent    real,                         -- used of the scarcest limit; null: not told
    quota_name       text,
    quota_back_at    timestamptz,                  -- while throttled: when it answers again
    reported_at      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE instagram_accounts (
    username     text PRIMARY KEY,                 -- lower case, without @
    id           text,                             -- null until it first answered
    name         text NOT NULL DEFAULT '',
    biography    text NOT NULL DEFAULT '',
    website      text NOT NULL DEFAULT '',
    followers    bigint,
    follows      bigint,
    media_count  bigint,
    state        text NOT NULL DEFAULT 'unknown' CHECK (state IN ('alive', 'refused', 'unknown')),
    state_reason text,
    state_since  timestamptz NOT NULL DEFAULT now(),
    followed_at  timestamptz NOT NULL DEFAULT now(),
    refreshed_at timestamptz,
    next_due_at  timestamptz NOT NULL DEFAULT now(),
    leased_until timestamptz
);
CREATE INDEX instagram_accounts_due ON instagram_accounts (next_due_at);

CREATE TABLE instagram_snapshots (
    username    text NOT NULL REFERENCES instagram_accounts ON DELETE CASCADE,
    at          timestamptz NOT NULL,              -- the full hour
    followers   bigint,
    media_count bigint,
    PRIMARY KEY (username, at)
);

CREATE TABLE instagram_posts (
    id           text PRIMARY KEY,                 -- decimal digits, beyond 2^53
    username     text NOT NULL REFERENCES instagram_accounts ON DELETE CASCADE,
    caption      text NOT NULL DEFAULT '',
    media_type   text,                             -- IMAGE, VIDEO, CAROUSEL_ALBUM; null: not told
    product_type text,                             -- FEED, REELS, STORY
    permalink    text NOT NULL DEFAULT '',
    timestamp    timestamptz NOT NULL,
    likes        bigint,                           -- null: hidden by its owner
    comments     bigint,
    children     smallint NOT NULL DEFAULT 0,
    collected_at timestamptz NOT NULL DEFAULT now(),
    read_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX instagram_posts_by_timestamp ON instagram_posts (timestamp DESC);
CREATE INDEX instagram_posts_by_account ON instagram_posts (username, timestamp DESC);

-- How far each file is in; its position moves in the transaction that stores its rows.
CREATE TABLE imports (
    fingerprint text PRIMARY KEY,                  -- of size and beginning, so that a renamed file is still known
    path        text NOT NULL,
    bytes       bigint NOT NULL,                   -- of the file as it lies on disk
    position    bigint NOT NULL DEFAULT 0,         -- bytes of its unpacked content that are stored
    lines       bigint NOT NULL DEFAULT 0,
    stored      bigint NOT NULL DEFAULT 0,         -- records merged, new or not
    new         bigint NOT NULL DEFAULT 0,
    rejected    jsonb NOT NULL DEFAULT '{}',       -- reason -> lines
    left_out    jsonb NOT NULL DEFAULT '{}',       -- not wanted rather than not usable: kind -> lines
    started_at  timestamptz NOT NULL DEFAULT now(),
    moved_at    timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);

INSERT INTO totals (name, value) VALUES ('instagram_posts', 0);
