//! Proofs about the audit trail: that a row is in it, and that it only grew.

use assurance::sealing;
use axum::{
    extract::{Path, RawQuery},
    http::StatusCode,
    response::Response,
};
use base::{FieldError, Problem, ProblemKind};
use kernel::{Ctx, Error, Read, Record, authorise, permit};
use serde::Serialize;

use crate::{ApiProblem, Caller, answer::json, collection::pairs};

fn answer<T: Serialize>(ctx: &Ctx, outcome: Result<T, Error>) -> Result<Response, ApiProblem> {
    let proof =
        outcome.and_then(|proof| serde_json::to_string(&proof).map_err(|error| Error::Broken(error.to_string())));
    proof.map(|proof| json(StatusCode::OK, proof)).map_err(|error| ApiProblem::of(ctx, &error))
}

/// `GET /v1/audit-logs/{id}/proof`
pub(crate) async fn inclusion(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiProblem> {
    if !pairs(query.as_deref())?.is_empty() {
        return Err(Problem::bad_request("This address takes no query parameters.").into());
    }
    let proving = async {
        let served = ctx.catalogue().get("audit-logs").ok_or_else(|| Problem::not_found("audit trail"))?;
        let tx = ctx.begin_read().await?;
        let found = authorise::<Read, _>(&ctx, Record::find(&tx, served, &id, false).await?)?;
        // What stands behind the hash of the payload is the row itself, for those who may read it; the proof needs only the hash.
        let (proof, _) = sealing::prove(&ctx, &tx, found.uuid()?).await?;
        tx.commit().await?;
        Ok::<_, Error>(proof)
    };
    answer(&ctx, proving.await)
}

/// `GET /v1/audit-seals/consistency`
pub(crate) async fn consistency(Caller(ctx): Caller, RawQuery(query): RawQuery) -> Result<Response, ApiProblem> {
    let (from, to) = sizes(&pairs(query.as_deref())?)?;
    let proving = async {
        permit::<Read>(&ctx, &assurance::AUDIT_SEALS)?;
        let tx = ctx.begin_read().await?;
        let proof = sealing::prove_consistency(&ctx, &tx, from, to).await?;
        tx.commit().await?;
        Ok::<_, Error>(proof)
    };
    answer(&ctx, proving.await)
}

/// The sizes of two heads; without the second, the latest is meant.
fn sizes(pairs: &[(String, String)]) -> Result<(u64, Option<u64>), Problem> {
    let (mut from, mut to) = (None, None);
    for (name, value) in pairs {
        let wrong = |detail: &str| {
            let field = FieldError {
                pointer: format!("?{}", name.chars().take(80).collect::<String>()),
                detail: detail.into(),
            };
            Problem { kind: ProblemKind::BadRequest, ..Problem::of_fields(vec![field]) }
        };
        let size = || {
            let number = value.parse::<u32>().ok().filter(|number| *number > 0);
            number.map(u64::from).ok_or_else(|| wrong("must be the size of a head, as /v1/audit-seals lists them"))
        };
        match name.as_str() {
            "from" => from = Some(size()?),
            "to" => to = Some(size()?),
            _ => return Err(wrong("is no parameter of this address")),
        }
    }
    let missing = FieldError { pointer: "?from".into(), detail: "must say the size of the older head".into() };
    from.map(|from| (from, to))
        .ok_or_else(|| Problem { kind: ProblemKind::BadRequest, ..Problem::of_fields(vec![missing]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_named_by_their_sizes() {
        let asked = |pairs: &[(&str, &str)]| {
            sizes(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>())
        };
        assert_eq!(asked(&[("from", "7")]).ok(), Some((7, None)));
        assert_eq!(asked(&[("from", "7"), ("to", "9")]).ok(), Some((7, Some(9))));
        for wrong in [&[("to", "9")][..], &[("from", "0")], &[("from", "x")], &[("from", "7"), ("size", "9")], &[]] {
            assert_eq!(asked(wrong).map_err(|problem| problem.status()), Err(400), "{wrong:?}");
        }
    }
}
