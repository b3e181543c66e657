//! The queue: claim, renew, give back, bury. How a job ends with its effect is in `outcome`.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{BlobKey, ConnectionId, LeaseToken};
use strongroom_core::job::{JobKind, LEASE, MAX_ATTEMPTS};

use super::{Answer, Columns as _, Connection, Row, dialect, sql};
use crate::records::{ClaimedJob, JobRecord};

/// Adds a job, in the transaction of the fact it follows from.
pub(super) async fn enqueue(
    connection: &mut Connection,
    owner: &ConnectionId,
    kind: JobKind,
    blob: BlobKey,
    now: Timestamp,
) -> Answer<()> {
    sql("insert into job (connection_id, kind, blob_key, state, run_at, created_at, updated_at)
         values ($1, $2, $3, 'ready', $4, $4, $4)")
    .bind(owner.to_string())
    .bind(kind.as_str())
    .bind(blob.to_string())
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

// Two selects and not one with `or`: each walks its own partial index to the first row and stops, where `or` sorts all that
// are due. sqlite/plans.rs holds both texts to their indexes.
pub(crate) const CLAIM_JOB: &str = concat!(
    "update job set state = 'running', lease_token = $1, lease_until = $2, attempts = attempts + 1, updated_at = $3
     where id = coalesce(
         (select id from job where state = 'running' and kind = $4 and lease_until < $3 and attempts < $5
          order by lease_until limit 1 ",
    dialect::skip_locked!(),
    "), (select id from job where state = 'ready' and kind = $4 and run_at <= $3 and attempts < $5
          order by run_at, id limit 1 ",
    dialect::skip_locked!(),
    ")) returning id, connection_id, blob_key, attempts"
);

pub(crate) const NEXT_DUE: &str = "select min(due) as due from (
         select min(run_at) as due from job where state = 'ready' and kind = $1 and attempts < $2
         union all
         select min(lease_until) + 1 from job where state = 'running' and kind = $1 and attempts < $2
     ) as waiting";

/// Takes the next job of a kind: one whose worker's lease has run out, or else the one that is due the longest. The lease is
/// new for every claim, and the attempt is counted now, so that a job which kills its worker is counted too.
pub(crate) async fn claim_job(
    connection: &mut Connection,
    kind: JobKind,
    now: Timestamp,
) -> Answer<Option<ClaimedJob>> {
    let lease = LeaseToken::random();
    let row = sql(CLAIM_JOB)
        .bind(lease.to_string())
        .bind(now.after(LEASE).as_millis())
        .bind(now.as_millis())
        .bind(kind.as_str())
        .bind(MAX_ATTEMPTS)
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(ClaimedJob {
        id: row.number("id")?,
        lease,
        kind,
        connection: row.word("connection_id")?,
        blob: row.word("blob_key")?,
        attempt: row.number("attempts")?,
    }))
}

/// Renews a lease. `false` means it is lost: another worker has the job.
pub(crate) async fn renew_lease(
    connection: &mut Connection,
    job: i64,
    lease: LeaseToken,
    now: Timestamp,
) -> Answer<bool> {
    let renewed = sql("update job set lease_until = $3 where id = $1 and lease_token = $2 and state = 'running'")
        .bind(job)
        .bind(lease.to_string())
        .bind(now.after(LEASE).as_millis())
        .execute(connection)
        .await?;
    Ok(renewed.rows_affected() == 1)
}

/// Gives a job back at shutdown, with its attempt not spent.
pub(crate) async fn give_back(connection: &mut Connection, job: i64, lease: LeaseToken, now: Timestamp) -> Answer<()> {
    sql("update job set state = 'ready', attempts = attempts - 1, lease_token = null, lease_until = null, run_at = $3,
                        updated_at = $3
         where id = $1 and lease_token = $2 and state = 'running'")
    .bind(job)
    .bind(lease.to_string())
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts a job that could not begin back until `run_at`, with its attempt not spent and the reason where operators look.
/// `false` means that the lease was lost.
pub(crate) async fn postpone_job(
    connection: &mut Connection,
    job: ClaimedJob,
    reason: String,
    run_at: Timestamp,
    now: Timestamp,
) -> Answer<bool> {
    let postponed =
        sql("update job set state = 'ready', attempts = attempts - 1, lease_token = null, lease_until = null,
                                last_error = $3, run_at = $4, updated_at = $5
                         where id = $1 and lease_token = $2 and state = 'running'")
        .bind(job.id)
        .bind(job.lease.to_string())
        .bind(reason)
        .bind(run_at.as_millis())
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(postponed.rows_affected() == 1)
}

/// Passes a job on to another queue, with its attempt not spent. `false` means that the lease was lost.
pub(crate) async fn hand_over(
    connection: &mut Connection,
    job: ClaimedJob,
    kind: JobKind,
    now: Timestamp,
) -> Answer<bool> {
    let passed = sql("update job set kind = $3, state = 'ready', attempts = 0, lease_token = null, lease_until = null,
                             run_at = $4, updated_at = $4
                      where id = $1 and lease_token = $2 and state = 'running'")
    .bind(job.id)
    .bind(job.lease.to_string())
    .bind(kind.as_str())
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(passed.rows_affected() == 1)
}

/// Jobs whose last attempt's lease has run out: their worker died with it.
pub(crate) async fn abandoned_jobs(connection: &mut Connection, now: Timestamp) -> Answer<Vec<ClaimedJob>> {
    let rows = sql("select id, connection_id, kind, blob_key, attempts, lease_token from job
                    where state = 'running' and lease_until < $1 and attempts >= $2")
    .bind(now.as_millis())
    .bind(MAX_ATTEMPTS)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(ClaimedJob {
                id: row.number("id")?,
                lease: row.word("lease_token")?,
                kind: row.word("kind")?,
                connection: row.word("connection_id")?,
                blob: row.word("blob_key")?,
                attempt: row.number("attempts")?,
            })
        })
        .collect()
}

/// When the next job of a kind wants a worker, if one is waiting or running.
pub(crate) async fn next_due(connection: &mut Connection, kind: JobKind) -> Answer<Option<Timestamp>> {
    let row = sql(NEXT_DUE).bind(kind.as_str()).bind(MAX_ATTEMPTS).fetch_one(connection).await?;
    row.optional_time("due")
}

/// Forgets jobs that ended well before `before`. Answers how many.
pub(crate) async fn purge_jobs(connection: &mut Connection, before: Timestamp) -> Answer<u64> {
    let purged = sql("delete from job where state = 'done' and updated_at < $1")
        .bind(before.as_millis())
        .execute(connection)
        .await?;
    Ok(purged.rows_affected())
}

/// Jobs for an operator's eyes, those that need one first.
pub(crate) async fn list_jobs(connection: &mut Connection, limit: u32) -> Answer<Vec<JobRecord>> {
    let rows = sql("select id, connection_id, kind, blob_key, state, attempts, last_error, run_at, updated_at from job
                    order by case state when 'dead' then 0 when 'running' then 1 when 'ready' then 2 else 3 end, id desc
                    limit $1")
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Answer<JobRecord> {
    Ok(JobRecord {
        id: row.number("id")?,
        kind: row.word("kind")?,
        state: row.word("state")?,
        connection: row.word("connection_id")?,
        blob: row.word("blob_key")?,
        attempts: row.number("attempts")?,
        last_error: row.optional_text("last_error")?,
        run_at: row.time("run_at")?,
        updated_at: row.time("updated_at")?,
    })
}
