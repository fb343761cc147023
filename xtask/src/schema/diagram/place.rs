//! Where everything stands exactly: as straight a line as the order allows, on a grid of rows.

use std::collections::BTreeMap;

use super::{Card, ROW, order::Columns};

/// How often wishes travel from left to right and back.
const SWEEPS: usize = 16;

/// The upper edge of every thing.
pub(super) fn heights(cards: &[Card], all: &Columns) -> Vec<i32> {
    let mut top = vec![0.0_f64; all.things.len()];
    for column in &all.columns {
        let mut y = 0.0;
        for (at, &thing) in column.iter().enumerate() {
            top[thing] = y;
            let gap = column.get(at + 1).map_or(0, |next| all.gap(thing, *next));
            y += f64::from(all.height(cards, thing) + gap);
        }
    }
    let count = all.columns.len();
    for sweep in 0..SWEEPS {
        for step in 0..count {
            let column = if sweep % 2 == 0 { step } else { count - 1 - step };
            // The last two look both ways.
            let (left, right) = match sweep {
                sweep if sweep + 2 >= SWEEPS => (true, true),
                sweep => (sweep % 2 == 0, sweep % 2 == 1),
            };
            let mut wish: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
            if left && column > 0 {
                gather(all, column - 1, true, &top, &mut wish);
            }
            if right && column + 1 < count {
                gather(all, column, false, &top, &mut wish);
            }
            settle(cards, all, column, &wish, &mut top);
        }
    }
    snap(cards, all, &top)
}

/// Sums up where the things on one side of a bus would like to be.
fn gather(all: &Columns, between: usize, rightwards: bool, top: &[f64], wish: &mut BTreeMap<usize, (f64, f64)>) {
    for bus in &all.buses[between] {
        let (near, far) = if rightwards { (&bus.lefts, &bus.rights) } else { (&bus.rights, &bus.lefts) };
        for mine in far {
            for other in near {
                let entry = wish.entry(mine.thing).or_insert((0.0, 0.0));
                *entry = (entry.0 + top[other.thing] + f64::from(other.port - mine.port), entry.1 + 1.0);
            }
        }
    }
}

/// Moves a column as near to its wishes as its order allows: least squares, by pooling neighbours that would collide.
fn settle(cards: &[Card], all: &Columns, column: usize, wish: &BTreeMap<usize, (f64, f64)>, top: &mut [f64]) {
    struct Pool {
        sum: f64,
        weight: f64,
        length: usize,
    }
    let things = &all.columns[column];
    let mut pools: Vec<Pool> = Vec::new();
    let mut offsets = Vec::with_capacity(things.len());
    let mut offset = 0.0;
    for (at, &thing) in things.iter().enumerate() {
        offsets.push(offset);
        let (wanted, weight) = match wish.get(&thing) {
            Some((sum, number)) => (sum / number, *number),
            // Nothing pulls it: it stays where it can.
            None => (top[thing], 0.01),
        };
        pools.push(Pool { sum: (wanted - offset) * weight, weight, length: 1 });
        while let [.., before, last] = &pools[..]
            && before.sum / before.weight >= last.sum / last.weight
        {
            let Some(last) = pools.pop() else { break };
            if let Some(before) = pools.last_mut() {
                before.sum += last.sum;
                before.weight += last.weight;
                before.length += last.length;
            }
        }
        let gap = things.get(at + 1).map_or(0, |next| all.gap(thing, *next));
        offset += f64::from(all.height(cards, thing) + gap);
    }
    let mut at = 0;
    for pool in pools {
        for _ in 0..pool.length {
            top[things[at]] = pool.sum / pool.weight + offsets[at];
            at += 1;
        }
    }
}

/// Onto the grid, beginning at zero.
fn snap(cards: &[Card], all: &Columns, top: &[f64]) -> Vec<i32> {
    let mut snapped = vec![0; top.len()];
    for column in &all.columns {
        let mut free = i32::MIN;
        for (at, &thing) in column.iter().enumerate() {
            let wanted = (top[thing] / f64::from(ROW)).round() as i32 * ROW;
            snapped[thing] = wanted.max(free);
            let gap = column.get(at + 1).map_or(0, |next| all.gap(thing, *next));
            free = snapped[thing] + all.height(cards, thing) + gap;
        }
    }
    let highest = snapped.iter().copied().min().unwrap_or(0);
    snapped.iter().map(|y| y - highest).collect()
}
