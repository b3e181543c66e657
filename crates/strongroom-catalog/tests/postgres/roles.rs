//! Who may do what.

use sqlx::Executor as _;
use strongroom_catalog::Catalog;

use crate::cluster::Database;
use crate::conformance::race;
use crate::options;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_that_start_at_once_migrate_once() {
    let database = Database::empty().await;
    let opened = race(4, |_| {
        let url = database.url("owner");
        async move { Catalog::open_postgres(&url, &options()).await }
    })
    .await;
    for catalog in opened {
        catalog.unwrap().probe().await.unwrap();
    }
}

#[tokio::test]
async fn a_role_that_may_not_migrate_is_told_who_may() {
    let database = Database::empty().await;
    let error = Catalog::open_postgres(&database.url("guest"), &options()).await.unwrap_err().to_string();
    assert!(error.contains("the role \"guest\" may not change the schema"), "{error}");
}

#[tokio::test]
async fn a_schema_of_a_newer_program_is_refused() {
    let database = Database::migrated().await;
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                 values (9999, 'to come', true, '', 0)";
    database.superuser().await.execute(newer).await.unwrap();
    for role in ["guest", "owner"] {
        let error = Catalog::open_postgres(&database.url(role), &options()).await.unwrap_err().to_string();
        assert!(error.contains("the schema is at version 9999"), "{error}");
    }
}

#[tokio::test]
async fn nobody_changes_the_audit_log() {
    let database = Database::migrated().await;
    let mut superuser = database.superuser().await;
    let fill = "insert into release_form_audit (connection_id, form_id, action, actor, detail, at)
                values ('', 1, '', '', '', 0)";
    superuser.execute(fill).await.unwrap();
    for change in
        ["delete from release_form_audit", "update release_form_audit set at = 1", "truncate release_form_audit"]
    {
        let error = superuser.execute(change).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{error}");
    }
}

#[tokio::test]
async fn a_url_that_cannot_be_read_does_not_tell_its_password() {
    for url in ["postgres://me:secret@host:port/db", "postgres://me:secret@127.0.0.1:1/db"] {
        let error = Catalog::open_postgres(url, &options()).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}
