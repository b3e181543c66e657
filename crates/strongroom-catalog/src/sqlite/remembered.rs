//! Answers to the question that is asked most, for as long as nothing is committed.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use super::commits::{Commits, Moment};

/// The most answers that are kept, less than a kilobyte each. When there are as many, all are forgotten.
const MOST: usize = 4096;

/// What was read, and when.
pub(crate) struct Remembered<K, V> {
    commits: Commits,
    kept: Mutex<Kept<K, V>>,
}

struct Kept<K, V> {
    /// When all of `answers` were true.
    at: Option<Moment>,
    answers: HashMap<K, Arc<V>>,
}

impl<K: Eq + Hash, V> Remembered<K, V> {
    pub(super) fn new(commits: Commits) -> Self {
        Self { commits, kept: Mutex::new(Kept { at: None, answers: HashMap::new() }) }
    }

    /// The answer to `key`, as it is now: the one that is kept, or else the one that `read` finds.
    pub(crate) async fn get_or_read<E>(
        &self,
        key: K,
        read: impl Future<Output = Result<Option<V>, E>>,
    ) -> Result<Option<Arc<V>>, E> {
        // Before the read begins: a commit that it does not see yet must make its answer an old one.
        let now = self.commits.moment();
        if let Some(answer) = now.and_then(|now| self.kept(&now, &key)) {
            return Ok(Some(answer));
        }
        let Some(answer) = read.await?.map(Arc::new) else { return Ok(None) };
        if let Some(now) = now {
            self.keep(now, key, &answer);
        }
        Ok(Some(answer))
    }

    fn kept(&self, now: &Moment, key: &K) -> Option<Arc<V>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.at.as_ref() == Some(now) { kept.answers.get(key).cloned() } else { None }
    }

    fn keep(&self, now: Moment, key: K, answer: &Arc<V>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.at != Some(now) || kept.answers.len() >= MOST {
            (kept.at, kept.answers) = (Some(now), HashMap::new());
        }
        kept.answers.insert(key, Arc::clone(answer));
    }
}
