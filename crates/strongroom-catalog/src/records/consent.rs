//! Release forms, people, documents, and who did what to them.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{BlobKey, ConnectionId, FormId, PersonId};
use strongroom_core::media::{Failure, Format};
use strongroom_core::release_form::{Actor, FormAction, FormStatus, Validity};

use super::{NewBlob, Rendition};

/// A release form, as a media that it is attached to names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedForm {
    /// Its id.
    pub id: FormId,
    /// What it is called.
    pub name: String,
    /// What kind of form it is.
    pub form_type: String,
    /// Where it comes from.
    pub partner_source: String,
    /// The times that its status follows from.
    pub validity: Validity,
    /// Whose consent it is, where that is known.
    pub person: Option<PersonName>,
}

/// Someone, as a release form names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName {
    /// Their id.
    pub id: PersonId,
    /// What they are called.
    pub name: String,
    /// The name of their account.
    pub username: String,
    /// Whether the operator has seen who they are.
    pub is_verified: bool,
    /// Whether they have no account of their own.
    pub is_guest: bool,
    /// How far their identity is verified; a word of the operator's.
    pub iv_status: Option<String>,
    /// Whether they have a picture.
    pub has_avatar: bool,
    /// Part of the URLs of their picture; moves when older ones must die.
    pub url_version: i64,
}

/// What a release form says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormTerms {
    /// What it is called.
    pub name: String,
    /// What kind of form it is.
    pub form_type: String,
    /// Whose consent it is, where that is known.
    pub person: Option<PersonId>,
    /// Its number where it comes from.
    pub partner_id: Option<i64>,
    /// Where it comes from.
    pub partner_source: String,
    /// Its code where it comes from.
    pub code: Option<String>,
    /// What may be done with the media.
    pub usage: Option<String>,
    /// From when on it gives consent.
    pub valid_from: Option<Timestamp>,
    /// Until when it gives consent.
    pub expires_at: Option<Timestamp>,
    /// Whether lists leave it out of sight; for clients, nothing here follows from it.
    pub is_hidden: bool,
}

/// What to change of a form; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormChange {
    /// What it is called.
    pub name: Option<String>,
    /// What kind of form it is.
    pub form_type: Option<String>,
    /// Whose consent it is.
    pub person: Option<Option<PersonId>>,
    /// Its number where it comes from.
    pub partner_id: Option<Option<i64>>,
    /// Where it comes from.
    pub partner_source: Option<String>,
    /// Its code where it comes from.
    pub code: Option<Option<String>>,
    /// What may be done with the media.
    pub usage: Option<Option<String>>,
    /// From when on it gives consent.
    pub valid_from: Option<Option<Timestamp>>,
    /// Until when it gives consent.
    pub expires_at: Option<Option<Timestamp>>,
    /// Whether lists leave it out of sight.
    pub is_hidden: Option<bool>,
}

/// A release form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Its id.
    pub id: FormId,
    /// What it says.
    pub terms: FormTerms,
    /// What the person is called, where one is named.
    pub person_name: Option<String>,
    /// When it was approved last, if it was.
    pub approved_at: Option<Timestamp>,
    /// When it was revoked, if it was and was not approved since.
    pub revoked_at: Option<Timestamp>,
    /// Its newest document.
    pub document: Option<Document>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it changed last.
    pub changed_at: Timestamp,
}

impl Form {
    /// The times that its status follows from.
    #[must_use]
    pub fn validity(&self) -> Validity {
        Validity {
            approved_at: self.approved_at,
            revoked_at: self.revoked_at,
            valid_from: self.terms.valid_from,
            expires_at: self.terms.expires_at,
        }
    }

    /// What it is worth at `now`.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> FormStatus {
        self.validity().status(now)
    }
}

/// The order of a list of forms or people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameOrder {
    /// By creation.
    Date,
    /// By name, whatever its case.
    Name,
}

/// Which forms or people to list.
#[derive(Debug, Clone)]
pub struct ConsentPage {
    /// Only forms that wait for approval or for their time; only people of whom no form is active.
    pub is_pending: bool,
    /// What to sort by.
    pub order: NameOrder,
    /// Newest or last name first.
    pub descending: bool,
    /// Only those whose names, or their person's, hold this.
    pub search: Option<String>,
    /// How many at most.
    pub limit: u32,
    /// How many to pass over.
    pub offset: u64,
    /// Now; what is pending follows from it.
    pub now: Timestamp,
}

/// What is known of someone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFacts {
    /// What kind of person; a word of the operator's.
    pub person_type: String,
    /// What they are called.
    pub name: String,
    /// The name of their account.
    pub username: String,
    /// Whether the operator has seen who they are.
    pub is_verified: bool,
    /// Whether they have no account of their own.
    pub is_guest: bool,
    /// Whether lists leave them out of sight; for clients, nothing here follows from it.
    pub is_hidden: bool,
    /// How far their identity is verified; a word of the operator's.
    pub iv_status: Option<String>,
}

/// What to change of a person; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonChange {
    /// What kind of person.
    pub person_type: Option<String>,
    /// What they are called.
    pub name: Option<String>,
    /// The name of their account.
    pub username: Option<String>,
    /// Whether the operator has seen who they are.
    pub is_verified: Option<bool>,
    /// Whether they have no account of their own.
    pub is_guest: Option<bool>,
    /// Whether lists leave them out of sight.
    pub is_hidden: Option<bool>,
    /// How far their identity is verified.
    pub iv_status: Option<Option<String>>,
}

/// Someone who is shown in media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// What is known of them.
    pub facts: PersonFacts,
    /// Whether they have a picture.
    pub has_avatar: bool,
    /// Part of the URLs of their picture.
    pub url_version: i64,
    /// When they were entered.
    pub created_at: Timestamp,
}

impl Person {
    /// As a release form names them.
    #[must_use]
    pub fn to_name(&self) -> PersonName {
        PersonName {
            id: self.id,
            name: self.facts.name.clone(),
            username: self.facts.username.clone(),
            is_verified: self.facts.is_verified,
            is_guest: self.facts.is_guest,
            iv_status: self.facts.iv_status.clone(),
            has_avatar: self.has_avatar,
            url_version: self.url_version,
        }
    }
}

/// How far a picture is that is to be someone's avatar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AvatarState {
    /// Its squares are there.
    Ready,
    /// It is being rendered.
    Waiting,
    /// It was rendered before anybody wanted squares of it.
    Lacking(Format),
    /// It moves, so it is no still picture.
    Moving,
    /// It cannot be rendered.
    Failed(Failure),
}

/// What delivery needs of an avatar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Avatar {
    /// Where the bytes are.
    pub blob: BlobKey,
    /// Which rendition.
    pub rendition: Rendition,
    /// The person's URL version now.
    pub url_version: i64,
    /// When the renditions were published; part of the entity tag.
    pub published_at: Timestamp,
}

/// What a signed document is, told from its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// A PDF.
    Pdf,
    /// A picture.
    Picture(Format),
}

impl DocumentKind {
    /// The `Content-Type` it is served with.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Picture(format) => format.content_type(),
        }
    }

    /// The ending of its file name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Picture(format) => format.as_str(),
        }
    }
}

/// A signed document that is to be kept.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// Its bytes.
    pub blob: NewBlob,
    /// Their SHA-256.
    pub sha256: [u8; 32],
    /// What they are.
    pub kind: DocumentKind,
}

/// A signed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// From 1; the form's first, second and so on.
    pub version: u32,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Where they are.
    pub blob: BlobKey,
    /// What they are.
    pub kind: DocumentKind,
    /// How many they are.
    pub size_bytes: u64,
    /// When it was added.
    pub created_at: Timestamp,
}

/// A row of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the log.
    pub id: i64,
    /// Which form.
    pub form: FormId,
    /// What was done.
    pub action: FormAction,
    /// Who did it.
    pub actor: Actor,
    /// SHA-256 of the document that was the newest then.
    pub document_sha256: Option<[u8; 32]>,
    /// JSON: what changed.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

/// Why nothing was changed: what a call named is not there, or cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There is no such form.
    Form(FormId),
    /// There is no such person.
    Person(PersonId),
    /// There is no such media; as the caller named it.
    Media(String),
    /// The form would end before it begins.
    NeverValid,
}

/// Forms to attach to media, or to take off them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attaching {
    /// Whose.
    pub connection: ConnectionId,
    /// The forms.
    pub forms: Vec<FormId>,
    /// Who does it.
    pub actor: Actor,
}
