//! Which record somebody means who names it as people do: a project by its slug, a build by its number, commit or version.

use serde_json::Value;
use uuid::Uuid;

use crate::remote::{Refusal, Server, escaped};

/// The identifier of a project: the one that is named, or the only one there is.
///
/// # Errors
/// When there is none of that name, or several and none was named.
pub(crate) async fn project(server: &Server, named: Option<&str>) -> Result<String, Refusal> {
    match named {
        Some(project) if Uuid::try_parse(project).is_ok() => Ok(project.to_owned()),
        Some(slug) => {
            let found = server.get(&format!("/v1/projects?limit=1&filter[slug]={}", escaped(slug))).await?;
            first(&found).ok_or_else(|| Refusal::usage(format!("there is no project `{slug}` that you may read")))
        }
        None => {
            let found = server.get("/v1/projects?limit=2").await?;
            match (found["data"].as_array().map(Vec::len), first(&found)) {
                (Some(1), Some(only)) => Ok(only),
                _ => Err(Refusal::usage("say which project: --project")),
            }
        }
    }
}

/// The identifier of a build: by that itself, its number, its full commit hash or its version. Of several the newest counts: a commit may
/// be built again.
///
/// # Errors
/// When there is none.
pub(crate) async fn build(server: &Server, project_named: Option<&str>, build: &str) -> Result<String, Refusal> {
    let wanted = build.trim_start_matches('#');
    if Uuid::try_parse(wanted).is_ok() {
        return Ok(wanted.to_owned());
    }
    let column = match wanted {
        number if number.len() < 10 && number.bytes().all(|byte| byte.is_ascii_digit()) => "build_number",
        hash if hash.len() >= 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => "git_commit_hash",
        _ => "version_tag",
    };
    let project = project(server, project_named).await?;
    let found = one_of(server, "builds", &project, (column, wanted), "&sort=-build_number").await?;
    found.ok_or_else(|| {
        Refusal::usage(format!("there is no build `{wanted}` in this project; import its reports first"))
    })
}

/// The identifier of the first record of a project whose column says this.
///
/// # Errors
/// The sentence with which the server refused.
pub(crate) async fn one_of(
    server: &Server,
    collection: &str,
    project: &str,
    (column, says): (&str, &str),
    more: &str,
) -> Result<Option<String>, Refusal> {
    let path = format!(
        "/v1/{collection}?limit=1{more}&filter[project_id]={}&filter[{column}]={}",
        escaped(project),
        escaped(says)
    );
    Ok(first(&server.get(&path).await?))
}

fn first(list: &Value) -> Option<String> {
    list["data"][0]["id"].as_str().map(str::to_owned)
}
