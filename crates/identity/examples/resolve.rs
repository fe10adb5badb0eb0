//! Prints the document of an identifier: `cargo run --example resolve -- did:key:z6Mk…`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use cosmosmesh_identity::did::{DidKey, document};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given = std::env::args().nth(1);
    let did: DidKey = given.as_deref().unwrap_or("did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw").parse()?;
    println!("{:#}", document(&did));
    Ok(())
}
