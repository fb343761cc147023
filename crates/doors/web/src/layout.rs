//! The frame around every page: head, sidebar, breadcrumbs, palette, user menu, messages and the two dialogs.
//!
//! Without script the palette's trigger is a link to the search page, menus are `<details>`, and the theme is a form post
//! whose cookie comes back as `data-theme`, so the first paint already has the right colours.

use maud::{DOCTYPE, Markup, html};

use crate::assets::{MARK, SCRIPT, STYLE};
use crate::format::thousands;
use crate::icons::{Icon, icon};
use crate::paths;
use crate::state::{Shown, Tone, dot};

/// The policy these pages are written for: everything from this origin, nothing inline, framed by nobody.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What surrounds a page. Made once a request from the session and the project in the address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// The organisation's name, in the sidebar.
    pub organization: String,
    /// The page's entry in the navigation.
    pub section: Section,
    /// The project the page belongs to, if it belongs to one.
    pub project: Option<ProjectNav>,
    /// Whether this person looks after the organisation, so that the navigation leads to the quality of its data and to its health.
    pub looks_after: bool,
    /// Which pages about access the navigation leads to.
    pub access: AccessNav,
    /// Name of the person signed in; `None` on pages before sign-in, which have no sidebar.
    pub person: Option<String>,
    /// The session's CSRF token, a hidden field `csrf` in every form that posts.
    pub csrf: String,
    /// The remembered theme.
    pub theme: Theme,
    /// Whether single-key shortcuts are off for this person (WCAG 2.1.4).
    pub shortcuts_off: bool,
    /// This page's own path and query, to which the theme and shortcut forms return.
    pub path: String,
    /// Messages from the request before, shown once.
    pub flashes: Vec<Flash>,
}

/// The pages about access that this person may open, besides asking about themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccessNav {
    /// Whether they may see who belongs to the organisation.
    pub members: bool,
    /// Whether they may see some roles and who holds them.
    pub roles: bool,
    /// Whether they may ask what others may do: who reads every role.
    pub about_others: bool,
    /// Whether they may see requests for approval.
    pub approvals: bool,
    /// Whether they may read some of the audit trail.
    pub trail: bool,
    /// Whether they may see security events.
    pub security: bool,
}

/// The project in the sidebar, with the counts that tell where to look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectNav {
    /// Its name.
    pub name: String,
    /// Its slug, the first part of every address in it.
    pub slug: String,
    /// Requirements that are not rejected; `None` when not counted.
    pub requirements: Option<i64>,
    /// Active test cases; `None` when not counted.
    pub tests: Option<i64>,
    /// Defects still open; `None` when not counted.
    pub open_defects: Option<i64>,
}

/// Entries of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "each is the page of its name")]
pub enum Section {
    #[default]
    Other,
    Home,
    Services,
    Overview,
    Requirements,
    Matrix,
    Baselines,
    Tests,
    Builds,
    Deployments,
    Releases,
    Defects,
    Findings,
    Import,
    Webhooks,
    Quality,
    Health,
    Members,
    Roles,
    Grants,
    Approvals,
    Access,
    Trail,
    Security,
    Tokens,
    Account,
    Docs,
}

/// Light, dark, or whatever the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Follow `prefers-color-scheme`.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// The value of the cookie and of the theme form.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of a cookie or form value; anything unknown follows the system.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        match code {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

/// A message that is shown once, above the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// Good for done, bad for refused, warn for done with a remark.
    pub tone: Tone,
    /// A whole sentence.
    pub text: String,
    /// Where to look next: text and address.
    pub link: Option<(String, String)>,
}

/// One step of the breadcrumbs above the page itself: its text and address.
pub type Crumb = (String, String);

/// A whole page inside the frame: `title` names it in the tab, `crumbs` lead to it, `body` is its content.
#[must_use]
pub fn page(frame: &Frame, title: &str, crumbs: &[Crumb], body: &Markup) -> Markup {
    page_with(frame, title, crumbs, body, false)
}

/// Like [`page`]; with `refresh`, browsers without script load the page again every two seconds, for jobs under way.
#[must_use]
pub fn page_with(frame: &Frame, title: &str, crumbs: &[Crumb], body: &Markup, refresh: bool) -> Markup {
    document(
        frame,
        title,
        refresh,
        &html! {
            div class="shell" {
                aside class="side" { div { (brand(frame)) (navigation(frame)) } }
                div class="body" {
                    header class="top" {
                        details class="mobile menu" {
                            summary class="icon-button" aria-label="Navigation" { (icon(Icon::Menu)) }
                            div class="pop drawer" { (navigation(frame)) }
                        }
                        (breadcrumbs(frame, title, crumbs))
                        a class="find" href=(paths::FIND) data-palette {
                            (icon(Icon::Search)) span { "Find or do anything" } kbd { "Ctrl K" }
                        }
                        (user_menu(frame))
                    }
                    main id="main" class="page" tabindex="-1" { (flashes(&frame.flashes)) (body) }
                }
            }
            (dialogs(frame))
        },
    )
}

/// A page without navigation, for people who are not signed in and for errors that know nothing about the session.
#[must_use]
pub fn bare(frame: &Frame, title: &str, body: &Markup) -> Markup {
    document(
        frame,
        title,
        false,
        &html! {
            main id="main" class="bare" tabindex="-1" { (flashes(&frame.flashes)) (body) }
        },
    )
}

fn document(frame: &Frame, title: &str, refresh: bool, body: &Markup) -> Markup {
    let theme = (frame.theme != Theme::System).then(|| frame.theme.code());
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[theme] data-shortcuts=[frame.shortcuts_off.then_some("off")]
            data-palette-source=(paths::PALETTE) data-project=[frame.project.as_ref().map(|p| paths::project(&p.slug))] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · " @if let Some(project) = &frame.project { (project.name) " · " } "Throughline" }
                link rel="icon" type="image/svg+xml" href=(MARK.href);
                link rel="stylesheet" href=(STYLE.href);
                script src=(SCRIPT.href) defer {}
                @if refresh { noscript { meta http-equiv="refresh" content="2"; } }
            }
            body { a class="skip" href="#main" { "Skip to content" } (body) }
        }
    }
}

fn brand(frame: &Frame) -> Markup {
    html! {
        a class="brand" href=(paths::HOME) {
            img src=(MARK.href) alt="" width="20" height="20";
            span { @if frame.organization.is_empty() { "Throughline" } @else { (frame.organization) } }
        }
    }
}

fn navigation(frame: &Frame) -> Markup {
    let entry = |section: Section, icon_name: Icon, text: &str, href: &str, count: Option<i64>, key: Option<&str>| {
        html! {
            li {
                a href=(href) aria-current=[(frame.section == section).then_some("page")] data-go=[key] {
                    (icon(icon_name)) span { (text) }
                    @if let Some(count) = count { span class="n" { (thousands(count)) } }
                }
            }
        }
    };
    html! {
        nav aria-label="Main" {
            ul {
                (entry(Section::Home, Icon::House, "Home", paths::HOME, None, Some("h")))
                @if frame.person.is_some() { (entry(Section::Services, Icon::Link, "Services", paths::SERVICES, None, None)) }
                @if frame.looks_after { (entry(Section::Quality, Icon::Gauge, "Data quality", paths::QUALITY, None, None)) }
                @if frame.looks_after { (entry(Section::Health, Icon::Activity, "Health", paths::HEALTH, None, None)) }
            }
            @if let Some(project) = &frame.project {
                @let at = |page: &str| paths::section(&project.slug, page);
                p class="nav-title" { (project.name) }
                ul {
                    (entry(Section::Overview, Icon::Gauge, "Overview", &paths::project(&project.slug), None, Some("o")))
                    (entry(Section::Requirements, Icon::ListChecks, "Requirements", &at("requirements"), project.requirements, Some("r")))
                    (entry(Section::Matrix, Icon::Grid3x3, "Matrix", &at("matrix"), None, Some("m")))
                    (entry(Section::Baselines, Icon::History, "Baselines", &at("baselines"), None, None))
                    (entry(Section::Tests, Icon::FlaskConical, "Tests", &at("tests"), project.tests, Some("t")))
                    (entry(Section::Builds, Icon::Package, "Builds", &at("builds"), None, Some("b")))
                    (entry(Section::Deployments, Icon::Rocket, "Deployments", &at("deployments"), None, Some("d")))
                    (entry(Section::Releases, Icon::TicketCheck, "Releases", &at("releases"), None, None))
                    (entry(Section::Defects, Icon::Bug, "Defects", &at("defects"), project.open_defects, Some("f")))
                    (entry(Section::Findings, Icon::TriangleAlert, "Findings", &at("findings"), None, Some("s")))
                    (entry(Section::Import, Icon::Upload, "Import", &at("import"), None, Some("i")))
                    (entry(Section::Webhooks, Icon::Inbox, "Webhooks", &at("webhooks"), None, None))
                }
            }
            @if frame.person.is_some() {
                p class="nav-title" { "Access" }
                ul {
                    @if frame.access.members { (entry(Section::Members, Icon::Users, "Members", paths::MEMBERS, None, Some("p"))) }
                    @if frame.access.roles {
                        (entry(Section::Roles, Icon::ShieldCheck, "Roles and permissions", paths::ROLES, None, Some("l")))
                        (entry(Section::Grants, Icon::TicketCheck, "Grants", paths::GRANTS, None, Some("n")))
                    }
                    @if frame.access.approvals { (entry(Section::Approvals, Icon::Stamp, "Approvals", paths::APPROVALS, None, Some("v"))) }
                    (entry(Section::Access, Icon::ScanEye, "Who may what", paths::ACCESS, None, Some("w")))
                    @if frame.access.trail { (entry(Section::Trail, Icon::History, "Audit trail", paths::AUDIT, None, Some("u"))) }
                    @if frame.access.security { (entry(Section::Security, Icon::ShieldAlert, "Security events", paths::SECURITY, None, Some("e"))) }
                }
            }
            p class="nav-title" { "You" }
            ul {
                (entry(Section::Tokens, Icon::KeyRound, "API tokens", paths::TOKENS, None, None))
                (entry(Section::Account, Icon::User, "Account", paths::ACCOUNT, None, Some("a")))
                (entry(Section::Docs, Icon::Link, "API reference", paths::DOCS, None, None))
            }
        }
    }
}

fn breadcrumbs(frame: &Frame, title: &str, crumbs: &[Crumb]) -> Markup {
    html! {
        nav class="crumbs" aria-label="Breadcrumbs" {
            ol {
                @if let Some(project) = frame.project.as_ref().filter(|_| frame.section != Section::Overview) {
                    li { a href=(paths::project(&project.slug)) { (project.name) } }
                }
                @for (text, href) in crumbs { li { a href=(href) { (text) } } }
                li aria-current="page" { (title) }
            }
        }
    }
}

fn user_menu(frame: &Frame) -> Markup {
    let Some(person) = &frame.person else {
        return html! { a class="button" href=(paths::SIGN_IN) { "Sign in" } };
    };
    html! {
        details class="menu user" {
            summary class="icon-button" aria-label={ "Menu of " (person) } { (initial(person)) }
            div class="pop right" {
                p class="pop-title" { (person) }
                (theme_form(frame))
                ul class="plain" {
                    li { a href=(paths::ACCOUNT) { (icon(Icon::User)) "Account and sessions" } }
                    li { a href=(paths::TOKENS) { (icon(Icon::KeyRound)) "API tokens" } }
                    li class="script-only" { button type="button" data-help { (icon(Icon::Keyboard)) span { "Keyboard shortcuts" } kbd { "?" } } }
                }
                form method="post" action=(paths::SIGN_OUT) {
                    (csrf(frame))
                    button class="row" { (icon(Icon::LogOut)) "Sign out" }
                }
            }
        }
    }
}

/// The round letter that stands for a person.
fn initial(name: &str) -> Markup {
    let letter: String =
        name.chars().find(|c| c.is_alphanumeric()).map(|c| c.to_uppercase().collect()).unwrap_or_default();
    html! { span class="who" aria-hidden="true" { (letter) } }
}

/// The three themes as buttons of one form.
#[must_use]
pub fn theme_form(frame: &Frame) -> Markup {
    html! {
        form method="post" action=(paths::THEME) data-theme-form {
            (csrf(frame))
            input type="hidden" name="return_to" value=(frame.path);
            div class="segments" role="group" aria-label="Theme" {
                @for (theme, glyph, word) in [
                    (Theme::System, Icon::SunMoon, "System"), (Theme::Light, Icon::Sun, "Light"), (Theme::Dark, Icon::Moon, "Dark"),
                ] {
                    button name="theme" value=(theme.code()) aria-pressed=(frame.theme == theme) { (icon(glyph)) (word) }
                }
            }
        }
    }
}

/// The hidden CSRF field that every posting form carries.
#[must_use]
pub fn csrf(frame: &Frame) -> Markup {
    html! { input type="hidden" name="csrf" value=(frame.csrf); }
}

fn flashes(messages: &[Flash]) -> Markup {
    html! {
        @for flash in messages {
            div class={ "flash " (flash.tone.class()) } role="status" {
                (dot(flash.tone)) span { (flash.text) @if let Some((text, href)) = &flash.link { " " a href=(href) { (text) } } }
            }
        }
    }
}

/// What `?` lists, and what the account page lists for everybody.
pub const SHORTCUTS: &[(&str, &[&str])] = &[
    ("Find or do anything", &["Ctrl", "K"]),
    ("This list", &["?"]),
    ("Next row, previous row", &["j", "k"]),
    ("Open the row", &["Enter"]),
    ("Create", &["c"]),
    ("Edit", &["e"]),
    ("Filter by text", &["/"]),
    ("Go to home", &["g", "h"]),
    ("Go to the project’s overview", &["g", "o"]),
    ("Go to requirements", &["g", "r"]),
    ("Go to the matrix", &["g", "m"]),
    ("Go to tests", &["g", "t"]),
    ("Go to builds", &["g", "b"]),
    ("Go to deployments", &["g", "d"]),
    ("Go to defects", &["g", "f"]),
    ("Go to findings of scanners", &["g", "s"]),
    ("Go to import", &["g", "i"]),
    ("Go to members", &["g", "p"]),
    ("Go to roles and permissions", &["g", "l"]),
    ("Go to grants", &["g", "n"]),
    ("Go to approvals", &["g", "v"]),
    ("Ask who may do what", &["g", "w"]),
    ("Go to the audit trail", &["g", "u"]),
    ("Go to security events", &["g", "e"]),
    ("Go to your account", &["g", "a"]),
];

/// The shortcuts as a list of words and keys.
#[must_use]
pub fn shortcuts_list() -> Markup {
    html! {
        dl class="shortcuts" {
            @for (what, keys) in SHORTCUTS {
                div { dt { (what) } dd { @for key in *keys { kbd { (key) } } } }
            }
        }
    }
}

fn dialogs(frame: &Frame) -> Markup {
    html! {
        dialog id="palette" class="palette" aria-label="Find or do anything" {
            div class="palette-input" {
                (icon(Icon::Search))
                input type="text" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-autocomplete="list"
                    aria-label="Find or do anything" placeholder="A key, a name, a page…" autocomplete="off" spellcheck="false";
                kbd { "Esc" }
            }
            ul id="palette-list" role="listbox" aria-label="Found" {}
            p class="muted palette-none" hidden { "Nothing found. " a href=(paths::FIND) { "Search everything" } }
        }
        dialog id="shortcuts" class="sheet" aria-labelledby="shortcuts-title" {
            div class="sheet-head" {
                h2 id="shortcuts-title" { "Keyboard shortcuts" }
                form method="dialog" { button class="icon-button" aria-label="Close" { (icon(Icon::X)) } }
            }
            (shortcuts_list())
            p class="muted" {
                @if frame.shortcuts_off { "Single-key shortcuts are off. " } @else { "In your way? " }
                a href={ (paths::ACCOUNT) "#shortcuts-setting" } { "Change this in your account" }
            }
        }
    }
}

/// The options of a select, from every member of a list of states.
#[must_use]
pub fn state_options<S: Shown>() -> Vec<(String, String)> {
    S::ALL.iter().map(|state| (state.code().to_owned(), state.word().to_owned())).collect()
}
