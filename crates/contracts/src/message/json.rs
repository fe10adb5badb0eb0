use super::Envelope;
use crate::file::{FileError, object_from_slice};

/// The envelope that a JSON text states, checked.
///
/// # Errors
/// [`FileError`] with line, column and place; an unknown schema or version is refused by its name.
pub fn read_envelope(text: &[u8]) -> Result<Envelope, FileError> {
    let envelope: Envelope = object_from_slice(text)?;
    envelope.check().map_err(FileError::Message)?;
    Ok(envelope)
}

/// The JSON text of an envelope, on one line.
///
/// # Errors
/// [`FileError::Message`] if the envelope fails its own check; JSON has no way to write a number that is none.
pub fn write_envelope(envelope: &Envelope) -> Result<String, FileError> {
    envelope.check().map_err(FileError::Message)?;
    let mut text =
        serde_json::to_string(envelope).expect("cannot fail because every key is text and memory is no file");
    text.push('\n');
    Ok(text)
}
