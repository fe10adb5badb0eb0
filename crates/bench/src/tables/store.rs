use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// What was measured, table by table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    tables: BTreeMap<String, BTreeMap<String, Row>>,
    /// Remarks by hand, table by table: what was tried, what bounds a figure.
    remarks: BTreeMap<String, String>,
}

/// One measured row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// When, where and of what.
    pub stamp: Stamp,
    /// The stamps of earlier seeds, of a row that grows seed by seed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Stamp>,
    /// Which problems, in the order of every series.
    pub problems: Vec<String>,
    /// Named lists, one number per problem; nothing where a run did not arrive.
    pub series: BTreeMap<String, Vec<Option<f64>>>,
    /// What was claimed wrongly, in words.
    pub wrong: Vec<String>,
}

/// When, where and of what a row was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// The last commit that touched the solver, the contracts or the families; a `+` says that files differed from it.
    pub revision: String,
    /// The day, as year-month-day.
    pub date: String,
    /// Processor, system and compiler.
    pub machine: String,
    /// The method, where there is one.
    pub method: String,
}

impl Row {
    /// A series without its gaps.
    pub fn values(&self, name: &str) -> Vec<f64> {
        self.series.get(name).into_iter().flatten().copied().flatten().collect()
    }

    /// A series with its gaps.
    pub fn column(&self, name: &str) -> &[Option<f64>] {
        self.series.get(name).map_or(&[], Vec::as_slice)
    }

    /// How many runs did not arrive.
    pub fn gaps(&self, name: &str) -> usize {
        self.column(name).iter().filter(|v| v.is_none()).count()
    }

    /// The largest value; nothing if the list is empty or has a gap.
    pub fn worst(&self, name: &str) -> Option<f64> {
        let column = self.column(name);
        column.iter().copied().try_fold(f64::NEG_INFINITY, |a, b| Some(a.max(b?))).filter(|v| v.is_finite())
    }

    /// The mean of what arrived.
    pub fn mean(&self, name: &str) -> f64 {
        let values = self.values(name);
        values.iter().sum::<f64>() / values.len() as f64
    }
}

impl Data {
    /// Reads `tables/*.json` and `remarks.md` of a folder; what is not there has not been measured.
    ///
    /// # Errors
    /// A file that does not read, with its path.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let mut data = Self::default();
        for table in super::Table::ALL {
            let path = folder.join("tables").join(format!("{}.json", table.name));
            if let Ok(text) = fs::read(&path) {
                let rows = serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
                data.tables.insert(table.name.to_owned(), rows);
            }
        }
        let text = fs::read_to_string(folder.join("remarks.md")).unwrap_or_default();
        let mut name = None;
        for line in text.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                name = Some(heading.trim().to_owned());
            } else if let Some(name) = &name {
                let remark = data.remarks.entry(name.clone()).or_default();
                remark.push_str(line);
                remark.push('\n');
            }
        }
        Ok(data)
    }

    /// Writes one table's file.
    ///
    /// # Errors
    /// A file that cannot be written, with its path.
    pub fn write(&self, folder: &Path, table: &str) -> Result<(), String> {
        let Some(rows) = self.tables.get(table) else { return Ok(()) };
        let path = folder.join("tables").join(format!("{table}.json"));
        let text = serde_json::to_string_pretty(rows).map_err(|error| error.to_string())?;
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(&path, text + "\n")).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// A row of a table.
    pub fn row(&self, table: &str, key: &str) -> Option<&Row> {
        self.tables.get(table)?.get(key)
    }

    /// Keeps a row.
    pub fn keep(&mut self, table: &str, key: &str, row: Row) {
        self.tables.entry(table.to_owned()).or_default().insert(key.to_owned(), row);
    }

    /// Adds the problems of a row to those that are kept under its name.
    pub fn extend(&mut self, table: &str, key: &str, row: Row) {
        let kept = self.tables.entry(table.to_owned()).or_default().entry(key.to_owned()).or_default();
        if !kept.problems.is_empty() && kept.stamp != row.stamp && !kept.earlier.contains(&kept.stamp) {
            kept.earlier.push(kept.stamp.clone());
        }
        kept.stamp = row.stamp;
        for (name, values) in row.series {
            let series = kept.series.entry(name).or_default();
            series.resize(kept.problems.len(), None);
            series.extend(values);
        }
        kept.problems.extend(row.problems);
        kept.wrong.extend(row.wrong);
    }

    /// The remarks about a table, or nothing.
    pub fn remark(&self, table: &str) -> &str {
        self.remarks.get(table).map_or("", |text| text.trim())
    }

    /// The stamps of a table's rows, each once.
    pub fn stamps(&self, table: &str) -> Vec<&Stamp> {
        let rows = self.tables.get(table).into_iter().flat_map(|rows| rows.values());
        let mut found: Vec<&Stamp> = rows.flat_map(|row| [&row.stamp].into_iter().chain(&row.earlier)).collect();
        found.sort();
        found.dedup();
        found
    }
}
