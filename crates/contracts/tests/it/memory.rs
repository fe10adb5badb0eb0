//! Readers allocate in proportion to what they are given, whatever it claims. Measured by the operating system, so on Linux only.

use cosmosmesh_contracts::file::read_fleet;

/// Peak sizes of this process in bytes: of its address space, and of what it really used.
fn peaks() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let figure = |key: &str| {
        let line = status.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    };
    (figure("VmPeak:"), figure("VmHWM:"))
}

/// Claims of eight gigabytes and more; the other tests of this binary run beside this one and need less than a tenth of that.
#[test]
fn claims_cost_nothing() {
    const ROOM: u64 = 2 << 30;
    let before = peaks().0;
    let fleet = |entry: &str| {
        format!(
            r#"{{"format": "cosmosmesh.fleet/1", "name": "", "coupling": {{"names": ["r"], "lower": [0], "upper": [0]}},
            "agents": [{{"id": "a", "variables": {{"names": ["x"], "lower": [0], "upper": [1]}},
            "objective": {{"P": [], "q": [0]}}, "rows": {{"names": [], "A": [], "lower": [], "upper": []}},
            "coupling": [{entry}]}}]}}"#
        )
    };
    assert!(read_fleet(fleet("[0, 0, 1]").as_bytes()).is_ok(), "the claim alone is what is wrong with the others");
    for entry in ["[0, 1000000000, 1]", "[100000000000, 0, 1]", "[18446744073709551615, 18446744073709551615, 1]"] {
        assert!(read_fleet(fleet(entry).as_bytes()).is_err(), "{entry}");
    }
    #[cfg(feature = "wire")]
    {
        use cosmosmesh_contracts::round::{Contribution, RoundQuery};
        use cosmosmesh_contracts::wire::{MAGIC, VERSION, WireError, WireForm, decode};
        for shift in 10..64 {
            let count = (1_u64 << shift).to_le_bytes();
            let frame = [&[MAGIC, VERSION, Contribution::KIND, 0xFD][..], &count].concat();
            let refused = decode::<Contribution>(&frame, usize::MAX).unwrap_err();
            let expected = [WireError::Claims, WireError::NotCanonical];
            assert!(expected.contains(&refused), "2^{shift} numbers: {refused}");
            let frame = [&[MAGIC, VERSION, RoundQuery::KIND, 1, 0, 0, 0xFD][..], &count].concat();
            assert!(decode::<RoundQuery>(&frame, usize::MAX).is_err(), "2^{shift} points");
        }
    }
    let grown = peaks().0 - before;
    assert!(grown < ROOM, "the address space grew by {grown} bytes");
}

/// The text whose elements are shortest for what they become in memory.
#[test]
fn a_dense_file_costs_a_small_multiple_of_itself() {
    const ELEMENTS: usize = 1_000_000;
    let list = |element: &str| vec![element; ELEMENTS].join(",");
    let text = format!(
        r#"{{"format":"cosmosmesh.fleet/1","name":"","coupling":{{"names":[{}],"lower":[{}],"upper":[{}]}},"agents":[]}}"#,
        list("\"\""),
        list("0"),
        list("0")
    );
    let before = peaks().1;
    let error = read_fleet(text.as_bytes()).unwrap_err();
    assert!(error.to_string().starts_with("agents: the fleet has no asset"), "{error}");
    let grown = peaks().1 - before;
    let limit = 20 * text.len() as u64;
    assert!(grown < limit, "a text of {} bytes took {grown}", text.len());
}
