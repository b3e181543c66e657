#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

async fn source(path: &Path, bytes: &[u8]) -> Source {
    fs::write(path, bytes).unwrap();
    Source::open(path).await.unwrap()
}

fn entries(directory: &Path) -> usize {
    fs::read_dir(directory).unwrap().count()
}

#[tokio::test]
async fn an_entry_lives_from_record_to_forget() {
    let scratch = tempfile::tempdir().unwrap();
    let state = scratch.path().join("state/uploads");
    let file = source(&scratch.path().join("a.jpg"), b"a").await;
    let fingerprint = Fingerprint::new("u", "c", &file);
    let journal = Journal::open(&state).unwrap();
    assert_eq!(journal.find(&fingerprint), None);

    let (first, second) = (UploadId::random(), UploadId::random());
    journal.record(&fingerprint, first).unwrap();
    journal.record(&fingerprint, second).unwrap();
    assert_eq!(Journal::open(&state).unwrap().find(&fingerprint), Some(second));
    assert_eq!(entries(&state), 1, "no temporary file stays");

    journal.forget(&fingerprint);
    journal.forget(&fingerprint);
    assert_eq!((journal.find(&fingerprint), entries(&state)), (None, 0));
}

#[tokio::test]
async fn a_fingerprint_moves_with_all_that_matters() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("a.jpg");
    let file = source(&path, b"a").await;
    let fingerprint = Fingerprint::new("ab", "c", &file);
    assert_eq!(fingerprint, Fingerprint::new("ab", "c", &Source::open(&path).await.unwrap()));
    assert_ne!(fingerprint, Fingerprint::new("a", "bc", &file));
    assert_ne!(fingerprint, Fingerprint::new("ab", "c", &source(&scratch.path().join("b.jpg"), b"a").await));
    assert_ne!(fingerprint, Fingerprint::new("ab", "c", &source(&path, b"longer").await));
}

#[tokio::test]
async fn a_torn_entry_is_no_entry() {
    let scratch = tempfile::tempdir().unwrap();
    let file = source(&scratch.path().join("a.jpg"), b"a").await;
    let fingerprint = Fingerprint::new("u", "c", &file);
    let journal = Journal::open(scratch.path()).unwrap();
    fs::write(journal.path(&fingerprint), b"{\"mediaUpl").unwrap();
    assert_eq!(journal.find(&fingerprint), None);
}

#[tokio::test]
async fn old_entries_go_and_foreign_files_stay() {
    let scratch = tempfile::tempdir().unwrap();
    let state = scratch.path().join("state");
    let file = source(&scratch.path().join("a.jpg"), b"a").await;
    let (old, young) = (Fingerprint::new("old", "c", &file), Fingerprint::new("young", "c", &file));
    let journal = Journal::open(&state).unwrap();
    journal.record(&old, UploadId::random()).unwrap();
    journal.record(&young, UploadId::random()).unwrap();
    let foreign = state.join("package.json");
    fs::write(&foreign, b"{}").unwrap();
    let eight_days_ago = UNIX_EPOCH
        + Duration::from_millis(
            u64::try_from(SystemClock.now().before(Duration::from_hours(8 * 24)).as_millis()).unwrap(),
        );
    for path in [journal.path(&old), foreign.clone()] {
        File::options().write(true).open(path).unwrap().set_modified(eight_days_ago).unwrap();
    }

    let journal = Journal::open(&state).unwrap();
    assert_eq!(journal.find(&old), None);
    assert!(journal.find(&young).is_some());
    assert!(foreign.exists());
}

#[test]
fn the_default_place_follows_the_xdg_specification() {
    let place = |xdg: Option<&str>, home: Option<&str>| {
        Journal::default_directory(xdg.map(PathBuf::from), home.map(PathBuf::from))
            .map(|path| path.to_string_lossy().into_owned())
    };
    assert_eq!(place(Some("/s"), Some("/h")).as_deref(), Some("/s/strongroom/uploads"));
    assert_eq!(place(None, Some("/h")).as_deref(), Some("/h/.local/state/strongroom/uploads"));
    assert_eq!(place(Some("relative"), Some("/h")).as_deref(), Some("/h/.local/state/strongroom/uploads"));
    assert_eq!(place(None, None), None);
}
