//! What people decide about a finding: with a reason, and until when.

use base::Problem;
use jiff::Timestamp;
use kernel::{Allowed, Change, Ctx, Error, Operation, Record, Request, Tx, Update, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

const BEFORE: &str = "
select triage, triage_reason, triage_expires_at from security.findings where id = $1 for update";
const DECIDE: &str = "
update security.findings
   set triage = $2, triage_reason = case when $2::text is not null then $3 end, triage_expires_at = $4,
       triaged_at = case when $2::text is not null then $5::timestamptz end, triaged_by = case when $2::text is not null then $6::uuid end
 where id = $1";
const STATE: &str = "select state from security.v_findings where id = $1";

/// What is thought of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Decision {
    /// It is one, and somebody has to see to it.
    Confirmed,
    /// The tool is wrong.
    FalsePositive,
    /// It is one, and the risk is taken.
    Accepted,
    /// It is one, and stays.
    WontFix,
    /// Takes back what was decided.
    Open,
}

impl Decision {
    /// As it is stored.
    fn stored(self) -> Option<&'static str> {
        match self {
            Self::Confirmed => Some("confirmed"),
            Self::FalsePositive => Some("false_positive"),
            Self::Accepted => Some("accepted"),
            Self::WontFix => Some("wont_fix"),
            Self::Open => None,
        }
    }
}

/// A decision about a finding.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Triage {
    /// What is thought of it; `open` takes back what was decided.
    decision: Decision,
    /// Why.
    #[schemars(length(min = 1, max = 2000))]
    reason: String,
    /// Until when a decision to leave it holds; from then on it is open again. Left out: for good.
    #[serde(default)]
    expires_at: Option<String>,
}

/// A finding that was decided about.
#[derive(Debug, Serialize, JsonSchema)]
struct Triaged {
    /// The finding.
    id: Uuid,
    /// Where it stands now: what was decided, unless reports say that it is fixed or suppressed.
    state: String,
}

async fn triage(ctx: &Ctx, tx: &mut Tx, finding: Allowed<Record, Update>, input: Triage) -> Result<Triaged, Error> {
    let reason = input.reason.trim();
    if reason.is_empty() || reason.chars().count() > 2000 || reason.contains('\0') {
        let problem = Problem::invalid("A decision about a finding needs a reason.");
        return Err(problem.field("/reason", "must have from 1 to 2000 characters, none of them U+0000").into());
    }
    let expires_at = expiry(ctx.now(), input.decision, input.expires_at.as_deref())?;
    let (id, person) = (finding.uuid()?, ctx.principal.user_id);
    let before = tx.query_one(BEFORE, &[&id]).await?;
    let (triage, old_reason): (Option<String>, Option<String>) = (before.try_get(0)?, before.try_get(1)?);
    let old_expiry: Option<Timestamp> = before.try_get(2)?;
    let decision = input.decision.stored();
    if decision.is_none() && triage.is_none() {
        return Err(Problem::conflict("Nobody has decided about this finding; there is nothing to take back.").into());
    }
    tx.execute(DECIDE, &[&id, &decision, &reason, &expires_at, &ctx.now(), &person]).await?;
    let change = Change {
        event: "finding.triaged",
        resource_type: "vulnerability",
        resource_id: finding.id.clone(),
        resource_name: finding.title.clone(),
        project: finding.project,
        old: Some(json!({
            "triage": triage,
            "triage_reason": old_reason,
            "triage_expires_at": old_expiry.map(|time| time.to_string()),
        })),
        new: Some(json!({
            "triage": decision,
            "triage_reason": decision.map(|_| reason),
            "triage_expires_at": expires_at.map(|time| time.to_string()),
        })),
    };
    let mut why = ctx.clone();
    why.request = Request { reason: Some(reason.to_owned()), ..(*ctx.request).clone() }.into();
    record(&why, tx, &change).await?;
    Ok(Triaged { id, state: tx.query_one(STATE, &[&id]).await?.try_get(0)? })
}

/// The end of a decision: a moment yet to come, of a decision to leave the finding.
fn expiry(now: Timestamp, decision: Decision, written: Option<&str>) -> Result<Option<Timestamp>, Error> {
    let Some(written) = written.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let wrong = |rule: &str| {
        Error::from(Problem::invalid("The end of the decision does not fit.").field("/expires_at", rule.to_owned()))
    };
    let time: Timestamp = written.parse().map_err(|_| wrong("must be a moment such as 2027-01-31T00:00:00Z"))?;
    match decision {
        Decision::Confirmed | Decision::Open => Err(wrong("must be left out: only a decision to leave a finding ends")),
        _ if time <= now => Err(wrong("must be in the future")),
        _ => Ok(Some(time)),
    }
}

/// Deciding about findings.
pub(crate) fn triaging() -> Operation {
    Operation::on_record::<Update, Triage, Triaged, _>(
        "findings",
        "triage",
        "Decides about a finding: confirmed, a false positive, accepted or left as it is, with a reason and an end.",
        |ctx, tx, finding, input| Box::pin(triage(ctx, tx, finding, input)),
    )
}
