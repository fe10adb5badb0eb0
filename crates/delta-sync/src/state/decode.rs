//! Reading a state back from its one encoding, as a snapshot brings it.

use std::collections::{BTreeMap, BTreeSet};

use super::command::Command;
use super::{Elements, Escrow, Forecasts, KEY_BYTES_MAX, Name, Register, State};
use crate::codec::{CodecError, Reader};
use crate::entry::read_id;

impl State {
    /// Reads what [`State::encode`] wrote.
    ///
    /// # Errors
    /// [`CodecError`] for anything but the one encoding of a state.
    /// # Cost
    /// Memory of at most four times the input; the members are put in as they come.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let registers = read_all(&mut reader, 37, Register::read)?;
        let sets = read_all(&mut reader, 39, Elements::read)?;
        let counters = read_all(&mut reader, 17, |reader| reader.array().map(i128::from_be_bytes))?;
        let accounts = read_all(&mut reader, 34, Escrow::read)?;
        let mut commands = BTreeMap::new();
        for _ in 0..reader.count(74)? {
            let id = read_id(&mut reader)?;
            if commands.last_key_value().is_some_and(|(last, _)| *last >= id) {
                return Err(CodecError::Order);
            }
            commands.insert(id, Command::read(&mut reader)?);
        }
        let forecasts = read_all(&mut reader, 40, Forecasts::read)?;
        let mut carried = BTreeSet::new();
        for _ in 0..reader.count(35)? {
            let id = read_id(&mut reader)?;
            if carried.last().is_some_and(|last| *last >= id) {
                return Err(CodecError::Order);
            }
            carried.insert(id);
        }
        reader.finish()?;
        Ok(Self { registers, sets, counters, accounts, commands, forecasts, carried })
    }
}

fn read_all<T>(
    reader: &mut Reader<'_>,
    bytes_min: usize,
    read: impl Fn(&mut Reader<'_>) -> Result<T, CodecError>,
) -> Result<BTreeMap<Name, T>, CodecError> {
    let mut map: BTreeMap<Name, T> = BTreeMap::new();
    for _ in 0..reader.count(bytes_min)? {
        let key = reader.bytes(KEY_BYTES_MAX)?;
        if map.last_key_value().is_some_and(|(last, _)| **last >= *key) {
            return Err(CodecError::Order);
        }
        map.insert(key.into(), read(reader)?);
    }
    Ok(map)
}
