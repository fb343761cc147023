//! The pages about security events: the list, one of them with its clock and what is behind it, and the rules by which they are found.

pub mod event;
pub mod events;
pub mod rules;

use maud::{Markup, html};

use crate::components::none;
use crate::format::{When, time};
use crate::state::{ClockState, state};

/// The clock of an event: until when the authority has to be told (GDPR Art. 33(1)), and how that stands.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// How it stands.
    pub state: ClockState,
    /// The deadline.
    pub due: When,
}

fn clock(clock: Option<Clock>) -> Markup {
    match clock {
        None => none("no authority has to be told"),
        Some(clock) => html! { (state(clock.state)) " " span class="muted" { "due " (time(clock.due)) } },
    }
}
