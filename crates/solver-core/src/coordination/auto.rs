use cosmosmesh_contracts::plan::{Outcome, Status};
use cosmosmesh_contracts::problem::Coupling;
use cosmosmesh_contracts::round::{RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, Step};

use super::{AdmmAdaptive, Fan, Link, Menu, Method, Options};

/// The default: takes the method that suits size and link, and hands over to another when a run stands still.
///
/// Without a link it is [`Menu`] up to [`Menu::ROWS_MAX`] rows and [`AdmmAdaptive`] beyond.
/// With a link it is whichever of menu, thin menu and adaptive ADMM has the least predicted time: rounds times delay plus bytes over rate.
/// A link without delay and with an infinite rate means that all is on one machine; then [`Fan`] has the least computing.
/// A thin menu that stands still becomes a full one.
/// A menu or fan that stands still, breaks down or uses up its rounds is followed by adaptive ADMM, which starts from the best plan and the best prices;
/// bounds, plans and their certificate are kept, so nothing that was proven or safe is lost.
///
/// # Class
/// As of the method that runs. Where assets may be away only the menu can run, and nothing is handed over.
/// # Privacy
/// The sums of the methods that run. The choice depends on the number of rows, the link and the sums, all known to the coordinator.
/// # Stop
/// The same certificate as every method.
/// # Cost
/// As of the methods that run.
/// # Source
/// docs/math/federated-solver.md#auto.
pub struct Auto {
    coupling: Coupling,
    asset_count: usize,
    options: Options,
    running: Running,
    /// The least error after each round of the menu or the fan.
    errors: Vec<f64>,
    rounds_max: u32,
}

enum Running {
    Menu(Box<Menu>),
    Fan(Box<Fan>),
    Adaptive(Box<AdmmAdaptive>),
}

/// A run whose least error has not been halved in so many rounds stands still; no run that ends well was seen to.
const PATIENCE: usize = 15;
/// The same for a thin menu, which then becomes a full one.
const PATIENCE_THIN: usize = 4;
/// The rounds of a run in all; those of adaptive ADMM are small.
const ROUNDS_MAX: u32 = 2000;
/// The rounds after which a menu or a fan is given up.
const MENU_ROUNDS: u32 = 60;

impl Auto {
    /// A coordinator for a fleet of `asset_count` assets that share these rows.
    ///
    /// # Errors
    /// [`CoordinationError::Unsupported`] if a warm start has another number of rows, a link is no link,
    /// or assets may be away and the rows are more than a curvature can have.
    pub fn new(coupling: &Coupling, asset_count: usize, options: &Options) -> Result<Self, CoordinationError> {
        if options.link.is_some_and(|link| !link.is_usable()) {
            let reason = "a link needs a delay of at least zero and a rate above zero".to_owned();
            return Err(CoordinationError::Unsupported { reason });
        }
        let (method, thin) = choose(coupling.bounds.len(), options);
        let mut options = options.clone();
        options.thin = thin;
        let rounds_max = options.rounds_max.unwrap_or(ROUNDS_MAX);
        let short = Options { rounds_max: Some(rounds_max.min(MENU_ROUNDS)), ..options.clone() };
        let running = match method {
            Method::Menu => Running::Menu(Box::new(Menu::new(coupling, asset_count, &short)?)),
            Method::Fan => Running::Fan(Box::new(Fan::new(coupling, asset_count, &short)?)),
            _ => Running::Adaptive(Box::new(AdmmAdaptive::new(coupling, asset_count, &options)?)),
        };
        let coupling = coupling.clone();
        Ok(Self { coupling, asset_count, options, running, errors: Vec::new(), rounds_max })
    }

    /// Which method asks the next question.
    pub fn method(&self) -> Method {
        match &self.running {
            Running::Menu(_) => Method::Menu,
            Running::Fan(_) => Method::Fan,
            Running::Adaptive(_) => Method::AdmmAdaptive,
        }
    }

    fn inner(&mut self) -> &mut dyn Coordination {
        match &mut self.running {
            Running::Menu(menu) => menu.as_mut(),
            Running::Fan(fan) => fan.as_mut(),
            Running::Adaptive(adaptive) => adaptive.as_mut(),
        }
    }

    /// Whether the run of the menu or the fan is to be continued by another method.
    fn is_to_be_handed_over(&self, outcome: &Outcome, step: Step) -> bool {
        let open = matches!(outcome.status, Status::RoundLimit | Status::Numerical);
        if !open || outcome.rounds >= self.rounds_max || self.options.absence {
            return false;
        }
        step == Step::Done || stands_still(&self.errors, PATIENCE)
    }

    /// Adaptive ADMM from where the menu or the fan stands.
    fn hand_over(&mut self) -> Result<Step, CoordinationError> {
        let relayed = match &self.running {
            Running::Menu(menu) => menu.relay(),
            Running::Fan(fan) => fan.follower.relay(),
            Running::Adaptive(_) => return Ok(Step::Continue),
        };
        // Before the first sum there is nothing to hand over, and no sum was absorbed that could ask for it.
        let Some(mut relayed) = relayed else { return Ok(Step::Done) };
        relayed.evidence.status = Status::RoundLimit;
        let options = Options { rounds_max: Some(self.rounds_max), ..self.options.clone() };
        let adaptive = AdmmAdaptive::resume(&self.coupling, self.asset_count, &options, relayed)?;
        self.running = Running::Adaptive(Box::new(adaptive));
        Ok(Step::Continue)
    }
}

/// Whether the least error was not halved in the last `patience` rounds.
fn stands_still(errors: &[f64], patience: usize) -> bool {
    let earlier = errors.len().checked_sub(patience + 1).map(|k| errors[k]);
    match (earlier, errors.last()) {
        (Some(earlier), Some(last)) => *last > 0.5 * earlier,
        _ => false,
    }
}

/// The method for so many rows, and whether it saves bytes.
pub(super) fn choose(m: usize, options: &Options) -> (Method, bool) {
    if options.absence {
        return (Method::Menu, options.thin);
    }
    if m > Menu::ROWS_MAX {
        return (Method::AdmmAdaptive, false);
    }
    let Some(link) = &options.link else { return (Method::Menu, options.thin) };
    if link.two_way_delay_s == 0.0 && link.rate_bytes_per_s.is_infinite() {
        return (Method::Fan, false);
    }
    let plans = [Plan::menu(m), Plan::thin(m), Plan::adaptive(m)];
    let time = |plan: &Plan| plan.predicted_s(link, options.tolerance);
    let [menu, thin, adaptive] = plans.map(|plan| time(&plan));
    if menu <= thin.min(adaptive) && !options.thin {
        (Method::Menu, false)
    } else if thin <= adaptive {
        (Method::Menu, true)
    } else {
        (Method::AdmmAdaptive, false)
    }
}

/// What a method is expected to need: rounds to two accuracies, as measured, and bytes per round.
struct Plan {
    /// To 1e-3 and to 1e-6, the mean over degenerate fleets; docs/math/solver-experiments.md#methods-side-by-side.
    rounds: (f64, f64),
    numbers: f64,
}

impl Plan {
    fn menu(m: usize) -> Self {
        Self { rounds: (9.0, 14.0), numbers: 8.0 * (points(m) + curvature(m)) + 2.0 * bound(m) }
    }

    fn thin(m: usize) -> Self {
        Self { rounds: (11.0, 20.0), numbers: 4.0 * points(m) + curvature(m) + 2.0 * bound(m) }
    }

    fn adaptive(m: usize) -> Self {
        // Its rounds grow with the rows: 60 on average at 24, 160 at 96.
        let more = (m as f64 / 24.0).max(0.25).powf(0.7);
        Self { rounds: (60.0 * more, 380.0 * more), numbers: points(m) + 13.0 + 0.2 * bound(m) }
    }

    fn predicted_s(&self, link: &Link, tolerance: f64) -> f64 {
        // Rounds grow as a power of the accuracy; between and beyond the two that were measured, along the same line.
        let share = (-tolerance.log10() - 3.0) / 3.0;
        let rounds = self.rounds.0 * (self.rounds.1 / self.rounds.0).powf(share);
        link.predicted_s(rounds.max(2.0), 8.0 * self.numbers)
    }
}

/// Numbers of a point, down and up: prices and barrier, use and cost.
fn points(m: usize) -> f64 {
    2.0 * m as f64 + 4.0
}

/// Numbers of a response with its curvature.
fn curvature(m: usize) -> f64 {
    let m = m as f64;
    0.5 * m * (m + 1.0) + 2.0 * m + 2.0
}

/// Numbers of a bound with its plan.
fn bound(m: usize) -> f64 {
    m as f64 + 3.0
}

impl Coordination for Auto {
    fn query(&mut self) -> Result<RoundQuery, CoordinationError> {
        self.inner().query()
    }

    fn absorb(&mut self, sum: &SummedReport) -> Result<Step, CoordinationError> {
        let step = self.inner().absorb(sum)?;
        self.errors.push(match &self.running {
            Running::Menu(menu) => menu.error(),
            Running::Fan(fan) => fan.follower.evidence.error(),
            Running::Adaptive(_) => return Ok(step),
        });
        // A thin menu can refuse its one candidate for ever; with all curvatures the run goes on from where it is.
        let relieved = step == Step::Continue && self.options.thin && stands_still(&self.errors, PATIENCE_THIN);
        if let (true, Running::Menu(menu)) = (relieved, &mut self.running)
            && menu.thicken()
        {
            self.options.thin = false;
            self.errors.clear();
            return Ok(step);
        }
        if self.is_to_be_handed_over(&self.outcome(), step) { self.hand_over() } else { Ok(step) }
    }

    fn outcome(&self) -> Outcome {
        match &self.running {
            Running::Menu(menu) => menu.outcome(),
            Running::Fan(fan) => fan.outcome(),
            Running::Adaptive(adaptive) => adaptive.outcome(),
        }
    }
}

#[cfg(test)]
mod tests {
    use cosmosmesh_contracts::conformance::fleet_cases;
    use cosmosmesh_contracts::plan::PlanKind;
    use cosmosmesh_contracts::traits::Sum as _;

    use super::*;
    use crate::{Participant, PlainSum};

    /// A menu or a fan that is given up after two rounds: what was proven and what was safe stays, and the run ends as it should.
    #[test]
    fn a_hand_over_loses_nothing() {
        let mut handed_over = 0;
        let here = Link { two_way_delay_s: 0.0, rate_bytes_per_s: f64::INFINITY };
        for (case, link) in fleet_cases().into_iter().flat_map(|case| [(case.clone(), None), (case, Some(here))]) {
            let fleet = &case.fleet;
            let options = Options { tolerance: 1e-5, link, ..Options::default() };
            let mut auto = Auto::new(fleet.coupling(), fleet.assets().len(), &options).expect("a coordinator");
            let short = Options { rounds_max: Some(2), ..options.clone() };
            match &mut auto.running {
                Running::Menu(menu) => {
                    **menu = Menu::new(fleet.coupling(), fleet.assets().len(), &short).expect("a menu");
                }
                Running::Fan(fan) => {
                    **fan = Fan::new(fleet.coupling(), fleet.assets().len(), &short).expect("a fan");
                }
                Running::Adaptive(_) => panic!("{}: neither menu nor fan", case.name),
            }
            let mut assets: Vec<Participant> =
                fleet.assets().iter().map(|asset| Participant::new(asset).expect("convex")).collect();
            let mut known = auto.outcome();
            loop {
                let query = auto.query().expect("a question");
                query.check().expect("a question that its receivers take");
                let answers: Vec<_> = assets.iter_mut().map(|asset| asset.answer(&query).expect("an answer")).collect();
                let sum = PlainSum.sum(&query, &mut answers.into_iter()).expect("a sum");
                let step = auto.absorb(&sum).expect("absorbed");
                let now = auto.outcome();
                if now.status != Status::Infeasible {
                    assert!(
                        now.safe_round.is_some() >= known.safe_round.is_some(),
                        "{}: a safe plan is lost",
                        case.name
                    );
                    let bound =
                        |outcome: &Outcome| outcome.certificate.as_ref().map_or(f64::NEG_INFINITY, |c| c.dual_bound);
                    assert!(bound(&now) >= bound(&known), "{}: the bound falls", case.name);
                }
                known = now;
                if step == Step::Done {
                    break;
                }
            }
            handed_over += u32::from(auto.method() == Method::AdmmAdaptive);
            assert_ne!(known.status, Status::RoundLimit, "{}: {known:?}", case.name);
            let proven = known.plan == Some(PlanKind::Optimal);
            assert!(known.status != Status::Optimal || proven, "{}: {known:?}", case.name);
        }
        assert!(handed_over >= 20, "only {handed_over} runs were handed over");
    }

    #[test]
    fn delay_asks_for_few_rounds_and_a_thin_link_for_few_bytes() {
        let check =
            |m: usize, two_way_delay_s: f64, rate_bytes_per_s: f64, tolerance: f64, expected: (Method, bool)| {
                let link = Some(Link { two_way_delay_s, rate_bytes_per_s });
                let options = Options { link, tolerance, ..Options::default() };
                assert_eq!(choose(m, &options), expected, "{m} rows, {two_way_delay_s} s, {rate_bytes_per_s} B/s");
            };
        // Forty minutes a round and 2 kB/s: rounds count.
        check(24, 2400.0, 2000.0, 1e-6, (Method::Menu, false));
        // No delay to speak of and 100 B/s: bytes count, and to a coarse plan the least of them.
        check(96, 1.0, 100.0, 1e-6, (Method::Menu, true));
        check(1000, 1.0, 100.0, 1e-3, (Method::AdmmAdaptive, false));
        check(Menu::ROWS_MAX + 1, 2400.0, 1e9, 1e-6, (Method::AdmmAdaptive, false));
        // On one machine computing counts.
        check(24, 0.0, f64::INFINITY, 1e-6, (Method::Fan, false));
    }

    #[test]
    fn without_a_link_the_menu_runs_as_far_as_it_fits() {
        assert_eq!(choose(Menu::ROWS_MAX, &Options::default()), (Method::Menu, false));
        assert_eq!(choose(Menu::ROWS_MAX + 1, &Options::default()), (Method::AdmmAdaptive, false));
    }
}
