use std::rc::Rc;

/// Bytes of a packet's header: addresses, message, index and count, check sum.
pub const HEADER_BYTES: usize = 32;
/// The most payload in one packet.
pub const PAYLOAD_BYTES_MAX: usize = 1024;
/// Bytes of an acknowledgement.
pub const ACKNOWLEDGEMENT_BYTES: usize = 32;

/// One piece of a message on its way.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) message: u64,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) index: u32,
    pub(super) count: u32,
    pub(super) payload: Vec<u8>,
}

impl Packet {
    /// Cuts a message; an empty one still makes a packet.
    pub(super) fn cut(message: u64, from: usize, to: usize, bytes: &[u8]) -> Vec<Rc<Self>> {
        let count = bytes.len().div_ceil(PAYLOAD_BYTES_MAX).max(1) as u32;
        let piece = |index: u32| {
            let start = index as usize * PAYLOAD_BYTES_MAX;
            let payload = bytes[start..bytes.len().min(start + PAYLOAD_BYTES_MAX)].to_vec();
            Rc::new(Self { message, from, to, index, count, payload })
        };
        (0..count).map(piece).collect()
    }

    pub(super) fn bytes_on_air(&self) -> usize {
        HEADER_BYTES + self.payload.len()
    }
}

/// A message being put together from its packets.
#[derive(Debug)]
pub(super) struct Assembly {
    pieces: Vec<Option<Rc<Packet>>>,
    missing: usize,
}

impl Assembly {
    pub(super) fn of(packet: &Packet) -> Self {
        Self { pieces: vec![None; packet.count as usize], missing: packet.count as usize }
    }

    /// Takes a packet, in any order and any number of times; gives the message once nothing is missing.
    pub(super) fn accept(&mut self, packet: Rc<Packet>) -> Option<Vec<u8>> {
        let slot = &mut self.pieces[packet.index as usize];
        if slot.is_none() {
            *slot = Some(packet);
            self.missing -= 1;
        }
        (self.missing == 0).then(|| self.pieces.iter().flatten().flat_map(|p| p.payload.iter().copied()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_survives_any_order_and_repetition() {
        for size in [0, 1, PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX + 1, 5000] {
            let bytes: Vec<u8> = (0..size).map(|k| (k % 251) as u8).collect();
            let packets = Packet::cut(1, 0, 1, &bytes);
            assert_eq!(packets.len(), size.div_ceil(PAYLOAD_BYTES_MAX).max(1));
            let mut assembly = Assembly::of(&packets[0]);
            for packet in packets.iter().skip(1).rev() {
                assert_eq!(assembly.accept(packet.clone()), None);
                assert_eq!(assembly.accept(packet.clone()), None);
            }
            assert_eq!(assembly.accept(packets[0].clone()), Some(bytes));
        }
    }
}
