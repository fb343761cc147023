//! The page in minijinja: the same template language, interpreted at run time.

use super::model::Matrix;
use minijinja::{Environment, Error, context, value::Serde};

/// The templates, parsed once.
///
/// # Errors
/// When a template does not parse.
pub fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.add_template(
        "layout.html",
        include_str!("../../templates/minijinja_layout.html"),
    )?;
    environment.add_template(
        "parts.html",
        include_str!("../../templates/minijinja_parts.html"),
    )?;
    environment.add_template(
        "matrix.html",
        include_str!("../../templates/minijinja_matrix.html"),
    )?;
    Ok(environment)
}

/// The page as HTML.
///
/// # Errors
/// When a template names what is not there.
pub fn render(environment: &Environment<'_>, page: &Matrix) -> Result<String, Error> {
    environment
        .get_template("matrix.html")?
        .render(context! { title => "Matrix", page => Serde(page) })
}
