//! The server itself as somebody who acts, in one organisation.

use std::sync::Arc;

use authz::Grants;
use kernel::{Credential, Ctx, Kernel, Principal, PrincipalKind, Request};
use uuid::Uuid;

/// The server in this organisation, for work of its own that sees everything; `doing` is how the trail names it.
pub(crate) fn organization(kernel: &Arc<Kernel>, organization_id: Uuid, doing: &str) -> Ctx {
    let principal = Principal {
        organization_id,
        user_id: Uuid::nil(),
        display_name: "the server".into(),
        email: String::new(),
        kind: PrincipalKind::Service,
        on_behalf_of: None,
        agent_run: None,
        credential: Credential::Server,
        grants: Grants::unlimited(),
    };
    let request = Request { endpoint: doing.into(), ..Request::default() };
    Ctx::new(kernel.clone(), Arc::new(principal), request)
}
