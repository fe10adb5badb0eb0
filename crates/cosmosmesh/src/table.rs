/// Which way a column leans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Figures.
    Right,
}

/// A table of plain text: a heading, a rule, rows.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns and no rows.
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|(name, align)| ((*name).to_owned(), *align)).collect();
        Self { columns, rows: Vec::new() }
    }

    /// Appends a row of one cell per column.
    pub(crate) fn push(&mut self, cells: Vec<String>) {
        assert_eq!(cells.len(), self.columns.len(), "one cell per column");
        self.rows.push(cells);
    }

    /// Whether there is no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines, each ended; no line has white space at its end.
    pub(crate) fn text(&self) -> String {
        let width = |k: usize| {
            let cells = self.rows.iter().map(|row| row[k].chars().count());
            cells.chain([self.columns[k].0.chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let heading: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let rule: Vec<String> = widths.iter().map(|w| "-".repeat(*w)).collect();
        [&heading, &rule].into_iter().chain(&self.rows).map(|cells| self.line(cells, &widths)).collect()
    }

    /// The table as HTML, its caption first. Cells are escaped; the first cell of a row heads it.
    pub(crate) fn html(&self, caption: &str) -> String {
        let class = |k: usize| match self.columns[k].1 {
            Align::Left => "",
            Align::Right => " class=\"n\"",
        };
        let mut out = format!("<table><caption>{}</caption>\n<thead><tr>", escape(caption));
        for (k, (name, _)) in self.columns.iter().enumerate() {
            out.push_str(&format!("<th scope=\"col\"{}>{}</th>", class(k), escape(name)));
        }
        out.push_str("</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            out.push_str("<tr>");
            for (k, cell) in row.iter().enumerate() {
                let (class, cell) = (class(k), escape(cell));
                out.push_str(&if k == 0 {
                    format!("<th scope=\"row\"{class}>{cell}</th>")
                } else {
                    format!("<td{class}>{cell}</td>")
                });
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody></table>\n");
        scroll(caption, &out)
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, width), (_, align)) in cells.iter().zip(widths).zip(&self.columns) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            let room = " ".repeat(width - cell.chars().count());
            match align {
                Align::Left => line.extend([cell.as_str(), &room]),
                Align::Right => line.extend([&room, cell.as_str()]),
            }
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        line
    }
}

/// Text made safe between tags and inside attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// HTML that may be wider than the screen, in a box that scrolls, by keyboard too.
pub(crate) fn scroll(label: &str, html: &str) -> String {
    let label = escape(label);
    format!("<div class=\"scroll\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\">\n{html}</div>\n")
}

/// Lines of `name   value`, the values in one column.
pub(crate) fn facts(lines: &[(&str, String)]) -> String {
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    lines.iter().map(|(name, value)| format!("{name}{}  {value}\n", " ".repeat(width - name.chars().count()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_characters_not_bytes() {
        let mut table = Table::new(&[("who", Align::Left), ("°C", Align::Right)]);
        table.push(vec!["Ødegård".into(), "7".into()]);
        table.push(vec!["x".into(), "-90".into()]);
        assert_eq!(table.text(), "who       °C\n-------  ---\nØdegård    7\nx        -90\n");
    }

    #[test]
    fn html_escapes_what_it_is_given() {
        let mut table = Table::new(&[("a", Align::Left), ("b", Align::Right)]);
        table.push(vec!["<i>".into(), "1 & 2".into()]);
        let html = table.html("\"c\"");
        assert!(html.contains("<caption>&quot;c&quot;</caption>"), "{html}");
        assert!(html.contains("<th scope=\"row\">&lt;i&gt;</th><td class=\"n\">1 &amp; 2</td>"), "{html}");
    }

    #[test]
    fn facts_share_a_column() {
        assert_eq!(facts(&[("a", "1".into()), ("long", "2".into())]), "a     1\nlong  2\n");
    }
}
