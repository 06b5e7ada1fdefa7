//! One use of the database: a connection lent by its pool, with a transaction on it or none.
//!
//! Whatever the store asks of a database passes here, so that nothing waits for ever: each statement, and the beginning and
//! the end of a transaction, may be silent only so long. A connection that kept somebody waiting longer is closed and not
//! used again; what was under way on it is answered as not done, also where the database has done it: whoever sends it
//! again is told that it is there. Time in which whoever asked reads slowly does not count.

use std::io::{Error as IoError, ErrorKind};
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Either, Execute, Executor, Pool, SqlStr};
use tokio::time::{Sleep, sleep, timeout};
use tokio_stream::Stream;

use super::dialect::{Database, failed};
use crate::store::StoreError;

type Statement = <Database as sqlx::Database>::Statement;
type Done = <Database as sqlx::Database>::QueryResult;
type Found = <Database as sqlx::Database>::Row;
type TypeInfo = <Database as sqlx::Database>::TypeInfo;
type Waiting<'e, T> = Pin<Box<dyn Future<Output = Result<T, sqlx::Error>> + Send + 'e>>;
type Rows<'e> = Pin<Box<dyn Stream<Item = Result<Either<Done, Found>, sqlx::Error>> + Send + 'e>>;

/// How long a connection may take to show that it can be lent again.
const GIVEN_BACK: Duration = Duration::from_secs(5);

/// How often the database has answered somebody: while others are answered, who waits in vain waits for a busy one.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<AtomicU64>);

impl Pulse {
    fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A connection on which statements run.
#[derive(Debug)]
pub struct Session {
    /// There until it is given back.
    connection: Option<PoolConnection<Database>>,
    limit: Duration,
    pulse: Pulse,
    /// Whether a transaction is open.
    open: bool,
    /// Whether it kept somebody waiting too long.
    silent: bool,
}

/// A session until it is dropped. A transaction that was not committed by then is undone.
#[derive(Debug)]
pub struct Lease(Session);

impl Lease {
    /// A connection, and with `begin` a transaction on it.
    pub async fn take(
        pool: &Pool<Database>,
        pulse: &Pulse,
        limit: Duration,
        begin: Option<&'static str>,
    ) -> Result<Self, StoreError> {
        let before = pulse.count();
        let connection = pool.acquire().await.map_err(|error| match error {
            sqlx::Error::PoolTimedOut if pulse.count() != before => StoreError::Busy,
            error => failed(error),
        })?;
        pulse.beat();
        let connection = Some(connection);
        let mut session = Session { connection, limit, pulse: pulse.clone(), open: false, silent: false };
        if let Some(text) = begin {
            session.execute(text).await.map_err(failed)?;
            session.open = true;
        }
        Ok(Self(session))
    }

    /// Makes what the transaction wrote stay.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        (&mut *self).execute("COMMIT").await?;
        self.0.open = false;
        Ok(())
    }
}

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.0
    }
}

impl Session {
    fn in_time<T>(
        &mut self,
        outcome: Result<Result<T, sqlx::Error>, tokio::time::error::Elapsed>,
    ) -> Result<T, sqlx::Error> {
        match outcome {
            Ok(answer) => {
                self.pulse.beat();
                answer
            }
            Err(_) => {
                self.silent = true;
                Err(too_long(self.limit))
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if self.silent {
            connection.close_on_drop();
        } else if self.open {
            // unless it is given back in time
            connection.close_on_drop();
            tokio::spawn(timeout(GIVEN_BACK, async move {
                if (&mut *connection).execute("ROLLBACK").await.is_ok() {
                    connection.return_to_pool().await;
                }
            }));
        } else {
            tokio::spawn(timeout(GIVEN_BACK, connection.return_to_pool()));
        }
    }
}

fn too_long(limit: Duration) -> sqlx::Error {
    sqlx::Error::Io(IoError::new(ErrorKind::TimedOut, format!("no answer within {} s", limit.as_secs_f32())))
}

/// The answers to a statement.
struct Answers<'e> {
    rows: Rows<'e>,
    limit: Duration,
    waited: Option<Pin<Box<Sleep>>>,
    pulse: &'e Pulse,
    silent: &'e mut bool,
}

impl Stream for Answers<'_> {
    type Item = Result<Either<Done, Found>, sqlx::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(item) = self.rows.as_mut().poll_next(context) {
            self.waited = None;
            if item.is_none() {
                self.pulse.beat();
            }
            return Poll::Ready(item);
        }
        let limit = self.limit;
        let waited = self.waited.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(waited.as_mut().poll(context));
        *self.silent = true;
        Poll::Ready(Some(Err(too_long(limit))))
    }
}

impl<'c> Executor<'c> for &'c mut Session {
    type Database = Database;

    fn fetch_many<'e, 'q, E>(self, query: E) -> Rows<'e>
    where
        'c: 'e,
        E: Execute<'q, Database>,
        'q: 'e,
        E: 'q,
    {
        let Session { connection, limit, pulse, silent, .. } = self;
        let rows: Rows<'e> = match connection {
            Some(connection) => (&mut **connection).fetch_many(query),
            None => Box::pin(tokio_stream::once(Err(sqlx::Error::PoolClosed))),
        };
        Box::pin(Answers { rows, limit: *limit, waited: None, pulse, silent })
    }

    fn fetch_optional<'e, 'q, E>(self, query: E) -> Waiting<'e, Option<Found>>
    where
        'c: 'e,
        E: Execute<'q, Database>,
        'q: 'e,
        E: 'q,
    {
        Box::pin(async move {
            let Some(connection) = &mut self.connection else { return Err(sqlx::Error::PoolClosed) };
            let outcome = timeout(self.limit, (&mut **connection).fetch_optional(query)).await;
            self.in_time(outcome)
        })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [TypeInfo]) -> Waiting<'e, Statement>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let Some(connection) = &mut self.connection else { return Err(sqlx::Error::PoolClosed) };
            let outcome = timeout(self.limit, (&mut **connection).prepare_with(sql, parameters)).await;
            self.in_time(outcome)
        })
    }
}
