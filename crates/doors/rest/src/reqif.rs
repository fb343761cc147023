//! `GET /v1/requirements/reqif` and `/reqifz`: the requirements of a project as ReqIF, for another tool; alone, or in an archive with the files
//! that came beside them.

use axum::{body::Body, extract::RawQuery, response::Response};
use base::Problem;
use kernel::{Allowed, Ctx, Export, Within, permit_in};
use uuid::Uuid;

use crate::{ApiProblem, Caller, collection::pairs};

pub(crate) async fn reqif(Caller(ctx): Caller, RawQuery(query): RawQuery) -> Result<Response, ApiProblem> {
    handed_out(ctx, query.as_deref(), false).await
}

pub(crate) async fn reqifz(Caller(ctx): Caller, RawQuery(query): RawQuery) -> Result<Response, ApiProblem> {
    handed_out(ctx, query.as_deref(), true).await
}

async fn handed_out(ctx: Ctx, query: Option<&str>, is_packed: bool) -> Result<Response, ApiProblem> {
    let (mut project, mut document) = (None, None);
    for (name, value) in pairs(query)? {
        let refuse = |detail: &str| {
            let name: String = name.chars().take(80).collect();
            Problem::bad_request("This address takes a project and, if there are several, a document.")
                .field(format!("?{name}"), detail.to_owned())
        };
        match name.as_str() {
            "project" if project.is_none() => project = Some(value),
            "document" if document.is_none() => {
                let id: Uuid = value.parse().map_err(|_| refuse("must be the identifier of a document"))?;
                document = Some(id);
            }
            _ => return Err(refuse("must be `project` or `document`, each once").into()),
        }
    }
    let slug = project.ok_or_else(|| {
        Problem::bad_request("Say of which project.").field("?project", "must be the slug of a project")
    })?;
    let writing = async {
        let project = work::project(&ctx, &slug).await?;
        let allowed: Allowed<Within, Export> = permit_in(&ctx, &work::REQUIREMENTS, project.id)?;
        let tx = ctx.begin_read().await?;
        let whole = (project.id, project.name.as_str());
        let (body, media_type, format) = match is_packed {
            true => {
                let file = quality::requirements_as_reqifz(&ctx, &tx, &allowed, whole, document).await?;
                (shared::body_of(file), quality::REQIFZ_TYPE, "reqifz")
            }
            false => {
                let bytes = quality::requirements_as_reqif(&ctx, &tx, &allowed, whole, document).await?;
                (Body::from(bytes), quality::REQIF_TYPE, "reqif")
            }
        };
        tx.commit().await?;
        quality::requirements_taken(&ctx, project.id, format).await?;
        Ok(shared::attached(body, media_type, &format!("{}-requirements.{format}", project.slug)))
    };
    writing.await.map_err(|error: kernel::Error| ApiProblem::of(&ctx, &error))
}
