use std::collections::BTreeMap;

use cosmosmesh_contracts::problem::{Bounds, LocalProblem, Objective, Rows, SparseMatrix, Variables};

use crate::{CatoptError, Import, Loss, Program, check_convex};

/// Beyond this a bound counts as none, as every reader has it.
const OPEN: f64 = 1e30;

/// The problem that an MPS text states, in free format or in fixed format without blanks in names.
///
/// `MAX` is turned into `MIN` by negating the cost, which the losses say.
/// # Errors
/// [`CatoptError::Text`] with the line: an unknown section, name or sense, an entry twice, both triangles in `QUADOBJ`, a `QMATRIX` that is
/// not symmetric, both sections in one file, a whole-number column without bounds. [`CatoptError::AmbiguousBound`], [`CatoptError::NotConvex`], [`CatoptError::Problem`].
/// # Cost
/// One pass; memory a small multiple of the text.
pub fn read(text: &str) -> Result<Import, CatoptError> {
    let mut reader = Reader::default();
    let mut section = String::new();
    for (k, line) in text.lines().enumerate() {
        reader.line = k + 1;
        if line.starts_with('*') || line.trim().is_empty() {
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().take_while(|word| !word.starts_with('$')).collect();
        let Some(&first) = words.first() else { continue };
        if !line.starts_with([' ', '\t']) {
            section = first.to_ascii_uppercase();
            reader.section(&section, &words[1..])?;
            if section == "ENDATA" {
                return reader.finish();
            }
            continue;
        }
        match section.as_str() {
            "OBJSENSE" => reader.sense(first)?,
            "ROWS" => reader.row(&words)?,
            "COLUMNS" => reader.column(&words)?,
            "RHS" => reader.rhs(&words)?,
            "RANGES" => reader.range(&words)?,
            "BOUNDS" => reader.bound(&words)?,
            "QUADOBJ" | "QMATRIX" => reader.quadratic(&words, section == "QMATRIX")?,
            _ => return reader.refuse(format!("`{first}` stands before any section that could hold it")),
        }
    }
    reader.refuse("the text ends without ENDATA; was the file cut off?")
}

#[derive(Default)]
struct Reader<'a> {
    line: usize,
    name: String,
    maximise: bool,
    goal: Option<&'a str>,
    /// Free rows beyond the objective are rows without sides.
    rows: BTreeMap<&'a str, usize>,
    row_names: Vec<&'a str>,
    senses: Vec<char>,
    rhs: Vec<Option<f64>>,
    ranges: Vec<Option<f64>>,
    columns: BTreeMap<&'a str, usize>,
    column_names: Vec<&'a str>,
    q: Vec<Option<f64>>,
    constant: Option<f64>,
    a: Vec<(usize, usize, f64)>,
    lower: Vec<Option<f64>>,
    upper: Vec<Option<f64>>,
    integer: Vec<usize>,
    inside_integer: bool,
    p: BTreeMap<(usize, usize), f64>,
    whole_matrix: Option<bool>,
}

impl<'a> Reader<'a> {
    fn refuse<T>(&self, what: impl Into<String>) -> Result<T, CatoptError> {
        Err(CatoptError::text("MPS", self.line, what))
    }

    fn number(&self, word: &str) -> Result<f64, CatoptError> {
        match word.replace(['D', 'd'], "e").parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => self.refuse(format!("`{word}` is not a finite number; correct it")),
        }
    }

    fn section(&mut self, name: &str, rest: &[&'a str]) -> Result<(), CatoptError> {
        match name {
            "NAME" => self.name = rest.first().map_or_else(String::new, |word| (*word).to_owned()),
            "OBJSENSE" => {
                if let Some(word) = rest.first() {
                    self.sense(word)?;
                }
            }
            "QUADOBJ" | "QMATRIX" => {
                let whole = name == "QMATRIX";
                if self.whole_matrix.replace(whole).is_some() {
                    return self.refuse("a second quadratic section; readers differ on what that means, keep one");
                }
            }
            "ROWS" | "COLUMNS" | "RHS" | "RANGES" | "BOUNDS" | "ENDATA" => {}
            other => return self.refuse(format!("section `{other}` has no place in a convex quadratic problem")),
        }
        Ok(())
    }

    fn sense(&mut self, word: &str) -> Result<(), CatoptError> {
        match word.to_ascii_uppercase().as_str() {
            "MIN" | "MINIMIZE" | "MINIMISE" => self.maximise = false,
            "MAX" | "MAXIMIZE" | "MAXIMISE" => self.maximise = true,
            _ => return self.refuse(format!("`{word}` is neither MIN nor MAX")),
        }
        Ok(())
    }

    fn row(&mut self, words: &[&'a str]) -> Result<(), CatoptError> {
        let &[sense, name] = words else { return self.refuse("a row is a sense and a name") };
        let sense = sense.to_ascii_uppercase();
        if !["N", "E", "L", "G"].contains(&sense.as_str()) {
            return self.refuse(format!("`{sense}` is no sense of a row; N, E, L or G are"));
        }
        if self.goal == Some(name) || self.rows.contains_key(name) {
            return self.refuse(format!("row `{name}` comes twice; rename one"));
        }
        if sense == "N" && self.goal.is_none() {
            self.goal = Some(name);
            return Ok(());
        }
        self.rows.insert(name, self.row_names.len());
        self.row_names.push(name);
        self.senses.push(sense.chars().next().unwrap_or('N'));
        self.rhs.push(None);
        self.ranges.push(None);
        Ok(())
    }

    fn column(&mut self, words: &[&'a str]) -> Result<(), CatoptError> {
        if words.get(1) == Some(&"'MARKER'") {
            match words.get(2) {
                Some(&"'INTORG'") => self.inside_integer = true,
                Some(&"'INTEND'") => self.inside_integer = false,
                _ => return self.refuse("this marker is neither 'INTORG' nor 'INTEND'"),
            }
            return Ok(());
        }
        let &[name, ref pairs @ ..] = words else {
            return self.refuse("a column is a name with pairs of row and number");
        };
        let j = match self.columns.get(name) {
            Some(&j) if j + 1 == self.column_names.len() => j,
            Some(_) => return self.refuse(format!("column `{name}` is not in one piece; list its entries together")),
            None => {
                let j = self.column_names.len();
                self.columns.insert(name, j);
                self.column_names.push(name);
                self.q.push(None);
                self.lower.push(None);
                self.upper.push(None);
                if self.inside_integer {
                    self.integer.push(j);
                }
                j
            }
        };
        for (row, value) in self.pairs(pairs)? {
            match row {
                None => self.once(|reader| &mut reader.q[j], value, name)?,
                Some(i) => self.a.push((i, j, value)),
            }
        }
        Ok(())
    }

    /// Pairs of row, where `None` is the objective, and number.
    fn pairs(&self, words: &[&'a str]) -> Result<Vec<(Option<usize>, f64)>, CatoptError> {
        if words.is_empty() || words.len() % 2 == 1 {
            return self.refuse("pairs of row and number are needed");
        }
        let pair = |pair: &[&'a str]| {
            let row = match self.rows.get(pair[0]) {
                Some(&i) => Some(i),
                None if self.goal == Some(pair[0]) => None,
                None => return self.refuse(format!("there is no row `{}`", pair[0])),
            };
            Ok((row, self.number(pair[1])?))
        };
        words.chunks(2).map(pair).collect()
    }

    fn once(
        &mut self,
        slot: impl FnOnce(&mut Self) -> &mut Option<f64>,
        value: f64,
        name: &str,
    ) -> Result<(), CatoptError> {
        if slot(self).replace(value).is_some() {
            return self.refuse(format!("a number for `{name}` is given twice; keep one"));
        }
        Ok(())
    }

    /// The name of the right-hand side, range or bound set may be left out.
    fn without_set<'w>(words: &'w [&'a str]) -> &'w [&'a str] {
        if words.len() % 2 == 1 { &words[1..] } else { words }
    }

    fn rhs(&mut self, words: &[&'a str]) -> Result<(), CatoptError> {
        for (row, value) in self.pairs(Self::without_set(words))? {
            match row {
                None => self.once(|reader| &mut reader.constant, -value, "the objective's constant")?,
                Some(i) => self.once(|reader| &mut reader.rhs[i], value, "a right-hand side")?,
            }
        }
        Ok(())
    }

    fn range(&mut self, words: &[&'a str]) -> Result<(), CatoptError> {
        for (row, value) in self.pairs(Self::without_set(words))? {
            let Some(i) = row else { return self.refuse("the objective has no range") };
            self.once(|reader| &mut reader.ranges[i], value, "a range")?;
        }
        Ok(())
    }

    fn bound(&mut self, words: &[&'a str]) -> Result<(), CatoptError> {
        let (kind, rest) = (words[0].to_ascii_uppercase(), &words[1..]);
        let needs_number = !matches!(kind.as_str(), "FR" | "MI" | "PL" | "BV");
        // Without a number some writers still put one; with one the set's name may be missing.
        let (name, value) = match *rest {
            [_, name, value] => (name, Some(value)),
            [name, value] if needs_number => (name, Some(value)),
            [_, name] | [name] => (name, None),
            _ => return self.refuse("a bound is a kind, a set, a column and, for most kinds, a number"),
        };
        let Some(&j) = self.columns.get(name) else { return self.refuse(format!("there is no column `{name}`")) };
        let number = match value {
            Some(word) if needs_number => self.bound_number(word)?,
            None if needs_number => return self.refuse(format!("bound `{kind}` of `{name}` needs a number")),
            _ => 0.0,
        };
        let (lower, upper) = (f64::NEG_INFINITY, f64::INFINITY);
        match kind.as_str() {
            "LO" | "LI" => self.once(|r| &mut r.lower[j], number, name)?,
            "UP" | "UI" => {
                if number < 0.0 && self.lower[j].is_none() {
                    return Err(CatoptError::AmbiguousBound { line: self.line, column: name.to_owned() });
                }
                self.once(|r| &mut r.upper[j], number, name)?;
            }
            "MI" => self.once(|r| &mut r.lower[j], lower, name)?,
            "PL" => self.once(|r| &mut r.upper[j], upper, name)?,
            "FX" | "FR" | "BV" => {
                let (l, u) = match kind.as_str() {
                    "FX" => (number, number),
                    "FR" => (lower, upper),
                    _ => (0.0, 1.0),
                };
                self.once(|r| &mut r.lower[j], l, name)?;
                self.once(|r| &mut r.upper[j], u, name)?;
            }
            other => return self.refuse(format!("`{other}` is no kind of bound that a convex problem has")),
        }
        if matches!(kind.as_str(), "BV" | "LI" | "UI")
            && let Err(place) = self.integer.binary_search(&j)
        {
            self.integer.insert(place, j);
        }
        Ok(())
    }

    fn bound_number(&self, word: &str) -> Result<f64, CatoptError> {
        let value = match word.to_ascii_lowercase().trim_start_matches(['+', '-']) {
            "inf" | "infinity" => f64::INFINITY * if word.starts_with('-') { -1.0 } else { 1.0 },
            _ => self.number(word)?,
        };
        Ok(if value.abs() >= OPEN { f64::INFINITY.copysign(value) } else { value })
    }

    fn quadratic(&mut self, words: &[&'a str], whole: bool) -> Result<(), CatoptError> {
        let &[one, other, value] = words else { return self.refuse("a quadratic entry is two columns and a number") };
        let value = self.number(value)?;
        let place = |name: &str| self.columns.get(name).copied();
        let (Some(i), Some(j)) = (place(one), place(other)) else {
            return self.refuse(format!("there is no column `{one}` or no column `{other}`"));
        };
        let key = if whole { (i, j) } else { (i.min(j), i.max(j)) };
        if self.p.insert(key, value).is_some() {
            let advice = if whole { "keep one" } else { "QUADOBJ holds one triangle, and both would be added up" };
            return self.refuse(format!("the entry of `{one}` and `{other}` is given twice; {advice}"));
        }
        Ok(())
    }

    fn triangle(&self) -> Result<Vec<(usize, usize, f64)>, CatoptError> {
        if self.whole_matrix == Some(true)
            && let Some(((i, j), _)) = self.p.iter().find(|((i, j), v)| self.p.get(&(*j, *i)) != Some(*v))
        {
            let (one, other) = (self.column_names[*i], self.column_names[*j]);
            return self.refuse(format!("QMATRIX is not symmetric at `{one}` and `{other}`; list both places alike"));
        }
        Ok(self.p.iter().filter(|((i, j), _)| i <= j).map(|(&(i, j), &v)| (i, j, v)).collect())
    }

    fn finish(mut self) -> Result<Import, CatoptError> {
        if self.goal.is_none() {
            return self.refuse("there is no objective; add a row of sense N");
        }
        if let Some(&j) = self.integer.iter().find(|j| self.lower[**j].is_none() && self.upper[**j].is_none()) {
            let what = format!("column `{}` must be whole and has no bound", self.column_names[j]);
            return self.refuse(format!("{what}: some readers take 0 to 1, others 0 and up; state LO and UP, or PL"));
        }
        let (n, m) = (self.column_names.len(), self.row_names.len());
        // The largest first, so that what it was made of is gone before the rest is made.
        drop((core::mem::take(&mut self.rows), core::mem::take(&mut self.columns)));
        let entries = core::mem::take(&mut self.a);
        let matrix = SparseMatrix::from_triplets(m, n, &entries).map_err(|e| e.within("COLUMNS"))?;
        drop(entries);
        let mut losses = Vec::new();
        let sign = if self.maximise { -1.0 } else { 1.0 };
        if self.maximise {
            losses.push(Loss::new("the sense MAX: the cost was negated and is minimised; negate objective and duals"));
        }
        let (mut row_lower, mut row_upper) = (Vec::with_capacity(m), Vec::with_capacity(m));
        for i in 0..m {
            let rhs = self.rhs[i].unwrap_or(0.0);
            let (l, u) = match (self.senses[i], self.ranges[i]) {
                ('N', None) => (f64::NEG_INFINITY, f64::INFINITY),
                ('N', Some(_)) => return self.refuse(format!("free row `{}` has a range", self.row_names[i])),
                ('E', Some(r)) if r < 0.0 => (rhs + r, rhs),
                ('E', r) => (rhs, rhs + r.unwrap_or(0.0)),
                ('L', r) => (r.map_or(f64::NEG_INFINITY, |r| rhs - r.abs()), rhs),
                (_, r) => (rhs, r.map_or(f64::INFINITY, |r| rhs + r.abs())),
            };
            row_lower.push(l);
            row_upper.push(u);
        }
        let p: Vec<_> = self.triangle()?.into_iter().map(|(i, j, v)| (i, j, sign * v)).collect();
        let p = SparseMatrix::from_triplets(n, n, &p).map_err(|e| e.within("QUADOBJ"))?;
        check_convex(&self.name, &p)?;
        let lower = self.lower.iter().map(|v| v.unwrap_or(0.0)).collect();
        let upper = self.upper.iter().map(|v| v.unwrap_or(f64::INFINITY)).collect();
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let local = LocalProblem::new(
            Variables {
                names: names(&self.column_names),
                bounds: Bounds::new(lower, upper).map_err(|e| e.within("BOUNDS"))?,
            },
            Objective {
                p,
                q: self.q.iter().map(|v| sign * v.unwrap_or(0.0)).collect(),
                c: sign * self.constant.unwrap_or(0.0),
            },
            Rows {
                names: names(&self.row_names),
                matrix,
                bounds: Bounds::new(row_lower, row_upper).map_err(|e| e.within("ROWS"))?,
            },
        )?;
        Ok(Import { program: Program { name: self.name, local, integer: self.integer }, losses })
    }
}
