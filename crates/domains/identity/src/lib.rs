//! Organisations, people, sign-in, sessions and API tokens, and teams.

mod authenticator;
mod bootstrap;
mod cache;
mod erasing;
mod listening;
mod members;
mod operations;
mod organization;
mod own;
mod resources;
mod sign_in;
mod standing;

pub use authenticator::Authenticator;
pub use bootstrap::{FirstOrganization, first_organization};
pub use erasing::{Erase, ErasePerson, Erased, ErasedPart, KeptPart};
pub use members::{InviteMember, Member};
pub use operations::{
    ChangePassword, ChangedPassword, CreatedToken, NewToken, change_password, create_token, operations,
};
pub use organization::organization_name;
pub use own::{OwnSession, OwnToken, own_role, own_sessions, own_tokens};
pub use resources::*;
pub use sign_in::{SignIn, SignedIn};
