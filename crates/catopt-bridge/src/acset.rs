//! The shape of a diagram as an ACSet: the JSON of Catlab's and `acsets`' undirected wiring diagrams, for people who draw and compose them.
//!
//! Only names and wires are written: no number of any objective, row or bound, no unit and no factor, which [`losses`] says.
//! Rows count from one, and a row's `_id` is its position, as the readers demand.

use core::fmt::Write;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::{CatoptError, Diagram, Fleet, JunctionKind, Loss, fleet};

/// The schema of the ACSet: boxes, ports, outer ports and junctions, with the names of boxes, ports and junctions.
pub const SCHEMA: &str = r#"{"version":{"ACSetSchema":"0.0.1","Catlab":"0.14.12"},"Ob":[{"name":"Box"},{"name":"Port"},{"name":"OuterPort"},{"name":"Junction"}],"Hom":[{"name":"box","dom":"Port","codom":"Box"},{"name":"junction","dom":"Port","codom":"Junction"},{"name":"outer_junction","dom":"OuterPort","codom":"Junction"}],"AttrType":[{"name":"Name","ty":"str"}],"Attr":[{"name":"name","dom":"Box","codom":"Name"},{"name":"port_name","dom":"Port","codom":"Name"},{"name":"variable","dom":"Junction","codom":"Name"}]}
"#;

/// The wiring on one line, without white space.
///
/// # Cost
/// One pass.
/// # Privacy
/// Names of objects, ports and junctions, and who meets where.
pub fn write(diagram: &Diagram) -> String {
    let mut text = String::from("{");
    let boxes = diagram.objects().iter().map(|object| format!("\"name\":{}", quoted(object.id.as_str())));
    table(&mut text, "Box", boxes);
    text.push(',');
    let port = |(wire, place): (&crate::Wire, &crate::diagram::Place)| {
        let (one, other) = (place.object + 1, place.junction + 1);
        format!("\"box\":{one},\"junction\":{other},\"port_name\":{}", quoted(&wire.port))
    };
    table(&mut text, "Port", diagram.wires().iter().zip(diagram.places()).map(port));
    text.push(',');
    let exposed = diagram.junctions().iter().enumerate().filter(|(_, junction)| junction.exposed);
    table(&mut text, "OuterPort", exposed.map(|(k, _)| format!("\"outer_junction\":{}", k + 1)));
    text.push(',');
    let junctions = diagram.junctions().iter().map(|junction| format!("\"variable\":{}", quoted(&junction.name)));
    table(&mut text, "Junction", junctions);
    text.push('}');
    text
}

/// The wiring of a fleet and what it does not say, without its diagram.
///
/// # Errors
/// [`CatoptError::NotConvex`].
/// # Cost
/// One pass over the assets; memory for the names.
pub fn write_fleet(of: Fleet<'_>) -> Result<(String, Vec<Loss>), CatoptError> {
    let names = fleet::unique(&of.coupling().names);
    let mut text = String::from("{");
    let mut boxes = Vec::with_capacity(of.asset_count());
    let mut ports = Vec::new();
    for (k, asset) in of.assets().enumerate() {
        let object = fleet::object(&asset, &names)?;
        object.check()?;
        let mut used = vec![false; names.len()];
        asset.coupling.row_indices().iter().for_each(|&r| used[r] = true);
        let rows = used.iter().enumerate().filter(|(_, used)| **used);
        ports.extend(rows.filter_map(|(r, _)| Some((u32::try_from(k + 1).ok()?, u32::try_from(r + 1).ok()?))));
        boxes.push(format!("\"name\":{}", quoted(asset.id.as_str())));
    }
    table(&mut text, "Box", boxes.into_iter());
    text.push(',');
    let port = |(one, other): (u32, u32)| {
        let name = quoted(&names[other as usize - 1]);
        format!("\"box\":{one},\"junction\":{other},\"port_name\":{name}")
    };
    table(&mut text, "Port", ports.into_iter().map(port));
    text.push(',');
    table(&mut text, "OuterPort", core::iter::empty());
    text.push(',');
    table(&mut text, "Junction", names.iter().map(|name| format!("\"variable\":{}", quoted(name))));
    text.push('}');
    let kinds = if names.is_empty() { String::new() } else { format!("{} balance", names.len()) };
    Ok((text, unsaid(&kinds)))
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
pub fn losses(diagram: &Diagram) -> Vec<Loss> {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for junction in diagram.junctions() {
        let kind = if matches!(junction.kind, JunctionKind::Balance(_)) { "balance" } else { "shared" };
        *kinds.entry(kind).or_default() += 1;
    }
    let kinds: Vec<String> = kinds.into_iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    unsaid(&kinds.join(", "))
}

fn unsaid(kinds: &str) -> Vec<Loss> {
    vec![
        Loss::new("every objective, row, bound, map, unit and factor: an ACSet of the wiring holds the shape only"),
        Loss::new(format!("which junctions are balances and which are shared values ({kinds})")),
    ]
}
