use core::fmt;
use std::collections::BTreeMap;

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::traits::{PrivacyLoss, Store, StoreError};

use super::record::Record;
use super::{Budget, Permit, RecordError, epsilon};

/// The budgets of one or many assets, kept in one stream of a store, and spent before anything leaves.
///
/// [`Ledger::spend`] returns a [`Permit`] only after what it allows is written and synced; a release without a permit does not compile.
/// A crash between the two costs the asset that release: the ledger may say more than was given away, never less.
/// Not defended: a disk that is put back to an earlier state, or that lies about syncing. Keep the stream in a store that a tamper-evident log witnesses.
/// # Privacy
/// Losses are worst cases over everything an asset might have sent, so the ledger itself tells nothing about an asset.
/// # Cost
/// Opening reads the stream once, and memory holds one line per account. Spending appends one record per asset and syncs once.
///
/// ```
/// use cosmosmesh_contracts::AssetId;
/// use cosmosmesh_contracts::conformance::MemoryStore;
/// use cosmosmesh_privacy::budget::{Budget, Ledger, LedgerError};
///
/// let rover = AssetId::new("rover-1")?;
/// let mut ledger = Ledger::open(MemoryStore::new(), "privacy/budget")?;
/// let budget = Budget::new(1.0, 1e-6)?;
/// ledger.grant(&rover, budget)?;
/// let permits = ledger.spend(&[(rover.clone(), budget.loss().shared_by(2))])?;
/// assert_eq!(permits.len(), 1);
/// // More than is left is refused, and nothing is written.
/// assert!(matches!(ledger.spend(&[(rover, budget.loss())]), Err(LedgerError::Overspent { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Ledger<S> {
    store: S,
    stream: String,
    accounts: BTreeMap<AssetId, Standing>,
    failed: bool,
}

/// How an account stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    budget: Budget,
    spent: PrivacyLoss,
    releases: u64,
}

impl Standing {
    /// What was granted.
    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// What was spent.
    pub fn spent(&self) -> PrivacyLoss {
        self.spent
    }

    /// What is left.
    pub fn left(&self) -> PrivacyLoss {
        self.budget.loss().less(self.spent).unwrap_or(PrivacyLoss::NONE)
    }

    /// How many releases were paid.
    pub fn releases(&self) -> u64 {
        self.releases
    }

    /// What was spent, as epsilon at the account's delta.
    pub fn epsilon_spent(&self) -> f64 {
        epsilon(self.spent, self.budget.delta())
    }

    /// By how much epsilon would grow if the rest were spent too. Epsilons do not add up, so this is a difference, not the epsilon of the rest alone.
    pub fn epsilon_left(&self) -> f64 {
        (self.budget.epsilon() - self.epsilon_spent()).max(0.0)
    }
}

/// Why a ledger did not do what it was asked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LedgerError {
    /// The store refused; after [`StoreError::Failed`] the ledger must be opened again.
    Store(StoreError),
    /// A record cannot be read: nothing is spent until the ledger is restored.
    Damaged {
        /// Which record of the stream, from zero.
        index: u64,
        /// How it shows.
        error: RecordError,
    },
    /// A record spends more than its account holds, or an account that was never opened: no program of ours wrote it.
    Impossible {
        /// Which record of the stream, from zero.
        index: u64,
    },
    /// The asset has no account.
    NoAccount {
        /// Which asset.
        asset: AssetId,
    },
    /// The account exists with another budget. A budget is granted once, or it would bound nothing.
    AlreadyGranted {
        /// Which asset.
        asset: AssetId,
        /// What it was granted.
        granted: Budget,
    },
    /// The release would cost more than is left. Nothing was written, for no asset.
    Overspent {
        /// Which asset.
        asset: AssetId,
        /// What the release costs.
        loss: PrivacyLoss,
        /// What is left.
        left: PrivacyLoss,
    },
    /// The store failed before; what was written last is not known.
    Closed,
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Damaged { index, error } => write!(f, "record {index} of the budget's ledger: {error}"),
            Self::Impossible { index } => write!(
                f,
                "record {index} of the budget's ledger spends what was never granted; restore the ledger from a copy"
            ),
            Self::NoAccount { asset } => write!(f, "{asset} has no budget; grant it one first"),
            Self::AlreadyGranted { asset, granted } => write!(
                f,
                "{asset} was granted epsilon {:.4} at delta {:e} and a budget is granted once; go on with that, or start a new ledger and say so to whoever relies on the old one",
                granted.epsilon(),
                granted.delta()
            ),
            Self::Overspent { asset, loss, left } => write!(
                f,
                "{asset} has {left} left of its privacy budget and this release costs {loss}; nothing was released. Use fewer rounds or more noise, or stop"
            ),
            Self::Closed => {
                f.write_str("the budget's ledger failed while writing; open it again to see what was spent")
            }
        }
    }
}

impl std::error::Error for LedgerError {}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<S: Store> Ledger<S> {
    /// How many records are read at once.
    const BATCH: usize = 4096;

    /// The ledger in this stream, as the last crash left it.
    ///
    /// # Errors
    /// [`LedgerError::Store`]; [`LedgerError::Damaged`] or [`LedgerError::Impossible`] name the record.
    pub fn open(mut store: S, stream: impl Into<String>) -> Result<Self, LedgerError> {
        let stream = stream.into();
        // What a crash left unsynced counts as spent, so it must not vanish in the next crash.
        store.sync()?;
        let mut accounts = BTreeMap::new();
        let mut index = 0;
        loop {
            let records = store.read(&stream, index, Self::BATCH)?;
            if records.is_empty() {
                return Ok(Self { store, stream, accounts, failed: false });
            }
            for bytes in records {
                let record = Record::read(&bytes).map_err(|error| LedgerError::Damaged { index, error })?;
                fold(&mut accounts, record).ok_or(LedgerError::Impossible { index })?;
                index += 1;
            }
        }
    }

    /// Opens an asset's account. The same budget again changes nothing.
    ///
    /// # Errors
    /// [`LedgerError::AlreadyGranted`] if it has another; [`LedgerError::Store`]; [`LedgerError::Closed`].
    pub fn grant(&mut self, asset: &AssetId, budget: Budget) -> Result<(), LedgerError> {
        self.is_open()?;
        if let Some(standing) = self.accounts.get(asset) {
            let granted = standing.budget;
            let same = granted == budget;
            return if same { Ok(()) } else { Err(LedgerError::AlreadyGranted { asset: asset.clone(), granted }) };
        }
        self.write(vec![Record::Grant { asset: asset.clone(), budget }])
    }

    /// Pays for one release of each of these assets, and returns once that is durable.
    ///
    /// # Errors
    /// [`LedgerError::Overspent`] or [`LedgerError::NoAccount`] for the first asset that cannot pay, and then nobody paid;
    /// [`LedgerError::Store`] or [`LedgerError::Closed`]: no permit, and some may have paid.
    pub fn spend(&mut self, losses: &[(AssetId, PrivacyLoss)]) -> Result<Vec<Permit>, LedgerError> {
        self.is_open()?;
        // An asset may be named twice; it pays for both.
        let mut together: BTreeMap<&AssetId, PrivacyLoss> = BTreeMap::new();
        for (asset, loss) in losses {
            let standing = self.accounts.get(asset).ok_or_else(|| LedgerError::NoAccount { asset: asset.clone() })?;
            let sum = together.entry(asset).or_default();
            *sum = sum.and(*loss);
            if standing.left() < *sum {
                return Err(LedgerError::Overspent { asset: asset.clone(), loss: *sum, left: standing.left() });
            }
        }
        self.write(losses.iter().map(|(asset, loss)| Record::Spend { asset: asset.clone(), loss: *loss }).collect())?;
        Ok(losses.iter().map(|(asset, loss)| Permit::new(asset.clone(), *loss)).collect())
    }

    /// How an asset's account stands.
    pub fn standing(&self, asset: &AssetId) -> Option<&Standing> {
        self.accounts.get(asset)
    }

    /// All accounts, in the order of their names.
    pub fn accounts(&self) -> impl Iterator<Item = (&AssetId, &Standing)> {
        self.accounts.iter()
    }

    /// The store, for whoever opens it again.
    pub fn into_store(self) -> S {
        self.store
    }

    fn is_open(&self) -> Result<(), LedgerError> {
        if self.failed { Err(LedgerError::Closed) } else { Ok(()) }
    }

    /// Appends, syncs, then believes it.
    fn write(&mut self, records: Vec<Record>) -> Result<(), LedgerError> {
        self.failed = true;
        for record in &records {
            self.store.append(&self.stream, &record.bytes())?;
        }
        self.store.sync()?;
        for record in records {
            let folded = fold(&mut self.accounts, record);
            assert!(folded.is_some(), "what is written was checked against the accounts");
        }
        self.failed = false;
        Ok(())
    }
}

/// Takes one record into the accounts; none if no program of ours could have written it there.
fn fold(accounts: &mut BTreeMap<AssetId, Standing>, record: Record) -> Option<()> {
    match record {
        Record::Grant { asset, budget } => match accounts.get(&asset) {
            Some(known) => (known.budget == budget).then_some(()),
            None => {
                accounts.insert(asset, Standing { budget, spent: PrivacyLoss::NONE, releases: 0 });
                Some(())
            }
        },
        Record::Spend { asset, loss } => {
            let standing = accounts.get_mut(&asset)?;
            standing.left().less(loss)?;
            standing.spent = standing.spent.and(loss);
            standing.releases += 1;
            Some(())
        }
    }
}
