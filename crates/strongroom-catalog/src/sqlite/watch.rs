//! What a commit of the writer's own leaves as it was. Uploads commit all the time and change neither keys nor connections, which every
//! call asks for: those answers are kept beyond such a commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;

use super::commits::{Commits, Moment};
use super::remembered::{Answers, TABLES_OF_KEYS};
use crate::CatalogError;

/// Looks at every transaction of one connection.
pub(super) struct Watch {
    commits: Commits,
    answers: Arc<Answers>,
    /// When the transaction began. Nobody else commits until it ends.
    began: Option<Moment>,
    has_changed_keys: Arc<AtomicBool>,
}

impl Watch {
    /// On `connection`, of which SQLite tells every row that is changed, by whatever statement or trigger: but not of tables without
    /// row ids, nor of a `delete` without `where` (sqlite.org/c3ref/update_hook.html). None of these tables is one, and nothing empties one.
    pub(super) fn new(connection: &Connection, commits: Commits, answers: Arc<Answers>) -> Result<Self, CatalogError> {
        let has_changed_keys = Arc::<AtomicBool>::default();
        let changed = Arc::clone(&has_changed_keys);
        connection.update_hook(Some(move |_, _: &str, table: &str, _| {
            if TABLES_OF_KEYS.contains(&table) {
                changed.store(true, Ordering::Relaxed);
            }
        }))?;
        Ok(Self { commits, answers, began: None, has_changed_keys })
    }

    /// A transaction has begun, and has the lock.
    pub(super) fn began(&mut self) {
        self.began = self.commits.moment();
        self.has_changed_keys.store(false, Ordering::Relaxed);
    }

    /// It was committed.
    pub(super) fn committed(&self) {
        if self.has_changed_keys.load(Ordering::Relaxed) {
            return;
        }
        // Another process may have committed since; then there are two commits between.
        if let (Some(began), Some(ended)) = (self.began, self.commits.moment())
            && began.is_just_before(&ended)
        {
            self.answers.key_beside_connection.stay(began, ended);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;
    use std::sync::Mutex;

    use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
    use strongroom_core::connection::Environment;
    use strongroom_core::id::ConnectionId;
    use strongroom_core::key::{ApiKey, KeyHash};

    use super::super::connection::{Purpose, connect};
    use super::super::queries::keys::key_beside_connection;
    use super::super::statement::run;
    use super::super::{Engine, Statement, Synchronous};
    use super::*;

    /// A vault with one key and one connection, and a table that has nothing to do with them.
    struct Vault {
        home: tempfile::TempDir,
        engine: Engine,
        key: KeyHash,
        connection: ConnectionId,
    }

    impl Vault {
        async fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            let engine = Engine::open(&home.path().join("catalog.sqlite"), Synchronous::Full).await.unwrap();
            let (key, connection) = (ApiKey::random(Environment::Live).hash(), ConnectionId::random());
            let vault = Self { home, engine, key, connection };
            vault.write("create table other (number bigint)").await;
            let organisation = "org_000000000000000000000000";
            let new_key = Statement::new(
                "insert into api_key (id, organisation_id, environment, name, hash, scopes, permissions, created_at)
                 values ('key_000000000000000000000000', $1, 'live', '', $2, '', '', 0)",
            );
            let new_key = new_key.bind(organisation).bind(vault.key.as_bytes().to_vec());
            let new_connection = Statement::new(
                "insert into connection (id, organisation_id, environment, status, name, username, permissions, created_at, updated_at)
                 values ($1, $2, 'live', 'active', '', '', '', 0, 0)",
            );
            let new_connection = new_connection.bind(vault.connection.to_string()).bind(organisation);
            let mut elsewhere = vault.elsewhere();
            run(async { Ok(new_key.execute(&mut elsewhere).await.map(drop)?) }).unwrap();
            run(async { Ok(new_connection.execute(&mut elsewhere).await.map(drop)?) }).unwrap();
            vault
        }

        fn path(&self) -> PathBuf {
            self.home.path().join("catalog.sqlite")
        }

        /// Another process.
        fn elsewhere(&self) -> Connection {
            connect(&self.path(), Purpose::Write).unwrap()
        }

        async fn write(&self, text: &'static str) {
            let write = |connection: &mut Connection| Ok(connection.execute_batch(text)?);
            self.engine.writer.write(move |connection| Box::pin(async move { write(connection) })).await.unwrap();
        }

        /// Asks who calls, and whether the key is revoked.
        async fn is_revoked(&self) -> bool {
            let (key, connection) = (self.key, self.connection.clone());
            let question = (key, connection.clone());
            let read = self.engine.readers.read(move |reader| Box::pin(key_beside_connection(reader, key, connection)));
            let (key, connection) =
                self.engine.answers.key_beside_connection.get_or_read(question, read).await.unwrap().unwrap();
            assert_eq!(connection.unwrap().id, self.connection);
            key.revoked_at.is_some()
        }

        /// Whether the answer to that is kept.
        async fn is_kept(&self) -> bool {
            let question = (self.key, self.connection.clone());
            let refused = async { Err::<Option<_>, ()>(()) };
            self.engine.answers.key_beside_connection.get_or_read(question, refused).await.is_ok()
        }
    }

    #[tokio::test]
    async fn a_commit_of_ours_leaves_what_it_has_not_changed() {
        let vault = Vault::new().await;
        assert!(!vault.is_revoked().await && vault.is_kept().await);
        for _ in 0..3 {
            vault.write("insert into other values (1)").await;
            assert!(vault.is_kept().await);
        }
        for changing in [
            "update connection set name = 'new'",
            "update organisation_settings set quota_bytes = 1",
            // By a trigger.
            "insert into organisation values ('org_other', 'Other', 0)",
            "update api_key set revoked_at = 1",
        ] {
            vault.write(changing).await;
            assert!(!vault.is_kept().await, "{changing}");
            assert_eq!(vault.is_revoked().await, changing.contains("revoked"), "{changing}");
            assert!(vault.is_kept().await, "{changing}");
        }
    }

    #[tokio::test]
    async fn of_another_process_any_commit_ends_it_also_where_one_of_ours_follows() {
        let vault = Vault::new().await;
        assert!(!vault.is_revoked().await);
        vault.elsewhere().execute_batch("insert into other values (1)").unwrap();
        assert!(!vault.is_kept().await);
        assert!(!vault.is_revoked().await && vault.is_kept().await);
        vault.elsewhere().execute_batch("update api_key set revoked_at = 1").unwrap();
        vault.write("insert into other values (1)").await;
        assert!(!vault.is_kept().await);
        assert!(vault.is_revoked().await);
    }

    #[tokio::test]
    async fn moments_are_told_from_those_with_two_commits_between() {
        let vault = Vault::new().await;
        let commits = Commits::of(&vault.path()).unwrap();
        let moment = || commits.moment().unwrap();
        let (first, writer) = (moment(), vault.elsewhere());
        assert!(!first.is_just_before(&first));
        writer.execute_batch("insert into other values (1)").unwrap();
        let second = moment();
        writer.execute_batch("insert into other values (1)").unwrap();
        assert!(first.is_just_before(&second) && second.is_just_before(&moment()));
        assert!(!first.is_just_before(&moment()) && !second.is_just_before(&first));
        // Also where the log begins anew.
        let second = moment();
        writer.query_row("pragma wal_checkpoint(restart)", [], |_| Ok(())).unwrap();
        writer.execute_batch("insert into other values (1)").unwrap();
        assert!(second.is_just_before(&moment()));
    }

    #[tokio::test]
    async fn keys_and_connections_are_read_from_no_other_tables() {
        let vault = Vault::new().await;
        let (mut reader, read) = (vault.elsewhere(), Arc::<Mutex<BTreeSet<String>>>::default());
        let tables = Arc::clone(&read);
        let note = move |context: AuthContext<'_>| {
            if let AuthAction::Read { table_name, .. } = context.action {
                tables.lock().unwrap().insert(table_name.to_owned());
            }
            Authorization::Allow
        };
        reader.authorizer(Some(note)).unwrap();
        run(key_beside_connection(&mut reader, vault.key, vault.connection.clone())).unwrap().unwrap();
        assert_eq!(*read.lock().unwrap(), TABLES_OF_KEYS.map(str::to_owned).into());
    }
}
