//! Why a want was not fully planned: the rows that stand in its way, and what they are worth.

use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::problem::{AssetProblem, LocalProblem, Objective, ProblemError};
use cosmosmesh_contracts::traits::{Budget, LocalOutcome, LocalSolver, Wanted, WarmStart};
use cosmosmesh_solver_core::InteriorPoint;

use crate::fleet::Fleet;
use crate::report::{Binding, BindingScope};

/// An asset's own prices at the fleet's prices.
pub(crate) struct Prices<'a> {
    problem: &'a AssetProblem,
    fleet: &'a Fleet,
    fleet_prices: &'a [f64],
    own: Option<WarmStart>,
}

/// From a want to the rows that matter to it there are at most so many steps.
const STEPS: usize = 3;
/// Variables by which a want is supplied, by the stems of their names.
const SUPPLIES: [&str; 6] = ["stored_kwh[", "charge_kw[", "discharge_kw[", "bus_kw[", "memory_gbit[", "share:"];
/// A price below this part of the dearest one does not count.
const NOTABLE: f64 = 1e-3;
/// So many rows are named.
const NAMED_MAX: usize = 5;

impl<'a> Prices<'a> {
    /// Solves the asset's problem once more at the fleet's prices, for the prices of its own rows.
    ///
    /// # Errors
    /// [`ProblemError`] never for a problem that was planned with.
    pub(crate) fn find(
        problem: &'a AssetProblem,
        fleet: &'a Fleet,
        fleet_prices: &'a [f64],
    ) -> Result<Self, ProblemError> {
        let local = &problem.local;
        let mut q = local.objective().q.clone();
        if fleet_prices.len() == problem.coupling.row_count() {
            problem.coupling.transpose_multiply_add(fleet_prices, &mut q);
        }
        let objective = Objective { q, ..local.objective().clone() };
        let priced = LocalProblem::new(local.variables().clone(), objective, local.rows().clone())?;
        let own = match InteriorPoint.solve(&priced, None, Budget::default()).map(|report| report.outcome) {
            Ok(LocalOutcome::Optimal { solution, .. } | LocalOutcome::Stopped { solution }) => Some(solution),
            _ => None,
        };
        Ok(Self { problem, fleet, fleet_prices, own })
    }

    /// The rows that stand between a want and its fulfilment, the dearest first.
    pub(crate) fn binding(&self, wanted: &Wanted) -> Vec<Binding> {
        let Some(own) = &self.own else { return Vec::new() };
        let local = &self.problem.local;
        let dearest = own.row_multipliers.iter().chain(&own.bound_multipliers).chain(self.fleet_prices);
        let notable = NOTABLE * dearest.fold(0.0_f64, |worst, price| worst.max(price.abs()));

        let mut found: BTreeMap<String, Binding> = BTreeMap::new();
        let mut columns: BTreeSet<usize> = wanted.parts.iter().map(|part| part.column).collect();
        let mut rows: BTreeSet<usize> = BTreeSet::new();
        for _ in 0..STEPS {
            let reached: BTreeSet<usize> = columns
                .iter()
                .flat_map(|&column| local.rows().matrix.column(column).map(|entry| entry.0))
                .filter(|&row| own.row_multipliers[row].abs() > notable && !rows.contains(&row))
                // A goal's own row says what the want is worth, not what stands in its way.
                .filter(|&row| !local.rows().names[row].ends_with("_goal"))
                .collect();
            for &row in &reached {
                // Balances and the rows that tie a share to its use pass a price on; the limit behind them is what is named.
                let name = &local.rows().names[row];
                if !local.rows().bounds.is_equality(row) && !name.contains("_share[") {
                    self.note(&mut found, name, BindingScope::Own, own.row_multipliers[row]);
                }
            }
            rows.extend(&reached);
            // Stores, plugs and shares supply the want; other activities in the same row only compete with it.
            let supplies = |column: &usize| {
                let name = &local.variables().names[*column];
                SUPPLIES.iter().any(|stem| name.starts_with(stem))
            };
            let entries = local.rows().matrix.triplets().filter(|entry| reached.contains(&entry.0));
            columns.extend(entries.map(|entry| entry.1).filter(supplies));
        }
        for (column, price) in own.bound_multipliers.iter().enumerate().filter(|bound| bound.1.abs() > notable) {
            let name = &local.variables().names[column];
            // A balance ties all slots together, so the store's limits matter wherever they bind.
            let store = self.is_store(name) && columns.iter().any(|&k| self.is_store(&local.variables().names[k]));
            let pushed_up = *price > 0.0;
            if (columns.contains(&column) && pushed_up) || store {
                let side = if pushed_up { "at most" } else { "at least" };
                self.note(&mut found, &format!("{side} {name}"), BindingScope::Own, *price);
            }
        }
        let fleet_rows = columns.iter().flat_map(|&column| self.problem.coupling.column(column).map(|entry| entry.0));
        for row in fleet_rows.collect::<BTreeSet<_>>() {
            let price = self.fleet_prices.get(row).copied().unwrap_or(0.0);
            if price.abs() > notable {
                self.note(&mut found, &self.fleet.coupling.names[row], BindingScope::Fleet, price);
            }
        }
        let mut binding: Vec<Binding> = found.into_values().collect();
        let price = |b: &Binding| b.price.unwrap_or(0.0);
        binding.sort_by(|a, b| price(b).total_cmp(&price(a)).then_with(|| a.row.cmp(&b.row)));
        binding.truncate(NAMED_MAX);
        binding
    }

    fn is_store(&self, name: &str) -> bool {
        name.starts_with("stored_kwh[") || name.starts_with("memory_gbit[")
    }

    /// Adds a row; rows of one kind in several slots become one entry with the highest price.
    fn note(&self, found: &mut BTreeMap<String, Binding>, name: &str, scope: BindingScope, price: f64) {
        let kind = name.split('[').next().unwrap_or(name);
        let (start_ms, end_ms) = self.when(name);
        let price = price.abs();
        let unit = unit(kind);
        let entry = found.entry(format!("{scope:?} {kind}")).or_insert_with(|| Binding {
            row: kind.to_owned(),
            scope,
            price: Some(price),
            unit: unit.to_owned(),
            start_ms,
            end_ms,
        });
        entry.price = entry.price.map(|known| known.max(price));
        entry.start_ms = entry.start_ms.min(start_ms);
        entry.end_ms = entry.end_ms.max(end_ms);
    }

    /// The time that a row's name speaks of: `kind[slot]`, `kind[pass]`, `kind[contact@slot]`; else the whole horizon.
    fn when(&self, name: &str) -> (i64, i64) {
        let horizon = self.fleet.rows.horizon();
        let index = name.split_once('[').and_then(|(_, rest)| rest.strip_suffix(']')).unwrap_or("");
        if let Some(pass) = self.fleet.passes.iter().find(|pass| pass.name == index) {
            return (pass.span.start_ms, pass.span.end_ms);
        }
        let slot = index.rsplit('@').next().and_then(|slot| slot.parse::<usize>().ok());
        match slot.filter(|slot| *slot < horizon.len()) {
            Some(slot) => (horizon.slot_start(slot).as_ms(), horizon.slot_end(slot).as_ms()),
            None => (horizon.start.as_ms(), horizon.end().as_ms()),
        }
    }
}

/// The unit of a row or variable of the vehicles' problems, by its name.
pub(crate) fn unit(kind: &str) -> &'static str {
    let kind = kind.rsplit(' ').next().unwrap_or(kind);
    let known = [
        ("bus_kwh", "kWh"),
        ("relay_gbit", "Gbit"),
        ("corridor", "share"),
        ("bus_share", "kWh"),
        ("relay_share", "Gbit"),
        ("memory", "Gbit"),
        ("power", "kW"),
        ("final_charge", "kWh"),
    ];
    let of_suffix = [("_kwh", "kWh"), ("_kw", "kW"), ("_gbit", "Gbit")];
    let named = known.iter().find(|(name, _)| kind.starts_with(name));
    let suffixed = of_suffix.iter().find(|(suffix, _)| kind.ends_with(suffix));
    named.or(suffixed).map_or("share", |found| found.1)
}
