//! Published vectors: the eight-leaf tree of Certificate Transparency, and the consistency vectors of transparency-dev/merkle with the ways in which they are spoilt there.

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_ledger::{Tree, empty_root, leaf_hash, verify_consistency, verify_inclusion};

fn digest(hex: &str) -> Digest {
    Digest::from_hex(hex).unwrap()
}

const LEAVES: [&[u8]; 8] = [
    b"",
    &[0x00],
    &[0x10],
    &[0x20, 0x21],
    &[0x30, 0x31],
    &[0x40, 0x41, 0x42, 0x43],
    &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
    &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
];

const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn the_roots_of_certificate_transparency() {
    assert_eq!(empty_root(), digest("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    let mut tree = Tree::new();
    assert_eq!(tree.root(), empty_root());
    for (leaf, root) in LEAVES.iter().zip(ROOTS) {
        tree.push(leaf_hash(leaf));
        assert_eq!(tree.root(), digest(root));
    }
    for (k, root) in ROOTS.iter().enumerate() {
        assert_eq!(tree.root_at(k as u64 + 1), Ok(digest(root)));
    }
}

/// size 1, size 2, root 1, root 2, proof
type Vector = (u64, u64, &'static str, &'static str, &'static [&'static str]);

const CONSISTENCY: [Vector; 5] = [
    (1, 1, ROOTS[0], ROOTS[0], &[]),
    (
        1,
        8,
        ROOTS[0],
        ROOTS[7],
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        ROOTS[5],
        ROOTS[7],
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        ROOTS[1],
        ROOTS[4],
        &[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
    (
        6,
        7,
        ROOTS[5],
        ROOTS[6],
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
];

#[test]
fn the_consistency_vectors_and_their_negative_twins() {
    let tree = Tree::of(LEAVES);
    for (old, new, old_root, new_root, proof) in CONSISTENCY {
        let (old_root, new_root) = (digest(old_root), digest(new_root));
        let proof: Vec<Digest> = proof.iter().map(|hash| digest(hash)).collect();
        let check = |old, new, a: &Digest, b: &Digest, proof: &[Digest]| verify_consistency(old, a, new, b, proof);
        assert_eq!(check(old, new, &old_root, &new_root, &proof), Ok(()), "{old} {new}");
        assert_eq!(tree.consistency(old, new), Ok(proof.clone()), "{old} {new}");

        let refused = |what: &str, old, new, a: &Digest, b: &Digest, proof: &[Digest]| {
            assert!(check(old, new, a, b, proof).is_err(), "{what} of {old} {new} is accepted");
        };
        let wrong = digest("0000000000000000000000000000000000000000000000000000000000000000");
        refused("size1 - 1", old - 1, new, &old_root, &new_root, &proof);
        refused("size1 + 1", old + 1, new, &old_root, &new_root, &proof);
        refused("size1 ^ 2", old ^ 2, new, &old_root, &new_root, &proof);
        if old != new {
            refused("size2 * 2", old, new * 2, &old_root, &new_root, &proof);
            refused("size2 / 2", old, new / 2, &old_root, &new_root, &proof);
            refused("swapped roots", old, new, &new_root, &old_root, &proof);
            refused("an empty proof", old, new, &old_root, &new_root, &[]);
            refused("a truncated proof", old, new, &old_root, &new_root, &proof[..proof.len() - 1]);
        }
        refused("wrong root 1", old, new, &wrong, &new_root, &proof);
        refused("wrong root 2", old, new, &old_root, &wrong, &proof);
        for extra in [wrong, old_root, new_root] {
            refused("a trailing hash", old, new, &old_root, &new_root, &[proof.as_slice(), &[extra]].concat());
            refused("a preceding hash", old, new, &old_root, &new_root, &[&[extra], proof.as_slice()].concat());
        }
        for k in 0..proof.len() {
            let mut changed = proof.clone();
            let mut bytes = *changed[k].as_bytes();
            bytes[0] ^= 16;
            changed[k] = Digest::from_bytes(bytes);
            refused("a modified proof", old, new, &old_root, &new_root, &changed);
        }
    }
}

#[test]
fn the_inclusion_paths_of_certificate_transparency() {
    let tree = Tree::of(LEAVES);
    let path: &[(u64, u64, &[&str])] = &[
        (0, 1, &[]),
        (
            0,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            &[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ];
    for (index, size, expected) in path {
        let expected: Vec<Digest> = expected.iter().map(|hash| digest(hash)).collect();
        assert_eq!(tree.inclusion(*index, *size), Ok(expected.clone()), "{index} of {size}");
        let root = tree.root_at(*size).unwrap();
        assert_eq!(verify_inclusion(&leaf_hash(LEAVES[*index as usize]), *index, *size, &expected, &root), Ok(()));
    }
}
