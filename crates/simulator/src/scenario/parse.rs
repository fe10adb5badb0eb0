use std::collections::BTreeMap;

use cosmosmesh_contracts::round::WordWidth;
use cosmosmesh_contracts::{AssetId, Horizon, MissionTime};

use super::closing::closing;
use super::reader::{At, Source, Table};
use super::vehicle::vehicle;
use super::{
    AssetSpec, ContactSpec, Draw, Earth, FaultSpec, LinkSpec, PassSpec, Planning, Scenario, ScenarioError,
    ScenarioErrorKind as Kind, Uncertainty,
};
use crate::geometry::{Site, Sky, Sun};
use crate::link::{LinkQuality, Windows};
use crate::report::Span;

/// The most assets of one scenario.
const ASSETS_MAX: usize = 200;
/// A century: beyond it nothing is planned.
const TIME_S: std::ops::RangeInclusive<f64> = 0.0..=3.2e9;
/// A year of Mars: orbits are followed from the epoch to the end of the horizon in steps of seconds.
const START_S: std::ops::RangeInclusive<f64> = 0.0..=6e7;
/// A hundred sols: every asset's horizon is forecast and integrated in steps of seconds.
const LENGTH_S: std::ops::RangeInclusive<f64> = 0.0..=9e6;

type Result<T> = std::result::Result<T, ScenarioError>;

pub(super) fn scenario(file: &str, text: &str) -> Result<Scenario> {
    let source = Source::new(file, text)?;
    let document = source.parse()?;
    let mut root = Table::new(source, "the scenario", 0..0, document.get_ref());
    let name = root.text("name")?.value;
    let description = root.text("description")?.value;
    let epoch = root.text("epoch")?.value;
    let horizon = horizon(root.table("horizon")?)?;
    let (site, sun) = place(root.table("site")?)?;
    let sky = sky(root.table("sky")?)?;
    let (bus_limit_wh, corridor_limit) = shared(root.table("shared")?)?;
    let earth = earth(root.optional_table("earth")?)?;
    let mask_deg = root.optional_number("relay_mask_deg", 0.0..=80.0)?.unwrap_or(10.0);
    let uncertainty = uncertainty(root.table("uncertainty")?)?;

    let mut tables = root.tables("asset")?;
    if tables.is_empty() {
        return Err(source.whole(Kind::NoAssets));
    }
    if tables.len() > ASSETS_MAX {
        let reason = format!("{} assets; at most {ASSETS_MAX} are simulated", tables.len());
        return Err(tables[ASSETS_MAX].error(Kind::Contradiction { reason }));
    }
    let mut places = Vec::with_capacity(tables.len());
    let mut assets = Vec::with_capacity(tables.len());
    let mut lines = BTreeMap::new();
    for table in &mut tables {
        let id = table.text("id")?;
        if let Some(&first_line) = lines.get(&id.value) {
            return Err(source.at(&id.span, Kind::Duplicate { id: id.value, first_line }));
        }
        lines.insert(id.value.clone(), source.line(&id.span));
        let span = id.span.clone();
        let id = AssetId::new(id.value).map_err(|error| source.at(&span, Kind::Id { error }))?;
        places.push(span);
        let vehicle = vehicle(table)?;
        assets.push(AssetSpec {
            id,
            vehicle,
            battery_start_fraction: table.optional_number("battery_start_fraction", 0.0..=1.0)?.unwrap_or(0.8),
            stored_start_mbit: table.optional_number("stored_start_mbit", 0.0..=1e9)?.unwrap_or(0.0),
        });
    }
    for table in tables {
        table.finish()?;
    }

    let index = |key: &str, at: &At<String>| -> Result<usize> {
        let found = assets.iter().position(|asset| asset.id.as_str() == at.value);
        found.ok_or_else(|| source.at(&at.span, Kind::UnknownAsset { key: key.to_owned(), id: at.value.clone() }))
    };
    // Whoever has the most power computes, unless the scenario says otherwise.
    let habitat = assets.iter().position(|asset| asset.vehicle.kind() == "habitat");
    let mut planning = planning(root.table("planning")?, &index, habitat.unwrap_or(0))?;
    let links: Vec<LinkSpec> =
        root.tables("link")?.into_iter().map(|table| link(table, &index, &assets)).collect::<Result<_>>()?;
    if planning.guardians.is_empty() {
        planning.guardians = well_linked(&links, planning.facilitator, assets.len());
    }
    let closing = closing(root.optional_table("closing")?, &index, planning.facilitator, &planning.guardians)?;
    let passes = passes(root.tables("pass")?)?;
    let faults = root.tables("fault")?.into_iter().map(|table| fault(table, &index, &links)).collect::<Result<_>>()?;
    root.finish()?;

    let scenario = Scenario {
        name,
        description,
        epoch,
        horizon,
        planning,
        site,
        sun,
        sky,
        bus_limit_wh,
        corridor_limit,
        earth,
        mask_deg,
        assets,
        links,
        passes,
        faults,
        uncertainty,
        closing,
    };
    if let Some(lost) = scenario.unreachable() {
        let facilitator = scenario.assets[scenario.planning.facilitator].id.to_string();
        let asset = scenario.assets[lost].id.to_string();
        return Err(source.at(&places[lost], Kind::Unreachable { asset, facilitator }));
    }
    Ok(scenario)
}

fn horizon(mut table: Table<'_>) -> Result<Horizon> {
    let start_s = table.number("start_s", START_S)?;
    let slots = table.integer("slot_count", 1..=i64::from(Horizon::SLOTS_MAX))?;
    let length_ms = match table.optional_number("length_s", LENGTH_S)? {
        Some(length_s) => (length_s * 1000.0).round() as i64,
        None => Horizon::SOL_MS,
    };
    let start = MissionTime((start_s * 1000.0).round() as i64);
    let horizon = Horizon::divide(start, length_ms, slots as u32);
    let horizon = horizon.map_err(|error| table.error(Kind::Contradiction { reason: error.to_string() }))?;
    table.finish()?;
    Ok(horizon)
}

fn place(mut table: Table<'_>) -> Result<(Site, Sun)> {
    let site = Site {
        latitude_deg: table.number("latitude_deg", -90.0..=90.0)?,
        longitude_deg: table.number("longitude_deg", -360.0..=360.0)?,
    };
    let sun = Sun {
        solar_longitude_deg: table.number("solar_longitude_deg", 0.0..=360.0)?,
        local_time_h: table.number("local_time_at_epoch_h", 0.0..=24.0)?,
    };
    table.finish()?;
    Ok((site, sun))
}

fn sky(mut table: Table<'_>) -> Result<Sky> {
    let sky = Sky {
        optical_depth: table.number("optical_depth", 0.0..=20.0)?,
        temperature_mean_c: table.number("temperature_mean_c", -150.0..=50.0)?,
        temperature_swing_c: table.number("temperature_swing_c", 0.0..=80.0)?,
    };
    table.finish()?;
    Ok(sky)
}

fn shared(mut table: Table<'_>) -> Result<(Option<f64>, Option<f64>)> {
    let bus = table.optional_number("bus_slot_wh", 0.0..=1e9)?;
    let corridor = table.optional_number("corridor_count", 0.0..=100.0)?;
    table.finish()?;
    Ok((bus, corridor))
}

fn earth(table: Option<Table<'_>>) -> Result<Earth> {
    let Some(mut table) = table else { return Ok(Earth::default()) };
    let station = table.text("station")?.value;
    let tracking = spans(&mut table, "tracking_s")?.unwrap_or_default();
    table.finish()?;
    Ok(Earth { station, tracking })
}

fn uncertainty(mut table: Table<'_>) -> Result<Uncertainty> {
    let uncertainty = Uncertainty {
        generation_fraction: table.number("generation_fraction", 0.0..=0.9)?,
        keep_alive_fraction: table.number("keep_alive_fraction", 0.0..=0.9)?,
        efficiency_fraction: table.number("efficiency_fraction", 0.0..=0.9)?,
        rate_fraction: table.number("rate_fraction", 0.0..=0.9)?,
        draw: table.choice("draw", &[("random", Draw::Random), ("worst", Draw::Worst)])?,
    };
    table.finish()?;
    Ok(uncertainty)
}

fn planning(
    mut table: Table<'_>,
    index: &dyn Fn(&str, &At<String>) -> Result<usize>,
    default: usize,
) -> Result<Planning> {
    let facilitator = match table.optional_text("facilitator")? {
        Some(id) => index("facilitator", &id)?,
        None => default,
    };
    let guardians = match table.optional_texts("guardians")? {
        Some(named) => guardians(&table, &named, index)?,
        // Those with the best links are known once links are.
        None => Vec::new(),
    };
    let masked = match table.optional_text("sum")? {
        None => true,
        Some(sum) if sum.value == "masked" => true,
        Some(sum) if sum.value == "plain" => false,
        Some(_) => {
            let reason = "the sum is `masked` or `plain`".to_owned();
            return Err(table.error_at("sum", Kind::Contradiction { reason }));
        }
    };
    let solve_ms = table.integer("solve_ms", 0..=86_400_000)?;
    let timeout_s = table.optional_number("round_timeout_s", 1.0..=1e9)?;
    let answer_s = table.optional_number("answer_timeout_s", 1.0..=1e9)?;
    let opening_s = table.optional_number("opening_timeout_s", 1.0..=1e9)?;
    let words = match table.optional_integer("word_bits", 48..=64)? {
        None | Some(64) => WordWidth::Bits64,
        Some(48) => WordWidth::Bits48,
        Some(bits) => {
            let reason = format!("words of {bits} bits; choose 48 or 64");
            return Err(table.error_at("word_bits", Kind::Contradiction { reason }));
        }
    };
    let ahead = match table.optional_text("openings")? {
        None => true,
        Some(when) if when.value == "ahead" => true,
        Some(when) if when.value == "after" => false,
        Some(_) => {
            let reason = "guardians open `ahead` or `after`".to_owned();
            return Err(table.error_at("openings", Kind::Contradiction { reason }));
        }
    };
    table.finish()?;
    let milliseconds = |s: f64| (s * 1000.0).round() as i64;
    Ok(Planning {
        facilitator,
        guardians,
        masked,
        solve_ms,
        round_timeout_ms: timeout_s.map(milliseconds),
        answer_timeout_ms: answer_s.map(milliseconds),
        opening_timeout_ms: opening_s.map(milliseconds),
        words,
        ahead,
    })
}

/// The assets named as guardians: a committee, each named once.
fn guardians(
    table: &Table<'_>,
    named: &[At<String>],
    index: &dyn Fn(&str, &At<String>) -> Result<usize>,
) -> Result<Vec<usize>> {
    let places: Vec<usize> = named.iter().map(|id| index("guardians", id)).collect::<Result<_>>()?;
    let twice = (1..places.len()).find(|k| places[..*k].contains(&places[*k]));
    if let Some(k) = twice {
        let reason = format!("guardian \"{}\" is named twice; name each once", named[k].value);
        return Err(table.error_at("guardians", Kind::Contradiction { reason }));
    }
    if let Err(error) = cosmosmesh_privacy::mask::Committee::of(u8::try_from(places.len()).unwrap_or(u8::MAX)) {
        return Err(table.error_at("guardians", Kind::Contradiction { reason: error.to_string() }));
    }
    Ok(places)
}

const GUARDIANS_DEFAULT: usize = 4;

/// The facilitator, and those that it hears best: first by links that are always open, then by rate, then in their order.
fn well_linked(links: &[LinkSpec], facilitator: usize, asset_count: usize) -> Vec<usize> {
    let quality = |k: usize| {
        let direct = |link: &&LinkSpec| link.between == (k, facilitator) || link.between == (facilitator, k);
        let best = |link: &LinkSpec| (link.contacts == ContactSpec::Always, link.quality.rate_bps);
        links.iter().filter(direct).map(best).fold((false, 0.0), |a, b| if b > a { b } else { a })
    };
    let mut others: Vec<usize> = (0..asset_count).filter(|k| *k != facilitator).collect();
    others.sort_by(|a, b| {
        let ((a_open, a_rate), (b_open, b_rate)) = (quality(*a), quality(*b));
        b_open.cmp(&a_open).then(b_rate.total_cmp(&a_rate))
    });
    core::iter::once(facilitator).chain(others).take(GUARDIANS_DEFAULT).collect()
}

fn pair(
    table: &mut Table<'_>,
    key: &'static str,
    index: &dyn Fn(&str, &At<String>) -> Result<usize>,
) -> Result<(usize, usize)> {
    let ends = table.texts(key)?;
    let [a, b] = ends.as_slice() else {
        let reason = format!("`{key}` names {} assets; a link joins two", ends.len());
        return Err(table.error_at(key, Kind::Contradiction { reason }));
    };
    let pair = (index(key, a)?, index(key, b)?);
    if pair.0 == pair.1 {
        let reason = format!("`{key}` joins \"{}\" to itself; name two assets", a.value);
        return Err(table.error_at(key, Kind::Contradiction { reason }));
    }
    Ok(pair)
}

fn link(
    mut table: Table<'_>,
    index: &dyn Fn(&str, &At<String>) -> Result<usize>,
    assets: &[AssetSpec],
) -> Result<LinkSpec> {
    let between = pair(&mut table, "between", index)?;
    let quality = LinkQuality {
        delay_ms: table.integer("delay_ms", 0..=7_200_000)? as u32,
        rate_bps: table.number("rate_bps", 1.0..=1e12)?,
        loss: table.optional_number("loss_fraction", 0.0..=0.9)?.unwrap_or(0.0),
    };
    let listed = spans(&mut table, "windows_s")?;
    let contacts = match (listed, table.optional_text("open")?) {
        (Some(_), Some(_)) => {
            let reason = "a link has either `windows_s` or `open`; remove one of them".to_owned();
            return Err(table.error_at("open", Kind::Contradiction { reason }));
        }
        (Some(spans), None) => ContactSpec::Listed(spans),
        (None, None) => ContactSpec::Always,
        (None, Some(word)) => match word.value.as_str() {
            "always" => ContactSpec::Always,
            "in_sight" => ContactSpec::InSight,
            _ => {
                let kind = Kind::UnknownChoice {
                    key: "open".to_owned(),
                    value: word.value,
                    choices: vec!["always", "in_sight"],
                };
                return Err(table.source().at(&word.span, kind));
            }
        },
    };
    let on_the_ground = |k: usize| assets[k].vehicle.orbit().is_none();
    if contacts == ContactSpec::InSight && on_the_ground(between.0) && on_the_ground(between.1) {
        let reason = "`in_sight` needs an orbiter at one end; use \"always\" or `windows_s` on the ground".to_owned();
        return Err(table.error_at("open", Kind::Contradiction { reason }));
    }
    table.finish()?;
    Ok(LinkSpec { between, quality, contacts })
}

fn passes(tables: Vec<Table<'_>>) -> Result<Vec<PassSpec>> {
    let mut lines = BTreeMap::new();
    let mut passes = Vec::with_capacity(tables.len());
    for mut table in tables {
        let (name, relay) = (table.text("name")?, table.text("relay")?);
        let line = table.source().line(&name.span);
        if let Some(first_line) = lines.insert(name.value.clone(), line) {
            return Err(table.source().at(&name.span, Kind::Duplicate { id: name.value, first_line }));
        }
        if let Err(error) = AssetId::new(relay.value.as_str()) {
            return Err(table.source().at(&relay.span, Kind::Id { error }));
        }
        let (start_s, end_s) = (table.number("start_s", TIME_S)?, table.number("end_s", TIME_S)?);
        let span = span(&table, "end_s", start_s, end_s)?;
        let rate_bps = table.number("rate_bps", 1.0..=1e9)?;
        table.finish()?;
        passes.push(PassSpec { name: name.value, relay: relay.value, span, rate_bps });
    }
    passes.sort_by_key(|pass| (pass.span.start_ms, pass.span.end_ms));
    Ok(passes)
}

fn fault(
    mut table: Table<'_>,
    index: &dyn Fn(&str, &At<String>) -> Result<usize>,
    links: &[LinkSpec],
) -> Result<FaultSpec> {
    let between = pair(&mut table, "cut", index)?;
    let same = |link: &LinkSpec| link.between == between || link.between == (between.1, between.0);
    if !links.iter().any(same) {
        let reason = "`cut` names two assets without a [[link]]; name the ends of a link".to_owned();
        return Err(table.error_at("cut", Kind::Contradiction { reason }));
    }
    let start_s = table.number("start_s", TIME_S)?;
    let span = match table.optional_number("end_s", TIME_S)? {
        Some(end_s) => span(&table, "end_s", start_s, end_s)?,
        None => Span { start_ms: (start_s * 1000.0).round() as i64, end_ms: Windows::FOREVER_MS },
    };
    table.finish()?;
    Ok(FaultSpec::Cut { between, span })
}

fn span(table: &Table<'_>, key: &str, start_s: f64, end_s: f64) -> Result<Span> {
    let span = Span { start_ms: (start_s * 1000.0).round() as i64, end_ms: (end_s * 1000.0).round() as i64 };
    if span.end_ms > span.start_ms {
        return Ok(span);
    }
    let reason = format!("ends at {end_s} s, not after its start at {start_s} s; swap or correct them");
    Err(table.error_at(key, Kind::Contradiction { reason }))
}

/// A list of pairs of seconds.
fn spans(table: &mut Table<'_>, key: &'static str) -> Result<Option<Vec<Span>>> {
    let Some(pairs) = table.optional_pairs(key, TIME_S)? else { return Ok(None) };
    let span = |(start_s, end_s): (f64, f64)| span(table, key, start_s, end_s);
    pairs.into_iter().map(span).collect::<Result<_>>().map(Some)
}
