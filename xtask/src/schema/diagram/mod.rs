//! Pictures of the schema: cards for tables, rows for key columns, lines for foreign keys (decision 0009).
//!
//! [`cards`] says what is on a picture, [`layers`] which card stands in which column, [`order`] which above which,
//! [`place`] where exactly, [`route`] how the lines run between the columns, and [`svg`] writes it down. The same schema gives
//! the same bytes: nothing here is random, and every tie is broken by name.

mod cards;
mod layers;
mod order;
mod place;
mod route;
mod svg;

pub(super) use cards::{domain, keys_between, overview};
pub(super) use svg::draw;

/// The grid: the height of a row, the head of a card, and the space between two cards.
const ROW: i32 = 20;
const HEAD: i32 = 40;
const GAP: i32 = 20;

/// One box of a picture.
#[derive(Debug, Clone)]
pub(super) struct Card {
    pub(super) title: String,
    /// A remark beside the title, such as "partitioned".
    pub(super) remark: String,
    pub(super) href: String,
    /// What a browser shows over it.
    pub(super) tooltip: String,
    pub(super) rows: Vec<Row>,
}

/// One line in a card.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) label: String,
    /// "PK", "FK", or what a picture wants to count.
    pub(super) mark: String,
    /// Where it leads.
    pub(super) leads: Leads,
    /// Whether it may lead nowhere.
    pub(super) optional: bool,
    /// Whether at most one row leads to the same place.
    pub(super) single: bool,
}

/// Where a row leads.
#[derive(Debug, Clone)]
pub(super) enum Leads {
    Nowhere,
    /// To a card of the same picture.
    To(usize),
    /// To something that stands elsewhere: its name and its page.
    Elsewhere {
        name: String,
        href: String,
    },
}

/// A picture before it is laid out.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) title: String,
    pub(super) cards: Vec<Card>,
    /// How to read it, a sentence a line.
    pub(super) legend: Vec<String>,
}

impl Card {
    fn height(&self) -> i32 {
        HEAD + ROW * count(self.rows.len())
    }

    /// The width of the box.
    fn width(&self) -> i32 {
        let title = 30 + svg::wide(&self.title, 82) + svg::wide(&self.remark, 62);
        let rows = self.rows.iter().map(|row| 52 + svg::wide(&row.label, 73)).max().unwrap_or(0);
        title.max(rows).max(140)
    }

    /// The width of the box and of what is named beside it.
    fn extent(&self) -> i32 {
        let beside = self.rows.iter().filter_map(|row| match &row.leads {
            Leads::Elsewhere { name, .. } => Some(svg::BESIDE + svg::chip(name)),
            _ => None,
        });
        self.width() + beside.max().unwrap_or(0)
    }

    /// The middle of a row, from the top of the card.
    fn row_port(row: usize) -> i32 {
        HEAD + ROW * count(row) + ROW / 2
    }
}

/// Lengths of lists are small.
fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}
