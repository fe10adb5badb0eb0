//! What is asked of every reader on every input; shared by the fuzz targets and the tests that replay their corpus.

use cosmosmesh_contracts::file::{FileError, FleetText, read_fleet, read_result, write_fleet, write_result};
use cosmosmesh_contracts::message::{
    Command, Envelope, Event, Forecast, Telemetry, TradeSignal, read_envelope, write_envelope,
};
use cosmosmesh_contracts::round::{Contribution, RoundQuery, RoundResult};
use cosmosmesh_contracts::wire::{WireForm, decode, encode, kind_of};

/// What a frame may have here.
const FRAME_BYTES_MAX: usize = 1 << 20;

/// A refusal is a sentence on one line, with a remedy, and its length does not follow the input's.
fn words(error: &FileError) {
    let sentence = error.to_string();
    assert!(sentence.contains("; "), "{sentence}");
    assert!(!sentence.chars().any(char::is_control), "{sentence:?}");
    assert!(sentence.len() < 4_096, "{sentence}");
}

/// Fleets: what is read is written and read again as the same, and asset by asset as at once. Whether the bytes were taken.
pub(crate) fn fleet(bytes: &[u8]) -> bool {
    match (read_fleet(bytes), FleetText::new(bytes)) {
        (Ok(fleet), Ok(text)) => {
            assert_eq!(read_fleet(write_fleet(&fleet).as_bytes()).as_ref(), Ok(&fleet));
            assert_eq!((text.name(), text.coupling()), (fleet.name(), fleet.coupling()));
            assert!(text.assets().eq(fleet.assets().iter().cloned()));
            true
        }
        (Err(expected), Err(found)) => {
            assert_eq!(found.to_string(), expected.to_string());
            words(&found);
            false
        }
        (whole, text) => panic!("at once {whole:?}, asset by asset {text:?}"),
    }
}

/// Results.
pub(crate) fn result(bytes: &[u8]) -> bool {
    match read_result(bytes) {
        Ok(result) => {
            let text = write_result(&result).expect("what was read can be written");
            assert_eq!(read_result(text.as_bytes()), Ok(result));
            true
        }
        Err(error) => {
            words(&error);
            false
        }
    }
}

/// Envelopes as JSON.
pub(crate) fn envelope(bytes: &[u8]) -> bool {
    match read_envelope(bytes) {
        Ok(envelope) => {
            let text = write_envelope(&envelope).expect("what was read can be written");
            assert_eq!(read_envelope(text.as_bytes()).as_ref(), Ok(&envelope));
            frame::<Envelope>(&encode(&envelope)) || panic!("{text} has no frame that is read")
        }
        Err(error) => {
            words(&error);
            false
        }
    }
}

/// Frames of every kind: at most one kind takes them, and it would have sent the same bytes.
pub(crate) fn wire(bytes: &[u8]) -> bool {
    let taken = [
        frame::<RoundQuery>(bytes),
        frame::<Contribution>(bytes),
        frame::<RoundResult>(bytes),
        frame::<Envelope>(bytes),
        frame::<Telemetry>(bytes),
        frame::<Forecast>(bytes),
        frame::<Command>(bytes),
        frame::<Event>(bytes),
        frame::<TradeSignal>(bytes),
    ];
    let count = taken.iter().filter(|taken| **taken).count();
    assert!(count <= 1);
    count == 1
}

fn frame<T: WireForm>(bytes: &[u8]) -> bool {
    match decode::<T>(bytes, FRAME_BYTES_MAX) {
        Ok(message) => {
            assert_eq!(kind_of(bytes), Ok(T::KIND));
            assert!(message.check_content().is_ok());
            assert_eq!(encode(&message), bytes);
            true
        }
        Err(error) => {
            let sentence = error.to_string();
            assert!(sentence.contains("; "), "{sentence}");
            false
        }
    }
}
