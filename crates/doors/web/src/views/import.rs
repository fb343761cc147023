//! The import page: files in, by hand. The command for CI stands beside it.

use maud::{Markup, html};

use super::{at, slug};
use crate::components::{Field, FormErrors, Head, Input, error_summary, field, head, panel};
use crate::format::{When, time};
use crate::icons::{Icon, icon};
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{ImportStatus, state};

/// What the import page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Projects to import into: slug and name; the frame's project is chosen. Without any there is no form.
    pub projects: Vec<(String, String)>,
    /// What the files can be about: a new build, no build, one of the last builds; value and words.
    pub builds: Vec<(String, String)>,
    /// The value of the one that is chosen.
    pub chosen: String,
    /// Profiles to choose from: id and name.
    pub profiles: Vec<(String, String)>,
    /// What was refused.
    pub errors: FormErrors,
    /// The latest imports: id, what, status, when.
    pub recent: Vec<(String, String, ImportStatus, When)>,
}

/// The import page. The form posts `multipart/form-data` with `project`, `build` and any number of `files`.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let choose =
        |name, label, value, input, required, hint| Field { form: "import", name, label, value, input, required, hint };
    framed(
        frame,
        "Import",
        &[],
        &html! {
            (head(&Head { title: "Import", sub: Some(html! { "Test results, coverage, findings, components, requirements (ReqIF, Markdown, CSV, XLSX, StrictDoc, sphinx-needs, Doorstop, ASVS) issues (Jira, GitHub, GitLab, Bugzilla, Redmine), builds (Jenkins, Bazel) and descriptions of interfaces (OpenAPI); recognised by content, safe to repeat" }), ..Head::default() }))
            div class="two" {
                div {
                    @if view.projects.is_empty() { p class="muted" { "You may look at imports here, and bring none in." } }
                    @else { form method="post" action=(at(frame, "import")) enctype="multipart/form-data" class="form part" data-upload {
                        (csrf(frame)) (error_summary("import", &view.errors))
                        (field(&choose("project", "Project", slug(frame), Input::Select(view.projects.clone()), true, None), &view.errors))
                        (field(&choose("build", "Build", &view.chosen, Input::Select(view.builds.clone()), true, Some("What the reports tell about. Requirements need none.")), &view.errors))
                        @if !view.profiles.is_empty() {
                            (field(&choose("profile", "Profile", "", Input::Select(view.profiles.clone()), false, Some("For requirements and issues: what columns and words mean.")), &view.errors))
                        }
                        label class="option" { input type="checkbox" name="dry_run" value="true"; span { "Only try: say what would change, and store nothing" } }
                        div class="drop" {
                            (icon(Icon::Upload))
                            label for="import-files" { b { "Choose files" } span class="script-only" { " or drop them here" } }
                            input id="import-files" name="files" type="file" multiple required aria-describedby=[view.errors.of("files").map(|_| "import-files-error")];
                            span data-chosen class="muted" aria-live="polite" {}
                            @if let Some(error) = view.errors.of("files") { p class="error" id="import-files-error" { (icon(Icon::CircleX)) (error) } }
                        }
                        div class="progress" data-upload-progress hidden { progress aria-label="Sending" {} span class="muted" { "Sending" } }
                        div { button class="button main" { "Import" } }
                    } }
                    @if !view.recent.is_empty() {
                        (panel("recent", "Latest imports", None, &html! {
                            ul class="list" { @for (id, what, status, when) in &view.recent {
                                li { (state(*status)) a class="grow" data-row href=(paths::import(slug(frame), id)) { (what) } span class="muted" { (time(*when)) } }
                            } }
                        }))
                    }
                }
                aside aria-label="From CI" {
                    section {
                        h2 { "Profiles" }
                        p { "What columns, states and links of other tools mean is kept in " a href=(at(frame, "import-profiles")) { "import profiles" } "." }
                    }
                    section {
                        h2 { "From CI" }
                        p class="muted" { "One call takes any number of files:" }
                        pre tabindex="0" role="region" aria-label="Command" { "throughline import \\\n  --project " (slug(frame)) " \\\n  --build $BUILD \\\n  reports/*.xml" }
                        p { "It needs an " a href=(paths::TOKENS) { "API token" } "." }
                    }
                }
            }
        },
    )
}
