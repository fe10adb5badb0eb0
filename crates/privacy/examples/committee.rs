//! How many masks a committee costs, and how many guardians may be missing.
use cosmosmesh_privacy::mask::Committee;

#[allow(clippy::print_stdout, reason = "an example shows what it found")]
fn main() -> Result<(), cosmosmesh_privacy::mask::CommitteeError> {
    for guardians in 3..=7 {
        let committee = Committee::of(guardians)?;
        let (t, f, masks) = (committee.threshold(), committee.corrupt(), committee.subsets().len());
        println!("{guardians} guardians: {t} open a round, {f} may be corrupt, {masks} masks an asset");
    }
    Ok(())
}
