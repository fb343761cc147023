//! What the routes share.

use std::{path::PathBuf, sync::Arc};

use identity::Authenticator;
use kernel::{Kernel, Operation, Subject};

use crate::Metrics;

/// How much is taken in.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The largest JSON body, in bytes.
    pub json_bytes: usize,
    /// The most bytes that the files of one upload have together.
    pub file_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { json_bytes: 4 << 20, file_bytes: 1 << 30 }
    }
}

/// What happens once an operation on files has been committed: the binary wires the workers in.
pub type AfterUpload = Box<dyn Fn(&kernel::Ctx, &serde_json::Value) + Send + Sync>;

/// The running application as the doors see it.
pub struct App {
    /// The kernel.
    pub kernel: Arc<Kernel>,
    /// Who is asking.
    pub authenticator: Arc<Authenticator>,
    /// How much is taken in.
    pub limits: Limits,
    /// Where uploads wait for their import.
    pub spool: PathBuf,
    /// Counters and timings.
    pub metrics: Metrics,
    /// What a caller from elsewhere has to show for `/metrics`; `None`: they are for this machine alone.
    pub metrics_token: Option<String>,
    /// Called when an upload's operation has been committed.
    pub after_upload: AfterUpload,
}

impl App {
    /// The operation of that name on that subject.
    pub fn operation_on(&self, subject: Subject, name: &str) -> Option<Arc<Operation>> {
        self.kernel
            .catalogue
            .operations()
            .find(|operation| operation.subject == subject && operation.name == name)
            .cloned()
    }
}
