//! The shape of a diagram as an ACSet: the JSON of Catlab's and `acsets`' undirected wiring diagrams, for people who draw and compose them.
//!
//! Only names and wires are written: no number of any objective, row or bound, no unit and no factor, which [`losses`] says.
//! Rows count from one, and a row's `_id` is its position, as the readers demand.

use core::fmt::Write;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::{JunctionKind, Loss, Source};

/// The schema of the ACSet: boxes, ports, outer ports and junctions, with the names of boxes, ports and junctions.
pub const SCHEMA: &str = r#"{"version":{"ACSetSchema":"0.0.1","Catlab":"0.14.12"},"Ob":[{"name":"Box"},{"name":"Port"},{"name":"OuterPort"},{"name":"Junction"}],"Hom":[{"name":"box","dom":"Port","codom":"Box"},{"name":"junction","dom":"Port","codom":"Junction"},{"name":"outer_junction","dom":"OuterPort","codom":"Junction"}],"AttrType":[{"name":"Name","ty":"str"}],"Attr":[{"name":"name","dom":"Box","codom":"Name"},{"name":"port_name","dom":"Port","codom":"Name"},{"name":"variable","dom":"Junction","codom":"Name"}]}
"#;

/// The wiring on one line, without white space.
///
/// # Cost
/// One pass over the objects, one over the wires; memory for the text.
/// # Privacy
/// Names of objects, ports and junctions, and who meets where.
pub fn write<'a>(source: impl Into<Source<'a>>) -> String {
    let source = source.into();
    let mut text = String::from("{");
    table(&mut text, "Box", source.objects().map(|object| format!("\"name\":{}", quoted(object.id.as_str()))));
    text.push(',');
    let ports = source.wires().map(|(wire, place)| {
        let (one, other) = (place.object + 1, place.junction + 1);
        format!("\"box\":{one},\"junction\":{other},\"port_name\":{}", quoted(&wire.port))
    });
    table(&mut text, "Port", ports);
    text.push(',');
    let junctions = source.frame().junctions();
    let exposed = junctions.iter().enumerate().filter(|(_, junction)| junction.exposed);
    table(&mut text, "OuterPort", exposed.map(|(k, _)| format!("\"outer_junction\":{}", k + 1)));
    text.push(',');
    table(&mut text, "Junction", junctions.iter().map(|junction| format!("\"variable\":{}", quoted(&junction.name))));
    text.push('}');
    text
}

fn quoted(name: &str) -> String {
    Value::from(name).to_string()
}

fn table(text: &mut String, name: &str, rows: impl Iterator<Item = String>) {
    let _ = write!(text, "\"{name}\":[");
    for (k, row) in rows.enumerate() {
        let _ = write!(text, "{}{{\"_id\":{},{row}}}", if k > 0 { "," } else { "" }, k + 1);
    }
    text.push(']');
}

/// What the ACSet of this diagram does not say.
pub fn losses<'a>(source: impl Into<Source<'a>>) -> Vec<Loss> {
    let frame = source.into().frame();
    let more = !frame.duals.is_empty() || !frame.functors.is_empty() || !frame.deltas.is_empty();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for junction in frame.junctions() {
        let kind = if matches!(junction.kind, JunctionKind::Balance(_)) { "balance" } else { "shared" };
        *kinds.entry(kind).or_default() += 1;
    }
    let kinds: Vec<String> = kinds.into_iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let mut losses = vec![
        Loss::new("every objective, row, bound, map, unit and factor: an ACSet of the wiring holds the shape only"),
        Loss::new(format!("which junctions are balances and which are shared values ({})", kinds.join(", "))),
    ];
    if more || !frame.extensions.is_empty() {
        losses.push(Loss::new("duals, functors, deltas and extensions of the diagram"));
    }
    losses
}
