//! The driver that `queries` is compiled against here: statements with `$N` parameters, and rows that own what they hold.
//!
//! Nothing in it waits. Its functions are `async` because those of PostgreSQL's driver are and the statements are written once for
//! both; whoever runs a query function gives it a thread that may block, and finds its future ready at the first look ([`run`]).

use std::borrow::Cow;
use std::sync::Arc;

use futures_util::FutureExt as _;
use rusqlite::types::{FromSql, FromSqlError, Value, ValueRef};
use rusqlite::{Connection, Error};

use crate::CatalogError;

/// Runs a query function to its end, on this thread.
pub(super) fn run<T>(work: impl Future<Output = Result<T, CatalogError>>) -> Result<T, CatalogError> {
    let waits = || CatalogError::Unavailable("a statement waited for something other than the disk".to_owned());
    work.now_or_never().ok_or_else(waits)?
}

/// A statement and its parameters.
pub(crate) struct Statement {
    text: Cow<'static, str>,
    parameters: Vec<Value>,
}

/// How many rows a statement has changed.
pub(crate) struct Changed(u64);

impl Changed {
    pub(crate) fn rows_affected(&self) -> u64 {
        self.0
    }
}

impl Statement {
    pub(crate) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), parameters: Vec::new() }
    }

    /// Gives the next parameter its value.
    pub(crate) fn bind(mut self, value: impl Parameter) -> Self {
        self.parameters.push(value.into_value());
        self
    }

    pub(crate) async fn execute(self, connection: &mut Connection) -> Result<Changed, Error> {
        self.for_each_row(connection, |_| Ok::<_, Error>(true))?;
        Ok(Changed(connection.changes()))
    }

    pub(crate) async fn fetch_one(self, connection: &mut Connection) -> Result<Row, Error> {
        self.fetch_optional(connection).await?.ok_or(Error::QueryReturnedNoRows)
    }

    pub(crate) async fn fetch_optional(self, connection: &mut Connection) -> Result<Option<Row>, Error> {
        let mut first = None;
        self.for_each_row(connection, |row| {
            first = Some(row);
            Ok::<_, Error>(false)
        })?;
        Ok(first)
    }

    pub(crate) async fn fetch_all(self, connection: &mut Connection) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        self.for_each_row(connection, |row| {
            rows.push(row);
            Ok::<_, Error>(true)
        })?;
        Ok(rows)
    }

    /// What `read` makes of every row. Each is gone before the next comes: ten thousand of them at once are megabytes.
    pub(crate) async fn read_all<T>(
        self,
        connection: &mut Connection,
        mut read: impl FnMut(&Row) -> Result<T, CatalogError>,
    ) -> Result<Vec<T>, CatalogError> {
        let mut all = Vec::new();
        self.for_each_row(connection, |row| {
            all.push(read(&row)?);
            Ok::<_, CatalogError>(true)
        })?;
        Ok(all)
    }

    /// Shows rows to `take` until it wants no more. A text that is put together for one call is not kept prepared.
    fn for_each_row<E: From<Error>>(
        self,
        connection: &Connection,
        mut take: impl FnMut(Row) -> Result<bool, E>,
    ) -> Result<(), E> {
        // Without its parameters, which may be anybody's.
        tracing::trace!(text = %self.text, "statement");
        let (mut kept, mut passing);
        let statement: &mut rusqlite::Statement<'_> = match &self.text {
            Cow::Borrowed(text) => {
                kept = connection.prepare_cached(text)?;
                &mut kept
            }
            Cow::Owned(text) => {
                passing = connection.prepare(text)?;
                &mut passing
            }
        };
        for index in 1..=statement.parameter_count() {
            // To SQLite `$2` is a name, which may come before `$1`.
            let value =
                statement.parameter_name(index).and_then(|name| self.parameters.get(number(name)?.checked_sub(1)?));
            let value =
                value.ok_or_else(|| Error::InvalidParameterName(format!("parameter {index} of {}", self.text)))?;
            statement.raw_bind_parameter(index, value)?;
        }
        let names: Arc<[String]> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let values = (0..names.len()).map(|index| row.get(index)).collect::<Result<_, Error>>()?;
            if !take(Row { names: Arc::clone(&names), values })? {
                break;
            }
        }
        Ok(())
    }
}

fn number(name: &str) -> Option<usize> {
    name.strip_prefix('$')?.parse().ok()
}

/// What a parameter may be.
pub(crate) trait Parameter {
    fn into_value(self) -> Value;
}

macro_rules! parameters {
    ($($type:ty),+) => {
        $(impl Parameter for $type {
            fn into_value(self) -> Value {
                Value::from(self)
            }
        })+
    };
}

parameters!(String, Vec<u8>, i64, i32, bool);

impl Parameter for &str {
    fn into_value(self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl<P: Parameter> Parameter for Option<P> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, Parameter::into_value)
    }
}

/// A row, which has left its statement.
pub(crate) struct Row {
    names: Arc<[String]>,
    values: Vec<Value>,
}

/// What names a column: its name, or its place from 0.
pub(crate) trait Column: std::fmt::Display + Copy {
    fn place_in(self, row: &Row) -> Option<usize>;
}

impl Column for &str {
    fn place_in(self, row: &Row) -> Option<usize> {
        row.names.iter().position(|name| name == self)
    }
}

impl Column for usize {
    fn place_in(self, _: &Row) -> Option<usize> {
        Some(self)
    }
}

impl Row {
    /// The value in a column, which has to be of this type.
    pub(crate) fn get<T: FromSql>(&self, column: impl Column) -> Result<T, CatalogError> {
        let value = column.place_in(self).and_then(|place| self.values.get(place));
        let value = value.ok_or_else(|| CatalogError::Unreadable(format!("there is no column {column}")))?;
        let unreadable = |error: FromSqlError| CatalogError::Unreadable(format!("column {column}: {error}"));
        T::column_result(ValueRef::from(value)).map_err(unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> Connection {
        Connection::open_in_memory().unwrap()
    }

    fn one(statement: Statement) -> Result<Row, CatalogError> {
        run(async { Ok(statement.fetch_one(&mut connection()).await?) })
    }

    #[test]
    fn parameters_go_by_their_number_whatever_comes_first() {
        let row =
            one(Statement::new("select $3 as c, $1 as a, $2 as b, $1 as again").bind(1).bind("two").bind(vec![3_u8]));
        let row = row.unwrap();
        assert_eq!(row.get::<i64>("a").unwrap(), 1);
        assert_eq!(row.get::<i64>("again").unwrap(), 1);
        assert_eq!(row.get::<String>("b").unwrap(), "two");
        assert_eq!(row.get::<Vec<u8>>(0).unwrap(), [3]);
    }

    #[test]
    fn a_parameter_without_a_value_is_an_error() {
        let refused = one(Statement::new("select $1, $2").bind(1)).err().unwrap();
        assert!(refused.to_string().contains("parameter 2"), "{refused}");
    }

    #[test]
    fn a_value_of_another_type_is_unreadable_and_so_is_a_column_that_is_not_there() {
        let row = one(Statement::new("select 'text' as word, null as empty")).unwrap();
        assert!(matches!(row.get::<i64>("word"), Err(CatalogError::Unreadable(_))));
        assert!(matches!(row.get::<String>("empty"), Err(CatalogError::Unreadable(_))));
        assert!(matches!(row.get::<String>("missing"), Err(CatalogError::Unreadable(_))));
        assert!(matches!(row.get::<String>(2), Err(CatalogError::Unreadable(_))));
        assert_eq!(row.get::<Option<String>>("empty").unwrap(), None);
    }

    #[test]
    fn what_is_changed_is_counted() {
        let mut connection = connection();
        connection.execute_batch("create table kept (number bigint)").unwrap();
        let changed = run(async {
            Statement::new("insert into kept values ($1), ($2)")
                .bind(1)
                .bind(None::<i64>)
                .execute(&mut connection)
                .await?;
            let returned =
                Statement::new("update kept set number = 3 returning number").fetch_all(&mut connection).await?;
            assert_eq!(returned.len(), 2);
            Ok(Statement::new("delete from kept where number = $1").bind(3).execute(&mut connection).await?)
        });
        assert_eq!(changed.unwrap().rows_affected(), 2);
    }

    #[test]
    fn every_row_is_read_up_to_the_first_that_is_unreadable() {
        let all = |text: &'static str| {
            let mut seen = 0;
            let read = |row: &Row| {
                seen += 1;
                row.get::<i64>("number")
            };
            let numbers = run(Statement::new(text).read_all(&mut connection(), read));
            (numbers.map_err(|error| error.to_string()), seen)
        };
        assert_eq!(all("values (3), (1), (2)").1, 1, "no column has that name");
        let (numbers, seen) = all("select column1 as number from (values (3), (1), (2))");
        assert_eq!((numbers, seen), (Ok(vec![3, 1, 2]), 3));
        let (numbers, seen) = all("select column1 as number from (values (3), ('one'), (2))");
        assert!(numbers.unwrap_err().contains("number") && seen == 2);
        assert_eq!(all("select 1 as number where false"), (Ok(vec![]), 0));
    }

    #[test]
    fn a_future_that_is_not_ready_is_an_error_and_no_hang() {
        assert!(matches!(run(std::future::pending::<Result<(), _>>()), Err(CatalogError::Unavailable(_))));
    }
}
