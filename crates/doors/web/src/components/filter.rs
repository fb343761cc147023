//! The filter bar: a GET form, so that what is shown lives in the URL and can be shared.

use maud::{Markup, html};

use crate::format::thousands;
use crate::icons::{Icon, icon};

/// What a list can be narrowed by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// The page itself, without a query.
    pub action: String,
    /// The text looked for, in the parameter `q`; `None` leaves the field out.
    pub text: Option<String>,
    /// The chips.
    pub choices: Vec<Choice>,
    /// Parameters to carry along unchanged, such as `sort`.
    pub carry: Vec<(String, String)>,
}

/// One chip: a parameter and its values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The parameter's name in the URL; repeated for several values.
    pub name: String,
    /// What the chip is called.
    pub label: String,
    /// Several values at once, or exactly one.
    pub many: bool,
    /// The values on offer.
    pub options: Vec<ChoiceOption>,
}

/// One value of a chip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChoiceOption {
    /// The value in the URL.
    pub value: String,
    /// The words for it.
    pub label: String,
    /// Whether it is chosen.
    pub chosen: bool,
    /// How many rows it would show, if counted.
    pub count: Option<i64>,
}

impl Choice {
    /// The chosen values in words.
    fn words(&self) -> String {
        let chosen: Vec<&str> = self.options.iter().filter(|o| o.chosen).map(|o| o.label.as_str()).collect();
        match chosen.len() {
            0 => "any".to_owned(),
            1 | 2 => chosen.join(", "),
            more => format!("{} and {} more", chosen[0], more - 1),
        }
    }
}

impl Filters {
    /// Whether anything narrows the list.
    #[must_use]
    pub fn narrowed(&self) -> bool {
        self.text.as_deref().is_some_and(|text| !text.is_empty())
            || self.choices.iter().any(|choice| choice.many && choice.options.iter().any(|option| option.chosen))
    }
}

/// Search field, chips with their choices, Apply, and Clear when anything is set.
#[must_use]
pub fn filter_bar(filters: &Filters) -> Markup {
    html! {
        form method="get" action=(filters.action) class="filters" role="search" aria-label="Filters" {
            @if let Some(text) = &filters.text {
                label class="filter-text" {
                    (icon(Icon::Search)) span class="hidden" { "Text" }
                    input type="search" name="q" value=(text) placeholder="Filter by text" autocomplete="off" data-filter;
                }
            }
            @for choice in &filters.choices {
                @let on = choice.many && choice.options.iter().any(|o| o.chosen);
                details class={ "menu chip" @if on { " on" } } {
                    summary { (choice.label) " " b { (choice.words()) } (icon(Icon::ChevronDown)) }
                    div class="pop" {
                        fieldset {
                            legend { (choice.label) }
                            @for option in &choice.options {
                                label class="option" {
                                    input type=(if choice.many { "checkbox" } else { "radio" }) name=(choice.name) value=(option.value) checked[option.chosen];
                                    span { (option.label) }
                                    @if let Some(count) = option.count { span class="n" { (thousands(count)) } }
                                }
                            }
                        }
                        button class="button main" { "Apply" }
                    }
                }
            }
            @for (name, value) in &filters.carry { input type="hidden" name=(name) value=(value); }
            button class="button quiet" { "Apply" }
            @if filters.narrowed() { a class="button quiet" href=(filters.action) { "Clear" } }
        }
    }
}
