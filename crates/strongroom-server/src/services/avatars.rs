//! Avatars: a picture is kept and rendered like any other, with small squares on top, and is then shown beside a name.

use std::time::Duration;

use strongroom_catalog::records::AvatarState;
use strongroom_core::id::{BlobKey, ConnectionId, PersonId};
use strongroom_core::job::JobKind;
use strongroom_core::media::{Failure, sniff};
use tokio::time::Instant;

use super::keeping::{self, PATIENCE};
use super::parts::Incoming;
use crate::app::App;
use crate::problem::{Kind, Problem};

/// How often to look whether squares were made of a picture that had none.
const LOOK: Duration = Duration::from_millis(100);

/// Keeps a picture of `size` bytes, and waits until it is rendered. Answers which blob shows it.
pub(crate) async fn receive(
    app: &App,
    owner: &ConnectionId,
    size: u64,
    body: &mut impl Incoming,
) -> Result<BlobKey, Problem> {
    let blob = keep(app, owner, size, body).await?;
    let waited = wait_for_squares(app, owner, blob).await;
    if waited.as_ref().is_err_and(|problem| problem.kind == Kind::BadRequest) {
        let is_gone = app.catalog.discard_picture(owner.clone(), blob).await?;
        delete(app, is_gone.then_some(blob)).await?;
    }
    waited.map(|()| blob)
}

/// Shows a picture beside a person's name, or none, and deletes the one before.
pub(crate) async fn show(
    app: &App,
    owner: &ConnectionId,
    person: PersonId,
    picture: Option<BlobKey>,
) -> Result<(), Problem> {
    let freed = app.catalog.set_avatar(owner.clone(), person, picture, app.clock.now()).await??;
    delete(app, freed).await
}

/// Deletes the bytes of a picture whose row is gone.
pub(crate) async fn delete(app: &App, freed: Option<BlobKey>) -> Result<(), Problem> {
    if let Some(blob) = freed {
        app.store.delete_blob(blob).await?;
    }
    Ok(())
}

async fn keep(app: &App, owner: &ConnectionId, size: u64, body: &mut impl Incoming) -> Result<BlobKey, Problem> {
    let stored = keeping::store_picture(app, size, body, sniff).await?;
    let stored = stored.ok_or_else(|| no_picture("these bytes are no picture that we know"))?;
    let row = stored.to_blob(owner);
    stored.keep(app, app.catalog.keep_avatar(row, app.clock.now()), |kept| Some(*kept)).await
}

/// Waits until the squares are there. A picture that was here before, and shown otherwise, has none: it is rendered anew.
async fn wait_for_squares(app: &App, owner: &ConnectionId, blob: BlobKey) -> Result<(), Problem> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let patience = deadline.saturating_duration_since(Instant::now());
        app.settled.wait_for_blob(&app.catalog, owner, blob, patience).await?;
        match app.catalog.avatar_state(owner.clone(), blob).await? {
            Some(AvatarState::Ready) => return Ok(()),
            Some(AvatarState::Failed(Failure { message, .. })) => return Err(no_picture(&message)),
            Some(AvatarState::Moving) => return Err(no_picture("it moves")),
            Some(AvatarState::Lacking(format)) => {
                let (kind, now) = (JobKind::for_format(format), app.clock.now());
                if app.catalog.render_again(owner.clone(), blob, kind, now).await? {
                    app.wake.wake();
                }
            }
            Some(AvatarState::Waiting) | None => {}
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(Problem::new(Kind::StorageUnavailable, "the picture is not rendered yet; send it again to go on"))
}

fn no_picture(why: &str) -> Problem {
    Problem::new(Kind::BadRequest, format!("the avatar must be a picture that stands still: {why}"))
}
