//! Issues become defects.

use formats::webhook::Issue;
use kernel::Error;
use serde_json::json;

use super::{Recording, clip, clipped, is_news};

const STATUS: &str = "select status from quality.defects where id = $1 and deleted_at is null";

/// How much a defect hurts, by what the server or its labels say: `priority: high`, `severity/critical`, `P1`.
fn severity(issue: &Issue) -> &'static str {
    const WORDS: [(&str, &[&str]); 4] = [
        ("critical", &["critical", "blocker", "p0", "s1", "sev1"]),
        ("high", &["high", "major", "urgent", "p1", "s2", "sev2"]),
        ("medium", &["medium", "moderate", "normal", "p2", "s3", "sev3"]),
        ("low", &["low", "minor", "trivial", "p3", "p4", "s4", "sev4"]),
    ];
    let said = issue.severity.iter().chain(&issue.labels).map(|text| text.to_lowercase());
    let words: Vec<String> = said
        .flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    WORDS
        .iter()
        .find(|(_, names)| words.iter().any(|word| names.contains(&word.as_str())))
        .map_or("medium", |(code, _)| code)
}

fn kind(issue: &Issue) -> &'static str {
    let has =
        |words: &[&str]| issue.labels.iter().any(|label| words.iter().any(|word| label.to_lowercase().contains(word)));
    match () {
        () if has(&["bug", "defect"]) => "bug",
        () if has(&["enhancement", "feature"]) => "enhancement",
        () if has(&["documentation", "docs"]) => "documentation",
        () => "bug",
    }
}

impl Recording<'_> {
    /// An issue is known as `owner/repository#42`, as importers know it. What people decide about the defect here stays, as long as
    /// it says the same as the issue: open, or not.
    pub(super) async fn issue(&mut self, told: &Issue) -> Result<(), Error> {
        let (_, repository) = self.repository()?;
        let external = format!("{repository}#{}", told.number);
        let name = format!("#{} {}", told.number, told.title);
        let known = self.known("defect", &external).await?;
        if known.is_none()
            && let Some(label) = &self.issue_label
            && !told.labels.iter().any(|one| one.eq_ignore_ascii_case(label))
        {
            return Ok(());
        }
        let closed = if told.is_declined { "wont_fix" } else { "resolved" };
        let facts = json!({
            "title": clip(&told.title, 500),
            "description": clipped(told.body.as_deref(), 100_000),
        });
        let Some(known) = known else {
            let mut body = facts;
            body["project_id"] = json!(self.project);
            body["severity"] = json!(severity(told));
            body["defect_type"] = json!(kind(told));
            let id = self.make("defects", &name, body).await?;
            if !told.is_open {
                self.quietly_change("defects", id, json!({"status": closed, "resolved_at": resolved(told)}), &[])
                    .await?;
            }
            self.refer(id, &external, told.url.as_deref(), told.at).await?;
            if let Some((place, number)) = &told.moved_to {
                self.refer(id, &format!("{place}#{number}"), None, told.at).await?;
            }
            return Ok(());
        };
        let Some(row) = self.tx.query_opt(STATUS, &[&known.id]).await? else {
            // Somebody put it into the bin here.
            self.did("left", "defects", known.id, &name);
            return Ok(());
        };
        let stored: String = row.try_get(0)?;
        let was_open = matches!(stored.as_str(), "open" | "assigned" | "in_progress");
        if !is_news((known.at, u8::from(!was_open)), (told.at, u8::from(!told.is_open))) {
            self.did("older", "defects", known.id, &name);
            return Ok(());
        }
        let mut body = facts;
        match (was_open, told.is_open) {
            (true, false) => {
                body["status"] = json!(closed);
                body["resolved_at"] = json!(resolved(told));
            }
            (false, true) => body["status"] = json!("open"),
            _ => {}
        }
        self.change("defects", known.id, &name, body).await?;
        self.note(&known, told.url.as_deref(), told.at).await?;
        if let Some((place, number)) = &told.moved_to {
            let now = format!("{place}#{number}");
            if self.known("defect", &now).await?.is_none() {
                self.refer(known.id, &now, None, told.at).await?;
            }
        }
        Ok(())
    }
}

/// When it was resolved; a declined one was not.
fn resolved(told: &Issue) -> Option<jiff::Timestamp> {
    told.closed_at.or(told.at).filter(|_| !told.is_declined)
}
