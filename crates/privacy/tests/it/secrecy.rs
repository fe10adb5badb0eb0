//! Obligation 2: what the coordinator and fewer than a threshold of guardians see depends on the honest sum alone.
//!
//! A toy: words modulo 3, masks that are random functions, every value of every mask tried, the real committee's subsets and assignments.

use std::collections::BTreeMap;

use cosmosmesh_privacy::mask::Committee;

const MODULUS: u8 = 3;

/// How often each view comes about, over all values of the masks that the corrupt guardians do not know.
///
/// What they know is in the view and independent of the rest, so it is fixed to zero here without loss.
/// The view: every message, and every honest guardian's answer to every set of responders, since a set may be opened again by others.
fn views(committee: &Committee, corrupt: u8, inputs: &[u8]) -> BTreeMap<Vec<u8>, u64> {
    let subsets = committee.subsets();
    let unknown: Vec<usize> = (0..subsets.len()).filter(|&k| subsets[k] & corrupt == 0).collect();
    let count = unknown.len() * inputs.len();
    let mut seen = BTreeMap::new();
    for number in 0..u64::from(MODULUS).pow(count as u32) {
        let mut rest = number;
        let mut masks = vec![vec![0_u8; subsets.len()]; inputs.len()];
        for mask in &mut masks {
            for &k in &unknown {
                mask[k] = (rest % u64::from(MODULUS)) as u8;
                rest /= u64::from(MODULUS);
            }
        }
        let add = |values: &mut dyn Iterator<Item = u8>| values.fold(0, |sum, value| (sum + value) % MODULUS);
        let mut view: Vec<u8> = Vec::new();
        for (input, mask) in inputs.iter().zip(&masks) {
            view.push(add(&mut core::iter::once(*input).chain(mask.iter().copied())));
        }
        for responders in (0..1_u8 << committee.guardians()).filter(|r| committee.opens(*r)) {
            let assigned = committee.assignment(responders);
            for guardian in (0..committee.guardians()).filter(|g| (responders & !corrupt) >> g & 1 == 1) {
                let own = |mask: &Vec<u8>| {
                    assigned.iter().zip(mask).filter(|(a, _)| **a == guardian).map(|(_, m)| *m).collect::<Vec<u8>>()
                };
                view.push(add(&mut masks.iter().flat_map(own)));
            }
        }
        *seen.entry(view).or_insert(0) += 1;
    }
    seen
}

fn check(guardians: u8, threshold: u8, corrupt_max: u8, agents: usize, only_count: Option<u32>) {
    let committee = Committee::new(guardians, threshold, corrupt_max).unwrap();
    let (one, other): (&[u8], &[u8]) = match agents {
        2 => (&[0, 2], &[1, 1]),
        _ => (&[0, 2, 1], &[2, 2, 2]),
    };
    for corrupt in 0..1_u8 << guardians {
        let count = corrupt.count_ones();
        if only_count.is_some_and(|only| only != count) || count > u32::from(threshold) {
            continue;
        }
        let same = views(&committee, corrupt, one) == views(&committee, corrupt, other);
        assert_eq!(same, count < u32::from(threshold), "{guardians} {threshold}: {corrupt:b}");
    }
    if only_count.is_none_or(|only| only == 1) {
        // The sum itself is in the view: inputs with another sum are told apart, or the test would see nothing.
        let mut more = one.to_vec();
        more[0] = (more[0] + 1) % MODULUS;
        assert_ne!(views(&committee, 1, one), views(&committee, 1, &more));
    }
}

#[test]
fn fewer_than_a_threshold_see_the_sum_and_a_threshold_sees_everything() {
    check(3, 3, 1, 3, None);
    check(3, 2, 0, 3, None);
    check(4, 3, 1, 2, None);
    check(4, 3, 1, 3, Some(2));
    check(4, 3, 1, 3, Some(3));
    check(5, 4, 1, 2, Some(3));
    check(5, 4, 1, 2, Some(4));
}
