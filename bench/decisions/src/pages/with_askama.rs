//! The page in askama: templates with inheritance and macros, compiled by a derive.

use super::model::Matrix;
use askama::Template;

#[derive(Template)]
#[template(path = "askama_matrix.html")]
struct Page<'a> {
    title: &'static str,
    page: &'a Matrix,
}

/// The page as HTML.
///
/// # Errors
/// Never for this template; askama's rendering is fallible by signature.
pub fn render(page: &Matrix) -> Result<String, askama::Error> {
    Page {
        title: "Matrix",
        page,
    }
    .render()
}
