use super::*;

#[test]
fn media_ids_arrive_in_three_shapes() {
    for (text, number) in [("123", 123), ("123.0", 123), ("2.84e+07", 28_400_000), ("1e3", 1000)] {
        assert_eq!(text.parse::<MediaId>().unwrap().number(), number, "{text}");
    }
    for text in ["", "0", "-1", "1.5", "nan", "inf", "9007199254740992", "1e300", "abc", " 1", "0x10"] {
        assert!(text.parse::<MediaId>().is_err(), "{text}");
    }
}

#[test]
fn upload_ids_round_trip_and_refuse_other_spellings() {
    let id = UploadId::random();
    assert_eq!(id.to_string().parse::<UploadId>().unwrap(), id);
    for text in ["upload:", "upload:1234", "media:0", &id.uuid().simple().to_string()] {
        assert!(text.parse::<UploadId>().is_err(), "{text}");
    }
}

#[test]
fn ids_that_are_made_ahead_are_made_once() {
    let some = || (0..500).map(|_| RequestId::random()).collect::<Vec<_>>();
    let mut ids: Vec<RequestId> = std::thread::spawn(some).join().unwrap();
    ids.extend(some());
    assert!(ids.iter().all(|id| id.as_str().parse().as_ref() == Ok(id)));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 1000);
}

#[test]
fn neighbours_begin_alike_and_all_beginnings_come_up() {
    let ids: Vec<[u8; 16]> = (0..256 * NEIGHBOURS).map(|_| neighbouring()).collect();
    let mut counts = [0_u32; 256];
    for id in &ids {
        counts[usize::from(id[0])] += 1;
    }
    // Other tests of this process may have taken some in between.
    assert!(counts.iter().all(|count| (NEIGHBOURS / 2..=NEIGHBOURS * 2).contains(count)), "{counts:?}");
    let changes = ids.windows(2).filter(|pair| pair[0][0] != pair[1][0]).count();
    assert!(changes <= 300, "{changes}");
    let distinct: std::collections::HashSet<_> = ids.iter().map(|id| &id[1..]).collect();
    assert_eq!(distinct.len(), ids.len());
}

#[test]
fn ids_of_events_sort_by_time() {
    let at = |millis| EventId::at(Timestamp::from_millis(millis));
    let (earlier, later) = (at(1_795_999_999_999), at(1_796_000_000_000));
    assert!(earlier < later);
    assert_ne!(at(5), at(5));
    for id in [earlier, later, at(0), at(i64::MAX)] {
        assert_eq!(id.as_str().parse::<EventId>().unwrap(), id);
    }
}

#[test]
fn prefixed_ids_keep_their_form() {
    let id = ConnectionId::random();
    assert_eq!(id.as_str().len(), "conn_".len() + 24);
    assert_eq!(id.as_str().parse::<ConnectionId>().unwrap(), id);
    assert!("conn_ABC".parse::<ConnectionId>().is_err());
    assert_ne!(id, ConnectionId::random());
    assert!(OrganisationId::default_organisation().as_str().parse::<OrganisationId>().is_ok());
}
