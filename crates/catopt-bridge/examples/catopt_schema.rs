//! Writes the JSON Schema of `cosmosmesh.catopt/1` into a folder, the same bytes every time.
//!
//! ```text
//! cargo run -p cosmosmesh-catopt-bridge --features schema --example catopt_schema -- FOLDER
//! ```
#![allow(clippy::print_stderr, reason = "an example talks to its reader")]

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: catopt_schema FOLDER");
        return ExitCode::from(64);
    };
    let path = Path::new(&folder).join("catopt-1.schema.json");
    let schema = cosmosmesh_catopt_bridge::document::schema();
    match std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, format!("{schema:#}\n"))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}
