//! The Markdown below the front matter: lists under headings that mean something, and description.

use super::{Item, Requirement};

/// Where the text of a section goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Description,
    Criteria,
    Stories,
    Features,
    DependsOn,
    Tests,
}

impl Section {
    fn of(heading: &str) -> Self {
        let plain: String = heading.chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect();
        match plain.trim().to_lowercase().as_str() {
            "acceptance criteria" | "acceptance criterion" | "criteria" => Self::Criteria,
            "user stories" | "user story" | "stories" => Self::Stories,
            "features" | "feature" => Self::Features,
            "depends on" | "dependencies" => Self::DependsOn,
            "tests" | "verified by" | "verification" | "verifies" => Self::Tests,
            _ => Self::Description,
        }
    }
}

/// Reads the body, which begins on line `first_line` of the document.
pub(super) fn apply(body: &str, first_line: u64, requirement: &mut Requirement) {
    let mut section = (Section::Description, 0_usize);
    let mut fence: Option<&str> = None;
    let mut description = String::new();
    let mut items: Vec<(Section, Item)> = Vec::new();
    // A blank line ends the text of an item, unless what follows is indented.
    let mut item_is_open = false;
    for (line, text) in (first_line..).zip(body.lines()) {
        let trimmed = text.trim();
        let in_fence = fence.is_some();
        match fence {
            Some(mark) if trimmed.starts_with(mark) => fence = None,
            None if trimmed.starts_with("```") => fence = Some("```"),
            None if trimmed.starts_with("~~~") => fence = Some("~~~"),
            _ => {}
        }
        if !in_fence && let Some((level, heading)) = heading(text) {
            item_is_open = false;
            if level == 1 && requirement.title.is_empty() {
                heading.clone_into(&mut requirement.title);
                section = (Section::Description, level);
                continue;
            }
            let named = Section::of(heading);
            // A deeper heading inside a list section structures the list; it does not end it.
            let structures = named == Section::Description && section.0 != Section::Description && level > section.1;
            if !structures {
                section = (named, level);
            }
            if section.0 == Section::Description && heading != requirement.title {
                description.push_str(text.trim_end());
                description.push('\n');
            }
            continue;
        }
        if section.0 == Section::Description {
            description.push_str(text.trim_end());
            description.push('\n');
            continue;
        }
        if trimmed.is_empty() {
            item_is_open = item_is_open && in_fence;
            continue;
        }
        let indent = text.len() - text.trim_start().len();
        if !in_fence
            && indent < 4
            && let Some(marked) = list_item(trimmed)
        {
            let (checked, marked) = check_box(marked);
            items.push((section.0, Item { text: marked.to_owned(), checked, line }));
            item_is_open = true;
        } else if let Some((_, item)) =
            items.last_mut().filter(|(of, _)| *of == section.0 && (item_is_open || indent >= 2))
        {
            item.text.push(' ');
            item.text.push_str(trimmed);
            item_is_open = true;
        } else {
            // A paragraph among list items: a story told in prose counts as one; elsewhere it is description.
            if section.0 == Section::Stories {
                items.push((section.0, Item { text: trimmed.to_owned(), checked: None, line }));
                item_is_open = true;
            } else {
                description.push_str(trimmed);
                description.push('\n');
            }
        }
    }
    for (section, item) in items {
        if item.text.trim().is_empty() {
            continue;
        }
        match section {
            Section::Criteria => requirement.acceptance_criteria.push(item),
            Section::Stories => requirement.user_stories.push(item),
            Section::Features => requirement.features.push(item.text),
            Section::DependsOn => {
                // The key is the first word; what follows explains it.
                let word = item.text.split([' ', ':', ',']).next().unwrap_or_default();
                let word = word.trim_matches(['`', '[', ']', '*', '.']);
                match super::front_matter::key(word.to_owned(), item.line) {
                    Ok(key) if !requirement.depends_on.contains(&key) => requirement.depends_on.push(key),
                    Ok(_) => {}
                    Err(_) => {
                        description.push_str(&item.text);
                        description.push('\n');
                    }
                }
            }
            Section::Tests => requirement.verified_by.push(item.text.trim_matches('`').to_owned()),
            Section::Description => {}
        }
    }
    let description = description.trim();
    if !description.is_empty() {
        if !requirement.description.is_empty() {
            requirement.description.push_str("\n\n");
        }
        requirement.description.push_str(description);
    }
}

/// `## Heading ##` → level and text (CommonMark's ATX headings).
fn heading(text: &str) -> Option<(usize, &str)> {
    let indent = text.len() - text.trim_start_matches(' ').len();
    let text = text.trim();
    let level = text.bytes().take_while(|byte| *byte == b'#').count();
    if indent > 3 || !(1..=6).contains(&level) {
        return None;
    }
    let rest = &text[level..];
    if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
        return None;
    }
    Some((level, rest.trim().trim_end_matches('#').trim_end()))
}

/// `- text`, `* text`, `+ text`, `1. text`, `1) text`.
fn list_item(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix(['-', '*', '+']) {
        return (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| rest.trim());
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=9).contains(&digits) {
        return None;
    }
    let rest = text[digits..].strip_prefix(['.', ')'])?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| rest.trim())
}

/// `[x] text` → ticked.
fn check_box(text: &str) -> (Option<bool>, &str) {
    for (mark, checked) in [("[ ]", false), ("[x]", true), ("[X]", true)] {
        if let Some(rest) = text.strip_prefix(mark) {
            return (Some(checked), rest.trim());
        }
    }
    (None, text)
}
