use core::fmt;
use core::str::FromStr;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub enum $name {
            $($(#[$item])* #[cfg_attr(feature = "serde", serde(rename = $word))] $variant,)*
        }

        impl $name {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word in a policy document.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $name {
            type Err = String;

            /// Reads the word; the error lists the words that there are.
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|item| item.word() == text).ok_or_else(|| {
                    let words: Vec<&str> = Self::ALL.iter().map(|item| item.word()).collect();
                    format!("`{}` is none of {}", text.escape_debug(), words.join(", "))
                })
            }
        }
    };
}

words!(
    /// What a member of the fleet is there for.
    Role {
        /// Gives orders to vehicles.
        Commander = "commander",
        /// Runs the rounds and commits plans.
        Planner = "planner",
        /// Takes part with a problem of its own.
        Asset = "asset",
        /// Holds mask keys and opens sums.
        Guardian = "guardian",
        /// Reads.
        Observer = "observer",
        /// Reads everything, and says whether it is in order.
        Auditor = "auditor",
        /// Decides who belongs to the fleet and what holds there.
        Governor = "governor",
    }
);

words!(
    /// What is done to a contract.
    Capability {
        /// To see it.
        Read = "read",
        /// To say it in one's own name.
        Publish = "publish",
        /// To put one's signature to somebody else's.
        Approve = "approve",
        /// To answer for others in it, as a guardian opens a sum.
        Open = "open",
        /// To hand on one's role for a while.
        Delegate = "delegate",
    }
);

words!(
    /// What it is done to.
    Contract {
        /// What a vehicle measures.
        Telemetry = "telemetry",
        /// What may be expected.
        Forecast = "forecast",
        /// What a vehicle is told to do.
        Command = "command",
        /// What happened.
        Event = "event",
        /// What an asset would exchange.
        TradeSignal = "trade_signal",
        /// A round's header, contribution or result.
        Round = "round",
        /// A masked sum.
        Sum = "sum",
        /// A plan.
        Plan = "plan",
        /// Who belongs to the fleet.
        Membership = "membership",
        /// A policy such as this one.
        Policy = "policy",
        /// A schema of data contracts.
        Schema = "schema",
        /// A privacy budget.
        Budget = "budget",
        /// A certificate.
        Certificate = "certificate",
        /// The log and its checkpoints.
        Log = "log",
    }
);

words!(
    /// How far it goes, as seen from who does it. Each includes those before it.
    Reach {
        /// What is its own.
        Own = "own",
        /// What is of a group that it belongs to.
        Group = "group",
        /// Everything.
        Fleet = "fleet",
    }
);

/// Some roles, as one node has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Roles(u8);

impl Roles {
    /// No role: nothing is allowed.
    pub const NONE: Self = Self(0);

    /// Whether a role is among them.
    pub const fn contains(self, role: Role) -> bool {
        self.0 & 1 << role as u8 != 0
    }

    /// With another role.
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | 1 << role as u8)
    }

    /// Without a role.
    pub const fn without(self, role: Role) -> Self {
        Self(self.0 & !(1 << role as u8))
    }

    /// The roles, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.iter().copied().filter(move |role| self.contains(*role))
    }

    /// Every combination of roles there is.
    pub fn combinations() -> impl Iterator<Item = Self> {
        (0..1_u8 << Role::ALL.len()).map(Self)
    }
}

impl From<Role> for Roles {
    fn from(role: Role) -> Self {
        Self::NONE.with(role)
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NONE {
            return f.write_str("no role");
        }
        for (k, role) in self.iter().enumerate() {
            f.write_str(if k == 0 { "" } else { " and " })?;
            role.fmt(f)?;
        }
        Ok(())
    }
}
