use cosmosmesh_contracts::problem::FleetProblem;

use crate::figure::count;

/// Fewer assets than this in a sum, and the sum speaks about one of them.
const SUPPORT_MIN: usize = 3;

/// Sentences about the fleet rows that so few assets touch that the sum over the fleet gives one of them away: by name, with a remedy.
///
/// Which rows an asset touches is public, so this says nothing that is not known.
pub(crate) fn warnings(fleet: &FleetProblem) -> Vec<String> {
    let mut users = vec![0_usize; fleet.row_count()];
    for asset in fleet.assets() {
        let mut touched = vec![false; fleet.row_count()];
        asset.coupling.triplets().filter(|t| t.2 != 0.0).for_each(|t| touched[t.0] = true);
        touched.iter().zip(&mut users).for_each(|(touched, users)| *users += usize::from(*touched));
    }
    let names = |wanted: &dyn Fn(usize) -> bool| {
        let names = users.iter().zip(&fleet.coupling().names);
        names.filter(|(n, _)| wanted(**n)).map(|(_, name)| name.as_str()).collect::<Vec<_>>()
    };
    let mut warnings = Vec::new();
    let alone = names(&|n| n == 1);
    if !alone.is_empty() {
        warnings.push(format!(
            "{} used by one asset only ({}): the sum over the fleet is that asset's private use; make it a private row, or let more assets share it",
            verb(alone.len(), "fleet row"),
            list(&alone)
        ));
    }
    let few = names(&|n| n > 1 && n < SUPPORT_MIN);
    if !few.is_empty() {
        warnings.push(format!(
            "{} used by two assets only ({}): each can subtract its own part from the sum and learn the other's; let at least three share a row",
            verb(few.len(), "fleet row"),
            list(&few)
        ));
    }
    warnings
}

/// `1 fleet row is`, `2 fleet rows are`.
pub(crate) fn verb(n: usize, noun: &str) -> String {
    format!("{} {}", count(n, noun), if n == 1 { "is" } else { "are" })
}

/// The first names, and how many more there are.
pub(crate) fn list(names: &[&str]) -> String {
    const SHOWN: usize = 4;
    let shown = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}
