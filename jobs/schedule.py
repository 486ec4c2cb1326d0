"""When each job runs: the one list."""

from datetime import timedelta

from jobs import (
    categorize,
    change_indexes,
    check_alerts,
    check_deletions,
    check_probes,
    collect_posts,
    discover_subreddits,
    flush_telemetry,
    follow_instagram,
    optimize_databases,
    probe_self,
    prune,
    read_details,
    read_history,
    recover,
    refresh_subreddits,
    reread_posts,
    roll_up,
    sample_process,
    watch_databases,
)
from jobs.job import Job
from settings import Settings

JOBS = (
    Job(
        "discover_subreddits",
        "find communities that are not known yet",
        discover_subreddits.EVERY,
        discover_subreddits.run,
    ),
    Job(
        "refresh_subreddits",
        "ask for the metadata of known communities again, a hundred per call",
        refresh_subreddits.EVERY,
        refresh_subreddits.run,
        refresh_subreddits.plan,
    ),
    Job(
        "collect_posts",
        "collect new posts of communities, as often as each posts",
        collect_posts.EVERY,
        collect_posts.run,
        collect_posts.plan,
    ),
    Job(
        "reread_posts",
        "read posts again at the age of 1, 6, 24 and 36 hours",
        reread_posts.EVERY,
        reread_posts.run,
        reread_posts.plan,
    ),
    Job(
        "check_deletions",
        "look after all posts in turn and forget what was deleted at its source",
        check_deletions.EVERY,
        check_deletions.run,
    ),
    Job(
        "read_details",
        "read communities' rules and what they require of a post, once a month",
        read_details.EVERY,
        read_details.run,
        read_details.plan,
    ),
    Job(
        "categorize",
        "give communities a category",
        timedelta(seconds=30),
        categorize.run,
    ),
    Job(
        "check_probes",
        "ask the services that are probed, and keep how each stands",
        check_probes.EVERY,
        check_probes.run,
    ),
    Job(
        "change_indexes",
        "make and drop the indexes that somebody wants",
        change_indexes.EVERY,
        change_indexes.run,
        change_indexes.plan,
    ),
    Job(
        "watch_databases",
        "keep how large databases are, and measure what new indexes brought",
        watch_databases.EVERY,
        watch_databases.run,
    ),
    Job(
        "optimize_databases",
        "report on databases once a week, and make stale statistics of our own anew",
        optimize_databases.EVERY,
        optimize_databases.run,
    ),
    Job("prune", "forget what is too old to be asked for", timedelta(hours=1), prune.run),
    Job("roll_up", "roll up telemetry of the hours that are over", roll_up.EVERY, roll_up.run),
    Job(
        "sample_process",
        "store memory, CPU and the pulse's figures",
        timedelta(seconds=10),
        sample_process.run,
        shared=False,
    ),
    Job(
        "flush_telemetry",
        "store what was measured of requests and statements",
        timedelta(seconds=10),
        flush_telemetry.run,
        shared=False,
    ),
    Job(
        "check_alerts",
        "compare readings with the alert rules and send what changed",
        timedelta(seconds=5),
        check_alerts.run,
        shared=False,
    ),
    Job(
        "recover",
        "take up the work of processes that are gone",
        timedelta(seconds=15),
        recover.run,
        shared=False,
    ),
)


def jobs_of(settings: Settings) -> dict[str, Job]:
    """Every job by name, as these settings want them."""
    jobs = list(JOBS)
    if settings.source == "arctic_shift":
        jobs.append(
            Job(
                "read_history",
                "ask the archive how many subscribers communities had",
                read_history.EVERY,
                read_history.run,
            )
        )
    if settings.has_instagram:
        jobs.append(
            Job(
                "follow_instagram",
                "read the followed Instagram accounts and what they posted",
                follow_instagram.EVERY,
                follow_instagram.run,
                follow_instagram.plan,
            )
        )
    if settings.self_probe_seconds:
        jobs.append(
            Job(
                "probe_self",
                "ask our own API, so that its latency is known before the first visitor",
                timedelta(seconds=settings.self_probe_seconds),
                probe_self.run,
                shared=False,
            )
        )
    return {job.name: job for job in jobs}
