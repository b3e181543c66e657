use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::super::commits::Commits;
use super::super::connection::{Purpose, connect};
use super::super::remembered::Answers;
use super::super::statement::Statement;
use super::*;

/// A file with one table.
struct File(tempfile::TempDir);

impl File {
    fn new() -> Self {
        let file = Self(tempfile::tempdir().unwrap());
        file.connect().execute_batch("create table kept (number bigint primary key, bytes blob)").unwrap();
        file
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("file.sqlite")
    }

    /// A writer on `connection`.
    fn start(&self, connection: Connection) -> Writer {
        let commits = Commits::of(&self.path()).unwrap();
        let answers = Arc::new(Answers::new(&commits));
        let watch = Watch::new(&connection, commits, answers).unwrap();
        start(connection, watch).unwrap()
    }

    /// A way to it. A write waits 50 ms for another process.
    fn connect(&self) -> Connection {
        let connection = connect(&self.path(), Purpose::Write).unwrap();
        connection.busy_timeout(Duration::from_millis(50)).unwrap();
        connection
    }

    fn kept(&self) -> Vec<i64> {
        let connection = self.connect();
        let mut statement = connection.prepare("select number from kept order by number").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }
}

async fn keep(writer: Writer, number: i64) -> Result<(), CatalogError> {
    let insert = "insert into kept values ($1, zeroblob(50000))";
    let write = writer.write(move |connection| {
        Box::pin(async move { Ok(Statement::new(insert).bind(number).execute(connection).await.map(drop)?) })
    });
    write.await
}

/// Keeps these numbers all at once, so that they share transactions; answers what became of each.
async fn keep_all(writer: &Writer, numbers: std::ops::Range<i64>) -> Vec<(i64, Result<(), CatalogError>)> {
    let writes: Vec<_> = numbers.map(|number| (number, tokio::spawn(keep(writer.clone(), number)))).collect();
    let mut answers = Vec::new();
    for (number, write) in writes {
        answers.push((number, write.await.unwrap()));
    }
    answers
}

/// SQLite rolls a whole transaction back when a statement finds the disk full, savepoints and all. What was written before in
/// the same group is then gone, and must not be acknowledged; what comes after must not be committed behind a refusal.
#[tokio::test]
async fn on_a_full_disk_what_is_acknowledged_is_what_is_kept() {
    let file = File::new();
    let connection = file.connect();
    connection.execute_batch("pragma max_page_count = 150").unwrap();
    let writer = file.start(connection);
    let mut acknowledged = Vec::new();
    let mut refused = 0;
    for group in 0..6 {
        for (number, answer) in keep_all(&writer, group * 4..group * 4 + 4).await {
            match answer {
                Ok(()) => acknowledged.push(number),
                Err(error) => {
                    assert_eq!(error, CatalogError::Full);
                    refused += 1;
                }
            }
        }
        assert_eq!(file.kept(), acknowledged);
    }
    assert!(refused > 0 && !acknowledged.is_empty(), "{acknowledged:?}");

    let grown = writer.write(|connection| Box::pin(async move { Ok(connection.execute_batch("delete from kept")?) }));
    grown.await.unwrap();
    keep(writer, 100).await.unwrap();
    assert_eq!(file.kept(), [100], "the catalog heals by itself");
}

/// Those behind the first do not wait once more each: with a wait of 10 s the last of 64 would hear after ten minutes.
#[tokio::test]
async fn a_lock_that_is_not_given_up_refuses_all_who_wait() {
    let file = File::new();
    let writer = file.start(file.connect());
    let other = file.connect();
    other.execute_batch("begin immediate").unwrap();
    let answers = tokio::time::timeout(Duration::from_secs(2), keep_all(&writer, 0..200)).await.unwrap();
    assert!(answers.iter().all(|(_, answer)| matches!(answer, Err(CatalogError::Unavailable(_)))));
    other.execute_batch("rollback").unwrap();
    keep(writer, 1).await.unwrap();
    assert_eq!(file.kept(), [1]);
}

#[tokio::test]
async fn an_operation_that_fails_half_way_leaves_nothing() {
    let file = File::new();
    let writer = file.start(file.connect());
    let half = writer.write(|connection| {
        Box::pin(async move {
            connection.execute_batch("insert into kept values (1, null)")?;
            Ok(connection.execute_batch("insert into kept values (2, null), (1, null)")?)
        })
    });
    let (half, whole) = tokio::join!(half, keep(writer.clone(), 3));
    assert!(half.is_err());
    whole.unwrap();
    assert_eq!(file.kept(), [3]);
}

/// What shares the transaction of a write that fails is written all the same, and once.
#[tokio::test]
async fn a_failure_undoes_nothing_of_its_neighbours() {
    let file = File::new();
    let writer = file.start(file.connect());
    keep(writer.clone(), 3).await.unwrap();
    // While another process has the lock, all of these gather for one transaction.
    let other = file.connect();
    other.execute_batch("begin immediate").unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        other.execute_batch("rollback").unwrap();
    };
    let (answers, ()) = tokio::join!(keep_all(&writer, 0..8), release);
    for (number, answer) in answers {
        assert_eq!(answer.is_ok(), number != 3, "{number}: {answer:?}");
    }
    assert_eq!(file.kept(), (0..8).collect::<Vec<_>>());
}
