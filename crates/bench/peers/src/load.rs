use std::fmt;

use crate::random::Random;

/// How many authors write.
pub(crate) const AUTHORS: usize = 64;
const SHARED: usize = 100_000;
/// What an entry weighs: 64 B of signature and 136 B of body.
pub(crate) const ENTRY_BYTES: usize = 200;

/// How the two replicas differ.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// Each author wrote on one side only after the two parted: its last entries are there and not here.
    Suffixes,
    /// Entries are missing anywhere in the logs.
    Holes,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Suffixes { "suffixes" } else { "holes" })
    }
}

/// Which replica lacks an entry before the two meet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    Both,
    Only(usize),
}

pub(crate) struct Item {
    pub(crate) at_ms: i64,
    /// 136 B: 32 of noise, as a sealed body has in nonce and tag, and 104 of a telemetry record as text.
    pub(crate) body: Vec<u8>,
    pub(crate) at: At,
}

impl Item {
    /// The entry as one opaque value, for libraries that sign nothing and know no time: noise stands for the signature, and what it covers beside the body comes with it.
    ///
    /// That is ten bytes, as compact as one value alone can say it: 48 bits of milliseconds, a counter, kind, topic and priority.
    /// Author and sequence follow from the list and the place in it.
    pub(crate) fn opaque(&self) -> Vec<u8> {
        let mut random =
            Random(self.at_ms as u64 ^ u64::from_le_bytes(self.body[..8].try_into().expect("eight bytes")));
        let mut bytes: Vec<u8> = (0..ENTRY_BYTES - self.body.len()).map(|_| random.next() as u8).collect();
        bytes.extend(&self.at_ms.to_be_bytes()[2..]);
        bytes.extend([0, 7, 0, 0]);
        bytes.extend(&self.body);
        bytes
    }
}

/// Every author's log, and which side lacks what.
pub(crate) struct Load {
    pub(crate) case: Case,
    pub(crate) logs: Vec<Vec<Item>>,
}

impl Load {
    pub(crate) fn new(case: Case, different: u64) -> Self {
        let mut load = match case {
            Case::Suffixes => {
                // As even as it can be: with ten entries, ten authors have one more.
                let more = |author: usize| (different as usize + AUTHORS - 1 - author) / AUTHORS;
                let log = |author: usize| {
                    let at = |k: usize| if k < SHARED / AUTHORS { At::Both } else { At::Only(author % 2) };
                    write(author, SHARED / AUTHORS + more(author), at)
                };
                Self { case, logs: (0..AUTHORS).map(log).collect() }
            }
            Case::Holes => {
                let log = |author| write(author, SHARED / AUTHORS, |_| At::Both);
                Self { case, logs: (0..AUTHORS).map(log).collect() }
            }
        };
        if case == Case::Holes {
            let mut random = Random(5);
            for k in 0..different {
                loop {
                    let log = &mut load.logs[random.below(AUTHORS as u64) as usize];
                    let at = random.below(log.len() as u64) as usize;
                    if log[at].at == At::Both {
                        log[at].at = At::Only((k % 2) as usize);
                        break;
                    }
                }
            }
        }
        load
    }

    /// How many entries the two differ by.
    pub(crate) fn count(&self) -> usize {
        self.logs.iter().flatten().filter(|item| item.at != At::Both).count()
    }
}

fn write(author: usize, count: usize, at: impl Fn(usize) -> At) -> Vec<Item> {
    let mut random = Random(author as u64);
    let mut at_ms = 0;
    let item = |k| {
        at_ms += 500 + random.below(2_000) as i64;
        let mut body: Vec<u8> = (0..32).map(|_| random.next() as u8).collect();
        let text = format!(
            "asset=rover-{author:02} n={k:05} t={at_ms:010} soc={:02}.{:02} load={:03} temp=-{:02} mode=nominal",
            40 + random.below(60),
            random.below(100),
            random.below(400),
            random.below(90),
        );
        body.extend(text.bytes());
        body.resize(136, b' ');
        Item { at_ms, body, at: at(k) }
    };
    (0..count).map(item).collect()
}
