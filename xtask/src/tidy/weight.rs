/// The most bytes of one committed file; the tables of measurements stay below it.
const BYTES_MAX: u64 = 512 * 1024;

/// What is this large was left behind by a tool, or is data that whoever needs it can make.
pub(crate) fn check(path: &str, bytes: u64) -> Option<String> {
    (bytes > BYTES_MAX).then(|| {
        format!(
            "{path}: has {} kB, more than {}; take it out, or make it where it is needed",
            bytes / 1024,
            BYTES_MAX / 1024
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_heavy_is_named() {
        assert_eq!(check("crates/a/src/lib.rs", BYTES_MAX), None);
        let found = check("crates/a/src/tool.whl", 53_474_566).expect("found");
        assert!(found.starts_with("crates/a/src/tool.whl: has 52221 kB"), "{found}");
    }
}
