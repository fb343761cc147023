//! The icons in use, drawn inline so that a page needs no second request and takes the colour of its text.
//!
//! Paths are Lucide's (<https://lucide.dev>, ISC licence, with parts from Feather under MIT); the notice is in
//! `assets/LICENCES.md`. An icon never stands alone for a meaning: a word is always beside it or in the label.

use maud::{Markup, PreEscaped, html};

/// One icon of the set, named as in Lucide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// Lucide `house`.
    House,
    /// Lucide `list-checks`.
    ListChecks,
    /// Lucide `grid-3x3`.
    Grid3x3,
    /// Lucide `flask-conical`.
    FlaskConical,
    /// Lucide `package`.
    Package,
    /// Lucide `rocket`.
    Rocket,
    /// Lucide `bug`.
    Bug,
    /// Lucide `upload`.
    Upload,
    /// Lucide `search`.
    Search,
    /// Lucide `key-round`.
    KeyRound,
    /// Lucide `user`.
    User,
    /// Lucide `sun`.
    Sun,
    /// Lucide `moon`.
    Moon,
    /// Lucide `sun-moon`.
    SunMoon,
    /// Lucide `log-out`.
    LogOut,
    /// Lucide `chevron-down`.
    ChevronDown,
    /// Lucide `x`.
    X,
    /// Lucide `triangle-alert`.
    TriangleAlert,
    /// Lucide `circle-x`.
    CircleX,
    /// Lucide `download`.
    Download,
    /// Lucide `menu`.
    Menu,
    /// Lucide `link`.
    Link,
    /// Lucide `arrow-up`.
    ArrowUp,
    /// Lucide `arrow-down`.
    ArrowDown,
    /// Lucide `keyboard`.
    Keyboard,
    /// Lucide `pencil`.
    Pencil,
    /// Lucide `folder-kanban`.
    FolderKanban,
    /// Lucide `inbox`.
    Inbox,
    /// Lucide `arrow-right`.
    ArrowRight,
    /// Lucide `history`.
    History,
    /// Lucide `gauge`.
    Gauge,
    /// Lucide `activity`.
    Activity,
    /// Lucide `copy`.
    Copy,
    /// Lucide `users`.
    Users,
    /// Lucide `shield-check`.
    ShieldCheck,
    /// Lucide `shield-alert`.
    ShieldAlert,
    /// Lucide `ticket-check`.
    TicketCheck,
    /// Lucide `stamp`.
    Stamp,
    /// Lucide `scan-eye`.
    ScanEye,
    /// Lucide `circle-check`.
    CircleCheck,
    /// Lucide `chevron-right`.
    ChevronRight,
}

impl Icon {
    /// Every icon, for the design page.
    pub const ALL: &'static [Self] = &[
        Self::House,
        Self::ListChecks,
        Self::Grid3x3,
        Self::FlaskConical,
        Self::Package,
        Self::Rocket,
        Self::Bug,
        Self::Upload,
        Self::Search,
        Self::KeyRound,
        Self::User,
        Self::Sun,
        Self::Moon,
        Self::SunMoon,
        Self::LogOut,
        Self::ChevronDown,
        Self::X,
        Self::TriangleAlert,
        Self::CircleX,
        Self::Download,
        Self::Menu,
        Self::Link,
        Self::ArrowUp,
        Self::ArrowDown,
        Self::Keyboard,
        Self::Pencil,
        Self::FolderKanban,
        Self::Inbox,
        Self::ArrowRight,
        Self::History,
        Self::Gauge,
        Self::Activity,
        Self::Copy,
        Self::Users,
        Self::ShieldCheck,
        Self::ShieldAlert,
        Self::TicketCheck,
        Self::Stamp,
        Self::ScanEye,
        Self::CircleCheck,
        Self::ChevronRight,
    ];

    /// The name Lucide gives it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::House => "house",
            Self::ListChecks => "list-checks",
            Self::Grid3x3 => "grid-3x3",
            Self::FlaskConical => "flask-conical",
            Self::Package => "package",
            Self::Rocket => "rocket",
            Self::Bug => "bug",
            Self::Upload => "upload",
            Self::Search => "search",
            Self::KeyRound => "key-round",
            Self::User => "user",
            Self::Sun => "sun",
            Self::Moon => "moon",
            Self::SunMoon => "sun-moon",
            Self::LogOut => "log-out",
            Self::ChevronDown => "chevron-down",
            Self::X => "x",
            Self::TriangleAlert => "triangle-alert",
            Self::CircleX => "circle-x",
            Self::Download => "download",
            Self::Menu => "menu",
            Self::Link => "link",
            Self::ArrowUp => "arrow-up",
            Self::ArrowDown => "arrow-down",
            Self::Keyboard => "keyboard",
            Self::Pencil => "pencil",
            Self::FolderKanban => "folder-kanban",
            Self::Inbox => "inbox",
            Self::ArrowRight => "arrow-right",
            Self::History => "history",
            Self::Gauge => "gauge",
            Self::Activity => "activity",
            Self::Copy => "copy",
            Self::Users => "users",
            Self::ShieldCheck => "shield-check",
            Self::ShieldAlert => "shield-alert",
            Self::TicketCheck => "ticket-check",
            Self::Stamp => "stamp",
            Self::ScanEye => "scan-eye",
            Self::CircleCheck => "circle-check",
            Self::ChevronRight => "chevron-right",
        }
    }

    fn body(self) -> &'static str {
        match self {
            Self::House => {
                r#"<path d="M15 21v-8a1 1 0 0 0-1-1h-4a1 1 0 0 0-1 1v8"/><path d="M3 10a2 2 0 0 1 .709-1.528l7-6a2 2 0 0 1 2.582 0l7 6A2 2 0 0 1 21 10v9a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z"/>"#
            }
            Self::ListChecks => {
                r#"<path d="M13 5h8"/><path d="M13 12h8"/><path d="M13 19h8"/><path d="m3 17 2 2 4-4"/><path d="m3 7 2 2 4-4"/>"#
            }
            Self::Grid3x3 => {
                r#"<rect width="18" height="18" x="3" y="3" rx="2"/><path d="M3 9h18"/><path d="M3 15h18"/><path d="M9 3v18"/><path d="M15 3v18"/>"#
            }
            Self::FlaskConical => {
                r#"<path d="M14 2v6a2 2 0 0 0 .245.96l5.51 10.08A2 2 0 0 1 18 22H6a2 2 0 0 1-1.755-2.96l5.51-10.08A2 2 0 0 0 10 8V2"/><path d="M6.453 15h11.094"/><path d="M8.5 2h7"/>"#
            }
            Self::Package => {
                r#"<path d="M11 21.73a2 2 0 0 0 2 0l7-4A2 2 0 0 0 21 16V8a2 2 0 0 0-1-1.73l-7-4a2 2 0 0 0-2 0l-7 4A2 2 0 0 0 3 8v8a2 2 0 0 0 1 1.73z"/><path d="M12 22V12"/><polyline points="3.29 7 12 12 20.71 7"/><path d="m7.5 4.27 9 5.15"/>"#
            }
            Self::Rocket => {
                r#"<path d="M12 15v5s3.03-.55 4-2c1.08-1.62 0-5 0-5"/><path d="M4.5 16.5c-1.5 1.26-2 5-2 5s3.74-.5 5-2c.71-.84.7-2.13-.09-2.91a2.18 2.18 0 0 0-2.91-.09"/><path d="M9 12a22 22 0 0 1 2-3.95A12.88 12.88 0 0 1 22 2c0 2.72-.78 7.5-6 11a22.4 22.4 0 0 1-4 2z"/><path d="M9 12H4s.55-3.03 2-4c1.62-1.08 5 .05 5 .05"/>"#
            }
            Self::Bug => {
                r#"<path d="M12 20v-9"/><path d="M14 7a4 4 0 0 1 4 4v3a6 6 0 0 1-12 0v-3a4 4 0 0 1 4-4z"/><path d="M14.12 3.88 16 2"/><path d="M21 21a4 4 0 0 0-3.81-4"/><path d="M21 5a4 4 0 0 1-3.55 3.97"/><path d="M22 13h-4"/><path d="M3 21a4 4 0 0 1 3.81-4"/><path d="M3 5a4 4 0 0 0 3.55 3.97"/><path d="M6 13H2"/><path d="m8 2 1.88 1.88"/><path d="M9 7.13V6a3 3 0 1 1 6 0v1.13"/>"#
            }
            Self::Upload => {
                r#"<path d="M12 3v12"/><path d="m17 8-5-5-5 5"/><path d="M21 15v4a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-4"/>"#
            }
            Self::Search => r#"<path d="m21 21-4.34-4.34"/><circle cx="11" cy="11" r="8"/>"#,
            Self::KeyRound => {
                r#"<path d="M2.586 17.414A2 2 0 0 0 2 18.828V21a1 1 0 0 0 1 1h3a1 1 0 0 0 1-1v-1a1 1 0 0 1 1-1h1a1 1 0 0 0 1-1v-1a1 1 0 0 1 1-1h.172a2 2 0 0 0 1.414-.586l.814-.814a6.5 6.5 0 1 0-4-4z"/><circle cx="16.5" cy="7.5" r=".5" fill="currentColor"/>"#
            }
            Self::User => r#"<path d="M19 21v-2a4 4 0 0 0-4-4H9a4 4 0 0 0-4 4v2"/><circle cx="12" cy="7" r="4"/>"#,
            Self::Sun => {
                r#"<circle cx="12" cy="12" r="4"/><path d="M12 2v2"/><path d="M12 20v2"/><path d="m4.93 4.93 1.41 1.41"/><path d="m17.66 17.66 1.41 1.41"/><path d="M2 12h2"/><path d="M20 12h2"/><path d="m6.34 17.66-1.41 1.41"/><path d="m19.07 4.93-1.41 1.41"/>"#
            }
            Self::Moon => {
                r#"<path d="M20.985 12.486a9 9 0 1 1-9.473-9.472c.405-.022.617.46.402.803a6 6 0 0 0 8.268 8.268c.344-.215.825-.004.803.401"/>"#
            }
            Self::SunMoon => {
                r#"<path d="M12 2v2"/><path d="M14.837 16.385a6 6 0 1 1-7.223-7.222c.624-.147.97.66.715 1.248a4 4 0 0 0 5.26 5.259c.589-.255 1.396.09 1.248.715"/><path d="M16 12a4 4 0 0 0-4-4"/><path d="m19 5-1.256 1.256"/><path d="M20 12h2"/>"#
            }
            Self::LogOut => {
                r#"<path d="m16 17 5-5-5-5"/><path d="M21 12H9"/><path d="M9 21H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2h4"/>"#
            }
            Self::ChevronDown => r#"<path d="m6 9 6 6 6-6"/>"#,
            Self::X => r#"<path d="M18 6 6 18"/><path d="m6 6 12 12"/>"#,
            Self::TriangleAlert => {
                r#"<path d="m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3"/><path d="M12 9v4"/><path d="M12 17h.01"/>"#
            }
            Self::CircleX => r#"<circle cx="12" cy="12" r="10"/><path d="m15 9-6 6"/><path d="m9 9 6 6"/>"#,
            Self::Download => {
                r#"<path d="M12 15V3"/><path d="M21 15v4a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-4"/><path d="m7 10 5 5 5-5"/>"#
            }
            Self::Menu => r#"<path d="M4 5h16"/><path d="M4 12h16"/><path d="M4 19h16"/>"#,
            Self::Link => {
                r#"<path d="M10 13a5 5 0 0 0 7.54.54l3-3a5 5 0 0 0-7.07-7.07l-1.72 1.71"/><path d="M14 11a5 5 0 0 0-7.54-.54l-3 3a5 5 0 0 0 7.07 7.07l1.71-1.71"/>"#
            }
            Self::ArrowUp => r#"<path d="m5 12 7-7 7 7"/><path d="M12 19V5"/>"#,
            Self::ArrowDown => r#"<path d="M12 5v14"/><path d="m19 12-7 7-7-7"/>"#,
            Self::Keyboard => {
                r#"<path d="M10 8h.01"/><path d="M12 12h.01"/><path d="M14 8h.01"/><path d="M16 12h.01"/><path d="M18 8h.01"/><path d="M6 8h.01"/><path d="M7 16h10"/><path d="M8 12h.01"/><rect width="20" height="16" x="2" y="4" rx="2"/>"#
            }
            Self::Pencil => {
                r#"<path d="M21.174 6.812a1 1 0 0 0-3.986-3.987L3.842 16.174a2 2 0 0 0-.5.83l-1.321 4.352a.5.5 0 0 0 .623.622l4.353-1.32a2 2 0 0 0 .83-.497z"/><path d="m15 5 4 4"/>"#
            }
            Self::FolderKanban => {
                r#"<path d="M4 20h16a2 2 0 0 0 2-2V8a2 2 0 0 0-2-2h-7.93a2 2 0 0 1-1.66-.9l-.82-1.2A2 2 0 0 0 7.93 3H4a2 2 0 0 0-2 2v13c0 1.1.9 2 2 2Z"/><path d="M8 10v4"/><path d="M12 10v2"/><path d="M16 10v6"/>"#
            }
            Self::Inbox => {
                r#"<polyline points="22 12 16 12 14 15 10 15 8 12 2 12"/><path d="M5.45 5.11 2 12v6a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2v-6l-3.45-6.89A2 2 0 0 0 16.76 4H7.24a2 2 0 0 0-1.79 1.11z"/>"#
            }
            Self::ArrowRight => r#"<path d="M5 12h14"/><path d="m12 5 7 7-7 7"/>"#,
            Self::History => {
                r#"<path d="M3 12a9 9 0 1 0 9-9 9.75 9.75 0 0 0-6.74 2.74L3 8"/><path d="M3 3v5h5"/><path d="M12 7v5l4 2"/>"#
            }
            Self::Activity => {
                r#"<path d="M22 12h-2.48a2 2 0 0 0-1.93 1.46l-2.35 8.36a.25.25 0 0 1-.48 0L9.24 2.18a.25.25 0 0 0-.48 0l-2.35 8.36A2 2 0 0 1 4.49 12H2"/>"#
            }
            Self::Gauge => r#"<path d="m12 14 4-4"/><path d="M3.34 19a10 10 0 1 1 17.32 0"/>"#,
            Self::Copy => {
                r#"<rect width="14" height="14" x="8" y="8" rx="2" ry="2"/><path d="M4 16c-1.1 0-2-.9-2-2V4c0-1.1.9-2 2-2h10c1.1 0 2 .9 2 2"/>"#
            }
            Self::Users => {
                r#"<path d="M16 21v-2a4 4 0 0 0-4-4H6a4 4 0 0 0-4 4v2"/><path d="M16 3.128a4 4 0 0 1 0 7.744"/><path d="M22 21v-2a4 4 0 0 0-3-3.87"/><circle cx="9" cy="7" r="4"/>"#
            }
            Self::ShieldCheck => {
                r#"<path d="M20 13c0 5-3.5 7.5-7.66 8.95a1 1 0 0 1-.67-.01C7.5 20.5 4 18 4 13V6a1 1 0 0 1 1-1c2 0 4.5-1.2 6.24-2.72a1.17 1.17 0 0 1 1.52 0C14.51 3.81 17 5 19 5a1 1 0 0 1 1 1z"/><path d="m9 12 2 2 4-4"/>"#
            }
            Self::ShieldAlert => {
                r#"<path d="M20 13c0 5-3.5 7.5-7.66 8.95a1 1 0 0 1-.67-.01C7.5 20.5 4 18 4 13V6a1 1 0 0 1 1-1c2 0 4.5-1.2 6.24-2.72a1.17 1.17 0 0 1 1.52 0C14.51 3.81 17 5 19 5a1 1 0 0 1 1 1z"/><path d="M12 8v4"/><path d="M12 16h.01"/>"#
            }
            Self::TicketCheck => {
                r#"<path d="M2 9a3 3 0 0 1 0 6v2a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2v-2a3 3 0 0 1 0-6V7a2 2 0 0 0-2-2H4a2 2 0 0 0-2 2Z"/><path d="m9 12 2 2 4-4"/>"#
            }
            Self::Stamp => {
                r#"<path d="M14 13V8.5C14 7 15 7 15 5a3 3 0 0 0-6 0c0 2 1 2 1 3.5V13"/><path d="M20 15.5a2.5 2.5 0 0 0-2.5-2.5h-11A2.5 2.5 0 0 0 4 15.5V17a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1z"/><path d="M5 22h14"/>"#
            }
            Self::ScanEye => {
                r#"<path d="M3 7V5a2 2 0 0 1 2-2h2"/><path d="M17 3h2a2 2 0 0 1 2 2v2"/><path d="M21 17v2a2 2 0 0 1-2 2h-2"/><path d="M7 21H5a2 2 0 0 1-2-2v-2"/><circle cx="12" cy="12" r="1"/><path d="M18.944 12.33a1 1 0 0 0 0-.66 7.5 7.5 0 0 0-13.888 0 1 1 0 0 0 0 .66 7.5 7.5 0 0 0 13.888 0"/>"#
            }
            Self::CircleCheck => r#"<circle cx="12" cy="12" r="10"/><path d="m9 12 2 2 4-4"/>"#,
            Self::ChevronRight => r#"<path d="m9 18 6-6-6-6"/>"#,
        }
    }
}

/// The icon at 16 pixels in the colour of the text around it, hidden from assistive technology.
#[must_use]
pub fn icon(icon: Icon) -> Markup {
    html! {
        svg class="icon" viewBox="0 0 24 24" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.75"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" { (PreEscaped(icon.body())) }
    }
}
