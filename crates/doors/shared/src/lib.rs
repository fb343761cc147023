//! What both doors do alike: who is at the other end, how much they may ask for, which session a cookie names, what the trail keeps of a request,
//! and files on their way to disk.

mod attachment;
mod headers;
mod limits;
mod proxies;
mod request;
mod upload;

pub use attachment::{attached, body_of, shown};
pub use headers::{NOTHING_RUNS, secure};
pub use limits::{Attempt, Rate, RateLimits};
pub use proxies::{OverTls, TrustedProxies, is_local, over_https};
pub use request::{REQUEST_ID, SESSION_COOKIE, clean, cookie, matches_tag, request_of, same};
pub use upload::Upload;
