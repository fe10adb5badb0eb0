//! What is asked of every reader on every input; shared by the fuzz targets and the tests that replay their corpus.

use cosmosmesh_catopt_bridge::document::DiagramText;
use cosmosmesh_catopt_bridge::family::{self, Dialect};
use cosmosmesh_catopt_bridge::solution::Solution;
use cosmosmesh_catopt_bridge::{CatoptError, Import, Sidecar, document, mof, mps, restore};
use cosmosmesh_contracts::file::write_fleet;

/// A refusal is a sentence on one line, with a remedy, and its length does not follow the input's.
fn words(error: &CatoptError) {
    let sentence = error.to_string();
    assert!(sentence.contains("; "), "{sentence}");
    assert!(!sentence.chars().any(char::is_control), "{sentence:?}");
    assert!(sentence.len() < 4_096, "{sentence}");
}

/// The native form: what is read is written and read again as the same, and object by object as at once.
pub(crate) fn document(bytes: &[u8]) {
    let fleet = match document::read(bytes, None) {
        Ok(diagram) => {
            let text = document::write(&diagram, None);
            assert_eq!(document::read(text.as_bytes(), None).as_ref(), Ok(&diagram));
            diagram.to_fleet()
        }
        Err(error) => Err(error),
    };
    let found = DiagramText::new(bytes, None).and_then(|text| {
        let limit = text.limit()?;
        let mut written = String::new();
        assert_eq!(limit.write_fleet(&mut written), Ok(()));
        Ok((written, limit.losses().to_vec()))
    });
    match (fleet, found) {
        (Ok((fleet, losses)), Ok(found)) => assert_eq!(found, (write_fleet(&fleet), losses)),
        (Err(expected), Err(found)) => {
            // Numbers that are none are unequal to themselves.
            assert_eq!(format!("{found:?}"), format!("{expected:?}"));
            words(&found);
        }
        (whole, text) => panic!("at once {:?}, object by object {:?}", whole.is_ok(), text.is_ok()),
    }
}

/// Both dialects: what is read is written and read again as the same.
pub(crate) fn family(bytes: &[u8]) {
    let _ = Dialect::of(bytes);
    for dialect in [Dialect::A, Dialect::B] {
        match family::read(bytes, dialect) {
            Ok((diagram, _)) => {
                let (text, _) = family::write(&diagram, dialect);
                let (again, _) = family::read(text.as_bytes(), dialect).expect("what was written is read");
                assert_eq!(family::write(&again, dialect).0, text);
                let mut whole = String::new();
                assert!(family::write_whole(&diagram, dialect, &mut whole).is_ok());
                let again = family::carried(whole.as_bytes(), dialect);
                assert!(matches!(again, Ok(Some(_))), "{again:?}");
            }
            Err(error) => words(&error),
        }
    }
}

/// Solutions as JSON and CSV, and sidecars.
pub(crate) fn solution(bytes: &[u8]) {
    let _ = Sidecar::read(bytes).map(|sidecar| assert_eq!(Sidecar::read(sidecar.write().as_bytes()), Ok(sidecar)));
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    match Solution::read(text) {
        Ok(solution) => assert_eq!(Solution::read(&solution.write_json()).as_ref(), Ok(&solution)),
        Err(error) => words(&error),
    }
}

/// MPS: what is read is a fleet of one asset, and what is written of it is read as the same.
pub(crate) fn mps(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    imported(mps::read(text), |import| {
        let mut written = String::new();
        mps::write(&import.program, mps::Ranges::TwoRows, &mut written);
        mps::read(&written)
    });
}

/// MathOptFormat, likewise.
pub(crate) fn mof(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    imported(mof::read(text), |import| {
        let mut written = String::new();
        mof::write(&import.program, &mut written);
        mof::read(&written)
    });
}

fn imported(read: Result<Import, CatoptError>, again: impl Fn(&Import) -> Result<Import, CatoptError>) {
    match read {
        Ok(import) => {
            let _ = restore(&import.program, None);
            let _ = again(&import);
        }
        Err(error) => words(&error),
    }
}
