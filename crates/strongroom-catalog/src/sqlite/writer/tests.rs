use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, Row as _};

use super::*;

/// A file with one table, and the ways to it. A write waits 50 ms for another process.
async fn file() -> (tempfile::TempDir, SqliteConnectOptions) {
    let home = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(home.path().join("file.sqlite"))
        .create_if_missing(true)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
        .busy_timeout(Duration::from_millis(50));
    let mut connection = options.connect().await.unwrap();
    connection.execute("create table kept (number bigint primary key, bytes blob)").await.unwrap();
    (home, options)
}

async fn keep(writer: Writer, number: i64) -> Result<(), CatalogError> {
    let insert = "insert into kept values ($1, zeroblob(50000))";
    let write = writer.write(move |connection| {
        Box::pin(async move { Ok(sqlx::query(insert).bind(number).execute(connection).await.map(drop)?) })
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

async fn kept(options: &SqliteConnectOptions) -> Vec<i64> {
    let mut connection = options.connect().await.unwrap();
    let rows = sqlx::query("select number from kept order by number").fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// SQLite rolls a whole transaction back when a statement finds the disk full, savepoints and all. What was written before in
/// the same group is then gone, and must not be acknowledged; what comes after must not be committed behind a refusal.
#[tokio::test]
async fn on_a_full_disk_what_is_acknowledged_is_what_is_kept() {
    let (_home, options) = file().await;
    let mut connection = options.connect().await.unwrap();
    connection.execute("pragma max_page_count = 150").await.unwrap();
    let writer = start(connection);
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
        assert_eq!(kept(&options).await, acknowledged);
    }
    assert!(refused > 0 && !acknowledged.is_empty(), "{acknowledged:?}");

    let grown =
        writer.write(|connection| Box::pin(async move { Ok(connection.execute("delete from kept").await.map(drop)?) }));
    grown.await.unwrap();
    keep(writer, 100).await.unwrap();
    assert_eq!(kept(&options).await, [100], "the catalog heals by itself");
}

/// Those behind the first do not wait once more each: with a wait of 10 s the last of 64 would hear after ten minutes.
#[tokio::test]
async fn a_lock_that_is_not_given_up_refuses_all_who_wait() {
    let (_home, options) = file().await;
    let writer = start(options.connect().await.unwrap());
    let mut other = options.connect().await.unwrap();
    other.execute("begin immediate").await.unwrap();
    let answers = tokio::time::timeout(Duration::from_secs(2), keep_all(&writer, 0..200)).await.unwrap();
    assert!(answers.iter().all(|(_, answer)| matches!(answer, Err(CatalogError::Unavailable(_)))));
    other.execute("rollback").await.unwrap();
    keep(writer, 1).await.unwrap();
    assert_eq!(kept(&options).await, [1]);
}

#[tokio::test]
async fn an_operation_that_fails_half_way_leaves_nothing() {
    let (_home, options) = file().await;
    let writer = start(options.connect().await.unwrap());
    let half = writer.write(|connection| {
        Box::pin(async move {
            connection.execute("insert into kept values (1, null)").await?;
            connection.execute("insert into kept values (2, null), (1, null)").await?;
            Ok(())
        })
    });
    let (half, whole) = tokio::join!(half, keep(writer.clone(), 3));
    assert!(half.is_err());
    whole.unwrap();
    assert_eq!(kept(&options).await, [3]);
}

/// What shares the transaction of a write that fails is written all the same, and once.
#[tokio::test]
async fn a_failure_undoes_nothing_of_its_neighbours() {
    let (_home, options) = file().await;
    let writer = start(options.connect().await.unwrap());
    keep(writer.clone(), 3).await.unwrap();
    // While another process has the lock, all of these gather for one transaction.
    let mut other = options.connect().await.unwrap();
    other.execute("begin immediate").await.unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        other.execute("rollback").await.unwrap();
    };
    let (answers, ()) = tokio::join!(keep_all(&writer, 0..8), release);
    for (number, answer) in answers {
        assert_eq!(answer.is_ok(), number != 3, "{number}: {answer:?}");
    }
    assert_eq!(kept(&options).await, (0..8).collect::<Vec<_>>());
}
