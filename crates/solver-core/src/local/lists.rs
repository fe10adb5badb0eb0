/// Short lists of `(index, value)`, all in one block of memory: the columns or rows of a sparse matrix.
pub(crate) struct Lists {
    pointers: Vec<u32>,
    entries: Vec<(u32, f64)>,
}

impl Lists {
    pub(crate) fn new<I: Iterator<Item = (usize, f64)>>(lists: impl Iterator<Item = I>) -> Self {
        let (mut pointers, mut entries) = (vec![0], Vec::new());
        for list in lists {
            entries.extend(list.map(|(index, v)| (index as u32, v)));
            pointers.push(entries.len() as u32);
        }
        Self { pointers, entries }
    }

    /// All of them in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[(u32, f64)]> {
        self.pointers.windows(2).map(|ends| &self.entries[ends[0] as usize..ends[1] as usize])
    }

    /// One of them.
    pub(crate) fn list(&self, k: usize) -> &[(u32, f64)] {
        &self.entries[self.pointers[k] as usize..self.pointers[k + 1] as usize]
    }

    /// Whether both have entries at the same places.
    pub(crate) fn has_pattern_of(&self, other: &Self) -> bool {
        let places = |lists: &Self| lists.entries.iter().map(|entry| entry.0).collect::<Vec<_>>();
        self.pointers == other.pointers && places(self) == places(other)
    }

    /// All entries in order.
    pub(crate) fn entries(&self) -> &[(u32, f64)] {
        &self.entries
    }

    /// Multiplies one list by a factor.
    pub(crate) fn scale(&mut self, k: usize, factor: f64) {
        let range = self.pointers[k] as usize..self.pointers[k + 1] as usize;
        self.entries[range].iter_mut().for_each(|(_, v)| *v *= factor);
    }

    /// Adds `sum_k x_k list_k` to `out`: a product with columns.
    pub(crate) fn combine(&self, x: &[f64], out: &mut [f64]) {
        for (list, x) in self.iter().zip(x) {
            list.iter().for_each(|&(i, v)| out[i as usize] += v * x);
        }
    }
}
