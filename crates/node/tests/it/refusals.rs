//! The log of what was not heard: one record, one encoding, and a disk that fails at every byte.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::Store;
use cosmosmesh_contracts::trust::{
    Act, Capability, Contract, Invalid, Reach, Role, Roles, TrustRefusal, Unknown, Verdict,
};
use cosmosmesh_host::store::FaultyStore;
use cosmosmesh_node::round::{REFUSAL_BYTES, RefusalLog, RoundLogError, decode_refusal, encode_refusal};

fn verdicts() -> Vec<Verdict> {
    let all = Roles::combinations().last().unwrap();
    let mut verdicts: Vec<Verdict> = [
        Invalid::Early,
        Invalid::Expired,
        Invalid::Superseded,
        Invalid::Later,
        Invalid::Revoked { since: u64::MAX },
        Invalid::Issuer,
        Invalid::Subject,
        Invalid::Unshown,
        Invalid::Role { has: Roles::from(Role::Asset), needed: all },
    ]
    .map(Verdict::Invalid)
    .to_vec();
    let doubts = [Unknown::Time, Unknown::Log { needed: 3 }, Unknown::Freshness];
    verdicts.extend(doubts.map(|unknown| Verdict::Indeterminate { unknown, evidence_age_ms: i64::MAX }));
    verdicts
}

#[test]
fn a_record_has_one_encoding() {
    for verdict in verdicts() {
        let act = Act::new(Capability::Open, Contract::Log, Reach::Fleet);
        let refusal = TrustRefusal { author: NodeId::from_bytes([9; 32]), act, verdict };
        let now = MissionTime(-5);
        let bytes = encode_refusal(now, &refusal);
        assert_eq!(bytes.len(), REFUSAL_BYTES);
        assert_eq!(decode_refusal(&bytes), Some((now, refusal)));
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                if let Some((now, other)) = decode_refusal(&changed) {
                    assert_ne!((now, other), (MissionTime(-5), refusal));
                    assert_eq!(encode_refusal(now, &other), changed, "{verdict:?} byte {at}");
                }
            }
            assert_eq!(decode_refusal(&bytes[..at]), None);
        }
        assert_eq!(decode_refusal(&[&bytes[..], &[0]].concat()), None);
    }
}

#[test]
fn a_log_of_refusals_that_is_none_is_refused_by_its_record() {
    let mut store = MemoryStore::new();
    let refusal = TrustRefusal {
        author: NodeId::from_bytes([9; 32]),
        act: Act::new(Capability::Publish, Contract::Round, Reach::Own),
        verdict: Verdict::Invalid(Invalid::Unshown),
    };
    store.append("refused", &encode_refusal(MissionTime(1), &refusal)).unwrap();
    store.append("refused", &[2; REFUSAL_BYTES]).unwrap();
    let opened = RefusalLog::open(Box::new(store), "refused".to_owned()).map(|_| ());
    assert_eq!(opened, Err(RoundLogError::Malformed { record: 1 }));
}

#[test]
fn cut_at_any_byte_the_log_opens_as_a_prefix() {
    let refusal = |k: u8| TrustRefusal {
        author: NodeId::from_bytes([k; 32]),
        act: Act::new(Capability::Publish, Contract::Round, Reach::Own),
        verdict: Verdict::Invalid(Invalid::Expired),
    };
    let mut store = FaultyStore::new();
    for k in 0..3 {
        store.append("refused", &encode_refusal(MissionTime(1), &refusal(k))).unwrap();
    }
    let bytes = store.volatile_bytes();
    for kept in 0..=bytes {
        let log = RefusalLog::open(Box::new(store.clone().crash(kept)), "refused".to_owned()).unwrap();
        let found: Vec<TrustRefusal> = log.refusals().iter().map(|(_, refusal)| *refusal).collect();
        let expected: Vec<TrustRefusal> = (0..found.len() as u8).map(refusal).collect();
        assert_eq!(found, expected, "{kept}");
        assert!(kept < bytes || found.len() == 3);
    }
}
