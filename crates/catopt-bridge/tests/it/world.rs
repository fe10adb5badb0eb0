//! Diagrams to test laws on: small, random from a seed, with numbers whose products and sums are exact.

use cosmosmesh_catopt_bridge::{Body, Diagram, Junction, JunctionKind, Object, Port, Wire};
use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::problem::{Bounds, LocalProblem, Objective, Rows, SparseMatrix, Variables};

/// SplitMix64: equal seeds give equal worlds.
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    /// A multiple of an eighth between -2 and 2.
    pub(crate) fn eighth(&mut self) -> f64 {
        (self.below(33) as f64 - 16.0) / 8.0
    }

    /// A power of two with a sign.
    pub(crate) fn power(&mut self) -> f64 {
        [1.0, 2.0, 0.5, -1.0, 4.0, -0.25][self.below(6)]
    }

    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for k in (1..list.len()).rev() {
            list.swap(k, self.below(k + 1));
        }
    }
}

/// What the random diagrams should have.
#[derive(Clone, Copy)]
pub(crate) struct Taste {
    pub(crate) bounded: bool,
    pub(crate) rows: bool,
    pub(crate) balances: bool,
}

pub(crate) const ANY: Taste = Taste { bounded: true, rows: true, balances: true };
pub(crate) const SMOOTH: Taste = Taste { bounded: false, rows: false, balances: false };

pub(crate) fn id(name: &str) -> AssetId {
    AssetId::new(name).unwrap()
}

/// One object: a strictly convex cost, zero feasible with room to spare, no port yet.
pub(crate) fn object(seed: &mut Seed, name: &str, n: usize, taste: Taste) -> Object {
    let mut p = Vec::new();
    for j in 0..n {
        p.extend((0..j).filter(|_| seed.below(3) == 0).map(|i| (i, j, 0.125)).collect::<Vec<_>>());
        p.push((j, j, 1.0 + seed.below(8) as f64 / 4.0));
    }
    let (lower, upper) = if taste.bounded {
        ((0..n).map(|_| -1.0 - seed.below(4) as f64).collect(), (0..n).map(|_| 1.0 + seed.below(4) as f64).collect())
    } else {
        (vec![f64::NEG_INFINITY; n], vec![f64::INFINITY; n])
    };
    let m = if taste.rows { seed.below(3) } else { 0 };
    let mut a = Vec::new();
    for i in 0..m {
        (0..n).for_each(|j| a.push((i, j, 1.0 + seed.below(4) as f64)));
    }
    let row_upper: Vec<f64> =
        (0..m).map(|_| if seed.below(4) == 0 { f64::INFINITY } else { 2.0 + seed.below(3) as f64 }).collect();
    let local = LocalProblem::new(
        Variables { names: (0..n).map(|j| format!("x{j}")).collect(), bounds: Bounds::new(lower, upper).unwrap() },
        Objective {
            p: SparseMatrix::from_triplets(n, n, &p).unwrap(),
            q: (0..n).map(|_| seed.eighth()).collect(),
            c: seed.eighth(),
        },
        Rows {
            names: (0..m).map(|i| format!("r{i}")).collect(),
            bounds: Bounds::new(vec![-8.0; m], row_upper).unwrap(),
            matrix: SparseMatrix::from_triplets(m, n, &a).unwrap(),
        },
    )
    .unwrap();
    Object {
        id: id(name),
        domain: String::new(),
        schema: None,
        body: Body::Quadratic { local: Box::new(local), units: vec![String::new(); n], integer: Vec::new() },
        ports: Vec::new(),
        extensions: serde_json::Map::new(),
    }
}

/// A flat diagram; names start with the prefix. The first variables of each object go to shared junctions, one each; balances see any.
pub(crate) fn diagram(seed: &mut Seed, prefix: &str, taste: Taste) -> Diagram {
    let count = 3 + seed.below(3);
    let shared = 1 + seed.below(3);
    let balances = if taste.balances { seed.below(3) } else { 0 };
    let mut junctions: Vec<Junction> =
        (0..shared).map(|k| Junction::shared(format!("{prefix}s{k}"), format!("u{k}"), 1)).collect();
    junctions.extend((0..balances).map(|k| {
        let bounds = Bounds::new(vec![-1.0 - seed.below(3) as f64], vec![1.0 + seed.below(3) as f64]).unwrap();
        Junction::balance(format!("{prefix}b{k}"), "1", bounds)
    }));
    let (mut objects, mut wires) = (Vec::new(), Vec::new());
    for k in 0..count {
        let n = shared + 1 + seed.below(2);
        let mut object = object(seed, &format!("{prefix}o{k}"), n, taste);
        for (j, junction) in junctions.iter().enumerate() {
            let is_shared = junction.kind == JunctionKind::Shared;
            if seed.below(3) == 0 && k >= if is_shared { 2 } else { 1 } {
                continue;
            }
            let entries: Vec<_> = if is_shared {
                vec![(0, j, seed.power())]
            } else {
                (0..n).map(|j| (0, j, 0.25 + seed.below(4) as f64 / 4.0)).collect()
            };
            let unit = if is_shared { "mine" } else { "1" };
            let map = SparseMatrix::from_triplets(1, n, &entries).unwrap();
            object.ports.push(Port { name: format!("p{j}"), unit: unit.to_owned(), map });
            // Two factors each, so that a wire can be cut in the middle.
            let factors = if is_shared { vec![seed.power(), seed.power()] } else { Vec::new() };
            let (object, port, junction) = (object.id.clone(), format!("p{j}"), junction.name.clone());
            wires.push(Wire { object, port, junction, factors });
        }
        objects.push(object);
    }
    Diagram::new(format!("{prefix}world"), objects, junctions, wires).unwrap()
}
