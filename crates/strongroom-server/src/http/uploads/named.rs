//! Lists and release forms that init and complete name for the media to come.

use std::fmt::Display;
use std::str::FromStr;

use serde_json::Value;
use strongroom_catalog::records::Attaching;
use strongroom_core::id::{ConnectionId, FormId, KeyId, ListId, UploadId};
use strongroom_core::release_form::Actor;

use crate::app::App;
use crate::http::ids::read_ids;
use crate::problem::Problem;

/// What is named, all of it there.
pub(super) struct Named {
    lists: Vec<ListId>,
    forms: Attaching,
}

impl Named {
    /// Reads `listIds` and `releaseFormIds`, and refuses what the connection does not have.
    pub(super) async fn read(
        app: &App,
        owner: &ConnectionId,
        by: &KeyId,
        lists: Option<&Vec<Value>>,
        forms: Option<&Vec<Value>>,
    ) -> Result<Self, Problem> {
        const A_FORM: &str = "the id of a release form of this connection";
        const A_LIST: &str = "the id of a list of this connection";
        let forms = read::<FormId>("releaseFormIds", forms, A_FORM)?;
        let lists = read::<ListId>("listIds", lists, A_LIST)?;
        if !forms.is_empty() {
            let known = app.catalog.known_forms(owner.clone(), ids(&forms)).await?;
            refuse_unknown("releaseFormIds", &forms, &known, A_FORM)?;
        }
        if !lists.is_empty() {
            let known = app.catalog.known_lists(owner.clone(), ids(&lists)).await?;
            refuse_unknown("listIds", &lists, &known, A_LIST)?;
        }
        let forms = Attaching { connection: owner.clone(), forms: ids(&forms), actor: Actor::Key(by.clone()) };
        Ok(Self { lists: ids(&lists), forms })
    }

    /// Keeps it with the upload, for the transaction that makes the media.
    pub(super) async fn keep(self, app: &App, upload: UploadId) -> Result<(), Problem> {
        if !(self.lists.is_empty() && self.forms.forms.is_empty()) {
            app.catalog.name_for_upload(upload, self.lists, self.forms, app.clock.now()).await?;
        }
        Ok(())
    }
}

fn read<T: FromStr + PartialEq>(
    field: &str,
    values: Option<&Vec<Value>>,
    expected: &str,
) -> Result<Vec<(usize, T)>, Problem> {
    values.map_or(Ok(Vec::new()), |values| read_ids(field, values, expected))
}

fn ids<T: Copy>(named: &[(usize, T)]) -> Vec<T> {
    named.iter().map(|(_, id)| *id).collect()
}

fn refuse_unknown<T: PartialEq + Display>(
    field: &str,
    named: &[(usize, T)],
    known: &[T],
    expected: &str,
) -> Result<(), Problem> {
    match named.iter().find(|(_, id)| !known.contains(id)) {
        Some((index, id)) => Err(Problem::field(&format!("{field}[{index}]"), &id.to_string(), expected)),
        None => Ok(()),
    }
}
