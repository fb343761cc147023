//! What this build serves: the declarations of every domain, for the program and for the walks over the catalogue.

pub mod connections;
pub mod demo;
pub mod tls;

use kernel::{Operation, Resource};

/// Every declared resource.
pub fn resources() -> impl Iterator<Item = &'static Resource> {
    identity::RESOURCES
        .iter()
        .chain(&authorization::RESOURCES)
        .chain(&work::RESOURCES)
        .chain(&quality::RESOURCES)
        .chain(&delivery::RESOURCES)
        .chain(&assistant::RESOURCES)
        .chain(&insight::RESOURCES)
        .chain(&assurance::RESOURCES)
        .chain(&work::PLANNING)
        .chain(&documents::RESOURCES)
        .chain(&operations::RESOURCES)
        .copied()
}

/// Every declared operation.
pub fn operations() -> Vec<Operation> {
    identity::operations()
        .into_iter()
        .chain(authorization::operations())
        .chain(quality::operations())
        .chain(delivery::operations())
        .chain(assistant::operations())
        .chain(insight::operations())
        .chain(documents::operations())
        .chain(work::operations())
        .chain(assurance::operations())
        .chain(operations::operations())
        .collect()
}
