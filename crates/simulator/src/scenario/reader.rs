//! Reads TOML tables key by key, so that every refusal knows its line, and every key that nobody read is refused.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

use toml::de::{DeArray, DeTable, DeValue};

use super::{ScenarioError, ScenarioErrorKind as Kind};

/// The text of a scenario, for turning places into lines.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl<'a> Source<'a> {
    pub(super) const BYTES_MAX: usize = 1 << 20;

    pub(super) fn new(file: &'a str, text: &'a str) -> Result<Self, ScenarioError> {
        let source = Self { file, text };
        if text.len() > Self::BYTES_MAX {
            return Err(source.whole(Kind::TooLarge { bytes: text.len(), limit: Self::BYTES_MAX }));
        }
        Ok(source)
    }

    pub(super) fn parse(self) -> Result<toml::Spanned<DeTable<'a>>, ScenarioError> {
        DeTable::parse(self.text).map_err(|error| {
            let message = error.message().replace('\n', " ");
            let kind = Kind::Syntax { message: message.trim().to_owned() };
            ScenarioError { file: self.file.to_owned(), line: error.span().map_or(0, |span| self.line(&span)), kind }
        })
    }

    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        1 + self.text.as_bytes()[..span.start.min(self.text.len())].iter().filter(|&&byte| byte == b'\n').count()
    }

    pub(super) fn at(&self, span: &Range<usize>, kind: Kind) -> ScenarioError {
        ScenarioError { file: self.file.to_owned(), line: self.line(span), kind }
    }

    pub(super) fn whole(&self, kind: Kind) -> ScenarioError {
        ScenarioError { file: self.file.to_owned(), line: 0, kind }
    }
}

/// One table, and which of its keys were read.
pub(super) struct Table<'a> {
    source: Source<'a>,
    name: String,
    span: Range<usize>,
    entries: BTreeMap<&'a str, Entry<'a>>,
    known: Vec<&'static str>,
}

struct Entry<'a> {
    key: Range<usize>,
    span: Range<usize>,
    value: &'a DeValue<'a>,
    read: bool,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

impl<'a> Table<'a> {
    pub(super) fn new(source: Source<'a>, name: impl Into<String>, span: Range<usize>, table: &'a DeTable<'a>) -> Self {
        let entry = |(key, value): (&'a toml::Spanned<_>, &'a toml::Spanned<DeValue<'a>>)| {
            let key: &'a toml::Spanned<std::borrow::Cow<'a, str>> = key;
            let entry = Entry { key: key.span(), span: value.span(), value: value.get_ref(), read: false };
            (key.get_ref().as_ref(), entry)
        };
        Self { source, name: name.into(), span, entries: table.iter().map(entry).collect(), known: Vec::new() }
    }

    pub(super) fn source(&self) -> Source<'a> {
        self.source
    }

    /// An error about the table as a whole.
    pub(super) fn error(&self, kind: Kind) -> ScenarioError {
        self.source.at(&self.span, kind)
    }

    /// An error about a key that was read before, or about the table if the key is absent.
    pub(super) fn error_at(&self, key: &str, kind: Kind) -> ScenarioError {
        let span = self.entries.get(key).map_or(&self.span, |entry| &entry.span);
        self.source.at(span, kind)
    }

    fn take(&mut self, key: &'static str) -> Option<(&'a DeValue<'a>, Range<usize>)> {
        self.known.push(key);
        let entry = self.entries.get_mut(key)?;
        entry.read = true;
        Some((entry.value, entry.span.clone()))
    }

    fn required<T>(&mut self, key: &'static str, found: Option<T>) -> Result<T, ScenarioError> {
        if let Some(found) = found {
            return Ok(found);
        }
        // A key without its unit explains the absence better than the absence itself.
        if let Some((bare, entry)) = self.entries.iter().find(|(bare, entry)| !entry.read && lacks_unit(bare, key)) {
            let kind = Kind::MissingUnit { key: (*bare).to_owned(), with_unit: key };
            return Err(self.source.at(&entry.key, kind));
        }
        Err(self.error(Kind::MissingKey { key, table: self.name.clone() }))
    }

    pub(super) fn optional_text(&mut self, key: &'static str) -> Result<Option<At<String>>, ScenarioError> {
        let Some((value, span)) = self.take(key) else { return Ok(None) };
        match value {
            // Texts are printed: a control character would command the reader's terminal.
            DeValue::String(text) if text.chars().any(char::is_control) => {
                Err(self.wrong(&span, key, "a text without control characters"))
            }
            DeValue::String(text) => Ok(Some(At { value: text.to_string(), span })),
            _ => Err(self.wrong(&span, key, "a text")),
        }
    }

    pub(super) fn text(&mut self, key: &'static str) -> Result<At<String>, ScenarioError> {
        let found = self.optional_text(key)?;
        self.required(key, found)
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
    ) -> Result<T, ScenarioError> {
        let word = self.text(key)?;
        match choices.iter().find(|choice| choice.0 == word.value) {
            Some(choice) => Ok(choice.1),
            None => {
                let choices = choices.iter().map(|choice| choice.0).collect();
                let kind = Kind::UnknownChoice { key: key.to_owned(), value: word.value, choices };
                Err(self.source.at(&word.span, kind))
            }
        }
    }

    /// A finite number within a range; a negative one where the range starts at zero is called by its name.
    pub(super) fn optional_number(
        &mut self,
        key: &'static str,
        range: RangeInclusive<f64>,
    ) -> Result<Option<f64>, ScenarioError> {
        let Some((value, span)) = self.take(key) else { return Ok(None) };
        self.check(&span, key, value, range).map(Some)
    }

    pub(super) fn number(&mut self, key: &'static str, range: RangeInclusive<f64>) -> Result<f64, ScenarioError> {
        let found = self.optional_number(key, range)?;
        self.required(key, found)
    }

    /// Writes a number over a default, if the key is there.
    pub(super) fn replace(
        &mut self,
        target: &mut f64,
        key: &'static str,
        range: RangeInclusive<f64>,
    ) -> Result<(), ScenarioError> {
        if let Some(value) = self.optional_number(key, range)? {
            *target = value;
        }
        Ok(())
    }

    pub(super) fn optional_integer(
        &mut self,
        key: &'static str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, ScenarioError> {
        let Some((value, span)) = self.take(key) else { return Ok(None) };
        let DeValue::Integer(integer) = value else { return Err(self.wrong(&span, key, "a whole number")) };
        let Ok(number) = i64::from_str_radix(integer.as_str(), integer.radix()) else {
            return Err(self.wrong(&span, key, "a whole number of at most 64 bits"));
        };
        let (lower, upper) = (*range.start() as f64, *range.end() as f64);
        self.check(&span, key, value, lower..=upper)?;
        Ok(Some(number))
    }

    pub(super) fn integer(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Result<i64, ScenarioError> {
        let found = self.optional_integer(key, range)?;
        self.required(key, found)
    }

    /// A list of pairs of finite numbers.
    pub(super) fn optional_pairs(
        &mut self,
        key: &'static str,
        range: RangeInclusive<f64>,
    ) -> Result<Option<Vec<(f64, f64)>>, ScenarioError> {
        const EXPECTED: &str = "a list of pairs of numbers, [[0, 10], [20, 30]]";
        let Some((value, span)) = self.take(key) else { return Ok(None) };
        let DeValue::Array(list) = value else { return Err(self.wrong(&span, key, EXPECTED)) };
        let pair = |item: &'a toml::Spanned<DeValue<'a>>| {
            let number =
                |value: &'a toml::Spanned<DeValue<'a>>| self.check(&value.span(), key, value.get_ref(), range.clone());
            match item.get_ref() {
                DeValue::Array(pair) if pair.len() == 2 => Ok((number(&pair[0])?, number(&pair[1])?)),
                _ => Err(self.wrong(&item.span(), key, EXPECTED)),
            }
        };
        list.iter().map(pair).collect::<Result<_, _>>().map(Some)
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &'static str) -> Result<Vec<At<String>>, ScenarioError> {
        let found = self.optional_texts(key)?;
        self.required(key, found)
    }

    pub(super) fn optional_texts(&mut self, key: &'static str) -> Result<Option<Vec<At<String>>>, ScenarioError> {
        let Some((value, span)) = self.take(key) else { return Ok(None) };
        let DeValue::Array(list) = value else { return Err(self.wrong(&span, key, "a list of texts")) };
        let text = |item: &'a toml::Spanned<DeValue<'a>>| match item.get_ref() {
            DeValue::String(text) => Ok(At { value: text.to_string(), span: item.span() }),
            _ => Err(self.wrong(&item.span(), key, "a list of texts")),
        };
        list.iter().map(text).collect::<Result<_, _>>().map(Some)
    }

    pub(super) fn optional_table(&mut self, key: &'static str) -> Result<Option<Table<'a>>, ScenarioError> {
        let Some((value, span)) = self.take(key) else { return Ok(None) };
        match value {
            DeValue::Table(table) => Ok(Some(Table::new(self.source, format!("[{key}]"), span, table))),
            _ => Err(self.wrong(&span, key, "a table")),
        }
    }

    pub(super) fn table(&mut self, key: &'static str) -> Result<Table<'a>, ScenarioError> {
        let found = self.optional_table(key)?;
        self.required(key, found)
    }

    /// An array of tables; empty if the key is absent.
    pub(super) fn tables(&mut self, key: &'static str) -> Result<Vec<Table<'a>>, ScenarioError> {
        let Some((value, span)) = self.take(key) else { return Ok(Vec::new()) };
        let wrong = |span: &Range<usize>| Err(self.wrong(span, key, "a list of tables, each headed [[...]]"));
        let DeValue::Array(list) = value else { return wrong(&span) };
        let list: &'a DeArray<'a> = list;
        let mut tables = Vec::with_capacity(list.len());
        for item in list.iter() {
            match item.get_ref() {
                DeValue::Table(table) => {
                    tables.push(Table::new(self.source, format!("[[{key}]]"), item.span(), table));
                }
                _ => return wrong(&item.span()),
            }
        }
        Ok(tables)
    }

    /// Refuses what nobody has read.
    pub(super) fn finish(self) -> Result<(), ScenarioError> {
        let unread = self.entries.iter().filter(|entry| !entry.1.read).min_by_key(|entry| entry.1.key.start);
        let Some((&key, entry)) = unread else { return Ok(()) };
        let kind = match self.known.iter().find(|known| lacks_unit(key, known)) {
            Some(with_unit) => Kind::MissingUnit { key: key.to_owned(), with_unit },
            None => {
                let near = self.known.iter().map(|known| (distance(key, known), *known)).min();
                let nearest = near.filter(|near| near.0 <= 1 + key.len() / 4).map(|near| near.1);
                Kind::UnknownKey { key: key.to_owned(), table: self.name.clone(), nearest }
            }
        };
        Err(self.source.at(&entry.key, kind))
    }

    fn wrong(&self, span: &Range<usize>, key: &str, expected: &'static str) -> ScenarioError {
        self.source.at(span, Kind::WrongType { key: key.to_owned(), expected })
    }

    fn check(
        &self,
        span: &Range<usize>,
        key: &str,
        value: &DeValue<'_>,
        range: RangeInclusive<f64>,
    ) -> Result<f64, ScenarioError> {
        let parsed = match value {
            DeValue::Float(float) => float.as_str().parse().ok(),
            DeValue::Integer(integer) => {
                i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|whole| whole as f64)
            }
            _ => None,
        };
        let Some(value) = parsed else { return Err(self.wrong(span, key, "a number")) };
        let key = || key.to_owned();
        if !f64::is_finite(value) {
            return Err(self.source.at(span, Kind::NotFinite { key: key(), value }));
        }
        if value < 0.0 && *range.start() >= 0.0 {
            return Err(self.source.at(span, Kind::Negative { key: key(), value }));
        }
        if !range.contains(&value) {
            let (lower, upper) = (*range.start(), *range.end());
            return Err(self.source.at(span, Kind::OutOfRange { key: key(), value, lower, upper }));
        }
        Ok(value)
    }
}

const UNITS: [&str; 21] = [
    "wh", "w", "ms", "s", "min", "h", "bps", "kbps", "mbit", "deg", "c", "m", "km", "kg", "fraction", "m2", "w_k",
    "wh_k", "m_s", "count", "sol",
];

/// Whether `bare` is `key` without its unit.
fn lacks_unit(bare: &str, key: &str) -> bool {
    key.strip_prefix(bare).and_then(|rest| rest.strip_prefix('_')).is_some_and(|unit| UNITS.contains(&unit))
}

/// How many letters must change.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let change = corner + usize::from(ca != *cb);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_key_is_known_by_its_unit() {
        assert!(lacks_unit("battery", "battery_wh"));
        assert!(!lacks_unit("battery", "battery_floor_wh"));
        assert!(!lacks_unit("battery_wh", "battery_wh"));
    }

    #[test]
    fn distance_counts_changes() {
        for (a, b, expected) in [("", "abc", 3), ("kitten", "sitting", 3), ("same", "same", 0)] {
            assert_eq!((distance(a, b), distance(b, a)), (expected, expected));
        }
    }
}
