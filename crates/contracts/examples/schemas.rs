//! Writes the JSON Schemas of the data contracts and file formats into a folder, the same bytes every time.
//!
//! ```text
//! cargo run -p cosmosmesh-contracts --features schema --example schemas -- FOLDER
//! ```
#![allow(clippy::print_stderr, reason = "an example talks to its reader")]

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: schemas FOLDER");
        return ExitCode::from(64);
    };
    for (name, schema) in cosmosmesh_contracts::schema::schemas() {
        let path = Path::new(&folder).join(format!("{name}.schema.json"));
        let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, format!("{schema:#}\n")));
        if let Err(error) = written {
            eprintln!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
