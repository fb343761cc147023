//! Which card stands in which column: what is referred to stands left of what refers to it.

use super::{Card, GAP, Leads};

/// The most that the columns are wider than high, in hundredths.
const SHAPE: i64 = 130;
/// What a column needs beside its widest card, for the lines.
const CHANNEL: i32 = 90;

/// Cards that lines hold together, in columns.
#[derive(Debug)]
pub(super) struct Group {
    /// The column of each member: `(card, column)`, in the order of the cards.
    pub(super) members: Vec<(usize, usize)>,
}

/// Every line of the picture that joins two different cards, from the referring one, without repetitions.
fn lines(cards: &[Card]) -> Vec<(usize, usize)> {
    let mut lines = Vec::new();
    for (from, card) in cards.iter().enumerate() {
        for row in &card.rows {
            if let Leads::To(to) = row.leads
                && to != from
                && !lines.contains(&(from, to))
            {
                lines.push((from, to));
            }
        }
    }
    lines
}

/// Groups of cards, the largest first; those that nothing joins are groups of one.
pub(super) fn groups(cards: &[Card]) -> Vec<Group> {
    let lines = lines(cards);
    let mut group: Vec<usize> = (0..cards.len()).collect();
    for &(from, to) in &lines {
        let (old, new) = (group[from].max(group[to]), group[from].min(group[to]));
        for entry in group.iter_mut().filter(|entry| **entry == old) {
            *entry = new;
        }
    }
    let mut groups: Vec<Group> = (0..cards.len())
        .filter(|first| group[*first] == *first)
        .map(|first| {
            let members: Vec<usize> = (0..cards.len()).filter(|card| group[*card] == first).collect();
            columns(cards, &members, &lines)
        })
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.members.len()));
    groups
}

fn columns(cards: &[Card], members: &[usize], lines: &[(usize, usize)]) -> Group {
    let forward = without_circles(cards.len(), members, lines);
    let parents = |card: usize| forward.iter().filter(move |line| line.0 == card).map(|line| line.1);
    let children = |card: usize| forward.iter().filter(move |line| line.1 == card).map(|line| line.0);
    // Everything stands right of what it refers to, and no column is much higher than the picture shall be.
    let limit = limit(cards, members);
    let mut column = vec![usize::MAX; cards.len()];
    let mut filled: Vec<i32> = Vec::new();
    let mut waiting: Vec<usize> = members.to_vec();
    while !waiting.is_empty() {
        // Most children first: what many refer to stands far left.
        let ready = waiting
            .iter()
            .enumerate()
            .filter(|(_, card)| parents(**card).all(|parent| column[parent] != usize::MAX))
            .min_by_key(|(_, card)| {
                let earliest = parents(**card).map(|parent| column[parent] + 1).max().unwrap_or(0);
                (earliest, std::cmp::Reverse(children(**card).count()), **card)
            });
        let Some((at, &card)) = ready else { break };
        waiting.remove(at);
        let needed = cards[card].height() + GAP;
        let mut chosen = parents(card).map(|parent| column[parent] + 1).max().unwrap_or(0);
        while filled.get(chosen).is_some_and(|height| *height > 0 && height + needed > limit) {
            chosen += 1;
        }
        if filled.len() <= chosen {
            filled.resize(chosen + 1, 0);
        }
        filled[chosen] += needed;
        column[card] = chosen;
    }
    // What refers to nothing moves next to the first that refers to it.
    for &card in members {
        if parents(card).next().is_none()
            && let Some(first) = children(card).map(|child| column[child]).min()
        {
            column[card] = first.saturating_sub(1);
        }
    }
    let first = members.iter().map(|card| column[*card]).min().unwrap_or(0);
    Group { members: members.iter().map(|card| (*card, column[*card] - first)).collect() }
}

/// The lines without those that would close a circle: these run the other way round.
fn without_circles(cards: usize, members: &[usize], lines: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut kept: Vec<(usize, usize)> = Vec::new();
    // What more cards refer to than it refers to itself is a parent rather than a child; its own lines come last.
    let balance = |card: usize| {
        let referred = lines.iter().filter(|line| line.1 == card).count();
        let refers = lines.iter().filter(|line| line.0 == card).count();
        super::count(referred) - super::count(refers)
    };
    let mut sorted: Vec<(usize, usize)> = lines.iter().filter(|line| members.contains(&line.0)).copied().collect();
    sorted.sort_by_key(|&(from, to)| (std::cmp::Reverse(balance(to) - balance(from)), from, to));
    for (from, to) in sorted {
        let mut seen = vec![false; cards];
        let mut next = vec![to];
        while let Some(card) = next.pop() {
            if !std::mem::replace(&mut seen[card], true) {
                next.extend(kept.iter().filter(|line| line.0 == card).map(|line| line.1));
            }
        }
        if !seen[from] {
            kept.push((from, to));
        }
    }
    kept
}

/// How high a column may get so that the whole has a pleasant shape.
fn limit(cards: &[Card], members: &[usize]) -> i32 {
    let area: i64 = members
        .iter()
        .map(|card| i64::from(cards[*card].extent() + CHANNEL) * i64::from(cards[*card].height() + GAP))
        .sum();
    let square = (area * 100 / SHAPE).isqrt();
    let tallest = members.iter().map(|card| cards[*card].height() + GAP).max().unwrap_or(0);
    tallest.max(i32::try_from(square).unwrap_or(i32::MAX))
}
