//! Syncs two replicas over a pair of pipes, with this crate and `contracts` alone.
//!
//! The keys are toys: anybody can sign for anybody. A program takes those of `cosmosmesh-crypto`.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::io::{PipeReader, PipeWriter, Read, Result, Write, pipe};
use std::sync::Arc;
use std::thread;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::{Digest, KeyError, NodeId, Signature};
use cosmosmesh_contracts::traits::{ContentHasher, Engine, Signer, Verifier};
use cosmosmesh_delta_sync::{
    Contact, Draft, Event, Interest, Keys, MissionId, Replica, ReplicaConfig, Session, SessionConfig,
};

fn main() -> Result<()> {
    let (from_base, to_rover) = pipe()?;
    let (from_rover, to_base) = pipe()?;
    let rover = thread::spawn(move || run(1, 2, "rover", from_base, to_base));
    let base = run(2, 1, "base", from_rover, to_rover)?;
    let rover = rover.join().expect("this cannot fail because the rover does not panic")?;
    assert_eq!(base, rover, "both hold the same");
    Ok(())
}

/// One replica writes, says what it has, and listens until the other holds the same.
fn run(me: u8, other: u8, name: &str, mut input: PipeReader, mut output: PipeWriter) -> Result<[u8; 16]> {
    let config = ReplicaConfig::new(MissionId(*b"example mission."));
    // This program has no clock worth the name: time is a count of messages.
    let mut now = MissionTime(0);
    let replica = Replica::open(now, MemoryStore::new(), keys(me), config).map_err(std::io::Error::other)?;
    let mut session = Session::new(replica, SessionConfig::default()).map_err(std::io::Error::other)?;
    for k in 0..100 {
        let body = format!("{name} has something to say, for the {k}. time").into_bytes();
        session.append(now, Draft { body, ..Draft::default() }).map_err(std::io::Error::other)?;
    }
    session.contact_open(now, node(other), Contact::new("pipe"));
    loop {
        while let Some(transmit) = session.poll_transmit(now) {
            // A pipe is a stream of bytes: the length tells where a frame ends.
            output.write_all(&(transmit.bytes.len() as u32).to_be_bytes())?;
            output.write_all(&transmit.bytes)?;
        }
        let mut settled = false;
        while let Some(event) = session.poll_event() {
            match event {
                Event::Receipt(receipt) => println!("{name}: {} new entries in {} bytes", receipt.new, receipt.bytes),
                Event::Settled { .. } => settled = true,
                other => println!("{name}: {other:?}"),
            }
        }
        if settled {
            return Ok(session.replica().root(&Interest::All));
        }
        let mut length = [0; 4];
        input.read_exact(&mut length)?;
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        input.read_exact(&mut frame)?;
        now = now.plus_ms(1);
        session.handle_input(now, node(other), &frame);
    }
}

fn node(number: u8) -> NodeId {
    NodeId::from_bytes([number; 32])
}

fn keys(number: u8) -> Keys {
    Keys { signer: Arc::new(Toy(number)), verifier: Arc::new(Toy(number)), hasher: Arc::new(Toy(number)) }
}

struct Toy(u8);

impl ContentHasher for Toy {
    fn digest(&self, domain: &str, parts: &[&[u8]]) -> Digest {
        let mut lanes =
            [0xcbf2_9ce4_8422_2325_u64, 0x9E37_79B9_7F4A_7C15, 0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB];
        for part in [&[domain.as_bytes()], parts].concat() {
            for &byte in part.iter().chain(&(part.len() as u32).to_be_bytes()) {
                for lane in &mut lanes {
                    *lane = (*lane ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(23);
                }
            }
        }
        let mut bytes = [0; 32];
        for (out, lane) in bytes.chunks_exact_mut(8).zip(lanes) {
            out.copy_from_slice(&lane.to_be_bytes());
        }
        Digest::from_bytes(bytes)
    }

    fn expand(&self, key: &[u8; 32], context: &[u8], offset: u64, output: &mut [u8]) {
        for (byte, at) in output.iter_mut().zip(offset..) {
            *byte = self.digest("stream", &[key, context, &at.to_be_bytes()]).as_bytes()[0];
        }
    }
}

impl Signer for Toy {
    fn node_id(&self) -> NodeId {
        node(self.0)
    }

    fn sign(&self, message: &[u8]) -> std::result::Result<Signature, KeyError> {
        Ok(toy_signature(self, &self.node_id(), message))
    }
}

impl Verifier for Toy {
    fn verify(&self, signer: &NodeId, message: &[u8], given: &Signature) -> std::result::Result<(), KeyError> {
        if toy_signature(self, signer, message) == *given {
            Ok(())
        } else {
            Err(KeyError::Signature { signer: *signer })
        }
    }
}

fn toy_signature(hasher: &Toy, signer: &NodeId, message: &[u8]) -> Signature {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(hasher.digest("first", &[signer.as_bytes(), message]).as_bytes());
    bytes[32..].copy_from_slice(hasher.digest("second", &[signer.as_bytes(), message]).as_bytes());
    Signature::from_bytes(bytes)
}
