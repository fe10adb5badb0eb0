//! Who must answer, and for which masks.

use cosmosmesh_privacy::mask::{Committee, CommitteeError, GUARDIANS_MAX};

#[test]
fn a_committee_exists_exactly_where_it_is_secret_and_opens_one_set() {
    for guardians in 1..=GUARDIANS_MAX {
        for threshold in 1..=guardians {
            for corrupt in 0..=guardians {
                let found = Committee::new(guardians, threshold, corrupt);
                // Brute force: the corrupt are the first ones, since all are alike.
                let size = guardians - threshold + 1;
                let secret = (1_u8..1 << guardians).any(|subset| {
                    subset.count_ones() == u32::from(size) && subset.trailing_zeros() >= u32::from(corrupt)
                });
                let quorums = || (1_u8..1 << guardians).filter(|set| set.count_ones() >= u32::from(threshold));
                let one_set = quorums().all(|a| quorums().all(|b| (a & b) >> corrupt != 0));
                assert_eq!(found.is_ok(), secret && one_set, "{guardians} {threshold} {corrupt}: {found:?}");
            }
        }
    }
}

#[test]
fn every_subset_is_answered_for_once_by_one_of_its_members_and_work_is_even() {
    for guardians in 3..=GUARDIANS_MAX {
        let committee = Committee::of(guardians).unwrap();
        for responders in 0..=u8::MAX {
            let assigned = committee.assignment(responders);
            if !committee.opens(responders) {
                assert!(assigned.is_empty());
                continue;
            }
            let mut work = [0; 8];
            for (subset, guardian) in committee.subsets().iter().zip(&assigned) {
                assert_eq!(
                    subset & responders & (1 << guardian),
                    1 << guardian,
                    "a responder holds what it answers for"
                );
                work[usize::from(*guardian)] += 1;
            }
            let busiest = work.iter().max().unwrap();
            let share = committee.subsets().len().div_ceil(responders.count_ones() as usize);
            assert!(*busiest <= share + 1, "{guardians} guardians, {responders:b}: {work:?}");
        }
    }
    let four = Committee::new(4, 3, 1).unwrap();
    for responders in [0b0111, 0b1011, 0b1101, 0b1110] {
        let assigned = four.assignment(responders);
        let most = (0..4).map(|g| assigned.iter().filter(|a| **a == g).count()).max();
        assert_eq!(most, Some(2), "two masks an asset, not three");
    }
}

#[test]
fn the_usual_committees() {
    let of = |m| Committee::of(m).map(|c| (c.threshold(), c.corrupt(), c.subsets().len()));
    assert_eq!(of(3), Ok((3, 1, 3)));
    assert_eq!(of(4), Ok((3, 1, 6)));
    assert_eq!(of(7), Ok((5, 2, 35)));
    assert_eq!(of(2), Err(CommitteeError::Guardians { found: 2 }));
    assert_eq!(of(8), Err(CommitteeError::Guardians { found: 8 }));
}
