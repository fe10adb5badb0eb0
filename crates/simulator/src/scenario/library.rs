use super::{ScenarioError, ScenarioErrorKind as Kind};

/// The scenarios that come with the program: name and one line.
pub const BUILT_IN: [(&str, &str); 3] = [
    ("jezero-base", "Ten assets at Jezero crater plan one sol"),
    ("three-assets", "The testbed: a rover, a drone and a habitat"),
    ("dust-and-cold", "A rover and its base on a day worse than forecast"),
];

/// The text of a built-in scenario.
pub fn builtin_source(name: &str) -> Option<&'static str> {
    match name {
        "jezero-base" => Some(include_str!("../../scenarios/jezero-base.toml")),
        "three-assets" => Some(include_str!("../../scenarios/three-assets.toml")),
        "dust-and-cold" => Some(include_str!("../../scenarios/dust-and-cold.toml")),
        _ => None,
    }
}

pub(super) fn read(path: &str) -> Result<String, ScenarioError> {
    std::fs::read_to_string(path).map_err(|error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => Kind::NotFound { known: BUILT_IN.iter().map(|known| known.0).collect() },
            _ => Kind::Unreadable { reason: error.to_string() },
        };
        ScenarioError { file: path.to_owned(), line: 0, kind }
    })
}
