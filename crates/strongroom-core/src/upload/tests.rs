use proptest::prelude::*;

use super::*;

fn plan(size: u64) -> Plan {
    Plan::for_size(size, &PlanLimits::default()).unwrap()
}

#[test]
fn part_sizes_follow_the_contract() {
    let mib = 1 << 20;
    for (size, part_bytes, total) in [
        (1, 8 * mib, 1),
        (8 * mib, 8 * mib, 1),
        (8 * mib + 1, 8 * mib, 2),
        (40 * mib, 8 * mib, 5),
        (512 * mib, 8 * mib, 64),
        (512 * mib + 1, 16 * mib, 33),
        (1024 * mib, 16 * mib, 64),
        (16_000 * mib, 16 * mib, 1000),
        (16_000 * mib + 1, 32 * mib, 501),
        (64_000 * mib, 64 * mib, 1000),
        (640_000 * mib, 64 * mib, 10_000),
    ] {
        let plan = plan(size);
        assert_eq!((plan.part_bytes(), plan.total_parts()), (part_bytes, total), "{size}");
    }
    assert_eq!(Plan::for_size(0, &PlanLimits::default()), None);
    assert_eq!(Plan::for_size(640_000 * mib + 1, &PlanLimits::default()), None);
    assert_eq!(Plan::for_size(u64::MAX, &PlanLimits::default()), None);
    assert_eq!(Plan::with_part_bytes(10, 5 << 20), None);
}

#[test]
fn a_large_file_stays_within_the_bounds_that_were_set() {
    let part_bytes = |min_part_bytes: u64, max_part_bytes: u64| {
        let limits = PlanLimits { min_part_bytes, max_part_bytes, ..PlanLimits::default() };
        Plan::for_size(1 << 30, &limits).map(|plan| plan.part_bytes())
    };
    assert_eq!(part_bytes(1 << 20, 8 << 20), Some(8 << 20));
    assert_eq!(part_bytes(1 << 20, 64 << 20), Some(16 << 20));
    assert_eq!(part_bytes(32 << 20, 64 << 20), Some(32 << 20));
}

proptest! {
    #[test]
    fn parts_cover_the_file_exactly(size in 1u64..(200 << 30)) {
        let plan = plan(size);
        let mut next = 0;
        for part in plan.parts() {
            prop_assert_eq!(part.offset, next);
            prop_assert!(part.length > 0);
            next += part.length;
        }
        prop_assert_eq!(next, size);
    }

    #[test]
    fn missing_and_received_are_complements(size in 1u64..(1 << 30), keep in any::<u64>()) {
        let plan = plan(size);
        let received: Vec<u32> = (1..=plan.total_parts()).filter(|n| keep >> (n % 64) & 1 == 1).collect();
        let missing: Vec<u32> = missing_parts(&plan, received.iter().copied()).into_iter().flat_map(|(a, b)| a..=b).collect();
        let mut all = [received, missing].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (1..=plan.total_parts()).collect::<Vec<_>>());
    }
}

#[test]
fn a_part_is_refused_before_its_body() {
    use AnnouncedLength::*;
    let plan = plan(20 << 20);
    let accept = |state, number, announced| accept_part(state, &plan, number, announced);
    assert_eq!(accept(UploadState::Open, 3, Exactly(4 << 20)).unwrap().offset, 16 << 20);
    assert!(accept(UploadState::Open, 3, Chunked).is_ok());
    assert_eq!(
        accept(UploadState::Open, 1, Exactly(0)),
        Err(PartRefusal::LengthMismatch { expected: 8 << 20, actual: 0 })
    );
    assert_eq!(accept(UploadState::Open, 0, Exactly(1)), Err(PartRefusal::NoSuchPart(3)));
    assert_eq!(accept(UploadState::Open, 4, Exactly(1)), Err(PartRefusal::NoSuchPart(3)));
    assert_eq!(accept(UploadState::Open, 1, Missing), Err(PartRefusal::LengthRequired));
    assert_eq!(accept(UploadState::Completing, 1, Chunked), Err(PartRefusal::Closed));
    assert_eq!(accept(UploadState::Completed, 1, Chunked), Err(PartRefusal::Closed));
    assert_eq!(accept(UploadState::Aborted, 1, Chunked), Err(PartRefusal::Aborted));
    assert_eq!(accept(UploadState::Expired, 1, Chunked), Err(PartRefusal::Expired));
}

#[test]
fn sessions_live_by_their_last_part_but_not_for_ever() {
    let lifetime = Lifetime { idle: Duration::from_secs(10), absolute: Duration::from_secs(60) };
    let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
    assert_eq!(lifetime.expires_at(at(0), at(5)), at(15));
    assert_eq!(lifetime.expires_at(at(0), at(55)), at(60));
}
