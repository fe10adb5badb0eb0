//! What holds secrets cannot be shown, copied or written down, and is wiped: refused by the compiler.

use cosmosmesh_privacy::mask::{Agent, Guardian};
use zeroize::ZeroizeOnDrop;

/// Fails to compile if the type implements the trait: then two implementations fit, and the compiler knows none to choose.
macro_rules! is_not {
    ($type:ty: $trait:path) => {{
        trait Either<T> {
            fn this() {}
        }
        impl<T: ?Sized> Either<()> for T {}
        struct Also;
        impl<T: ?Sized + $trait> Either<Also> for T {}
        let _ = <$type as Either<_>>::this;
    }};
}

#[test]
fn agents_and_guardians_are_not_shown_copied_or_written_down() {
    is_not!(Agent: core::fmt::Debug);
    is_not!(Agent: core::fmt::Display);
    is_not!(Agent: Clone);
    is_not!(Agent: serde::Serialize);
    is_not!(Guardian: core::fmt::Debug);
    is_not!(Guardian: core::fmt::Display);
    is_not!(Guardian: Clone);
    is_not!(Guardian: serde::Serialize);
}

#[test]
fn agents_and_guardians_are_wiped() {
    fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<Agent>();
    wiped::<Guardian>();
    wiped::<zeroize::Zeroizing<[u8; 32]>>();
}
