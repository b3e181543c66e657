//! How a job ends: in one transaction with its effect, and only under its lease.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, MediaId};
use strongroom_core::job::{MAX_ATTEMPTS, retry_delay};
use strongroom_core::media::{Failure, MediaStatus};

use super::completion::settled_event;
use super::{Answer, Columns as _, Connection, blobs, dialect, events, jobs, media, signed, sql};
use crate::records::{ClaimedJob, RenderedFacts, Rendition};

/// Ends a job well: renditions, facts, status and event. `false` means that the lease was lost and nothing was changed.
pub(crate) async fn finish_render(
    connection: &mut Connection,
    job: ClaimedJob,
    facts: RenderedFacts,
    now: Timestamp,
) -> Answer<bool> {
    if !end_job(connection, &job, "done", None, now).await? {
        return Ok(false);
    }
    sql("delete from rendition where connection_id = $1 and blob_key = $2")
        .bind(job.connection.to_string())
        .bind(job.blob.to_string())
        .execute(&mut *connection)
        .await?;
    keep_facts(connection, &job, &facts, Some(MediaStatus::Ready), now).await?;
    settle_media(connection, &job, MediaStatus::Ready, now).await?;
    Ok(true)
}

/// Keeps what a job has made so far, and lets a film be watched once there is something to watch. A film that can be watched
/// stays so when another attempt begins anew, and one that is made again stays ready. `false` means that the lease was lost
/// and nothing was changed.
pub(crate) async fn publish_step(
    connection: &mut Connection,
    job: ClaimedJob,
    facts: RenderedFacts,
    is_playable: bool,
    now: Timestamp,
) -> Answer<bool> {
    if !jobs::renew_lease(connection, job.id, job.lease.clone(), now).await? {
        return Ok(false);
    }
    let status = (is_playable && !is_ready(connection, &job).await?).then_some(MediaStatus::Playable);
    keep_facts(connection, &job, &facts, status, now).await?;
    if let Some(status) = status {
        settle_media(connection, &job, status, now).await?;
    }
    Ok(true)
}

/// What attempts before this one have made of a film that can be watched, and need not be made again. Of one that is ready
/// and made anew that is nothing: its renditions are another job's.
pub(crate) async fn kept_renditions(connection: &mut Connection, job: ClaimedJob) -> Answer<Vec<Rendition>> {
    let rows = sql("select rendition.name as rendition_name, rendition.format as rendition_format,
                           rendition.width as rendition_width, rendition.height as rendition_height,
                           rendition.size_bytes as rendition_bytes, rendition.digest as rendition_digest
                    from blob join rendition on rendition.connection_id = blob.connection_id
                                            and rendition.blob_key = blob.key
                    where blob.connection_id = $1 and blob.key = $2 and blob.status = $3
                    order by rendition.name")
    .bind(job.connection.to_string())
    .bind(job.blob.to_string())
    .bind(MediaStatus::Playable.as_str())
    .fetch_all(connection)
    .await?;
    rows.iter().filter_map(|row| media::rendition(row).transpose()).collect()
}

async fn is_ready(connection: &mut Connection, job: &ClaimedJob) -> Answer<bool> {
    let row = sql("select 1 as ready from blob where connection_id = $1 and key = $2 and status = $3")
        .bind(job.connection.to_string())
        .bind(job.blob.to_string())
        .bind(MediaStatus::Ready.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// Notes how far a job is, and renews its lease. `false` means that the lease was lost.
pub(crate) async fn report_progress(
    connection: &mut Connection,
    job: ClaimedJob,
    permille: u32,
    now: Timestamp,
) -> Answer<bool> {
    if !jobs::renew_lease(connection, job.id, job.lease, now).await? {
        return Ok(false);
    }
    sql("update blob set progress = $3 where connection_id = $1 and key = $2")
        .bind(job.connection.to_string())
        .bind(job.blob.to_string())
        .bind(i64::from(permille))
        .execute(connection)
        .await?;
    Ok(true)
}

/// Writes facts and renditions of a blob, over those of an earlier step or attempt.
async fn keep_facts(
    connection: &mut Connection,
    job: &ClaimedJob,
    facts: &RenderedFacts,
    status: Option<MediaStatus>,
    now: Timestamp,
) -> Answer<()> {
    for rendition in &facts.renditions {
        sql("insert into rendition (connection_id, blob_key, name, format, width, height, size_bytes, digest)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (connection_id, blob_key, name)
             do update set format = $4, width = $5, height = $6, size_bytes = $7, digest = $8")
        .bind(job.connection.to_string())
        .bind(job.blob.to_string())
        .bind(rendition.name.as_str())
        .bind(rendition.format.as_str())
        .bind(i64::from(rendition.dimensions.width))
        .bind(i64::from(rendition.dimensions.height))
        .bind(signed(rendition.size_bytes))
        .bind(rendition.digest.map(|digest| digest.as_bytes().to_vec()))
        .execute(&mut *connection)
        .await?;
    }
    let is_over = status == Some(MediaStatus::Ready);
    sql("update blob set status = coalesce($3, status), type = $4, format = $5, width = $6, height = $7, duration_ms = $8,
                sha256 = coalesce($9, sha256), failure_code = null, failure_message = null, published_at = $10,
                progress = case when $11 then null else progress end
         where connection_id = $1 and key = $2")
    .bind(job.connection.to_string())
    .bind(job.blob.to_string())
    .bind(status.map(MediaStatus::as_str))
    .bind(facts.media_type.as_str())
    .bind(facts.format.as_str())
    .bind(facts.dimensions.map(|size| i64::from(size.width)))
    .bind(facts.dimensions.map(|size| i64::from(size.height)))
    .bind(facts.duration_ms.map(signed))
    .bind(facts.sha256.map(|bytes| bytes.to_vec()))
    .bind(now.as_millis())
    .bind(is_over)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a job whose media cannot be rendered. `false` means that the lease was lost.
pub(crate) async fn fail_render(
    connection: &mut Connection,
    job: ClaimedJob,
    failure: Failure,
    now: Timestamp,
) -> Answer<bool> {
    settle_failure(connection, &job, "done", &failure, now).await
}

/// Puts a failed job back for another attempt; after the last one it is dead, and its media says why.
/// `false` means that the lease was lost.
pub(crate) async fn retry_render(
    connection: &mut Connection,
    job: ClaimedJob,
    failure: Failure,
    now: Timestamp,
) -> Answer<bool> {
    if job.attempt >= MAX_ATTEMPTS {
        return settle_failure(connection, &job, "dead", &failure, now).await;
    }
    let again = sql("update job set state = 'ready', lease_token = null, lease_until = null, last_error = $3,
                            run_at = $4, updated_at = $5
                     where id = $1 and lease_token = $2 and state = 'running'")
    .bind(job.id)
    .bind(job.lease.to_string())
    .bind(failure.to_string())
    .bind(now.after(retry_delay(job.attempt)).as_millis())
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(again.rows_affected() == 1)
}

/// Gives a dead job its attempts back, and its media the hope. Says whether it did: not where the job is not dead, nor where
/// the same bytes came again and were rendered since, for that would take ready media away.
pub(crate) async fn revive_job(connection: &mut Connection, job: i64, now: Timestamp) -> Answer<bool> {
    // Whose it is only its row knows; that tenant's other writes wait.
    sql(concat!(
        "select usage.connection_id from job join usage on usage.connection_id = job.connection_id where job.id = $1",
        dialect::locking!("usage")
    ))
    .bind(job)
    .fetch_optional(&mut *connection)
    .await?;
    let row = sql("update job set state = 'ready', attempts = 0, run_at = $2, updated_at = $2
                   where id = $1 and state = 'dead'
                     and exists (select 1 from blob where blob.connection_id = job.connection_id
                                                      and blob.key = job.blob_key and blob.status = 'error'
                                                      and blob.lost_etag is null)
                   returning connection_id, blob_key")
    .bind(job)
    .bind(now.as_millis())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(false) };
    blobs::forgive(connection, &row.word("connection_id")?, row.word("blob_key")?).await?;
    Ok(true)
}

async fn settle_failure(
    connection: &mut Connection,
    job: &ClaimedJob,
    state: &'static str,
    failure: &Failure,
    now: Timestamp,
) -> Answer<bool> {
    if !end_job(connection, job, state, Some(failure.to_string()), now).await? {
        return Ok(false);
    }
    sql("update blob set status = 'error', failure_code = $3, failure_message = $4, progress = null
         where connection_id = $1 and key = $2")
    .bind(job.connection.to_string())
    .bind(job.blob.to_string())
    .bind(failure.code.as_str())
    .bind(failure.message.clone())
    .execute(&mut *connection)
    .await?;
    settle_media(connection, job, MediaStatus::Error, now).await?;
    Ok(true)
}

/// The guard of promise 4: a worker that lost its lease changes nothing.
async fn end_job(
    connection: &mut Connection,
    job: &ClaimedJob,
    state: &'static str,
    last_error: Option<String>,
    now: Timestamp,
) -> Answer<bool> {
    let ended =
        sql("update job set state = $3, lease_token = null, lease_until = null, last_error = $4, updated_at = $5
                     where id = $1 and lease_token = $2 and state = 'running'")
        .bind(job.id)
        .bind(job.lease.to_string())
        .bind(state)
        .bind(last_error)
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(ended.rows_affected() == 1)
}

/// Takes the blob's status and type over to every media that shows it, with an event each.
async fn settle_media(
    connection: &mut Connection,
    job: &ClaimedJob,
    status: MediaStatus,
    now: Timestamp,
) -> Answer<()> {
    let rows = sql("update media set status = $3, type = (select type from blob where connection_id = $1 and key = $2)
                    where connection_id = $1 and blob_key = $2
                      and (status <> $3 or type <> (select type from blob where connection_id = $1 and key = $2))
                    returning id")
    .bind(job.connection.to_string())
    .bind(job.blob.to_string())
    .bind(status.as_str())
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        announce(connection, &job.connection, MediaId::new(row.number("id")?), status, now).await?;
    }
    Ok(())
}

async fn announce(
    connection: &mut Connection,
    owner: &ConnectionId,
    media: MediaId,
    status: MediaStatus,
    now: Timestamp,
) -> Answer<()> {
    let Some(event_type) = settled_event(status) else { return Ok(()) };
    events::record(connection, owner, event_type, Some(media), format!("{{\"mediaId\":{media}}}"), now).await
}
