//! Acceptance criteria as lines of a text field. A line that stays the same keeps its criterion and the tests linked to
//! it; a line that is rewritten keeps them too, as the one that stood in its place.

use kernel::{Ctx, Delete, Error, Record, Tx, Update, authorise};
use serde_json::json;
use uuid::Uuid;
use work::Criterion;

/// What becomes of the criteria.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    /// By line: the criterion it is, if it was there before.
    lines: Vec<(Option<usize>, String)>,
    /// Criteria that are gone.
    gone: Vec<usize>,
}

/// A criterion on one line.
pub(super) fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn plan(before: &[String], text: &str) -> Plan {
    let wanted: Vec<String> = text.lines().map(line).filter(|line| !line.is_empty()).collect();
    let mut taken = vec![false; before.len()];
    let mut lines: Vec<(Option<usize>, String)> = wanted
        .into_iter()
        .map(|line| {
            let same = (0..before.len()).find(|at| !taken[*at] && before[*at] == line);
            if let Some(at) = same {
                taken[at] = true;
            }
            (same, line)
        })
        .collect();
    let mut left = (0..before.len()).filter(|at| !taken[*at]).collect::<Vec<_>>().into_iter();
    for (at, _) in lines.iter_mut().filter(|(at, _)| at.is_none()) {
        *at = left.next();
    }
    Plan { lines, gone: left.collect() }
}

/// Makes the criteria of `requirement` those of `text`, through the kernel, so that each change is on record.
pub(super) async fn write(
    ctx: &Ctx,
    tx: &mut Tx,
    requirement: Uuid,
    before: &[Criterion],
    text: &str,
) -> Result<(), Error> {
    let texts: Vec<String> = before.iter().map(|one| line(&one.text)).collect();
    let plan = plan(&texts, text);
    let served = ctx.catalogue().served(&work::REQUIREMENT_ITEMS)?;
    // Positions may collide in between; they must not at the end.
    tx.batch("set constraints all deferred").await?;
    for at in plan.gone {
        let record = Record::find(tx, served, &before[at].id.to_string(), true).await?;
        kernel::delete(ctx, tx, served, authorise::<Delete, _>(ctx, record)?).await?;
    }
    for (position, (was, body)) in (1_i32..).zip(plan.lines) {
        match was {
            Some(at) if texts[at] == body && before[at].position == position => {}
            Some(at) => {
                let record = Record::find(tx, served, &before[at].id.to_string(), true).await?;
                let record = authorise::<Update, _>(ctx, record)?;
                let change = if texts[at] == body {
                    json!({"position": position})
                } else {
                    json!({"position": position, "body": body})
                };
                kernel::update(ctx, tx, served, record, &change).await?;
            }
            None => {
                let new = json!({
                    "requirement_id": requirement, "item_kind": "acceptance_criterion", "position": position, "body": body,
                });
                kernel::create(ctx, tx, served, &new).await?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(before: &[&str], text: &str) -> (Vec<Option<usize>>, Vec<usize>) {
        let before: Vec<String> = before.iter().map(|one| (*one).to_owned()).collect();
        let plan = plan(&before, text);
        (plan.lines.into_iter().map(|(at, _)| at).collect(), plan.gone)
    }

    #[test]
    fn lines_keep_the_criteria_they_were() {
        assert_eq!(
            planned(&["a", "b", "c"], "c\r\n\r\na\r\nb\r\n"),
            (vec![Some(2), Some(0), Some(1)], vec![]),
            "moved"
        );
        assert_eq!(planned(&["a", "b"], "a\nB"), (vec![Some(0), Some(1)], vec![]), "rewritten");
        assert_eq!(planned(&["a", "b"], "b"), (vec![Some(1)], vec![0]), "taken away");
        assert_eq!(planned(&["a"], "a\nb"), (vec![Some(0), None], vec![]), "added");
        assert_eq!(planned(&["a", "a"], "a\na"), (vec![Some(0), Some(1)], vec![]), "the same twice");
    }
}
