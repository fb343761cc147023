//! The table, the workhorse: sortable by links, scrolling inside its own region on small screens.

use maud::{Markup, html};

use crate::icons::{Icon, icon};

/// Which way a column sorts now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// One column's head.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Column {
    /// Its title.
    pub title: String,
    /// Figures, set to the right.
    pub number: bool,
    /// The address that sorts by it.
    pub sort_href: Option<String>,
    /// The way it sorts now, if it is the one.
    pub sorted: Option<Sort>,
}

impl Column {
    /// A column of words.
    #[must_use]
    pub fn text(title: &str) -> Self {
        Self { title: title.to_owned(), ..Self::default() }
    }

    /// A column of figures.
    #[must_use]
    pub fn number(title: &str) -> Self {
        Self { title: title.to_owned(), number: true, ..Self::default() }
    }

    /// The same column, sorting by `href`; `sorted` when it is the one in force.
    #[must_use]
    pub fn sorts(mut self, href: Option<String>, sorted: Option<Sort>) -> Self {
        self.sort_href = href;
        self.sorted = sorted;
        self
    }
}

/// A table named by `label`; `rows` are `<tr>` elements. `j` and `k` walk the links marked `data-row`.
#[must_use]
pub fn table(label: &str, columns: &[Column], rows: &Markup) -> Markup {
    html! {
        div class="wrap" role="region" aria-label=(label) tabindex="0" {
            table {
                caption class="hidden" { (label) }
                thead {
                    tr {
                        @for column in columns {
                            th scope="col" class=[column.number.then_some("num")]
                                aria-sort=[column.sorted.map(|sort| if sort == Sort::Ascending { "ascending" } else { "descending" })] {
                                @match &column.sort_href {
                                    Some(href) => a href=(href) {
                                        (column.title)
                                        @match column.sorted {
                                            Some(Sort::Ascending) => (icon(Icon::ArrowUp)),
                                            Some(Sort::Descending) => (icon(Icon::ArrowDown)),
                                            None => {},
                                        }
                                    },
                                    None => (column.title),
                                }
                            }
                        }
                    }
                }
                tbody { (rows) }
            }
        }
    }
}

/// Where a list goes on: addresses with the cursor in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pager {
    /// What is shown, in words: "50 requirements, sorted by key".
    pub shown: String,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page, when there is one.
    pub next: Option<String>,
}

/// What is shown, and the ways back to the start and on.
#[must_use]
pub fn pager(pager: &Pager) -> Markup {
    html! {
        nav class="pager" aria-label="Pages" {
            span class="muted" { (pager.shown) }
            span class="do" {
                @if let Some(href) = &pager.first { a class="button" href=(href) { "First page" } }
                @if let Some(href) = &pager.next { a class="button" rel="next" href=(href) { "Next page" (icon(Icon::ArrowRight)) } }
            }
        }
    }
}
