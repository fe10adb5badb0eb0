//! Remembers in a file how often it was run: `cargo run -p cosmosmesh-host --features sqlite --example remember -- FILE`.
#![allow(clippy::print_stdout, reason = "an example talks to people")]

use cosmosmesh_contracts::traits::Store;
use cosmosmesh_host::store::SqliteStore;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path =
        std::env::args_os().nth(1).map_or_else(|| std::env::temp_dir().join("cosmosmesh-remember.db"), Into::into);
    let mut store = SqliteStore::open(&path)?;
    let run = store.append("runs", b"")? + 1;
    store.sync()?;
    println!("run {run}, remembered in {}", path.display());
    Ok(())
}
