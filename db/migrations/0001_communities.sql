-- What the collectors bring in.

CREATE TABLE subreddits (
    id                  text PRIMARY KEY,          -- Reddit's fullname, t5_…
    name                text NOT NULL,
    title               text NOT NULL DEFAULT '',
    description         text NOT NULL DEFAULT '',
    type                text NOT NULL DEFAULT 'public',
    over18              boolean,                   -- null: Reddit will not say, which is not "safe"
    subscribers         bigint,                    -- null: Reddit will not say, which is not 0
    quarantine          boolean,
    lang                text,
    created_at          timestamptz,
    category            text,
    category_confidence real,
    category_method     text,
    category_version    text,
    state               text NOT NULL DEFAULT 'alive' CHECK (state IN ('alive', 'refused', 'unknown')),
    state_reason        text,
    state_since         timestamptz NOT NULL DEFAULT now(),
    first_seen_at       timestamptz NOT NULL DEFAULT now(),
    refreshed_at        timestamptz,
    next_due_at         timestamptz NOT NULL DEFAULT now(),
    leased_until        timestamptz,
    posts_collected_at  timestamptz,
    posts_due_at        timestamptz NOT NULL DEFAULT now(),
    posts_leased_until  timestamptz
);
CREATE INDEX subreddits_by_name ON subreddits (lower(name), id); -- not unique: a deleted name can come back
CREATE INDEX subreddits_by_subscribers ON subreddits (coalesce(subscribers, -1) DESC, id DESC);
CREATE INDEX subreddits_by_category ON subreddits (category, coalesce(subscribers, -1) DESC, id DESC);
CREATE INDEX subreddits_by_first_seen ON subreddits (first_seen_at DESC, id DESC);
CREATE INDEX subreddits_due ON subreddits (next_due_at);
CREATE INDEX subreddits_posts_due ON subreddits (posts_due_at);
CREATE INDEX subreddits_words ON subreddits
    USING gin (to_tsvector('simple', name || ' ' || title || ' ' || description));

CREATE TABLE subreddit_snapshots (
    subreddit_id text NOT NULL REFERENCES subreddits ON DELETE CASCADE,
    at           timestamptz NOT NULL,             -- the full hour
    subscribers  bigint NOT NULL,
    PRIMARY KEY (subreddit_id, at)
);

CREATE TABLE posts (
    id                    text PRIMARY KEY,        -- Reddit's fullname, t3_…
    subreddit_id          text NOT NULL REFERENCES subreddits ON DELETE CASCADE,
    author                text,                    -- null: deleted
    title                 text NOT NULL,
    text                  text NOT NULL DEFAULT '',
    url                   text NOT NULL DEFAULT '',
    domain                text NOT NULL DEFAULT '',
    permalink             text NOT NULL DEFAULT '',
    flair                 text,
    created_at            timestamptz NOT NULL,
    score                 integer NOT NULL,
    upvote_ratio          real,
    num_comments          integer NOT NULL,
    over18                boolean,
    is_self               boolean NOT NULL DEFAULT false,
    stickied              boolean NOT NULL DEFAULT false,
    removed_by_category   text,
    edited_at             timestamptz,
    subreddit_subscribers bigint,
    collected_at          timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX posts_by_subreddit ON posts (subreddit_id, created_at DESC);
CREATE INDEX posts_by_created ON posts (created_at DESC);

CREATE TABLE categorizations (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subreddit_id text NOT NULL REFERENCES subreddits ON DELETE CASCADE,
    category     text NOT NULL,
    confidence   real NOT NULL,
    second_best  text,
    method       text NOT NULL,
    version      text NOT NULL,
    evidence     text[] NOT NULL DEFAULT '{}',
    decided_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX categorizations_by_subreddit ON categorizations (subreddit_id, decided_at DESC);

-- One row per Reddit client id: what is left of the window, shared by all processes. Unlogged, because it is written
-- twice per request and the next answer's headers restore it after a crash.
CREATE UNLOGGED TABLE request_budgets (
    client         text PRIMARY KEY,
    allowed        double precision NOT NULL,
    used           double precision NOT NULL,
    window_ends_at timestamptz NOT NULL,
    granted        boolean NOT NULL DEFAULT true,  -- whether the last one to ask may send
    reported_at    timestamptz
);

-- Counted while writing, so that nobody counts a million rows every second.
CREATE TABLE totals (
    name  text PRIMARY KEY,
    value bigint NOT NULL
);
INSERT INTO totals (name, value) VALUES ('subreddits', 0), ('posts', 0);
