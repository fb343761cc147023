//! What stands above what in a column, so that few lines cross.

use std::collections::BTreeMap;

use super::{Card, GAP, Leads, ROW, layers::Group};

/// How often the order is improved from left to right and back.
const SWEEPS: usize = 24;

/// All lines that lead to one card from one side: drawn as one trunk with branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Net {
    pub(super) target: usize,
    /// From cards left of it, against the usual direction.
    pub(super) backward: bool,
}

/// What takes room in a column: a card, or a line that passes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thing {
    Card(usize),
    Pass(Net),
}

/// An end of a line at a thing of a column, and where at that thing, from its top.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    /// Into [`Columns::things`].
    pub(super) thing: usize,
    pub(super) port: i32,
    /// The row of the card, when the end is one.
    pub(super) row: Option<usize>,
}

/// A net between two columns: what it joins on the left and on the right.
#[derive(Debug, Clone)]
pub(super) struct Bus {
    pub(super) net: Net,
    pub(super) lefts: Vec<End>,
    pub(super) rights: Vec<End>,
}

/// The columns of a group, from left to right and from top to bottom.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) things: Vec<Thing>,
    pub(super) columns: Vec<Vec<usize>>,
    /// `buses[c]` run between column `c` and the next.
    pub(super) buses: Vec<Vec<Bus>>,
}

impl Columns {
    pub(super) fn height(&self, cards: &[Card], thing: usize) -> i32 {
        match self.things[thing] {
            Thing::Card(card) => cards[card].height(),
            Thing::Pass(_) => ROW,
        }
    }

    /// The space between two things that follow each other.
    pub(super) fn gap(&self, upper: usize, lower: usize) -> i32 {
        match (self.things[upper], self.things[lower]) {
            (Thing::Card(_), Thing::Card(_)) => GAP,
            _ => 0,
        }
    }
}

/// Puts the group's cards, and the lines that pass, in order.
pub(super) fn arrange(cards: &[Card], group: &Group) -> Columns {
    let width = group.members.iter().map(|member| member.1 + 1).max().unwrap_or(0);
    let column_of: BTreeMap<usize, usize> = group.members.iter().copied().collect();
    let mut all = Columns { things: Vec::new(), columns: vec![Vec::new(); width], buses: Vec::new() };
    let mut card_at = BTreeMap::new();
    for &(card, column) in &group.members {
        card_at.insert(card, all.things.len());
        all.columns[column].push(all.things.len());
        all.things.push(Thing::Card(card));
    }
    let reach = reach(cards, &column_of);
    let mut pass_at: BTreeMap<(Net, usize), usize> = BTreeMap::new();
    for (&net, &(from, to)) in &reach {
        for (column, things) in all.columns.iter_mut().enumerate().take(to).skip(from + 1) {
            pass_at.insert((net, column), all.things.len());
            things.push(all.things.len());
            all.things.push(Thing::Pass(net));
        }
    }
    let through =
        |column: usize, thing: usize| End { thing, port: if column.is_multiple_of(2) { 5 } else { 15 }, row: None };
    for between in 0..width.saturating_sub(1) {
        let mut buses = Vec::new();
        for (&net, &(from, to)) in &reach {
            if between < from || between >= to {
                continue;
            }
            let ends = |column: usize, is_right: bool| {
                let mut ends = Vec::new();
                if column == column_of[&net.target] {
                    // A little lower on the unusual side, so that no two lines lie on each other.
                    ends.push(End { thing: card_at[&net.target], port: if net.backward { 24 } else { 20 }, row: None });
                } else {
                    ends.extend(pass_at.get(&(net, column)).map(|thing| through(column, *thing)));
                    // A card takes its lines on the side where the target is.
                    let joined = is_right != net.backward;
                    for (&card, _) in column_of.iter().filter(|(_, own)| joined && **own == column) {
                        for (number, row) in cards[card].rows.iter().enumerate() {
                            if matches!(row.leads, Leads::To(to) if to == net.target) {
                                let port = Card::row_port(number) + if net.backward { 3 } else { 0 };
                                ends.push(End { thing: card_at[&card], port, row: Some(number) });
                            }
                        }
                    }
                }
                ends
            };
            buses.push(Bus { net, lefts: ends(between, false), rights: ends(between + 1, true) });
        }
        all.buses.push(buses);
    }
    improve(&mut all);
    all
}

/// Which columns each net spans.
fn reach(cards: &[Card], column_of: &BTreeMap<usize, usize>) -> BTreeMap<Net, (usize, usize)> {
    let mut reach: BTreeMap<Net, (usize, usize)> = BTreeMap::new();
    for (&card, &column) in column_of {
        for row in &cards[card].rows {
            if let Leads::To(target) = row.leads
                && target != card
            {
                let at = column_of[&target];
                let span = reach.entry(Net { target, backward: column < at }).or_insert((at, at));
                *span = (span.0.min(column), span.1.max(column));
            }
        }
    }
    reach
}

fn improve(all: &mut Columns) {
    let mut best = (crossings(all), all.columns.clone());
    for sweep in 0..SWEEPS {
        let rightwards = sweep % 2 == 0;
        let count = all.columns.len();
        for step in 1..count {
            let column = if rightwards { step } else { count - 1 - step };
            let beside = if rightwards { column - 1 } else { column };
            let wish = wishes(all, beside, rightwards);
            let mut sorted: Vec<(f64, usize)> = all.columns[column]
                .iter()
                .enumerate()
                .map(|(place, thing)| (wish.get(thing).copied().unwrap_or(place as f64), *thing))
                .collect();
            // A stable sort: what wishes the same keeps its order.
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            all.columns[column] = sorted.into_iter().map(|entry| entry.1).collect();
        }
        transpose(all);
        let now = crossings(all);
        if now < best.0 {
            best = (now, all.columns.clone());
        }
    }
    all.columns = best.1;
}

/// Where each thing of a column would like to stand: in the middle of what it is joined to in the column beside it.
fn wishes(all: &Columns, between: usize, rightwards: bool) -> BTreeMap<usize, f64> {
    let fixed = positions(&all.columns[if rightwards { between } else { between + 1 }]);
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for bus in &all.buses[between] {
        let (near, far) = if rightwards { (&bus.lefts, &bus.rights) } else { (&bus.rights, &bus.lefts) };
        for mine in far {
            for other in near {
                let sum = sums.entry(mine.thing).or_insert((0.0, 0.0));
                *sum = (sum.0 + fixed[&other.thing] as f64 + f64::from(other.port) / 1000.0, sum.1 + 1.0);
            }
        }
    }
    sums.into_iter().map(|(thing, (sum, number))| (thing, sum / number)).collect()
}

fn positions(column: &[usize]) -> BTreeMap<usize, usize> {
    column.iter().enumerate().map(|(place, thing)| (*thing, place)).collect()
}

/// Swaps neighbours as long as that takes crossings away.
fn transpose(all: &mut Columns) {
    for column in 0..all.columns.len() {
        for upper in 0..all.columns[column].len().saturating_sub(1) {
            let before = around(all, column);
            all.columns[column].swap(upper, upper + 1);
            if around(all, column) >= before {
                all.columns[column].swap(upper, upper + 1);
            }
        }
    }
}

fn crossings(all: &Columns) -> usize {
    (0..all.buses.len()).map(|between| crossings_between(all, between)).sum()
}

/// Crossings on both sides of a column.
fn around(all: &Columns, column: usize) -> usize {
    let left = if column > 0 { crossings_between(all, column - 1) } else { 0 };
    let right = if column < all.buses.len() { crossings_between(all, column) } else { 0 };
    left + right
}

fn crossings_between(all: &Columns, between: usize) -> usize {
    let (left, right) = (positions(&all.columns[between]), positions(&all.columns[between + 1]));
    let mut lines = Vec::new();
    for (number, bus) in all.buses[between].iter().enumerate() {
        for from in &bus.lefts {
            for to in &bus.rights {
                lines.push((number, (left[&from.thing], from.port), (right[&to.thing], to.port)));
            }
        }
    }
    let mut crossings = 0;
    for (at, a) in lines.iter().enumerate() {
        for b in &lines[at + 1..] {
            if a.0 != b.0 && ((a.1 < b.1 && a.2 > b.2) || (a.1 > b.1 && a.2 < b.2)) {
                crossings += 1;
            }
        }
    }
    crossings
}
