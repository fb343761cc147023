//! How lines run: level through a column, upright in the channel between two columns, each net on a track of its own.

use super::{Card, count, layers, order, place};
use order::{Bus, Columns, Net, Thing};

/// Room in a channel before the first track and after the last: for feet, bars and corners.
const MARGIN: i32 = 26;
/// Between two tracks.
const TRACK: i32 = 9;
/// Between two groups of cards.
const APART: i32 = 40;

/// How wide a picture of small groups is.
const WIDTH: i32 = 1300;

/// A card at its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub(super) card: usize,
    pub(super) x: i32,
    pub(super) y: i32,
}

/// A piece of a net: from its trunk on the target's side to one end on the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) net: Net,
    /// Where it comes from, on the target's side.
    pub(super) from: (i32, i32),
    /// Where its upright part stands.
    pub(super) track: i32,
    pub(super) to: (i32, i32),
    /// It ends at this row of this card; else it goes on through the next column.
    pub(super) row: Option<(usize, usize)>,
    /// It begins at the target itself.
    pub(super) begins: bool,
}

/// A level line through a column that a net only passes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) net: Net,
    pub(super) from: (i32, i32),
    pub(super) end: i32,
}

/// A picture with everything at its place.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) cards: Vec<Placed>,
    pub(super) pieces: Vec<Piece>,
    pub(super) levels: Vec<Level>,
    pub(super) width: i32,
    pub(super) height: i32,
}

/// Lays out all groups: the large ones below each other, the small ones in rows.
pub(super) fn plan(cards: &[Card]) -> Plan {
    let mut plan = Plan::default();
    let parts: Vec<Plan> = layers::groups(cards).iter().map(|group| part(cards, group)).collect();
    let widest = parts.iter().map(|part| part.width).max().unwrap_or(0).max(WIDTH);
    let (mut x, mut y, mut row_height) = (0, 0, 0);
    for part in parts {
        if x > 0 && x + part.width > widest {
            (x, y, row_height) = (0, y + row_height + APART, 0);
        }
        plan.add(&part, x, y);
        row_height = row_height.max(part.height);
        x += part.width + APART;
    }
    plan
}

impl Plan {
    fn add(&mut self, part: &Self, x: i32, y: i32) {
        let moved = |point: (i32, i32)| (point.0 + x, point.1 + y);
        self.cards.extend(part.cards.iter().map(|card| Placed { card: card.card, x: card.x + x, y: card.y + y }));
        self.pieces.extend(part.pieces.iter().map(|piece| Piece {
            from: moved(piece.from),
            track: piece.track + x,
            to: moved(piece.to),
            ..*piece
        }));
        self.levels.extend(part.levels.iter().map(|level| Level {
            from: moved(level.from),
            end: level.end + x,
            ..*level
        }));
        self.width = self.width.max(part.width + x);
        self.height = self.height.max(part.height + y);
    }
}

/// One group at the origin.
fn part(cards: &[Card], group: &layers::Group) -> Plan {
    let all = order::arrange(cards, group);
    let top = place::heights(cards, &all);
    let tracks: Vec<(Vec<usize>, usize)> = all.buses.iter().map(|buses| tracks(&top, buses)).collect();
    let mut plan = Plan::default();
    let mut lefts = Vec::new();
    let mut x = 0;
    for (column, things) in all.columns.iter().enumerate() {
        let extent = things.iter().map(|thing| match all.things[*thing] {
            Thing::Card(card) => cards[card].extent(),
            Thing::Pass(_) => 0,
        });
        let extent = extent.max().unwrap_or(0);
        lefts.push((x, x + extent));
        for &thing in things {
            match all.things[thing] {
                Thing::Card(card) => plan.cards.push(Placed { card, x, y: top[thing] }),
                Thing::Pass(net) => {
                    let y = top[thing] + if column.is_multiple_of(2) { 5 } else { 15 };
                    plan.levels.push(Level { net, from: (x, y), end: x + extent });
                }
            }
            plan.height = plan.height.max(top[thing] + all.height(cards, thing));
        }
        plan.width = x + extent;
        x += extent + tracks.get(column).map_or(0, |(_, number)| 2 * MARGIN + TRACK * count(*number));
    }
    for (between, buses) in all.buses.iter().enumerate() {
        for (bus, track) in buses.iter().zip(&tracks[between].0) {
            let upright = lefts[between].1 + MARGIN + TRACK * count(*track);
            plan.pieces.extend(pieces(cards, &all, &top, bus, upright, (lefts[between], lefts[between + 1].0)));
        }
    }
    plan
}

/// The pieces of one net between two columns.
fn pieces(
    cards: &[Card],
    all: &Columns,
    top: &[i32],
    bus: &Bus,
    upright: i32,
    (column, next): ((i32, i32), i32),
) -> Vec<Piece> {
    let left = |end: &order::End| {
        let x = match all.things[end.thing] {
            Thing::Card(card) => column.0 + cards[card].width(),
            Thing::Pass(_) => column.1,
        };
        (x, top[end.thing] + end.port)
    };
    let right = |end: &order::End| (next, top[end.thing] + end.port);
    let card = |end: &order::End| match all.things[end.thing] {
        Thing::Card(card) => end.row.map(|row| (card, row)),
        Thing::Pass(_) => None,
    };
    let begins = |end: &order::End| matches!(all.things[end.thing], Thing::Card(_));
    let mut pieces = Vec::new();
    for from in &bus.lefts {
        for to in &bus.rights {
            let (source, aim) = if bus.net.backward { (right(to), left(from)) } else { (left(from), right(to)) };
            let (root, leaf) = if bus.net.backward { (to, from) } else { (from, to) };
            pieces.push(Piece {
                net: bus.net,
                from: source,
                track: upright,
                to: aim,
                row: card(leaf),
                begins: begins(root),
            });
        }
    }
    pieces
}

/// The track of each net of a channel, and how many tracks there are.
fn tracks(top: &[i32], buses: &[Bus]) -> (Vec<usize>, usize) {
    let heights = |ends: &[order::End]| ends.iter().map(|end| top[end.thing] + end.port).collect::<Vec<i32>>();
    let spans: Vec<Span> = buses
        .iter()
        .map(|bus| {
            let (lefts, rights) = (heights(&bus.lefts), heights(&bus.rights));
            let both = || lefts.iter().chain(&rights).copied();
            Span { low: both().min().unwrap_or(0), high: both().max().unwrap_or(0), lefts, rights }
        })
        .collect();
    // First, each net on its own; neighbours change places while that takes crossings away; then tracks are shared.
    let mut sequence: Vec<usize> = (0..spans.len()).collect();
    sequence.sort_by_key(|bus| (spans[*bus].low, *bus));
    for _ in 0..spans.len() {
        let mut changed = false;
        for at in 0..sequence.len().saturating_sub(1) {
            let (a, b) = (&spans[sequence[at]], &spans[sequence[at + 1]]);
            if b.crossings_before(a) < a.crossings_before(b) {
                sequence.swap(at, at + 1);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let mut track = vec![0; spans.len()];
    let mut number = 0;
    for (at, &bus) in sequence.iter().enumerate() {
        // Right of every earlier net that it would touch.
        let touched = sequence[..at].iter().filter(|other| spans[**other].touches(&spans[bus]));
        track[bus] = touched.map(|other| track[*other] + 1).max().unwrap_or(0);
        number = number.max(track[bus] + 1);
    }
    (track, number)
}

struct Span {
    low: i32,
    high: i32,
    lefts: Vec<i32>,
    rights: Vec<i32>,
}

impl Span {
    fn touches(&self, other: &Self) -> bool {
        self.low < other.high + 12 && other.low < self.high + 12
    }

    /// How often the two cross when this one's track is left of the other's.
    fn crossings_before(&self, other: &Self) -> usize {
        let within =
            |heights: &[i32], span: &Self| heights.iter().filter(|y| **y > span.low && **y < span.high).count();
        within(&self.rights, other) + within(&other.lefts, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::diagram::{Leads, Row};

    fn card(title: &str, leads: &[usize]) -> Card {
        let rows = leads.iter().map(|to| Row {
            label: "other_id".into(),
            mark: "FK".into(),
            leads: Leads::To(*to),
            optional: false,
            single: false,
        });
        Card {
            title: title.into(),
            remark: String::new(),
            href: String::new(),
            tooltip: String::new(),
            rows: rows.collect(),
        }
    }

    /// A hub, a chain, two circles, a card that refers to itself, and two that nothing joins.
    fn cards() -> Vec<Card> {
        let leads: [&[usize]; 12] =
            [&[5], &[0], &[0, 1], &[0, 2], &[0, 3, 1], &[0, 5], &[0], &[0, 6], &[9], &[8, 9], &[], &[]];
        leads.iter().enumerate().map(|(number, leads)| card(&format!("card_{number}"), leads)).collect()
    }

    #[test]
    fn no_two_cards_touch_and_every_card_is_there() {
        let cards = cards();
        let plan = plan(&cards);
        assert_eq!(plan.cards.len(), cards.len());
        for (at, a) in plan.cards.iter().enumerate() {
            for b in &plan.cards[at + 1..] {
                let apart = a.x + cards[a.card].extent() <= b.x
                    || b.x + cards[b.card].extent() <= a.x
                    || a.y + cards[a.card].height() <= b.y
                    || b.y + cards[b.card].height() <= a.y;
                assert!(apart, "{} lies on {}", cards[a.card].title, cards[b.card].title);
            }
        }
    }

    #[test]
    fn no_line_runs_over_a_card_and_every_row_has_its_line() {
        let cards = cards();
        let plan = plan(&cards);
        let over = |x: i32, low: i32, high: i32| {
            plan.cards.iter().any(|placed| {
                let card = &cards[placed.card];
                x > placed.x && x < placed.x + card.extent() && low < placed.y + card.height() && high > placed.y
            })
        };
        for piece in &plan.pieces {
            let (low, high) = (piece.from.1.min(piece.to.1), piece.from.1.max(piece.to.1));
            assert!(!over(piece.track, low, high), "an upright line runs over a card");
        }
        for level in &plan.levels {
            assert!(
                !over((level.from.0 + level.end) / 2, level.from.1, level.from.1 + 1),
                "a level line runs over a card"
            );
        }
        for (from, card) in cards.iter().enumerate() {
            for (row, entry) in card.rows.iter().enumerate() {
                if matches!(entry.leads, Leads::To(to) if to != from) {
                    assert!(plan.pieces.iter().any(|piece| piece.row == Some((from, row))), "{} row {row}", card.title);
                }
            }
        }
    }

    #[test]
    fn nets_that_overlap_have_tracks_of_their_own() {
        let plan = plan(&cards());
        for (at, a) in plan.pieces.iter().enumerate() {
            for b in plan.pieces[at + 1..].iter().filter(|b| b.net != a.net && b.track == a.track) {
                let span = |piece: &Piece| (piece.from.1.min(piece.to.1), piece.from.1.max(piece.to.1));
                let ((a_low, a_high), (b_low, b_high)) = (span(a), span(b));
                assert!(a_high < b_low || b_high < a_low, "two nets share a piece of a track");
            }
        }
    }
}
