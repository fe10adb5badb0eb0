use std::fmt::Write;

use crate::table::escape;

/// One SVG figure, drawn from the outside in: shapes carry a class, the page's style sheet colours them.
pub(super) struct Drawing {
    id: String,
    title: String,
    description: String,
    width: f64,
    height: f64,
    body: String,
}

/// Where a text stands relative to its point.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

impl Drawing {
    /// An empty figure. `id` is unique on the page; title and description stand for it where it cannot be seen.
    pub(super) fn new(id: &str, title: &str, description: &str, width: f64, height: f64) -> Self {
        let [id, title, description] = [id, title, description].map(str::to_owned);
        Self { id, title, description, width, height, body: String::new() }
    }

    /// A rectangle; `tip` is what a pointer resting on it is told.
    pub(super) fn rect(&mut self, class: &str, [x, y, width, height]: [f64; 4], tip: &str) {
        let (x, y, width, height) = (number(x), number(y), number(width.max(0.0)), number(height.max(0.0)));
        self.shape(&format!("rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\""), tip);
    }

    /// A straight line between two points.
    pub(super) fn line(&mut self, class: &str, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) {
        let (x1, y1, x2, y2) = (number(x1), number(y1), number(x2), number(y2));
        self.shape(&format!("line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\""), "");
    }

    /// A line through many points. Fewer than two draw nothing.
    pub(super) fn polyline(&mut self, class: &str, points: &[[f64; 2]]) {
        if points.len() < 2 {
            return;
        }
        let list: Vec<String> = points.iter().map(|[x, y]| format!("{},{}", number(*x), number(*y))).collect();
        self.shape(&format!("polyline class=\"{class}\" points=\"{}\"", list.join(" ")), "");
    }

    /// A dot.
    pub(super) fn dot(&mut self, class: &str, [x, y]: [f64; 2], radius: f64, tip: &str) {
        let (x, y, r) = (number(x), number(y), number(radius));
        self.shape(&format!("circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\""), tip);
    }

    /// A text on one line.
    pub(super) fn text(&mut self, class: &str, [x, y]: [f64; 2], anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y, text) = (number(x), number(y), escape(text));
        let line = format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>\n");
        self.body.push_str(&line);
    }

    fn shape(&mut self, open: &str, tip: &str) {
        let done = if tip.is_empty() {
            writeln!(self.body, "<{open}/>")
        } else {
            let name = open.split(' ').next().unwrap_or(open);
            writeln!(self.body, "<{open}><title>{}</title></{name}>", escape(tip))
        };
        done.expect("writing to a string cannot fail because it only allocates");
    }

    /// The figure as an element that scales with its box but never below its natural width times `shrink`.
    pub(super) fn finish(self, shrink: f64) -> String {
        let Self { id, title, description, width, height, body } = self;
        let (title, description, least) = (escape(&title), escape(&description), number(width * shrink));
        let (width, height) = (number(width), number(height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" style=\"min-width:{least}px\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\n\
             <title id=\"{id}-t\">{title}</title>\n<desc id=\"{id}-d\">{description}</desc>\n{body}</svg>\n"
        )
    }
}

/// A coordinate with at most two decimals, the same on every machine.
fn number(value: f64) -> String {
    assert!(value.is_finite(), "a coordinate must be finite, this one is {value}");
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The text cut to `count` characters, with an ellipsis where something is missing.
pub(super) fn clip(text: &str, count: usize) -> String {
    if text.chars().count() <= count {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(count.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short_and_stable() {
        assert_eq!(
            [number(1.0), number(-0.001), number(2.345), number(100.0)],
            ["1", "0", "2.35", "100"].map(String::from)
        );
    }

    #[test]
    fn a_long_name_is_cut_by_characters() {
        assert_eq!([clip("Ødegård", 7), clip("Ødegård", 4)], ["Ødegård", "Øde…"].map(String::from));
    }
}
