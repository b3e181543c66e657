//! People who are shown in media, and their avatars.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{BlobKey, ConnectionId, PersonId};
use strongroom_core::media::{Failure, MediaStatus, MediaType};
use strongroom_core::rendition::{RenditionName, Size};

use super::{Answer, Columns as _, Connection, Row, Statement, blobs, signed, sql, trash};
use crate::records::{
    Avatar, AvatarState, ConsentPage, NameOrder, NewBlob, Person, PersonChange, PersonFacts, Refused, Rendition,
};

/// People that a condition picks; an order may follow.
macro_rules! select_person {
    ($rest:expr) => {
        concat!(
            "select id, type, name, username, is_verified, is_guest, is_hidden, iv_status, avatar_blob, url_version, created_at
             from person where connection_id = $1 and deleted_at is null and ",
            $rest
        )
    };
}

/// A page of people. Pending are those of whom no form is active, as `Validity::status` has it.
macro_rules! select_page {
    ($order:literal) => {
        select_person!(concat!(
            "(not $2 or not exists (
                 select 1 from release_form form
                 where form.connection_id = $1 and form.person_id = person.id and form.deleted_at is null
                   and form.revoked_at is null and form.approved_at is not null
                   and (form.valid_from is null or form.valid_from <= $3)
                   and (form.expires_at is null or form.expires_at > $3)))
             and ($4 is null or search like $4 escape '\\')
             order by ",
            $order,
            " limit $5 offset $6"
        ))
    };
}

/// Keeps a new person.
pub(crate) async fn create_person(
    connection: &mut Connection,
    owner: ConnectionId,
    facts: PersonFacts,
    now: Timestamp,
) -> Answer<PersonId> {
    let insert = sql(
        "insert into person (connection_id, type, name, username, search, is_verified, is_guest, is_hidden, iv_status,
                                          created_at, updated_at)
                      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) returning id",
    );
    let row = bind_facts(insert, &owner, facts).bind(now.as_millis()).fetch_one(connection).await?;
    row.number("id").map(PersonId::new)
}

/// Changes what is known of someone. Says whether there is such a person.
pub(crate) async fn change_person(
    connection: &mut Connection,
    owner: ConnectionId,
    id: PersonId,
    change: PersonChange,
    now: Timestamp,
) -> Answer<bool> {
    let Some(Person { facts: old, .. }) = person(connection, owner.clone(), id).await? else { return Ok(false) };
    let facts = PersonFacts {
        person_type: change.person_type.unwrap_or(old.person_type),
        name: change.name.unwrap_or(old.name),
        username: change.username.unwrap_or(old.username),
        is_verified: change.is_verified.unwrap_or(old.is_verified),
        is_guest: change.is_guest.unwrap_or(old.is_guest),
        is_hidden: change.is_hidden.unwrap_or(old.is_hidden),
        iv_status: change.iv_status.unwrap_or(old.iv_status),
    };
    let update =
        sql("update person set type = $2, name = $3, username = $4, search = $5, is_verified = $6, is_guest = $7,
                                        is_hidden = $8, iv_status = $9, updated_at = $10
                      where connection_id = $1 and id = $11");
    bind_facts(update, &owner, facts).bind(now.as_millis()).bind(id.number()).execute(connection).await?;
    Ok(true)
}

/// Binds whose person it is to `$1`, and what is known of them to `$2` to `$9`.
fn bind_facts(query: Statement, owner: &ConnectionId, facts: PersonFacts) -> Statement {
    let search = search_text(&facts);
    query
        .bind(owner.to_string())
        .bind(facts.person_type)
        .bind(facts.name)
        .bind(facts.username)
        .bind(search)
        .bind(i64::from(facts.is_verified))
        .bind(i64::from(facts.is_guest))
        .bind(i64::from(facts.is_hidden))
        .bind(facts.iv_status)
}

/// Deletes a person. Their forms stay, and go on saying whose they are: that is what they are kept for. Answers the blob of their
/// avatar, if nothing else shows it: its row is gone.
pub(crate) async fn delete_person(
    connection: &mut Connection,
    owner: ConnectionId,
    id: PersonId,
    now: Timestamp,
) -> Answer<Result<Option<BlobKey>, Refused>> {
    let freed = set_avatar(connection, owner.clone(), id, None, now).await?;
    if freed.is_ok() {
        sql("update person set deleted_at = $3 where connection_id = $1 and id = $2")
            .bind(owner.to_string())
            .bind(id.number())
            .bind(now.as_millis())
            .execute(connection)
            .await?;
    }
    Ok(freed)
}

/// One person of a connection.
pub(crate) async fn person(connection: &mut Connection, owner: ConnectionId, id: PersonId) -> Answer<Option<Person>> {
    let row =
        sql(select_person!("id = $2")).bind(owner.to_string()).bind(id.number()).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// A page of a connection's people.
pub(crate) async fn list_people(
    connection: &mut Connection,
    owner: ConnectionId,
    page: ConsentPage,
) -> Answer<Vec<Person>> {
    let text = match (page.order, page.descending) {
        (NameOrder::Date, true) => select_page!("created_at desc, id desc"),
        (NameOrder::Date, false) => select_page!("created_at, id"),
        (NameOrder::Name, true) => select_page!("search desc, id desc"),
        (NameOrder::Name, false) => select_page!("search, id"),
    };
    let rows = sql(text)
        .bind(owner.to_string())
        .bind(page.is_pending)
        .bind(page.now.as_millis())
        .bind(page.search.as_deref().map(pattern))
        .bind(i64::from(page.limit))
        .bind(signed(page.offset))
        .fetch_all(connection)
        .await?;
    rows.iter().map(read).collect()
}

/// Keeps a picture that is to be an avatar, so that it gets its squares. Answers which blob shows it.
pub(crate) async fn keep_avatar(connection: &mut Connection, new: NewBlob, now: Timestamp) -> Answer<BlobKey> {
    let owner = new.connection.clone();
    let blob = blobs::keep_blob(connection, new, now).await?;
    sql("update blob set is_avatar = 1 where connection_id = $1 and key = $2")
        .bind(owner.to_string())
        .bind(blob.to_string())
        .execute(connection)
        .await?;
    Ok(blob)
}

/// Whether a blob's renditions include an avatar's squares. For the worker.
pub(crate) async fn wants_squares(connection: &mut Connection, owner: ConnectionId, blob: BlobKey) -> Answer<bool> {
    let row = sql("select 1 as wanted from blob where connection_id = $1 and key = $2 and is_avatar = 1")
        .bind(owner.to_string())
        .bind(blob.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// How far a picture is that is to be an avatar.
pub(crate) async fn avatar_state(
    connection: &mut Connection,
    owner: ConnectionId,
    blob: BlobKey,
) -> Answer<Option<AvatarState>> {
    let row = sql("select status, type, format, failure_code, failure_message,
                          (select count(*) from rendition
                           where rendition.connection_id = blob.connection_id and rendition.blob_key = blob.key
                             and rendition.name = $3) as squares
                   from blob where connection_id = $1 and key = $2")
    .bind(owner.to_string())
    .bind(blob.to_string())
    .bind(RenditionName::Avatar50.as_str())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let failure = row.optional_word("failure_code")?;
    let message = row.optional_text("failure_message")?.unwrap_or_default();
    let has_squares = row.number("squares")? > 0;
    Ok(Some(match (row.word::<MediaStatus>("status")?, row.optional_word("format")?, failure) {
        (MediaStatus::Error, _, Some(code)) => AvatarState::Failed(Failure::new(code, message)),
        (MediaStatus::Ready, _, _) if has_squares => AvatarState::Ready,
        (MediaStatus::Ready | MediaStatus::Playable, _, _) if row.word::<MediaType>("type")? != MediaType::Photo => {
            AvatarState::Moving
        }
        (MediaStatus::Ready, Some(format), _) => AvatarState::Lacking(format),
        _ => AvatarState::Waiting,
    }))
}

/// Shows a picture as someone's avatar, or none. Older URLs die. Answers the blob of the avatar before, if nothing else shows it:
/// its row is gone.
pub(crate) async fn set_avatar(
    connection: &mut Connection,
    owner: ConnectionId,
    id: PersonId,
    avatar: Option<BlobKey>,
    now: Timestamp,
) -> Answer<Result<Option<BlobKey>, Refused>> {
    let row = sql("select avatar_blob from person where connection_id = $1 and id = $2 and deleted_at is null")
        .bind(owner.to_string())
        .bind(id.number())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(Err(Refused::Person(id))) };
    sql("update person set avatar_blob = $3, url_version = url_version + 1, updated_at = $4
         where connection_id = $1 and id = $2")
    .bind(owner.to_string())
    .bind(id.number())
    .bind(avatar.map(|key| key.to_string()))
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    let Some(before) = row.optional_word("avatar_blob")? else { return Ok(Ok(None)) };
    Ok(Ok(discard_picture(connection, owner, before).await?.then_some(before)))
}

/// Deletes the row of a picture that nothing shows. Says whether it did; its bytes can go then.
pub(crate) async fn discard_picture(connection: &mut Connection, owner: ConnectionId, blob: BlobKey) -> Answer<bool> {
    trash::let_go(connection, &owner, blob).await
}

/// What delivery needs of someone's avatar. Whoever asks holds a good signature, which names no connection.
pub(crate) async fn avatar(connection: &mut Connection, id: PersonId, name: RenditionName) -> Answer<Option<Avatar>> {
    let row =
        sql("select blob.key as blob_key, person.url_version, blob.published_at, rendition.format, rendition.width,
                          rendition.height, rendition.size_bytes, rendition.digest
                   from person
                   join connection on connection.id = person.connection_id and connection.deleted_at is null
                   join blob on blob.connection_id = person.connection_id and blob.key = person.avatar_blob
                   join rendition on rendition.connection_id = blob.connection_id and rendition.blob_key = blob.key
                   where person.id = $1 and person.deleted_at is null and rendition.name = $2")
        .bind(id.number())
        .bind(name.as_str())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let Some(published_at) = row.optional_time("published_at")? else { return Ok(None) };
    let rendition = Rendition {
        name,
        format: row.word("format")?,
        dimensions: Size::new(row.unsigned("width")?, row.unsigned("height")?),
        size_bytes: row.unsigned("size_bytes")?,
        digest: row.optional_digest("digest")?,
    };
    Ok(Some(Avatar { blob: row.word("blob_key")?, rendition, url_version: row.number("url_version")?, published_at }))
}

/// What `like` finds a text by that holds `text`, whatever the case of either. In Rust: SQLite folds only ASCII.
pub(super) fn pattern(text: &str) -> String {
    let escape = |letter: char| match letter {
        '%' | '_' | '\\' => format!("\\{letter}"),
        other => other.to_string(),
    };
    format!("%{}%", text.to_lowercase().chars().map(escape).collect::<String>())
}

fn search_text(facts: &PersonFacts) -> String {
    format!("{} {}", facts.name, facts.username).to_lowercase()
}

fn read(row: &Row) -> Answer<Person> {
    Ok(Person {
        id: PersonId::new(row.number("id")?),
        facts: PersonFacts {
            person_type: row.text("type")?,
            name: row.text("name")?,
            username: row.text("username")?,
            is_verified: row.number("is_verified")? != 0,
            is_guest: row.number("is_guest")? != 0,
            is_hidden: row.number("is_hidden")? != 0,
            iv_status: row.optional_text("iv_status")?,
        },
        has_avatar: row.optional_text("avatar_blob")?.is_some(),
        url_version: row.number("url_version")?,
        created_at: row.time("created_at")?,
    })
}
