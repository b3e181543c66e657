//! How much waits in the queues, for an operator's eyes.

use strongroom_core::clock::Timestamp;
use strongroom_core::job::JobKind;

use super::{Answer, Columns as _, Connection, sql};
use crate::records::JobDepth;

// Each state out of its own partial index: done jobs, which are most, are never looked at. sqlite/plans.rs holds it to that.
pub(crate) const DEPTHS: &str = "
    select kind, 'ready' as counted, count(*) as jobs, min(run_at) as due from job where state = 'ready' group by kind
    union all
    select kind, 'running', count(*), null from job where state = 'running' group by kind
    union all
    select kind, 'overdue', count(*), null from job where state = 'running' and lease_until < $1 group by kind
    union all
    select kind, 'dead', count(*), null from job where state = 'dead' group by kind";

/// How many jobs of each kind are in each state that is not the end. Kinds without any are left out.
pub(crate) async fn job_depths(
    connection: &mut Connection,
    now: Timestamp,
    overdue: Timestamp,
) -> Answer<Vec<JobDepth>> {
    let rows = sql(DEPTHS).bind(overdue.as_millis()).fetch_all(connection).await?;
    let mut depths: Vec<JobDepth> = Vec::new();
    for row in &rows {
        let kind: JobKind = row.word("kind")?;
        let index = depths.iter().position(|depth| depth.kind == kind).unwrap_or_else(|| {
            depths.push(JobDepth { kind, ready: 0, running: 0, dead: 0, overdue: 0, due: None });
            depths.len() - 1
        });
        let (depth, jobs) = (&mut depths[index], row.unsigned("jobs")?);
        match row.text("counted")?.as_str() {
            "ready" => {
                depth.ready = jobs;
                depth.due = row.optional_time("due")?.filter(|due| *due <= now);
            }
            "running" => depth.running = jobs,
            "overdue" => depth.overdue = jobs,
            _ => depth.dead = jobs,
        }
    }
    Ok(depths)
}
