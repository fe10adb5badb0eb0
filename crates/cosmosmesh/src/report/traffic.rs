//! What the planning sent on behalf of each asset.

use cosmosmesh_simulator::report::SimulationReport;

use super::drawing::{Anchor, Drawing, clip};
use crate::figure::bytes;
use crate::table::{Align, Table};

const WIDTH: f64 = 1120.0;
const LEFT: f64 = 150.0;
const MIDDLE: f64 = 70.0;
const TOP: f64 = 26.0;
const LINE: f64 = 22.0;
const BAR: f64 = 14.0;

/// Bytes sent to the left, bytes received to the right, one line per asset.
pub(super) fn traffic(report: &SimulationReport) -> String {
    let most =
        report.assets.iter().map(|asset| asset.traffic.bytes_up.max(asset.traffic.bytes_down)).max().unwrap_or(0);
    let height = TOP + report.assets.len() as f64 * LINE + 6.0;
    let description = format!(
        "One line per asset: bytes sent and bytes received during the planning. The facilitator is {}. The table below lists the figures.",
        report.facilitator
    );
    let mut drawing = Drawing::new("traffic", "Bytes per asset", &description, WIDTH, height);
    let half = (WIDTH - LEFT) / 2.0;
    drawing.text("note", [LEFT, TOP - 10.0], Anchor::Start, "sent");
    drawing.text("note", [LEFT + half, TOP - 10.0], Anchor::Start, "received");
    for (k, asset) in report.assets.iter().enumerate() {
        let y = TOP + k as f64 * LINE;
        let base = y + BAR - 3.0;
        drawing.text("lane", [4.0, base], Anchor::Start, &clip(&asset.id, 18));
        if asset.id == report.facilitator {
            drawing.text("note", [LEFT, base], Anchor::Start, "adds up the reports");
            continue;
        }
        let sides = [("sent", asset.traffic.bytes_up, LEFT), ("received", asset.traffic.bytes_down, LEFT + half)];
        for (class, count, x) in sides {
            let width = (half - MIDDLE - 14.0) * count as f64 / most.max(1) as f64;
            let tip = format!("{}: {class} {}", asset.id, bytes(count));
            drawing.rect(class, [x, y, width, BAR], &tip);
            drawing.text("tick", [x + width + 6.0, base], Anchor::Start, &bytes(count));
        }
    }
    drawing.finish(0.62)
}

/// The traffic of every asset as a line of a table.
pub(super) fn table(report: &SimulationReport) -> Table {
    let columns = [
        ("asset", Align::Left),
        ("kind", Align::Left),
        ("sent", Align::Right),
        ("received", Align::Right),
        ("messages sent", Align::Right),
        ("messages received", Align::Right),
        ("packets again", Align::Right),
        ("hops", Align::Right),
    ];
    let mut table = Table::new(&columns);
    for asset in &report.assets {
        let traffic = &asset.traffic;
        table.push(vec![
            asset.id.clone(),
            asset.kind.clone(),
            bytes(traffic.bytes_up),
            bytes(traffic.bytes_down),
            traffic.messages_up.to_string(),
            traffic.messages_down.to_string(),
            traffic.retransmissions.to_string(),
            traffic.hops.to_string(),
        ]);
    }
    table
}
