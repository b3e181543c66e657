//! The tables that a move copies, in an order in which every row finds those that it refers to.
//!
//! A test holds this list against the schema: a column that a migration adds cannot be forgotten here.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Bytes,
}

use Kind::{Bytes, Number, Text};

/// A table of the catalog.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, Kind)],
    /// How many of the first columns are its primary key.
    pub(crate) key_columns: usize,
    /// Whether a new catalog has rows of it, which those that are copied take the place of.
    pub(crate) has_first_rows: bool,
    /// Whether its ids are numbered by the database.
    pub(crate) is_numbered: bool,
}

impl Table {
    const fn new(name: &'static str, key_columns: usize, columns: &'static [(&'static str, Kind)]) -> Self {
        Self { name, columns, key_columns, has_first_rows: false, is_numbered: false }
    }

    const fn with_first_rows(self) -> Self {
        Self { has_first_rows: true, ..self }
    }

    const fn numbered(self) -> Self {
        Self { is_numbered: true, ..self }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether a new catalog has rows of it.
    #[must_use]
    pub const fn has_first_rows(&self) -> bool {
        self.has_first_rows
    }

    /// Where `column` is in a row.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|(name, _)| *name == column)
    }

    /// All columns, separated by commas.
    pub(crate) fn column_list(&self) -> String {
        list(self.columns)
    }

    /// Its primary key, separated by commas.
    pub(crate) fn key_list(&self) -> String {
        list(self.columns.get(..self.key_columns).unwrap_or_default())
    }
}

fn list(columns: &[(&str, Kind)]) -> String {
    columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// All that a move copies row by row.
pub const TABLES: &[Table] = &[
    Table::new("organisation", 1, &[("id", Text), ("name", Text), ("created_at", Number)]).with_first_rows(),
    Table::new(
        "organisation_settings",
        2,
        &[
            ("organisation_id", Text),
            ("environment", Text),
            ("consent_policy", Text),
            ("quota_bytes", Number),
            ("trash_retention_days", Number),
            ("delivery_ttl_seconds", Number),
            ("cors_origins", Text),
            ("vault_plus_auto_enable", Number),
            ("vault_plus_settings", Text),
        ],
    )
    .with_first_rows(),
    Table::new(
        "api_key",
        1,
        &[
            ("id", Text),
            ("organisation_id", Text),
            ("environment", Text),
            ("name", Text),
            ("hash", Bytes),
            ("scopes", Text),
            ("permissions", Text),
            ("created_at", Number),
            ("expires_at", Number),
            ("revoked_at", Number),
            ("connection_ids", Text),
        ],
    ),
    Table::new(
        "connection",
        1,
        &[
            ("id", Text),
            ("organisation_id", Text),
            ("environment", Text),
            ("status", Text),
            ("name", Text),
            ("username", Text),
            ("avatar", Text),
            ("permissions", Text),
            ("client_reference_id", Text),
            ("created_at", Number),
            ("updated_at", Number),
            ("expired_at", Number),
            ("consent_policy", Text),
            ("quota_bytes", Number),
            ("trash_retention_days", Number),
            ("delivery_ttl_seconds", Number),
            ("cors_origins", Text),
            ("vault_plus_enabled", Number),
            ("vault_plus_settings", Text),
            ("last_checked_at", Number),
            ("deleted_at", Number),
            ("purged_at", Number),
            ("last_list_id", Number),
        ],
    ),
    Table::new(
        "upload",
        2,
        &[
            ("connection_id", Text),
            ("id", Text),
            ("state", Text),
            ("filename", Text),
            ("content_type", Text),
            ("size_bytes", Number),
            ("part_bytes", Number),
            ("repr_digest", Text),
            ("media_id", Number),
            ("created_at", Number),
            ("active_at", Number),
            ("expires_at", Number),
            ("closed_at", Number),
            ("list_ids", Text),
            ("release_form_ids", Text),
            ("named_by", Text),
            ("multipart_id", Text),
            ("is_direct", Number),
            ("part_tags", Text),
        ],
    ),
    Table::new(
        "part",
        3,
        &[
            ("connection_id", Text),
            ("upload_id", Text),
            ("number", Number),
            ("size_bytes", Number),
            ("digest", Bytes),
            ("side", Number),
            ("received_at", Number),
            ("store_tag", Text),
        ],
    ),
    Table::new("part_slot", 3, &[("connection_id", Text), ("upload_id", Text), ("number", Number)]),
    Table::new(
        "blob",
        2,
        &[
            ("connection_id", Text),
            ("key", Text),
            ("etag", Bytes),
            ("size_bytes", Number),
            ("sha256", Bytes),
            ("format", Text),
            ("type", Text),
            ("status", Text),
            ("width", Number),
            ("height", Number),
            ("duration_ms", Number),
            ("progress", Number),
            ("failure_code", Text),
            ("failure_message", Text),
            ("published_at", Number),
            ("created_at", Number),
            ("is_avatar", Number),
            ("lost_etag", Bytes),
        ],
    ),
    Table::new(
        "rendition",
        3,
        &[
            ("connection_id", Text),
            ("blob_key", Text),
            ("name", Text),
            ("format", Text),
            ("width", Number),
            ("height", Number),
            ("size_bytes", Number),
            ("digest", Bytes),
        ],
    ),
    Table::new(
        "media",
        1,
        &[
            ("id", Number),
            ("connection_id", Text),
            ("upload_id", Text),
            ("blob_key", Text),
            ("type", Text),
            ("status", Text),
            ("filename", Text),
            ("preview_blob", Text),
            ("url_version", Number),
            ("likes", Number),
            ("tips", Number),
            ("created_at", Number),
            ("deleted_at", Number),
        ],
    )
    .numbered(),
    Table::new(
        "job",
        1,
        &[
            ("id", Number),
            ("connection_id", Text),
            ("kind", Text),
            ("blob_key", Text),
            ("state", Text),
            ("run_at", Number),
            ("attempts", Number),
            ("lease_token", Text),
            ("lease_until", Number),
            ("last_error", Text),
            ("created_at", Number),
            ("updated_at", Number),
        ],
    )
    .numbered(),
    Table::new(
        "event",
        1,
        &[
            ("id", Text),
            ("connection_id", Text),
            ("type", Text),
            ("media_id", Number),
            ("sequence", Number),
            ("data", Text),
            ("created_at", Number),
        ],
    ),
    Table::new(
        "list",
        2,
        &[
            ("connection_id", Text),
            ("id", Number),
            ("type", Text),
            ("name", Text),
            ("created_at", Number),
            ("updated_at", Number),
            ("folded", Text),
        ],
    ),
    Table::new(
        "list_media",
        3,
        &[("connection_id", Text), ("list_id", Number), ("media_id", Number), ("added_at", Number)],
    ),
    Table::new(
        "person",
        1,
        &[
            ("id", Number),
            ("connection_id", Text),
            ("type", Text),
            ("name", Text),
            ("username", Text),
            ("search", Text),
            ("is_verified", Number),
            ("is_guest", Number),
            ("is_hidden", Number),
            ("iv_status", Text),
            ("avatar_blob", Text),
            ("url_version", Number),
            ("created_at", Number),
            ("updated_at", Number),
            ("deleted_at", Number),
        ],
    )
    .numbered(),
    Table::new(
        "release_form",
        1,
        &[
            ("id", Number),
            ("connection_id", Text),
            ("type", Text),
            ("name", Text),
            ("search", Text),
            ("person_id", Number),
            ("partner_id", Number),
            ("partner_source", Text),
            ("code", Text),
            ("usage", Text),
            ("valid_from", Number),
            ("expires_at", Number),
            ("approved_at", Number),
            ("revoked_at", Number),
            ("is_hidden", Number),
            ("document_sha256", Bytes),
            ("told_expiring", Number),
            ("told_expired", Number),
            ("created_at", Number),
            ("changed_at", Number),
            ("deleted_at", Number),
        ],
    )
    .numbered(),
    Table::new(
        "release_form_document",
        3,
        &[
            ("connection_id", Text),
            ("form_id", Number),
            ("version", Number),
            ("sha256", Bytes),
            ("blob_key", Text),
            ("kind", Text),
            ("size_bytes", Number),
            ("created_at", Number),
        ],
    ),
    // After the people: the words of a search are made when a form is attached.
    Table::new(
        "media_release_form",
        3,
        &[("connection_id", Text), ("media_id", Number), ("form_id", Number), ("attached_at", Number)],
    ),
    Table::new(
        "release_form_audit",
        1,
        &[
            ("id", Number),
            ("connection_id", Text),
            ("form_id", Number),
            ("action", Text),
            ("actor", Text),
            ("document_sha256", Bytes),
            ("detail", Text),
            ("at", Number),
        ],
    )
    .numbered(),
    Table::new(
        "rendition_access",
        3,
        &[("connection_id", Text), ("media_id", Number), ("name", Text), ("total", Number), ("last_at", Number)],
    ),
    // Triggers have made those of media that show. Of one that comes in the trash they have not.
    Table::new(
        "listing",
        3,
        &[
            ("connection_id", Text),
            ("media_id", Number),
            ("list_id", Number),
            ("type", Text),
            ("status", Text),
            ("likes", Number),
            ("tips", Number),
            ("created_at", Number),
        ],
    ),
];

/// The keys that sign URLs. An embedded vault has them in a file.
pub const SIGNING_KEYS: Table = Table::new("signing_key", 1, &[("id", Text), ("line", Text), ("created_at", Number)]);

/// What is not copied: what triggers make of the rest, and what belongs to one catalog alone.
#[cfg(test)]
pub(crate) const LEFT: [&str; 6] =
    ["usage", "media_tally", "media_text", "relocation", "relocated_upload", "relocated_part"];
