//! The door to the catalog: every method, and which way it takes to the database.

mod account;
mod consent;
mod depth;
mod direct;
mod engine;
mod scrub;
mod transfer;
mod vault;
mod vault_plus;

use std::path::Path;

use strongroom_core::clock::Timestamp;
use strongroom_core::digest::Digest;
use strongroom_core::id::{BlobKey, ConnectionId, LeaseToken, MediaId, UploadId};
use strongroom_core::job::JobKind;
use strongroom_core::media::{Failure, MediaType};
use strongroom_core::rendition::RenditionName;
use strongroom_core::upload::UploadState;

use crate::postgres::PostgresOptions;
use crate::records::{
    BlobState, ClaimedJob, Completed, Deliverable, JobRecord, Media, NewBlob, NewMedia, Part, PartRecorded,
    RenderedFacts, Rendition, Upload, WholeCompleted,
};
use crate::{Announcement, CatalogError, postgres, sqlite};
use engine::Engine;

/// The catalog: uploads, media, jobs, keys. Cheap to clone.
///
/// A method that writes answers once its change is on stable storage; one that fails has changed nothing. A server may be lost in
/// the moment between: then `Unavailable` means that it is not known, and the call can be made again.
#[derive(Clone)]
pub struct Catalog {
    engine: Engine,
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Catalog")
    }
}

impl Catalog {
    /// Opens or creates an SQLite catalog at `path`, and brings its schema up to date.
    ///
    /// # Errors
    /// Where the file cannot be opened, migrated, or trusted to sync.
    pub async fn open_sqlite(path: &Path) -> Result<Self, CatalogError> {
        Ok(Self { engine: Engine::Sqlite(sqlite::Engine::open(path, sqlite::Synchronous::Full).await?) })
    }

    /// As [`Self::open_sqlite`], for a store that does not sync either: a power cut may take back what was written last. What is left
    /// is a whole catalog, as it was at some moment before.
    ///
    /// # Errors
    /// As [`Self::open_sqlite`].
    pub async fn open_sqlite_relaxed(path: &Path) -> Result<Self, CatalogError> {
        Ok(Self { engine: Engine::Sqlite(sqlite::Engine::open(path, sqlite::Synchronous::Normal).await?) })
    }

    /// Opens a PostgreSQL catalog, and brings its schema up to date. A role that may not do so opens one that is.
    ///
    /// # Errors
    /// Where the server does not answer, or its schema is another than this program's and cannot be changed.
    pub async fn open_postgres(url: &str, options: &PostgresOptions) -> Result<Self, CatalogError> {
        Ok(Self { engine: Engine::Postgres(postgres::Engine::open(url, options).await?) })
    }

    /// Whether the PostgreSQL database at `url` has no table yet, of ours or anybody's.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn is_new_postgres(url: &str) -> Result<bool, CatalogError> {
        postgres::is_new(url).await
    }

    /// Whether reads and writes would be answered now.
    ///
    /// # Errors
    /// Where they would not.
    pub async fn probe(&self) -> Result<(), CatalogError> {
        self.engine.probe().await
    }

    /// Resolves when the catalog accepts no more writes: a sync failed, and only a restart can tell what is on disk. Never, where
    /// the disk is a server's.
    pub async fn failed(&self) {
        self.engine.failed().await;
    }

    /// Tells `hear` what is committed, by this node or another, for as long as this is polled. Never resolves: a lost connection is
    /// made anew. Nothing is told where no other node can be.
    pub async fn listen(&self, hear: impl Fn(Announcement) + Send + Sync) {
        self.engine.listen(hear).await;
    }
}

/// Declares the methods: `read` through a pooled connection, `remembered` likewise where nothing else has been committed since the
/// same was asked, `write` in a transaction. `write[owner]` runs after every other write
/// on what this tenant owns has ended, and before the next: whatever it looks at stays as it is while it acts on that. A plain
/// `write` is one statement, or takes the lock of the one row that it is about with its first.
macro_rules! methods {
    ($($(#[$meta:meta])* $way:ident $([$tenant:expr])? $module:ident :: $name:ident ( $($argument:ident : $type:ty),* ) -> $answer:ty;)+) => {
        impl Catalog {
            $(
                $(#[$meta])*
                ///
                /// # Errors
                /// Where the database does not answer.
                pub async fn $name(&self, $($argument: $type),*) -> Result<$answer, CatalogError> {
                    methods!(@$way self, [$($tenant)?], $module::$name($($argument),*))
                }
            )+
        }
    };
    (@read $self:ident, [], $module:ident :: $name:ident ( $($argument:ident),* )) => {
        match &$self.engine {
            crate::catalog::Engine::Sqlite(engine) => {
                engine.readers.read(move |connection| Box::pin(crate::sqlite::queries::$module::$name(connection, $($argument),*))).await
            }
            crate::catalog::Engine::Postgres(engine) => {
                engine.read(move |connection| Box::pin(crate::postgres::queries::$module::$name(connection, $($argument),*))).await
            }
        }
    };
    (@remembered $self:ident, [], $module:ident :: $name:ident ( $($argument:ident),* )) => {
        match &$self.engine {
            crate::catalog::Engine::Sqlite(engine) => {
                let question = ($(Clone::clone(&$argument)),*);
                let read = engine.readers.read(move |connection| Box::pin(crate::sqlite::queries::$module::$name(connection, $($argument),*)));
                engine.answers.$name.get_or_read(question, read).await
            }
            crate::catalog::Engine::Postgres(engine) => {
                engine.read(move |connection| Box::pin(crate::postgres::queries::$module::$name(connection, $($argument),*))).await
            }
        }
    };
    (@write $self:ident, [$($tenant:expr)?], $module:ident :: $name:ident ( $($argument:ident),* )) => {
        match &$self.engine {
            crate::catalog::Engine::Sqlite(engine) => {
                engine.writer.write(move |connection| {
                    // It may be run again.
                    $(let $argument = Clone::clone(&$argument);)*
                    Box::pin(crate::sqlite::queries::$module::$name(connection, $($argument),*))
                }).await
            }
            crate::catalog::Engine::Postgres(engine) => {
                let tenant = methods!(@tenant $($tenant)?);
                engine.write(tenant, move |connection| {
                    // It may be run again.
                    $(let $argument = Clone::clone(&$argument);)*
                    Box::pin(crate::postgres::queries::$module::$name(connection, $($argument),*))
                }).await
            }
        }
    };
    (@tenant) => {
        None
    };
    (@tenant $tenant:expr) => {
        Some($tenant.to_string())
    };
}

use methods;

methods! {
    /// How many media of a type a connection has.
    read connections::count_media(connection: ConnectionId, media_type: MediaType) -> i64;

    /// Opens an upload session, unless the connection has `most_open` open ones already. Says whether it did.
    write[upload.connection] uploads::create_upload(upload: Upload, most_open: i64) -> bool;
    /// One session of a connection.
    read uploads::upload(owner: ConnectionId, id: UploadId) -> Option<Upload>;
    /// One session of a connection, and then its acknowledged parts, in order.
    read parts::upload_with_parts(owner: ConnectionId, id: UploadId) -> Option<(Upload, Vec<Part>)>;
    /// A connection's sessions, newest first.
    read uploads::list_uploads(owner: ConnectionId, state: Option<UploadState>, limit: u32, offset: u64) -> Vec<Upload>;
    /// Moves a session from one state to another. Says whether it was in the first.
    write[owner] uploads::move_upload(owner: ConnectionId, id: UploadId, from: UploadState, to: UploadState, now: Timestamp) -> bool;
    /// Open sessions whose time has come.
    read uploads::due_uploads(now: Timestamp, limit: u32) -> Vec<Upload>;
    /// Expires a session, unless a part was accepted since it was found due. Says whether it did.
    write[owner] uploads::expire_upload(owner: ConnectionId, id: UploadId, now: Timestamp) -> bool;
    /// Sessions that a crash left in `completing`, untouched since `before`.
    read uploads::interrupted_uploads(before: Timestamp) -> Vec<Upload>;
    /// The state of a session, whoever owns it; for the sweeper, which finds sessions by their files.
    read uploads::state_of_staged(id: UploadId) -> Option<UploadState>;
    /// Whether a row says that a part lies in this side file. For the sweeper.
    read uploads::names_side_file(id: UploadId, number: u32, generation: u64) -> bool;
    /// Whether a row names these bytes, or a complete that is not at its end will. For the sweeper.
    read uploads::names_blob(blob: BlobKey) -> bool;
    /// Forgets aborted and expired sessions that closed before `before`. Answers how many.
    write uploads::purge_uploads(before: Timestamp) -> u64;

    /// The acknowledged part of this number.
    read parts::part(owner: ConnectionId, upload: UploadId, number: u32) -> Option<Part>;
    /// The acknowledged parts, in order.
    read parts::parts(owner: ConnectionId, upload: UploadId) -> Vec<Part>;
    /// Makes a part count, if the session is still open, and puts off its expiry. The last whole write wins.
    write parts::record_part(owner: ConnectionId, upload: UploadId, part: Part, now: Timestamp, expires_at: Timestamp) -> PartRecorded;

    /// Claims the right to write a part under its own number in the object store. Says whether it was free.
    write slots::claim_slot(owner: ConnectionId, upload: UploadId, number: u32) -> bool;
    /// Gives the right back, where nothing was written.
    write slots::release_slot(owner: ConnectionId, upload: UploadId, number: u32) -> ();
    /// Notes the multipart upload that holds a session's parts, unless it has one. Answers the one that it has.
    write slots::keep_multipart(owner: ConnectionId, upload: UploadId, multipart: String) -> Option<String>;
    /// The multipart upload that a row names for this session. For the sweeper.
    read slots::multipart_of_staged(upload: UploadId) -> Option<String>;
    /// Opens a session that was `completing` again, without any of its parts. Says whether it was.
    write[owner] slots::reopen_empty(owner: ConnectionId, upload: UploadId, now: Timestamp) -> bool;

    /// The keys that sign URLs, a line each, the one that signs first.
    read signing_keys::signing_keys() -> Vec<String>;
    /// Adds the first signing key, unless there is one.
    write signing_keys::first_signing_key(id: String, line: String, now: Timestamp) -> ();
    /// Adds a key, which signs from now on, and forgets all but the newest `most`.
    write signing_keys::add_signing_key(id: String, line: String, now: Timestamp, most: i64) -> ();

    /// Completes an upload that is `completing`: media, job and event. Run again, it answers what the first run made.
    write[new.connection] completion::complete_upload(new: NewMedia, now: Timestamp) -> Completed;
    /// Completes an upload that is `open`, whose whole file came in one request. Says what it became, or that it is not open.
    write[new.connection] completion::complete_whole(new: NewMedia, now: Timestamp) -> WholeCompleted;

    /// Keeps bytes without a media of their own, or finds those that are here already. Answers which blob shows them.
    write[new.connection] blobs::keep_blob(new: NewBlob, now: Timestamp) -> BlobKey;
    /// How far a blob's renditions are.
    read blobs::blob_state(owner: ConnectionId, key: BlobKey) -> Option<BlobState>;
    /// Renders a blob anew, unless that is under way. Says whether a job was added.
    write[owner] blobs::render_again(owner: ConnectionId, blob: BlobKey, kind: JobKind, now: Timestamp) -> bool;

    /// One media of a connection.
    remembered media::media(owner: ConnectionId, id: MediaId) -> Option<Media>;
    /// The media that an upload became.
    read media::media_of_upload(owner: ConnectionId, upload: UploadId) -> Option<Media>;
    /// The newest media with these bytes, if it has not failed.
    read media::media_by_etag(owner: ConnectionId, etag: Digest, size_bytes: u64) -> Option<Media>;
    /// The newest media whose bytes have this SHA-256, if it has not failed.
    read media::media_by_sha256(owner: ConnectionId, sha256: [u8; 32], size_bytes: u64) -> Option<Media>;
    /// Shows another blob's renditions as a media's preview, or its own again. Says whether there is such a media.
    write[owner] media::set_preview(owner: ConnectionId, id: MediaId, preview: Option<BlobKey>) -> bool;
    /// What delivery needs of one rendition. Whoever asks holds a good signature.
    remembered media::deliverable(media: MediaId, name: RenditionName) -> Option<Deliverable>;
    /// The types of a media's events, in order.
    read events::events_of_media(owner: ConnectionId, media: MediaId) -> Vec<String>;

    /// Takes the next job of a kind, under a new lease.
    write jobs::claim_job(kind: JobKind, now: Timestamp) -> Option<ClaimedJob>;
    /// Renews a lease. `false` means it is lost: another worker has the job.
    write jobs::renew_lease(job: i64, lease: LeaseToken, now: Timestamp) -> bool;
    /// Gives a job back at shutdown, with its attempt not spent.
    write jobs::give_back(job: i64, lease: LeaseToken, now: Timestamp) -> ();
    /// Puts a job that could not begin back until `run_at`, with its attempt not spent. `false` means that the lease was lost.
    write jobs::postpone_job(job: ClaimedJob, reason: String, run_at: Timestamp, now: Timestamp) -> bool;
    /// Passes a job on to another queue, with its attempt not spent. `false` means that the lease was lost.
    write jobs::hand_over(job: ClaimedJob, kind: JobKind, now: Timestamp) -> bool;
    /// Jobs whose worker died in their last attempt.
    read jobs::abandoned_jobs(now: Timestamp) -> Vec<ClaimedJob>;
    /// When the next job of a kind wants a worker.
    read jobs::next_due(kind: JobKind) -> Option<Timestamp>;
    /// Forgets jobs that ended well before `before`. Answers how many.
    write jobs::purge_jobs(before: Timestamp) -> u64;
    /// Jobs for an operator's eyes, those that need one first.
    read jobs::list_jobs(limit: u32) -> Vec<JobRecord>;

    /// Ends a job well. `false` means that the lease was lost and nothing was changed.
    write[job.connection] outcome::finish_render(job: ClaimedJob, facts: RenderedFacts, now: Timestamp) -> bool;
    /// Keeps what a job has made so far. `false` means that the lease was lost and nothing was changed.
    write[job.connection] outcome::publish_step(job: ClaimedJob, facts: RenderedFacts, is_playable: bool, now: Timestamp) -> bool;
    /// What earlier attempts have made of a film that can be watched.
    read outcome::kept_renditions(job: ClaimedJob) -> Vec<Rendition>;
    /// Notes how far a job is, and renews its lease. `false` means that the lease was lost.
    write[job.connection] outcome::report_progress(job: ClaimedJob, permille: u32, now: Timestamp) -> bool;
    /// Ends a job whose media cannot be rendered. `false` means that the lease was lost.
    write[job.connection] outcome::fail_render(job: ClaimedJob, failure: Failure, now: Timestamp) -> bool;
    /// Puts a failed job back; after its last attempt it is dead. `false` means that the lease was lost.
    write[job.connection] outcome::retry_render(job: ClaimedJob, failure: Failure, now: Timestamp) -> bool;
    /// Gives a dead job its attempts back. Says whether it was dead and its media still failed.
    write outcome::revive_job(job: i64, now: Timestamp) -> bool;
}
