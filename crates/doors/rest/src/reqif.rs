//! `GET /v1/requirements/reqif`: the requirements of a project as ReqIF, for another tool.

use axum::{extract::RawQuery, response::Response};
use base::Problem;
use kernel::{Allowed, Export, Within, permit_in};
use uuid::Uuid;

use crate::{ApiProblem, Caller, collection::pairs};

pub(crate) async fn reqif(Caller(ctx): Caller, RawQuery(query): RawQuery) -> Result<Response, ApiProblem> {
    let (mut project, mut document) = (None, None);
    for (name, value) in pairs(query.as_deref())? {
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
        let bytes = quality::requirements_as_reqif(&ctx, &tx, &allowed, whole, document).await?;
        tx.commit().await?;
        quality::requirements_taken(&ctx, project.id).await?;
        Ok((bytes, project.slug.clone()))
    };
    let (bytes, slug) = writing.await.map_err(|error: kernel::Error| ApiProblem::of(&ctx, &error))?;
    Ok(shared::attached(bytes, quality::REQIF_TYPE, &format!("{slug}-requirements.reqif")))
}
