//! Reports under a budget, through the masked sum: what is left of them, what they carry, who pays.

use std::sync::{Arc, Mutex};

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::round::{Ask, Contribution, FieldKind, QueryPoint, ReportLayout, RoundQuery, WordWidth};
use cosmosmesh_contracts::traits::{PrivacyLoss, Sum, SumError};
use cosmosmesh_crypto::{Ed25519Signer, Secret, SystemRandom, provider};
use cosmosmesh_privacy::MaskedSum;
use cosmosmesh_privacy::budget::{Budget, Ledger, NoisyUse, UseTerms, UseTermsError};

const ROWS: usize = 2;

fn query(round: u32) -> RoundQuery {
    RoundQuery {
        round,
        row_count: ROWS as u32,
        row_scale: None,
        points: vec![QueryPoint { prices: vec![0.0; ROWS], barrier: 1.0 }],
        ask: Ask::Proximal { penalty: 1.0, relaxation: 1.0, shift: vec![0.0; ROWS] },
        bound_points: vec![],
        ray: None,
        retain: vec![],
    }
}

/// A report that is full of figures which must not leave.
fn report(layout: &ReportLayout, used: f64) -> Contribution {
    let mut values = vec![123.0; layout.len()];
    values[layout.range(FieldKind::Contributors, 0).unwrap()].fill(1.0);
    values[layout.range(FieldKind::Use, 0).unwrap()].fill(used);
    Contribution::new(layout, values).unwrap()
}

fn masked(terms: &UseTerms, assets: u32, ledger: &Arc<Mutex<Ledger<MemoryStore>>>) -> MaskedSum {
    let mut node = || provider(Arc::new(Ed25519Signer::new(Secret::random(&mut SystemRandom::new()).unwrap())));
    let noise =
        NoisyUse::new(terms.clone(), fleet(assets), Arc::clone(ledger), Box::new(SystemRandom::new())).into_noise();
    MaskedSum::new(assets, WordWidth::Bits64, Box::new(terms.ranges()), &mut node, &mut || Box::new(MemoryStore::new()))
        .unwrap()
        .with_noise(noise)
}

fn fleet(assets: u32) -> Vec<AssetId> {
    (0..assets).map(|k| AssetId::new(format!("asset-{k}")).unwrap()).collect()
}

fn ledger(assets: u32, budget: Budget) -> Arc<Mutex<Ledger<MemoryStore>>> {
    let mut ledger = Ledger::open(MemoryStore::new(), "privacy/budget").unwrap();
    fleet(assets).iter().for_each(|id| ledger.grant(id, budget).unwrap());
    Arc::new(Mutex::new(ledger))
}

#[test]
fn only_the_use_leaves_and_it_errs_within_the_radius() {
    let (assets, rounds) = (50, 4);
    let budget = Budget::new(8.0, 1e-6).unwrap();
    // The first asset touches one row only.
    let touched: Vec<usize> = (0..assets).map(|k| if k == 0 { 1 } else { ROWS }).collect();
    let terms = UseTerms::new(touched, ROWS, rounds, budget.loss()).unwrap();
    let ledger = ledger(assets, budget);
    let mut sum = masked(&terms, assets, &ledger);
    let radius = terms.radius(1, u64::from(rounds) * ROWS as u64, 0.999_999);
    let mut errors = Vec::new();
    for round in 1..=rounds {
        let query = query(round);
        let layout = ReportLayout::of(&query).unwrap();
        // Beyond the box: clipped to one clip.
        let used = if round == 1 { 7.0 } else { 0.3 };
        let summed = sum.sum(&query, &mut (0..assets).map(|_| report(&layout, used))).unwrap();
        assert_eq!(summed.contributors(), assets as usize);
        for field in layout.fields() {
            let values = summed.field(field.kind, field.point);
            match field.kind {
                FieldKind::Contributors => {}
                FieldKind::Use => {
                    assert!(summed.is_sound(field.kind, field.point));
                    errors.extend(values.iter().map(|value| value - f64::from(assets) * used.min(1.0)));
                }
                kind => assert!(values.iter().all(|value| *value == 0.0), "{kind:?} left: {values:?}"),
            }
        }
    }
    assert!(errors.iter().all(|error| error.abs() <= radius), "{errors:?} beyond {radius}");
    // Eight draws that are all within a hundredth of a deviation: once in 10^17.
    assert!(errors.iter().any(|error| error.abs() > 0.01 * terms.deviation()), "{errors:?}: there is no noise");
    let ledger = ledger.lock().unwrap();
    let spent = |k: usize| ledger.standing(&fleet(assets)[k]).unwrap().spent();
    assert_eq!(spent(0), terms.loss(0).times(4));
    assert!(spent(0) < spent(1) && spent(1) <= budget.loss());
    // What is wasted by rounding is small.
    assert!(spent(1).nats() > 0.999 * budget.loss().nats());
}

#[test]
fn a_round_that_nobody_can_pay_is_not_released() {
    let budget = Budget::new(4.0, 1e-6).unwrap();
    let terms = UseTerms::new(vec![ROWS; 5], ROWS, 2, budget.loss()).unwrap();
    let ledger = ledger(5, budget);
    let mut sum = masked(&terms, 5, &ledger);
    let round = |sum: &mut MaskedSum, round| {
        let query = query(round);
        let layout = ReportLayout::of(&query).unwrap();
        sum.sum(&query, &mut (0..5).map(|_| report(&layout, 0.5))).map(|_| ())
    };
    assert_eq!((round(&mut sum, 1), round(&mut sum, 2)), (Ok(()), Ok(())));
    let refused = round(&mut sum, 3);
    assert!(matches!(&refused, Err(SumError::Noise { reason }) if reason.contains("asset-0")), "{refused:?}");
    assert_eq!(ledger.lock().unwrap().standing(&fleet(5)[0]).unwrap().releases(), 2);
}

#[test]
fn terms_that_make_no_sense_are_refused() {
    let loss = Budget::new(1.0, 1e-6).unwrap().loss();
    assert_eq!(UseTerms::new(vec![1; 2], 1, 4, loss), Err(UseTermsError::TooFew { found: 2 }));
    assert_eq!(UseTerms::new(vec![1; 3], 1, 0, loss), Err(UseTermsError::NoRounds));
    assert!(matches!(UseTerms::new(vec![1; 3], 1, 4, PrivacyLoss::from_units(3)), Err(UseTermsError::Noise(_))));
}

/// The deviation is what the formula for a continuous bell says: sensitivity by the root of twice the loss, times what the missing share adds.
#[test]
fn the_noise_is_no_larger_than_it_must_be() {
    for (epsilon, assets, rounds) in [(0.5, 3_usize, 1), (1.0, 100, 8), (10.0, 1000, 32)] {
        let budget = Budget::new(epsilon, 1e-6).unwrap();
        let terms = UseTerms::new(vec![ROWS; assets], ROWS, rounds, budget.loss()).unwrap();
        let rho = budget.loss().nats() / f64::from(rounds);
        let bell = 2.0 * (ROWS as f64).sqrt() / (2.0 * rho).sqrt() * (assets as f64 / (assets as f64 - 1.0)).sqrt();
        let ratio = terms.deviation() / bell;
        assert!((1.0..1.001).contains(&ratio), "{epsilon} {assets} {rounds}: {ratio}");
    }
}
