//! A seed on paper: whole, or split so that some of the sheets give it back and fewer give nothing.

use blahaj::{Share, Sharks};
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{ContentHasher, Signer};
use cosmosmesh_crypto::{Blake3, Ed25519Signer, Secret};

use crate::exit::Failure;

/// The most sheets.
pub(crate) const SHEETS_MAX: u8 = 16;

const HEAD: &str = "cosmosmesh-recovery-1";

/// The sheets of a seed: `threshold` of them give it back.
///
/// Each line: format, first bytes of the public key, threshold, share in groups, checksum.
/// # Source
/// Shamir, "How to share a secret", 1979, byte by byte over the field of 256 elements.
pub(crate) fn split(seed: &Secret, node: &NodeId, threshold: u8, sheets: u8) -> Vec<String> {
    let shares = Sharks(threshold).dealer(seed.expose()).take(usize::from(sheets));
    shares.map(|share| line(node, threshold, &Vec::from(&share))).collect()
}

/// The seed of enough sheets.
///
/// # Errors
/// [`Failure`] naming the line: misread, of another key, too few.
pub(crate) fn join(text: &str) -> Result<(Secret, NodeId), Failure> {
    let mut found: Option<(String, u8)> = None;
    let mut shares: Vec<Share> = Vec::new();
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    for (k, line) in lines {
        let named = |what: &str| Failure::bad_input(format!("line {}: {what}", k + 1));
        let (node, threshold, bytes) = parse(line)
            .ok_or_else(|| named("was misread, or is no recovery sheet; compare it with the paper, digit by digit"))?;
        match &found {
            Some(first) if *first != (node.clone(), threshold) => {
                return Err(named("belongs to another key than the lines before; keep one key's sheets together"));
            }
            _ => found = Some((node, threshold)),
        }
        let share = Share::try_from(bytes.as_slice()).map_err(|_| named("holds no share; use another sheet"))?;
        if !shares.iter().any(|other| other.x == share.x) {
            shares.push(share);
        }
    }
    let Some((name, threshold)) = found else {
        return Err(Failure::bad_input("no recovery sheet was given; type one a line"));
    };
    if shares.len() < usize::from(threshold) {
        let missing = usize::from(threshold) - shares.len();
        return Err(Failure::bad_input(format!("{missing} more sheets of this key are needed; find them")));
    }
    let seed = Sharks(threshold).recover(&shares).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let mut seed = seed.ok_or_else(|| Failure::bad_input("the sheets give no key; use others"))?;
    let node = Ed25519Signer::new(Secret::take(&mut seed.clone())).node_id();
    if !node.to_string().starts_with(&name) {
        return Err(Failure::bad_input("the sheets give another key than they name; one of them is false"));
    }
    Ok((Secret::take(&mut seed), node))
}

fn line(node: &NodeId, threshold: u8, share: &[u8]) -> String {
    let name = &node.to_string()[..16];
    let digits: String = share.iter().map(|byte| format!("{byte:02x}")).collect();
    let groups: Vec<&str> = (0..digits.len()).step_by(6).map(|k| &digits[k..digits.len().min(k + 6)]).collect();
    format!("{HEAD} {name} {threshold} {} {}", groups.join("-"), checksum(name, threshold, share))
}

fn parse(line: &str) -> Option<(String, u8, Vec<u8>)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [HEAD, name, threshold, groups, sum] = words.as_slice() else { return None };
    let threshold: u8 = threshold.parse().ok().filter(|threshold| (1..=SHEETS_MAX).contains(threshold))?;
    let digits: String = groups.split('-').collect();
    if digits.len() != 66 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |k: usize| u8::from_str_radix(&digits[k..k + 2], 16).ok();
    let share: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect::<Option<_>>()?;
    (share[0] != 0 && checksum(name, threshold, &share) == *sum).then(|| ((*name).to_owned(), threshold, share))
}

fn checksum(name: &str, threshold: u8, share: &[u8]) -> String {
    let digest = Blake3.digest("cosmosmesh/recovery-sheet/1", &[name.as_bytes(), &[threshold], share]);
    digest.to_string()[..8].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed() -> (Secret, NodeId) {
        let node = Ed25519Signer::new(Secret::take(&mut [7; 32])).node_id();
        (Secret::take(&mut [7; 32]), node)
    }

    #[test]
    fn enough_sheets_give_the_key_back_in_any_order_and_fewer_do_not() {
        let (seed, node) = seed();
        let sheets = split(&seed, &node, 3, 5);
        for picked in [[0, 1, 2], [4, 2, 0], [1, 3, 4]] {
            let text: Vec<&str> = picked.iter().map(|k| sheets[*k].as_str()).collect();
            let (found, named) = join(&text.join("\n")).unwrap();
            assert!(found.matches(&seed) && named == node);
        }
        let few = join(&format!("{}\n\n{}\n{}", sheets[0], sheets[1], sheets[1]));
        assert!(few.is_err_and(|error| error.message.contains("1 more sheets")));
        let (whole, _) = join(&split(&seed, &node, 1, 1)[0]).unwrap();
        assert!(whole.matches(&seed));
    }

    #[test]
    fn a_misread_sheet_is_named() {
        let (seed, node) = seed();
        let sheet = split(&seed, &node, 1, 1).remove(0);
        for k in 0..sheet.len() {
            let mut changed = sheet.clone().into_bytes();
            changed[k] = if changed[k] == b'3' { b'4' } else { b'3' };
            let text = String::from_utf8(changed).unwrap();
            assert!(join(&text).is_err_and(|error| error.message.starts_with("line 1: ")), "{text}");
        }
        assert!(join("").is_err() && join("not a sheet").is_err());
    }
}
