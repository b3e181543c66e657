//! `/v2/account`: the organisation, its keys, its connections, and what is set for them. A key sees its own world only, live
//! or sandbox, and where it was made for some connections, those only.

pub(super) mod connections;
pub(super) mod keys;
pub(super) mod settings;
pub(super) mod whoami;

use std::str::FromStr;

use strongroom_catalog::records::{ApiKeyRecord, Connection};
use strongroom_core::id::Malformed;
use strongroom_core::permission::Grants;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::problem::{Kind, Problem};

/// The longest text that is kept as a name.
const LONGEST_NAME: usize = 200;

/// A connection by its id in a path. One that the key may not see does not exist.
async fn connection(app: &App, key: &ApiKeyRecord, id: &str) -> Result<Connection, Problem> {
    app.access.visible(key, id).await?.ok_or_else(|| Problem::not_found("connection", id))
}

/// Refuses a key that was made for some connections what concerns all of them.
fn require_all_connections(key: &ApiKeyRecord) -> Result<(), Problem> {
    match key.connections {
        None => Ok(()),
        Some(_) => Err(Problem::new(
            Kind::Forbidden,
            "this API key is for some connections only, and cannot do what concerns the whole organisation",
        )),
    }
}

/// A text that is required.
fn text(name: &str, value: Option<String>, longest: usize) -> Result<String, Problem> {
    let value = value.ok_or_else(|| Problem::missing(name))?;
    let length = value.chars().count();
    if (1..=longest).contains(&length) {
        return Ok(value);
    }
    Err(Problem::field(name, &value, &format!("a text of 1 to {longest} characters")))
}

/// Rights, as a list of words.
fn grants<T: Ord + FromStr<Err = Malformed>>(name: &str, words: &[String]) -> Result<Grants<T>, Problem> {
    let numbered = words.iter().enumerate();
    let read = |(index, word): (usize, &String)| {
        word.parse().map_err(|malformed| Problem::malformed(&format!("{name}[{index}]"), &malformed))
    };
    numbered.map(read).collect()
}

/// The operations of this family.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(whoami::whoami))
        .routes(routes!(connections::list::list, connections::create::create))
        .routes(routes!(connections::delete::delete))
        .routes(routes!(connections::invalidate::invalidate))
        .routes(routes!(settings::connection::get, settings::connection::patch))
        .routes(routes!(settings::organisation::get, settings::organisation::patch))
        .routes(routes!(keys::list::list, keys::create::create))
        .routes(routes!(keys::revoke::revoke))
}
