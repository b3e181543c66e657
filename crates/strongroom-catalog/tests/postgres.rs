//! The conformance suite on PostgreSQL, and what only PostgreSQL promises.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "postgres/announcements.rs"]
mod announcements;
#[path = "postgres/cluster.rs"]
mod cluster;
#[macro_use]
mod conformance;
#[path = "postgres/nodes.rs"]
mod nodes;
#[path = "postgres/outages.rs"]
mod outages;
#[path = "postgres/pooler.rs"]
mod pooler;
#[path = "postgres/roles.rs"]
mod roles;
#[path = "postgres/schema.rs"]
mod schema;

use std::time::Duration;

use cluster::Database;
use strongroom_catalog::{Catalog, PostgresOptions};

/// The options of tests: a race of a thousand waits longer for a connection than any request should.
pub(crate) fn options() -> PostgresOptions {
    let a_minute = Duration::from_secs(60);
    PostgresOptions { acquire_timeout: a_minute, lock_timeout: a_minute, ..PostgresOptions::default() }
}

/// A node's catalog, as the role that may do the least.
pub(crate) async fn open(database: &Database) -> Catalog {
    Catalog::open_postgres(&database.url("guest"), &options()).await.unwrap()
}

macro_rules! on_postgres {
    ($($module:ident { $($case:ident),+ })+) => {
        $(
            mod $module {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $case() {
                        let database = crate::cluster::Database::migrated().await;
                        crate::conformance::$module::$case(&crate::open(&database).await).await;
                    }
                )+
            }
        )+
    };
}

every_case!(on_postgres);
