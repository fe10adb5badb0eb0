//! Every reader of bytes that a peer sends, behind one call: for the fuzz target and for the replay of its corpus.

use std::cell::RefCell;
use std::sync::Arc;

use cosmosmesh_contracts::round::WordWidth;
use cosmosmesh_privacy::mask::{Acceptance, Aggregator, Blame, Closing, Committee, Mode, SignedHeader};

use crate::world::{World, data};

/// Parties in the middle of a round.
pub(crate) struct Readers {
    pub(crate) world: World,
    header: SignedHeader,
    aggregator: Aggregator,
    /// One valid message of every kind: what mutation starts from.
    pub(crate) seeds: Vec<Vec<u8>>,
}

thread_local! {
    static READERS: RefCell<Option<Readers>> = const { RefCell::new(None) };
}

/// Runs on readers that are made once per thread.
pub(crate) fn with<T>(run: impl FnOnce(&mut Readers) -> T) -> T {
    READERS.with(|cell| run(cell.borrow_mut().get_or_insert_with(Readers::new)))
}

impl Readers {
    fn new() -> Self {
        let mut world = World::new(4, Committee::new(4, 3, 1).unwrap(), WordWidth::Bits64);
        let data = data(&world.roster, 3, 1);
        let header = world.header(0, 3, Mode::Full);
        let message = world.message(3, &header, &data[3]).unwrap();
        let mut aggregator = world.collect(&header, &[0, 1, 2], &data);
        let request = aggregator.request(0b0111, &world.facilitator).unwrap();
        let pieces_request = aggregator.request_pieces(&world.facilitator).unwrap();
        let (guardian, keys) = &mut world.guardians[0];
        let opening = guardian.answer(&request, &world.log, keys).unwrap();
        let pieces = guardian.pieces(&pieces_request, &world.log, keys).unwrap();
        let acceptance = guardian.accept(&world.bundles[0], keys).unwrap();
        let closing = aggregator.closing(true).sign(&world.facilitator).unwrap();
        let bundle = world.bundles[0].clone();
        let ahead = world.header_ahead(1, 3, Mode::Full);
        let promises = aggregator.promises(&world.facilitator);
        let mut second = Aggregator::new(Arc::clone(&world.roster), ahead.clone());
        let request_ahead = second.request_ahead(&promises, 0b0111, &world.facilitator).unwrap();
        let seeds = vec![
            header.bytes().to_vec(),
            message,
            request,
            pieces_request,
            opening,
            pieces,
            acceptance,
            closing,
            bundle,
            ahead.bytes().to_vec(),
            request_ahead,
        ];
        Self { world, header, aggregator, seeds }
    }

    /// Hands the bytes to everybody who reads any; how many took them.
    pub(crate) fn read_all(&mut self, bytes: &[u8]) -> usize {
        let Self { world, header, aggregator, .. } = self;
        let crypto = &world.facilitator;
        let mut taken = usize::from(SignedHeader::read(bytes, &world.roster, crypto).is_ok());
        taken += usize::from(Acceptance::read(bytes, &world.roster, crypto).is_ok());
        taken += usize::from(Closing::read(bytes, header, crypto).is_ok());
        taken += usize::from(Blame::new(aggregator).hear(bytes, crypto).is_ok());
        taken += usize::from(aggregator.hear(bytes, crypto).is_ok());
        let mut fresh = Aggregator::new(Arc::clone(&world.roster), header.clone());
        taken += usize::from(fresh.accept(bytes, crypto).is_ok());
        let (guardian, keys) = &mut world.guardians[1];
        taken += usize::from(guardian.accept(bytes, keys).is_ok());
        taken += usize::from(guardian.answer(bytes, &world.log, keys).is_ok());
        taken + usize::from(guardian.pieces(bytes, &world.log, keys).is_ok())
    }
}
