//! The verbs, one file each, and what they share.

mod budget;
mod catopt;
mod cert;
mod govern;
mod identity;
mod keygen;
mod ledger;
mod policy;
mod simulate;
mod solve;
mod sync;
mod validate;
mod variants;

use clap::{Parser, Subcommand};

use crate::exit::{Exit, Failure};

/// Plans a fleet whose assets keep their problems to themselves: only sums over the fleet are ever learnt.
#[derive(Debug, Parser)]
#[command(name = "cosmosmesh", version, about, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Rehearse a scenario: the fleet plans over simulated links, then the sol is integrated and checked
    Simulate(simulate::Simulate),
    /// Solve a fleet's problem from a file, with a certificate
    Solve(solve::Solve),
    /// Check a fleet's problem and say what it is made of
    Validate(validate::Validate),
    /// List the coordination methods
    Variants(variants::Variants),
    /// Exchange problems with other solvers, and judge plans from anywhere
    Catopt(catopt::Catopt),
    /// Make a key, or bring one back from its recovery sheets
    Keygen(keygen::Keygen),
    /// A log that nobody can rewrite unseen: append, prove, verify, witness
    Ledger(ledger::Ledger),
    /// What a fleet decides: propose, sign, apply, status
    Govern(govern::Govern),
    /// Look into the stores of replicas: what they hold, where two differ, what the state was
    Sync(sync::Sync),
    /// Short-lived certificates: issue, renew, verify, inspect
    Cert(cert::Cert),
    /// The names of keys, and identities that outlive them: show, resolve, begin, rotate, deactivate
    Identity(identity::Identity),
    /// Who may do what: check
    Policy(policy::Policy),
}

const AFTER_HELP: &str = "\
Examples:
  cosmosmesh simulate jezero-base --report out/
  cosmosmesh validate fleet.json
  cosmosmesh solve fleet.json --out result.json

Exit codes:
   0  optimal, or nothing was to be solved
   1  two stores differ (sync diff)
   2  infeasible: no plan exists, the result says which fleet rows prove it
   3  a limit was reached or Ctrl-C was pressed; the best safe plan was written, if there was one
   4  unbounded: the cost can fall without end
   5  the arithmetic broke down
   6  a simulated sol broke a limit
   7  a rule of governance refused a statement, which says what is needed
   8  a log, proof or certificate is not what was signed
   9  what is known does not settle it (cert verify)
  64  the input or the command line is wrong
  74  a result could not be written";

/// What a verb has to say: text for standard output, and how the program ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Written to standard output as it is.
    pub(crate) text: String,
    /// What the shell sees.
    pub(crate) exit: Exit,
}

impl Answer {
    /// Nothing went wrong.
    pub(crate) fn done(text: String) -> Self {
        Self { text, exit: Exit::Optimal }
    }
}

impl Cli {
    /// Does what the command line asks for.
    ///
    /// # Errors
    /// [`Failure`] in one sentence, with its exit code.
    pub(crate) fn run(&self) -> Result<Answer, Failure> {
        match &self.command {
            Command::Simulate(simulate) => simulate.run(),
            Command::Solve(solve) => solve.run(),
            Command::Validate(validate) => validate.run(),
            Command::Variants(variants) => Ok(variants.run()),
            Command::Catopt(catopt) => catopt.run(),
            Command::Keygen(keygen) => keygen.run(),
            Command::Ledger(ledger) => ledger.run(),
            Command::Govern(govern) => govern.run(),
            Command::Sync(sync) => sync.run(),
            Command::Cert(cert) => cert.run(),
            Command::Identity(identity) => identity.run(),
            Command::Policy(policy) => policy.run(),
        }
    }
}
