//! Release evidence: what was required, what proves it, what is open and what was deployed where, in one signed bundle that is kept as it
//! was made and that anybody checks with nothing but the public key. `docs/evidence.md` tells what is in it; decision 0014 says why so.
//!
//! [`record`] is what it says, [`gather`](gather::gather) reads that at one moment, [`page`] shows it, [`statement`] is what is signed,
//! [`bundle`] packs the three, [`verify`](verify::verify) checks them.

pub mod bundle;
pub mod canonical;
mod gather;
mod looking;
mod make;
mod page;
pub mod record;
pub mod statement;
mod verify;

pub use looking::{
    BUNDLE_TYPE, BundleLine, EvidenceOf, bundle_name, bundle_page, bundle_pieces, bundle_taken, bundles, find_bundle,
};
pub(crate) use make::making;
pub use page::render;
pub use verify::{Alteration, Verdict, files_named, verify};

use kernel::{Resource, Verb};

/// The data in a bundle.
pub const DATA_FILE: &str = "evidence.json";
/// The readable page in a bundle.
pub const PAGE_FILE: &str = "evidence.html";
/// The signature in a bundle: an in-toto statement in a DSSE envelope.
pub const SIGNATURE_FILE: &str = "evidence.intoto.json";

/// Signed bundles. `create` makes one; nothing changes or takes one away.
pub static EVIDENCE_BUNDLES: Resource =
    Resource::new("evidence-bundles", "security.evidence_bundles", "evidence_bundle", "name")
        .hidden(&["content"])
        .sorted_by("-id")
        .verbs(&[Verb::List, Verb::Read])
        .page("releases");

/// The program, as bundles name it.
pub(crate) fn program() -> &'static str {
    concat!("throughline ", env!("CARGO_PKG_VERSION"))
}
