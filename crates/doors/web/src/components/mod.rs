//! The pieces that pages are made of. Every one is shown in every state on the `/design` page.

mod basics;
mod chart;
mod durations;
mod filter;
mod form;
mod graph;
mod line;
mod log;
mod over_time;
mod table;
mod timeline;

pub use basics::{
    Empty, Figure, Head, Tab, actions, downloads, empty, facts, figures, head, key, link_button, none, panel, progress,
    tabs,
};
pub use chart::{Counts, TrendPoint, result_bar, sparkline, trend, trend_of};
pub use durations::{DurationPoint, durations};
pub use filter::{Choice, ChoiceOption, Filters, filter_bar};
pub use form::{Field, FieldError, FormErrors, Input, error_summary, field, hidden, submit};
pub use graph::{GRAPH_ROWS, GraphNode, graph};
pub use line::{Criterion, Stop, criteria, line};
pub use log::{Actor, ActorKind, LogEntry, actor, history, log};
pub use over_time::{OverTime, over_time};
pub use table::{Column, Pager, Sort, pager, table};
pub use timeline::{Stretch, timeline};
