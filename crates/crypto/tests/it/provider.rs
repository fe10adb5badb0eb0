//! The provider as a value, and where randomness comes from.

use std::sync::Arc;

use cosmosmesh_contracts::conformance;
use cosmosmesh_contracts::key::Suite;
use cosmosmesh_crypto::{Ed25519Signer, Secret, SystemRandom, provider};

#[test]
fn the_systems_randomness_conforms() {
    conformance::secure_random(&mut SystemRandom::new(), false);
}

#[test]
fn a_provider_is_the_system_s_unless_it_says_otherwise() {
    let signer = Arc::new(Ed25519Signer::new(Secret::random(&mut SystemRandom::new()).unwrap()));
    let mut provider = provider(signer);
    assert!(!provider.is_seeded());
    assert_eq!(provider.suite, Suite::One);
    conformance::signer(&*provider.signer, &*provider.verifier);
    conformance::secure_random(&mut *provider.random, false);
}

#[cfg(feature = "seeded")]
#[test]
fn a_seeded_provider_says_so_and_repeats() {
    use cosmosmesh_contracts::traits::{SecureRandom, Signer};
    use cosmosmesh_crypto::{SeededRandom, seeded_provider, seeded_signer};

    conformance::secure_random(&mut SeededRandom::new(1, "test"), true);
    let draw = |seed, name| {
        let mut bytes = [0; 16];
        SeededRandom::new(seed, name).fill(&mut bytes).unwrap();
        bytes
    };
    assert_eq!(draw(1, "a"), draw(1, "a"));
    assert_ne!(draw(1, "a"), draw(2, "a"));
    assert_ne!(draw(1, "a"), draw(1, "b"));
    let id = |seed, name| seeded_signer(seed, name).node_id();
    assert_eq!(id(1, "rover-1"), id(1, "rover-1"));
    assert_ne!(id(1, "rover-1"), id(1, "rover-2"));
    let mut provider = seeded_provider(Arc::new(seeded_signer(1, "rover-1")), 1, "rover-1");
    assert!(provider.is_seeded(), "flight software asks this and refuses");
    conformance::secure_random(&mut *provider.random, true);
}
