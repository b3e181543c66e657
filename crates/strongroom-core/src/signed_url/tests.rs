use super::*;

fn ring() -> KeyRing {
    KeyRing::new(SigningKey::random(), vec![])
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn grant() -> Grant {
    Grant { subject: Subject::Media(MediaId::new(42)), file: "thumb.jpg".into(), expires: 7200, version: 3 }
}

/// Splits a signed path into what the router hands over.
fn split(url: &str) -> (String, String, String) {
    let (path, query) = url.split_once('?').unwrap();
    let mut segments = path.trim_start_matches("/media/").split('/');
    (segments.next().unwrap().into(), segments.next().unwrap().into(), query.into())
}

/// As the router would ask: what is no media in its one spelling cannot have been signed.
fn verify(ring: &KeyRing, media: &str, file: &str, query: &str, now: Timestamp) -> Result<Grant, Rejected> {
    ring.verify(Subject::Media(MediaId::new(path_number(media)?)), file, query, now)
}

#[test]
fn what_was_signed_opens_until_it_expires() {
    let ring = ring();
    let (media, file, query) = split(&ring.sign(&grant()));
    assert_eq!(verify(&ring, &media, &file, &query, at(7199)), Ok(grant()));
    assert_eq!(verify(&ring, &media, &file, &query, at(7200)), Err(Rejected::Expired));
    assert_eq!(verify(&ring_of_another(), &media, &file, &query, at(0)), Err(Rejected::UnknownKey));
}

fn ring_of_another() -> KeyRing {
    ring()
}

#[test]
fn every_flipped_bit_is_refused() {
    let ring = ring();
    let url = ring.sign(&grant());
    let mut mutants = 0;
    for index in "/media/".len()..url.len() {
        for bit in 0..8 {
            let mut bytes = url.clone().into_bytes();
            bytes[index] ^= 1 << bit;
            let Ok(mutant) = String::from_utf8(bytes) else { continue };
            let Some((path, query)) = mutant.split_once('?') else { continue };
            let Some((media, file)) = path.trim_start_matches("/media/").split_once('/') else { continue };
            let verified = verify(&ring, media, file, query, at(0));
            assert!(matches!(verified, Err(Rejected::Invalid | Rejected::UnknownKey)), "{mutant}: {verified:?}");
            mutants += 1;
        }
    }
    assert!(mutants > 500);
}

#[test]
fn other_spellings_of_the_same_values_are_refused() {
    let ring = ring();
    let (media, file, query) = split(&ring.sign(&grant()));
    let sig = query.rsplit_once("sig=").unwrap().1;
    let kid = ring.active.id();
    for altered in [
        format!("{query}&x=1"),
        format!("{query}&{query}"),
        format!("v=3&exp=7200&kid={kid}&sig={sig}"),
        format!("exp=07200&v=3&kid={kid}&sig={sig}"),
        format!("exp=7200&v=+3&kid={kid}&sig={sig}"),
        format!("exp=7200&v=3&kid={kid}&sig={sig}="),
        format!("exp=7200&v=3&kid={kid}"),
        format!("exp=-1&v=3&kid={kid}&sig={sig}"),
        String::new(),
    ] {
        assert_eq!(verify(&ring, &media, &file, &altered, at(0)), Err(Rejected::Invalid), "{altered}");
    }
    for other in ["full.jpg", "thumb.png", "Thumb.jpg", "thumb.jpg/", "original"] {
        assert_eq!(verify(&ring, &media, other, &query, at(0)), Err(Rejected::Invalid), "{other}");
    }
    assert_eq!(verify(&ring, "43", &file, &query, at(0)), Err(Rejected::Invalid));
    assert_eq!(verify(&ring, "042", &file, &query, at(0)), Err(Rejected::Invalid));
}

#[test]
fn a_rotated_key_verifies_until_it_is_removed() {
    let old = ring();
    let (media, file, query) = split(&old.sign(&grant()));
    let rotated = KeyRing::new(SigningKey::random(), vec![old.active.clone()]);
    assert_eq!(verify(&rotated, &media, &file, &query, at(0)), Ok(grant()));
    assert_ne!(rotated.sign(&grant()), old.sign(&grant()));
    assert_eq!(verify(&ring(), &media, &file, &query, at(0)), Err(Rejected::UnknownKey));
}

#[test]
fn urls_stay_the_same_for_an_hour_and_live_at_least_their_lifetime() {
    let day = Duration::from_secs(86_400);
    assert_eq!(expiry_bucket(at(0), day), expiry_bucket(at(3599), day));
    assert_ne!(expiry_bucket(at(0), day), expiry_bucket(at(3600), day));
    assert!((0..7200).all(|now| expiry_bucket(at(now), day) > now + 86_400));
}

#[test]
fn keys_round_trip_as_lines_and_hide_in_debug_output() {
    let key = SigningKey::random();
    let line = key.to_line();
    assert_eq!(SigningKey::from_line(&line).unwrap().to_line(), line);
    assert!(!format!("{key:?}").contains(line.split_once(' ').unwrap().1));
    for bad in ["", "abcd", "abcd AAAA", "a/b AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert!(SigningKey::from_line(bad).is_none(), "{bad}");
    }
}

#[test]
fn a_medias_url_opens_no_person_and_the_other_way_round() {
    let ring = ring();
    let (media, person) = (Subject::Media(MediaId::new(42)), Subject::Person(PersonId::new(42)));
    for (signed, other) in [(media, person), (person, media)] {
        let grant = Grant { subject: signed, ..grant() };
        let url = ring.sign(&grant);
        let (path, query) = url.split_once('?').unwrap();
        assert_eq!(path, format!("{signed}/thumb.jpg"));
        assert_eq!(ring.verify(signed, "thumb.jpg", query, at(0)), Ok(grant));
        assert_eq!(ring.verify(other, "thumb.jpg", query, at(0)), Err(Rejected::Invalid));
    }
    for segment in ["042", "-1", "4.0", "", "person 42"] {
        assert_eq!(path_number(segment), Err(Rejected::Invalid), "{segment}");
    }
}
