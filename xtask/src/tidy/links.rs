use super::File;

/// Relative links of Markdown, and mentions of `docs/….md` anywhere, lead to a file, and to a heading if they name one.
pub(crate) fn check(files: &[File], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let markdown = file.path.ends_with(".md");
        if !markdown && !file.path.ends_with(".rs") {
            continue;
        }
        // This file's own tests speak of documents that are not there.
        if file.path.starts_with("xtask/src/tidy/") {
            continue;
        }
        for (number, line) in file.text.lines().enumerate() {
            let mut targets = mentions(line);
            if markdown {
                targets.extend(links(line).into_iter().map(|link| resolve(&file.path, &link)));
            }
            targets.sort();
            targets.dedup();
            for target in targets {
                let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
                let place = format!("{}:{}", file.path, number + 1);
                if !exists(path) {
                    findings.push(format!("{place}: `{path}` is not there"));
                } else if !anchor.is_empty()
                    && let Some(document) = files.iter().find(|document| document.path == path)
                    && !headings(&document.text).iter().any(|heading| heading == anchor)
                {
                    findings.push(format!("{place}: `{path}` has no heading `#{anchor}`"));
                }
            }
        }
    }
    findings
}

/// Words such as `docs/math/ray.md#bound`.
fn mentions(line: &str) -> Vec<String> {
    let part_of_path = |c: char| c.is_ascii_alphanumeric() || "/._-#".contains(c);
    line.split(|c| !part_of_path(c))
        .filter(|word| {
            word.starts_with("docs/") && (word.contains(".md#") || word.trim_end_matches('.').ends_with(".md"))
        })
        .map(|word| word.trim_end_matches(['.', '#']).to_owned())
        .collect()
}

/// The targets of `[text](target)` that are not addresses.
fn links(line: &str) -> Vec<String> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).map(str::to_owned).collect()
}

/// A link as a path from the root.
fn resolve(from: &str, link: &str) -> String {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let mut parts: Vec<&str> = from.split('/').collect();
    if !path.is_empty() {
        parts.pop();
        for part in path.split('/') {
            match part {
                "." | "" => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
    }
    let path = parts.join("/");
    if anchor.is_empty() { path } else { format!("{path}#{anchor}") }
}

/// The anchors of a document's headings, as the hosting sites make them.
fn headings(text: &str) -> Vec<String> {
    let titles = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let slug = |title: &str| -> String {
        let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    titles.map(slug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_one(path: &str, text: &str, expected: &str) {
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        let files = [file(path, text), file("docs/math/ray.md", "# Rays\n\n## The bound, again\n")];
        let findings = check(&files, |path| files.iter().any(|file| file.path == path));
        assert_eq!(findings.len(), usize::from(!expected.is_empty()), "{findings:?}");
        assert!(findings.iter().all(|finding| finding.contains(expected)), "{findings:?}");
    }

    #[test]
    fn links_lead_somewhere() {
        check_one("docs/a.md", "see [rays](math/ray.md#the-bound-again) and [it](https://example.org/x)", "");
        check_one("docs/adr/a.md", "see [rays](../math/ray.md)", "");
        check_one("docs/a.md", "see [rays](math/rays.md)", "`docs/math/rays.md` is not there");
        check_one("docs/a.md", "# Here\n[up](#here)", "");
    }

    #[test]
    fn mentions_in_source_lead_to_a_heading() {
        check_one("crates/a/src/b.rs", "/// docs/math/ray.md#the-bound-again.", "");
        check_one("crates/a/src/b.rs", "/// docs/math/ray.md#nowhere", "has no heading `#nowhere`");
        check_one("crates/a/src/b.rs", "/// See docs/math/gone.md.", "`docs/math/gone.md` is not there");
    }
}
