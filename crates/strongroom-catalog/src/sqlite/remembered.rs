//! Answers to the questions that are asked most, for as long as nothing is committed.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use strongroom_core::id::{ConnectionId, MediaId};
use strongroom_core::key::KeyHash;
use strongroom_core::rendition::RenditionName;

use super::commits::{Commits, Moment};
use crate::records::{ApiKeyRecord, Connection, Deliverable, Media};

/// The most answers to one question that are kept, some kilobytes each at most. When there are as many, all are forgotten.
const MOST: usize = 1024;

/// The tables that keys and connections are read from.
pub(super) const TABLES_OF_KEYS: [&str; 3] = ["api_key", "connection", "organisation_settings"];

/// What is asked at every delivery, and of every caller; each under the name of its query.
pub(crate) struct Answers {
    pub(crate) deliverable: Remembered<(MediaId, RenditionName), Deliverable>,
    pub(crate) media: Remembered<(ConnectionId, MediaId), Media>,
    pub(crate) key_beside_connection: Remembered<(KeyHash, ConnectionId), (ApiKeyRecord, Option<Connection>)>,
}

impl Answers {
    pub(super) fn new(commits: &Commits) -> Self {
        Self {
            deliverable: Remembered::new(commits.clone()),
            media: Remembered::new(commits.clone()),
            key_beside_connection: Remembered::new(commits.clone()),
        }
    }
}

/// The answers to one question.
pub(crate) struct Remembered<K, V> {
    commits: Commits,
    kept: Mutex<Kept<K, V>>,
}

struct Kept<K, V> {
    /// When all of `answers` were true.
    at: Option<Moment>,
    answers: HashMap<K, V>,
}

impl<K: Eq + Hash, V: Clone> Remembered<K, V> {
    pub(super) fn new(commits: Commits) -> Self {
        Self { commits, kept: Mutex::new(Kept { at: None, answers: HashMap::new() }) }
    }

    /// The answer to `key`, as it is now: the one that is kept, or else the one that `read` finds.
    pub(crate) async fn get_or_read<E>(
        &self,
        key: K,
        read: impl Future<Output = Result<Option<V>, E>>,
    ) -> Result<Option<V>, E> {
        // Before the read begins: a commit that it does not see yet must make its answer an old one.
        let now = self.commits.moment();
        if let Some(answer) = now.and_then(|now| self.kept(&now, &key)) {
            return Ok(Some(answer));
        }
        let Some(answer) = read.await? else { return Ok(None) };
        if let Some(now) = now {
            self.keep(now, key, answer.clone());
        }
        Ok(Some(answer))
    }

    fn kept(&self, now: &Moment, key: &K) -> Option<V> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.at.as_ref() == Some(now) { kept.answers.get(key).cloned() } else { None }
    }

    /// Goes on with what is kept: the one commit between these moments has changed none of it.
    pub(super) fn stay(&self, before: Moment, after: Moment) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.at == Some(before) {
            kept.at = Some(after);
        }
    }

    fn keep(&self, now: Moment, key: K, answer: V) {
        if self.commits.moment() != Some(now) {
            // Overtaken. What is kept may be newer.
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.at != Some(now) || kept.answers.len() >= MOST {
            (kept.at, kept.answers) = (Some(now), HashMap::new());
        }
        kept.answers.insert(key, answer);
    }
}
