//! Ctrl-C: the first asks for the best plan so far, the second ends the program.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit::Failure;

static ASKED: AtomicBool = AtomicBool::new(false);

/// What a shell expects of a program that a second Ctrl-C ended.
const CODE_KILLED: i32 = 130;

/// Listens for Ctrl-C from now on.
///
/// # Errors
/// [`Failure`] if the system refuses the handler.
pub(crate) fn listen() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        if asked() {
            std::process::exit(CODE_KILLED);
        }
        // Said before it is done: once the flag is up, the run may end before another word is written.
        eprintln!("cosmosmesh: interrupted; the round is finished first, press Ctrl-C again to stop at once");
        ASKED.store(true, Ordering::SeqCst);
    })
    .map_err(|error| Failure::bad_input(format!("cannot listen for Ctrl-C: {error}")))
}

/// Whether Ctrl-C was pressed.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
