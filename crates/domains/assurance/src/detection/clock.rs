//! The clock of the law. Whoever answers for personal data tells the authority of a breach without undue delay and, where feasible, not later than 72
//! hours after having become aware of it; what comes later comes with the reasons for the delay (GDPR Art. 33(1)).

use base::Problem;
use jiff::{SignedDuration, Timestamp};
use kernel::{Allowed, Change, Ctx, Error, Operation, Record, Tx, Update, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::telling;

/// Before the deadline people are reminded so long before.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// And once more.
const HOURS: SignedDuration = SignedDuration::from_hours(4);

const BEFORE: &str = "
select detected_at, notification_due_at, notification_sent_at from security.security_events where id = $1 for no key update";
const KEEP: &str = "
update security.security_events
   set notification_sent_at = $2, notification_authority = $3, notification_reference = $4, notification_delay_reason = $5, notification_recorded_by = $6
 where id = $1";
// Those that nobody need be told of any more are left out: what turned out to be nothing.
const COMING: &str = "
select e.id, e.title, e.notification_due_at, e.notification_reminder from security.security_events e
 where e.notification_due_at is not null and e.notification_sent_at is null and e.notification_due_at <= $1 and e.status <> 'false_positive'
 order by e.notification_due_at, e.id for update skip locked";
const REMINDED: &str = "update security.security_events set notification_reminder = $2 where id = $1";

/// How the clock of an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// So long is left; nothing at the deadline itself, which is still in time.
    Running(SignedDuration),
    /// The deadline was so long ago, and nobody was told.
    Overdue(SignedDuration),
    /// The authority was told in time.
    Told,
    /// The authority was told so long after the deadline.
    ToldLate(SignedDuration),
}

impl Clock {
    /// How it stands at `now`, with what was `sent` when.
    pub fn at(due: Timestamp, sent: Option<Timestamp>, now: Timestamp) -> Self {
        match sent {
            Some(sent) if sent <= due => Self::Told,
            Some(sent) => Self::ToldLate(sent.duration_since(due)),
            None if now <= due => Self::Running(due.duration_since(now)),
            None => Self::Overdue(now.duration_since(due)),
        }
    }

    /// The reminder that is called for.
    fn reminder(self) -> Option<&'static str> {
        match self {
            Self::Running(left) if left > DAY => None,
            Self::Running(left) if left > HOURS => Some("day"),
            Self::Running(_) => Some("hours"),
            Self::Overdue(_) => Some("overdue"),
            Self::Told | Self::ToldLate(_) => None,
        }
    }
}

/// Reminds owners and administrators of deadlines: a day before, four hours before, and once one is over. Each once, until the deadline is another.
///
/// # Errors
/// When the database refuses something.
pub async fn remind(ctx: &Ctx, tx: &Tx) -> Result<u64, Error> {
    let now = ctx.now();
    let until = now.checked_add(DAY).unwrap_or(Timestamp::MAX);
    let mut told = 0;
    for row in tx.query(COMING, &[&until]).await? {
        let (id, title, due): (Uuid, String, Timestamp) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let before: Option<String> = row.try_get(3)?;
        let Some(reminder) = Clock::at(due, None, now).reminder() else { continue };
        if before.as_deref() == Some(reminder) {
            continue;
        }
        let at = due.strftime("%-d %b %Y, %H:%M UTC");
        let words = match reminder {
            "day" => format!("Within a day the authority has to be told: {title}"),
            "hours" => format!("Within four hours the authority has to be told: {title}"),
            _ => format!("The authority should have been told: {title}"),
        };
        let words: String = words.chars().take(500).collect();
        let body = format!(
            "GDPR Art. 33(1) gives 72 hours, which end on {at}. Tell the authority and record it with the event; after the deadline, with the reason for \
             the delay."
        );
        telling::tell(tx, telling::audience("administrators"), "security.deadline", &words, &body, id, now).await?;
        tx.execute(REMINDED, &[&id, &reminder]).await?;
        told += 1;
    }
    Ok(told)
}

/// That an authority was told.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Notification {
    /// The authority that was told.
    #[schemars(length(min = 1, max = 200))]
    authority: String,
    /// The number under which it keeps that.
    #[serde(default)]
    #[schemars(length(max = 200))]
    reference: Option<String>,
    /// When it was told, such as 2027-01-31T12:00:00Z. Left out: now.
    #[serde(default)]
    notified_at: Option<String>,
    /// Why it was told after the deadline; needed then.
    #[serde(default)]
    #[schemars(length(max = 4000))]
    delay_reason: Option<String>,
}

/// What was recorded.
#[derive(Debug, Serialize, JsonSchema)]
struct Recorded {
    /// The event.
    id: Uuid,
    /// When the authority was told.
    #[schemars(with = "String", extend("format" = "date-time"))]
    notification_sent_at: Timestamp,
    /// Whether that was within the 72 hours; null when there was no deadline.
    in_time: Option<bool>,
}

/// The text of a field, within its length.
fn text(value: Option<&str>, name: &str, most: usize) -> Result<Option<String>, Error> {
    let value = value.map(str::trim).filter(|text| !text.is_empty());
    match value {
        Some(text) if text.chars().count() > most || text.contains('\0') => {
            let detail = format!("must have at most {most} characters, none of them U+0000");
            Err(Problem::invalid(format!("`{name}` {detail}.")).field(format!("/{name}"), detail).into())
        }
        text => Ok(text.map(str::to_owned)),
    }
}

async fn notified(
    ctx: &Ctx,
    tx: &mut Tx,
    event: Allowed<Record, Update>,
    input: Notification,
) -> Result<Recorded, Error> {
    let wrong = |name: &str, rule: &str| {
        Error::from(Problem::invalid(format!("`{name}` {rule}.")).field(format!("/{name}"), rule.to_owned()))
    };
    let authority = text(Some(&input.authority), "authority", 200)?
        .ok_or_else(|| wrong("authority", "must say which authority was told"))?;
    let reference = text(input.reference.as_deref(), "reference", 200)?;
    let reason = text(input.delay_reason.as_deref(), "delay_reason", 4000)?;
    let id = event.uuid()?;
    let row = tx.query_one(BEFORE, &[&id]).await?;
    let (detected, due, sent): (Timestamp, Option<Timestamp>, Option<Timestamp>) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    if let Some(sent) = sent {
        return Err(Problem::conflict(format!(
            "It is recorded that the authority was told on {sent}. What is told later, in phases, belongs into the investigation notes."
        ))
        .into());
    }
    let at = match text(input.notified_at.as_deref(), "notified_at", 40)? {
        None => ctx.now().max(detected),
        Some(written) => {
            written.parse().map_err(|_| wrong("notified_at", "must be a moment such as 2027-01-31T12:00:00Z"))?
        }
    };
    if at > ctx.now().max(detected) {
        return Err(wrong("notified_at", "must not be in the future"));
    }
    if at < detected {
        return Err(wrong("notified_at", "must not lie before the event was seen"));
    }
    let in_time = due.map(|due| matches!(Clock::at(due, Some(at), ctx.now()), Clock::Told));
    if in_time == Some(false) && reason.is_none() {
        return Err(wrong("delay_reason", "must say why, because the 72 hours were over (GDPR Art. 33(1))"));
    }
    let reason = reason.filter(|_| in_time == Some(false));
    tx.execute(KEEP, &[&id, &at, &authority, &reference, &reason, &ctx.principal.user_id]).await?;
    let change = Change {
        event: "security_event.authority_notified",
        resource_type: "security_event",
        resource_id: event.id.clone(),
        resource_name: event.title.clone(),
        project: None,
        old: None,
        new: Some(json!({
            "notification_sent_at": at, "notification_authority": authority, "notification_reference": reference,
            "notification_delay_reason": reason,
        })),
    };
    record(ctx, tx, &change).await?;
    Ok(Recorded { id, notification_sent_at: at, in_time })
}

/// Recording that the authority was told.
pub(super) fn recording() -> Operation {
    Operation::on_record::<Update, Notification, Recorded, _>(
        "security-events",
        "record-notification",
        "Records that the authority was told of a breach: which, when, under which number, and after the 72 hours of GDPR Art. 33(1) why so late.",
        |ctx, tx, event, input| Box::pin(notified(ctx, tx, event, input)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Proves REQ-78.4.
    #[test]
    fn the_clock_turns_at_its_boundaries_and_not_beside_them() {
        let due: Timestamp = "2027-03-04T10:00:00Z".parse().expect("a valid time");
        let at = |seconds: i64| due.checked_add(SignedDuration::from_secs(seconds)).expect("a valid time");
        let reminder = |seconds: i64| Clock::at(due, None, at(seconds)).reminder();
        let (day, hours) = (24 * 3600, 4 * 3600);
        assert_eq!(reminder(-day - 1), None);
        assert_eq!(reminder(-day), Some("day"));
        assert_eq!(reminder(-hours - 1), Some("day"));
        assert_eq!(reminder(-hours), Some("hours"));
        assert_eq!(reminder(0), Some("hours"), "the deadline itself is in time");
        assert_eq!(reminder(1), Some("overdue"));
        assert_eq!(Clock::at(due, None, due), Clock::Running(SignedDuration::ZERO));
        assert_eq!(Clock::at(due, Some(due), at(day)), Clock::Told);
        assert_eq!(Clock::at(due, Some(at(1)), at(day)), Clock::ToldLate(SignedDuration::from_secs(1)));
        assert_eq!(Clock::at(due, Some(due), at(day)).reminder(), None);
    }
}
