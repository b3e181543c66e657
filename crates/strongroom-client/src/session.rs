//! An upload session: opened anew, or found again after an earlier run ended early.

use std::collections::BTreeMap;

use strongroom_core::id::UploadId;
use strongroom_core::upload::{PartRange, UploadState};

use crate::client::Client;
use crate::error::Error;
use crate::media::Media;
use crate::plan::{AnnouncedPlan, UploadType};
use crate::progress::Progress;
use crate::wire::{Opened, ReceivedPart, SessionState};

/// A session this run works on.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: UploadId,
    /// All parts of the file; empty if the server takes no more of them.
    pub(crate) parts: Vec<PartRange>,
    /// Those the server has not acknowledged.
    pub(crate) missing: Vec<PartRange>,
    /// True if the file goes in one request, to the session's own URL.
    pub(crate) is_single: bool,
    /// True if its parts go to the server's bucket.
    pub(crate) is_direct: bool,
    /// What became of it, if an earlier run got that far.
    pub(crate) media: Option<Media>,
}

impl Session {
    /// A session that `init` has just opened.
    pub(crate) fn opened(answer: &Opened, size_bytes: u64) -> Result<Self, Error> {
        let session = Self::open(answer.media_upload_id, &answer.plan, size_bytes, &[])?;
        Ok(Self { is_direct: answer.direct_parts.is_some(), ..session })
    }

    /// Asks the server about a session of an earlier run. `None` if nothing can be made of it any more.
    pub(crate) async fn find(
        client: &Client,
        id: UploadId,
        size_bytes: u64,
        progress: &dyn Progress,
    ) -> Result<Option<Self>, Error> {
        match client.session(id, progress).await {
            Ok(state) => Ok(Self::from_state(id, state, size_bytes)),
            Err(error) if error.is_session_gone() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn from_state(id: UploadId, answer: SessionState, size_bytes: u64) -> Option<Self> {
        let nothing_to_send =
            |media| Self { id, parts: Vec::new(), missing: Vec::new(), is_single: false, is_direct: false, media };
        match answer.state {
            UploadState::Open => {
                let session = Self::open(id, &answer.plan?, size_bytes, &answer.received_parts).ok()?;
                Some(Self { is_direct: answer.is_direct, ..session })
            }
            UploadState::Completing => Some(nothing_to_send(None)),
            UploadState::Completed => answer.media.map(|media| nothing_to_send(Some(media))),
            UploadState::Aborted | UploadState::Expired => None,
        }
    }

    fn open(id: UploadId, plan: &AnnouncedPlan, size_bytes: u64, received: &[ReceivedPart]) -> Result<Self, Error> {
        let parts = plan.parts(size_bytes)?;
        let received: BTreeMap<u32, u64> = received.iter().map(|part| (part.part_number, part.size)).collect();
        let missing = parts.iter().filter(|part| received.get(&part.number) != Some(&part.length)).copied().collect();
        let is_single = plan.upload_type == UploadType::Single;
        Ok(Self { id, parts, missing, is_single, is_direct: false, media: None })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn session(state: serde_json::Value) -> Option<Session> {
        Session::from_state(UploadId::random(), serde_json::from_value(state).unwrap(), 2500)
    }

    #[test]
    fn only_parts_of_the_right_size_count_as_received() {
        let found = session(json!({
            "state": "open", "uploadType": "multipart", "totalParts": 3, "partSize": 1024,
            "receivedParts": [{"partNumber": 1, "size": 1024, "etag": "x"}, {"partNumber": 2, "size": 7, "etag": "y"}],
        }));
        let missing: Vec<u32> = found.unwrap().missing.iter().map(|part| part.number).collect();
        assert_eq!(missing, [2, 3]);
    }

    #[test]
    fn a_session_without_a_future_is_none() {
        for state in [
            json!({"state": "aborted"}),
            json!({"state": "expired"}),
            json!({"state": "completed"}),
            json!({"state": "open"}),
            json!({"state": "open", "uploadType": "multipart", "totalParts": 9, "partSize": 1024}),
        ] {
            assert!(session(state.clone()).is_none(), "{state}");
        }
        assert!(session(json!({"state": "completing"})).unwrap().missing.is_empty());
        assert!(session(json!({"state": "completed", "media": {"id": 1}})).unwrap().media.is_some());
    }
}
