//! Notes and checkpoints: the examples of the formats, and everything that is nearly one.

use cosmosmesh_contracts::traits::Signer;
use cosmosmesh_crypto::{Ed25519Signer, Secret};
use cosmosmesh_ledger::{
    Checkpoint, CheckpointError, Freshness, Note, NoteError, NoteKey, NoteKeyKind, NoteSignature, TlogProof,
    WitnessRequest,
};

use crate::house::{NOW, ORIGIN, key, log, policy, signer, verifier};

/// The example of golang.org/x/mod/sumdb/note, the format's first implementation.
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_SEED: &str = "810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn the_first_implementations_example_byte_for_byte() {
    let key = NoteKey::parse(GO_KEY).unwrap();
    assert_eq!((key.name(), key.to_string().as_str()), ("PeterNeumann", GO_KEY));
    let note = Note::parse(GO_NOTE.as_bytes()).unwrap();
    assert_eq!(note.to_string(), GO_NOTE);
    assert_eq!(note.verify(std::slice::from_ref(&key), &verifier()).unwrap()[0].key, key);

    let seed = cosmosmesh_contracts::key::Digest::from_hex(GO_SEED).unwrap();
    let mut seed = *seed.as_bytes();
    let signer = Ed25519Signer::new(Secret::take(&mut seed));
    assert_eq!(signer.node_id(), key.node_id());
    let mut ours = Note::new(note.text()).unwrap();
    ours.sign("PeterNeumann", &signer).unwrap();
    assert_eq!(ours.to_string(), GO_NOTE);
}

#[test]
fn the_examples_of_the_specifications_are_read_and_written() {
    let checkpoint = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
        — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    let note = Note::parse(checkpoint.as_bytes()).unwrap();
    assert_eq!(note.to_string(), checkpoint);
    assert_eq!(note.signatures()[1].bytes.len(), 72, "a time and a signature");
    assert_eq!(note.signatures()[1].bytes[..8], 1_679_315_147_u64.to_be_bytes());
    let read = Checkpoint::parse(note.text()).unwrap();
    assert_eq!((read.origin.as_str(), read.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(read.to_text(), note.text());

    let request = format!(
        "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
         5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n{checkpoint}"
    );
    let read = WitnessRequest::parse(request.as_bytes()).unwrap();
    assert_eq!((read.old_size, read.proof.len()), (20_852_014, 4));
    assert_eq!(read.to_string(), request);
}

#[test]
fn what_is_nearly_a_note_is_refused() {
    let line = "— a AAAAAQI=\n";
    for (bad, why) in [
        ("text\n— a AAAAAQI=\n", "no empty line"),
        ("text\n\n", "no signature"),
        ("text\n\n— a AAAAAQI=", "no last newline"),
        ("text\n\n- a AAAAAQI=\n", "a hyphen"),
        ("text\n\n—  AAAAAQI=\n", "no name"),
        ("text\n\n— a+b AAAAAQI=\n", "a plus in the name"),
        ("text\n\n— a\u{2003}b AAAAAQI=\n", "white space in the name"),
        ("text\n\n— a AAAAAQJ=\n", "base64 with bits to spare"),
        ("text\n\n— a AAAAAQ==\n", "a key id alone"),
        ("text\n\n— a AAAAAQI= \n", "a space at the end"),
        ("te\u{1}xt\n\n— a AAAAAQI=\n", "a control character"),
        ("text\r\n\n— a AAAAAQI=\n", "a carriage return"),
        ("text\n\n— a AAAAAQI=\n\n", "an empty line at the end"),
        ("", "nothing"),
    ] {
        assert!(Note::parse(bad.as_bytes()).is_err(), "{why}");
    }
    assert!(Note::parse(b"te\xffxt\n\n\xe2\x80\x94 a AAAAAQI=\n").is_err(), "not UTF-8");
    let many = |count: usize| {
        let lines: String = (0..count).map(|k| format!("— a{k} AAAAAQI=\n")).collect();
        Note::parse(format!("text\n\n{lines}").as_bytes())
    };
    assert_eq!(many(128).unwrap().signatures().len(), 128);
    assert_eq!(many(129), Err(NoteError::TooLong));
    let text = "with\n\nan empty line\n";
    assert_eq!(Note::parse(format!("{text}\n{line}").as_bytes()).unwrap().text(), text);
}

#[test]
fn what_is_nearly_a_checkpoint_is_refused() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    for (bad, why) in [
        (format!("o\n1\n{root}"), "no last newline"),
        (format!("\n1\n{root}\n"), "no origin"),
        (format!("o\n01\n{root}\n"), "a leading zero"),
        (format!("o\n+1\n{root}\n"), "a sign"),
        (format!("o\n18446744073709551616\n{root}\n"), "too large"),
        ("o\n1\nAAAA\n".to_owned(), "a short root"),
        ("o\n1\n".to_owned(), "no root"),
        (format!("o\n1\n{root}\n\n"), "an empty extension"),
        (format!("o\n1\n{}\n", root.replace("2I=", "2J=")), "bits to spare"),
    ] {
        assert_eq!(Checkpoint::parse(&bad), Err(CheckpointError::Form), "{why}");
    }
    let extended = format!("o\n1\n{root}\nmore\n");
    assert_eq!(Checkpoint::parse(&extended).unwrap().to_text(), extended);
}

#[test]
fn keys_are_told_apart() {
    let good = key("a", NoteKeyKind::Cosignature, 3);
    assert_eq!(NoteKey::parse(&good.to_string()), Some(good.clone()));
    assert_ne!(good.id(), key("a", NoteKeyKind::Ed25519, 3).id(), "one key for two purposes has two ids");
    let text = good.to_string();
    let (name, rest) = text.split_once('+').unwrap();
    for bad in [format!("b+{rest}"), text.replace(name, ""), text.to_uppercase(), format!("{text}A"), String::new()] {
        assert_eq!(NoteKey::parse(&bad), None, "{bad}");
    }
}

#[test]
fn a_false_line_of_a_known_key_spoils_the_note_and_an_unknown_one_does_not() {
    let (log, _) = log(3);
    let mut note = log.checkpoint_note().unwrap().clone();
    let policy = policy();
    let stranger = NoteSignature { name: "stranger".to_owned(), id: [1, 2, 3, 4], bytes: vec![7; 64] };
    note.push(stranger).unwrap();
    assert!(policy.open(note.to_string().as_bytes(), &verifier()).is_ok(), "strangers are passed over");
    let w2 = key("w2", NoteKeyKind::Cosignature, 2);
    note.push(NoteSignature { name: "w2".to_owned(), id: w2.id(), bytes: vec![7; 72] }).unwrap();
    let refused = policy.open(note.to_string().as_bytes(), &verifier());
    assert_eq!(refused, Err(CheckpointError::Note(NoteError::Signature { name: "w2".to_owned() })));

    let mut witnessed_only = Note::new(log.checkpoint_note().unwrap().text()).unwrap();
    witnessed_only.cosign("w2", NOW, &signer(2)).unwrap();
    let refused = policy.open(witnessed_only.to_string().as_bytes(), &verifier());
    assert_eq!(refused, Err(CheckpointError::Note(NoteError::NoSignature)), "a witness does not stand in for the log");
    let mut other = policy.clone();
    other.origin = "example.com/other".to_owned();
    let refused = other.open(log.checkpoint_note().unwrap().to_string().as_bytes(), &verifier());
    assert_eq!(refused, Err(CheckpointError::Origin { found: ORIGIN.to_owned() }));
}

#[test]
fn freshness_is_what_a_whole_quorum_vouches_for() {
    let (log, _) = log(3);
    let mut note = log.checkpoint_note().unwrap().clone();
    let open = |note: &Note| policy().open(note.to_string().as_bytes(), &verifier()).unwrap();
    note.cosign("w2", NOW - 10, &signer(2)).unwrap();
    assert_eq!(open(&note).freshness(NOW, 5, 100), Freshness::Unknown { witnesses: 1, quorum: 2 });
    assert!(!open(&note).is_final());
    note.cosign("w2", NOW, &signer(2)).unwrap();
    assert!(!open(&note).is_final(), "one witness that signs twice is one witness");
    note.cosign("w3", NOW - 200, &signer(3)).unwrap();
    assert!(open(&note).is_final());
    assert_eq!(open(&note).freshness(NOW, 5, 100), Freshness::Stale { age_s: 205 });
    note.cosign("w4", NOW - 50, &signer(4)).unwrap();
    assert_eq!(open(&note).freshness(NOW, 5, 100), Freshness::Fresh { age_s: 55 });
    assert_eq!(open(&note).freshness(NOW, 60, 100), Freshness::Stale { age_s: 110 }, "a vague clock makes it older");
    assert_eq!(open(&note).freshness(NOW - 200, 5, 100), Freshness::FromFuture { by_s: 150 });
}

#[test]
fn a_proof_comes_back_from_its_text_and_shows_its_entry_alone() {
    let (log, _) = log(100);
    let entries = crate::house::entries(100);
    let proof = log.prove(41).unwrap();
    let text = proof.to_string();
    let read = TlogProof::parse(text.as_bytes()).unwrap();
    assert_eq!((read.to_string(), &read), (text.clone(), &proof));
    assert_eq!(read.verify(&entries[41], &policy(), &verifier()).unwrap().checkpoint.size, 100);
    assert!(read.verify(&entries[40], &policy(), &verifier()).is_err());
    let with_extra = TlogProof { extra: Some(b"hint".to_vec()), ..proof };
    assert_eq!(TlogProof::parse(with_extra.to_string().as_bytes()).unwrap(), with_extra);
    for bad in ["", "c2sp.org/tlog-proof@v1\n", &text.replace("index 41", "index 041"), &text.replace("@v1", "@v2")] {
        assert!(TlogProof::parse(bad.as_bytes()).is_err(), "{bad:?}");
    }
}
