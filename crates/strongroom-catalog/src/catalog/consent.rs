//! Release forms and people.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{BlobKey, ConnectionId, FormId, MediaId, MediaReference, PersonId};
use strongroom_core::release_form::Actor;
use strongroom_core::rendition::RenditionName;

use super::{Catalog, methods};
use crate::CatalogError;
use crate::records::{
    Attaching, AuditEntry, Avatar, AvatarState, ConsentPage, Document, Form, FormChange, FormTerms, NewBlob,
    NewDocument, Person, PersonChange, PersonFacts, Refused,
};

methods! {
    /// Keeps a new form, which nobody has approved yet.
    write[owner] forms::create_form(owner: ConnectionId, terms: FormTerms, actor: Actor, now: Timestamp) -> Result<FormId, Refused>;
    /// Changes what a form says.
    write[owner] forms::change_form(owner: ConnectionId, id: FormId, change: FormChange, actor: Actor, now: Timestamp) -> Result<(), Refused>;
    /// Approves a form, also one that was revoked.
    write[owner] forms::approve_form(owner: ConnectionId, id: FormId, actor: Actor, now: Timestamp) -> Result<(), Refused>;
    /// Revokes a form: consent is withdrawn from now on.
    write[owner] forms::revoke_form(owner: ConnectionId, id: FormId, actor: Actor, now: Timestamp) -> Result<(), Refused>;
    /// Deletes a form: it counts no longer. Its documents and its rows of the log stay.
    write[owner] forms::delete_form(owner: ConnectionId, id: FormId, actor: Actor, now: Timestamp) -> Result<(), Refused>;
    /// One form of a connection.
    read forms::form(owner: ConnectionId, id: FormId) -> Option<Form>;
    /// A page of a connection's forms.
    read forms::list_forms(owner: ConnectionId, page: ConsentPage) -> Vec<Form>;

    /// Attaches forms to media, beside those that are there: all of them to all, or nothing.
    write[attaching.connection] attaching::attach_forms(media: Vec<MediaReference>, attaching: Attaching, now: Timestamp) -> Result<Vec<MediaId>, Refused>;
    /// Makes these forms the only ones of a media.
    write[attaching.connection] attaching::replace_forms(media: MediaReference, attaching: Attaching, now: Timestamp) -> Result<MediaId, Refused>;

    /// Adds a document to a form. The same bytes as the newest are no new version.
    write[owner] documents::add_document(owner: ConnectionId, form: FormId, new: NewDocument, actor: Actor, now: Timestamp) -> Result<Document, Refused>;
    /// A document of a form: of this version, or the newest.
    read documents::document(owner: ConnectionId, form: FormId, version: Option<u32>) -> Option<Document>;

    /// The log of one form, deleted or not, oldest first, from behind the row `after`.
    read audit::audit_of_form(owner: ConnectionId, form: FormId, after: i64, limit: u32) -> Vec<AuditEntry>;
    /// The log of all forms of a connection, oldest first, from behind the row `after`.
    read audit::audit_of_connection(owner: ConnectionId, after: i64, limit: u32) -> Vec<AuditEntry>;

    /// Forms of which the end is near or past, and which nobody was told of.
    read lapsing::lapsing_forms(now: Timestamp, limit: u32) -> Vec<(ConnectionId, FormId)>;
    /// Tells that a form is expiring or has expired. Says whether there was anything to tell.
    write[owner] lapsing::tell_lapsing(owner: ConnectionId, form: FormId, now: Timestamp) -> bool;

    /// Keeps a new person.
    write people::create_person(owner: ConnectionId, facts: PersonFacts, now: Timestamp) -> PersonId;
    /// Changes what is known of someone. Says whether there is such a person.
    write[owner] people::change_person(owner: ConnectionId, id: PersonId, change: PersonChange, now: Timestamp) -> bool;
    /// Deletes a person. Answers their avatar's blob, if nothing else shows it.
    write[owner] people::delete_person(owner: ConnectionId, id: PersonId, now: Timestamp) -> Result<Option<BlobKey>, Refused>;
    /// One person of a connection.
    read people::person(owner: ConnectionId, id: PersonId) -> Option<Person>;
    /// A page of a connection's people.
    read people::list_people(owner: ConnectionId, page: ConsentPage) -> Vec<Person>;
    /// Keeps a picture that is to be an avatar, so that it gets its squares. Answers which blob shows it.
    write[new.connection] people::keep_avatar(new: NewBlob, now: Timestamp) -> BlobKey;
    /// Whether a blob's renditions include an avatar's squares. For the worker.
    read people::wants_squares(owner: ConnectionId, blob: BlobKey) -> bool;
    /// How far a picture is that is to be an avatar.
    read people::avatar_state(owner: ConnectionId, blob: BlobKey) -> Option<AvatarState>;
    /// Shows a picture as someone's avatar, or none. Answers the blob of the one before, if nothing else shows it.
    write[owner] people::set_avatar(owner: ConnectionId, id: PersonId, avatar: Option<BlobKey>, now: Timestamp) -> Result<Option<BlobKey>, Refused>;
    /// Deletes the row of a picture that nothing shows. Says whether it did; its bytes can go then.
    write[owner] people::discard_picture(owner: ConnectionId, blob: BlobKey) -> bool;
    /// What delivery needs of someone's avatar. Whoever asks holds a good signature.
    read people::avatar(id: PersonId, name: RenditionName) -> Option<Avatar>;
}
