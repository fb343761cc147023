//! askama, maud and minijinja on the same page: time to render it, and processor time to build after a template was edited.
//!
//! `bench/decisions/run page-templates` runs this; the database that it makes is not used.

use std::{error::Error, fmt::Write as _, fs, hint::black_box};

use decisions::{
    machine, median,
    pages::{model, with_askama, with_maud, with_minijinja},
    scratch::{Scratch, build, clean_build, timed},
    spread, thread_us,
};

type Failure = Box<dyn Error + Send + Sync>;

const ENGINES: [&str; 3] = ["maud", "askama", "minijinja"];
const RENDER_ROUNDS: usize = 15;
const RENDERS: usize = 300;
const CLEAN_ROUNDS: usize = 5;
const EDIT_ROUNDS: usize = 5;
/// Pages of the scratch crates, each a copy of the measured one.
const PAGES: usize = 30;

/// The three escape differently, and templates leave line breaks between tags; neither changes what a browser shows.
fn canonical(html: &str) -> String {
    let joined = html.split('\n').collect::<String>();
    joined
        .replace("&quot;", "&#34;")
        .replace("&#x2f;", "/")
        .replace("&#x27;", "'")
        .replace("&#39;", "'")
        .replace("&lt;", "&#60;")
        .replace("&gt;", "&#62;")
        .replace("&amp;", "&#38;")
}

fn render_rounds() -> Result<[Vec<f64>; 3], Failure> {
    let page = model::matrix(200, 10);
    let environment = with_minijinja::environment()?;
    let render = |engine: usize| -> Result<String, Failure> {
        Ok(match engine {
            0 => with_maud::render(&page),
            1 => with_askama::render(&page)?,
            _ => with_minijinja::render(&environment, &page)?,
        })
    };
    let first = canonical(&render(0)?);
    for (engine, name) in ENGINES.iter().enumerate() {
        let other = canonical(&render(engine)?);
        if let Some(at) = first.bytes().zip(other.bytes()).position(|(a, b)| a != b) {
            let around = |text: &str| {
                String::from_utf8_lossy(
                    &text.as_bytes()[at.saturating_sub(80)..(at + 80).min(text.len())],
                )
                .into_owned()
            };
            return Err(format!(
                "maud and {name} differ:\n{}\n{}",
                around(&first),
                around(&other)
            )
            .into());
        }
        if first.len() != other.len() {
            return Err(format!(
                "maud gives {} bytes and {name} {}",
                first.len(),
                other.len()
            )
            .into());
        }
    }
    println!("the page has {} bytes of HTML\n", render(0)?.len());
    let mut times: [Vec<f64>; 3] = Default::default();
    for round in 0..RENDER_ROUNDS {
        for turn in 0..3 {
            let engine = (turn + round) % 3;
            let before = thread_us()?;
            for _ in 0..RENDERS {
                black_box(render(engine)?);
            }
            times[engine].push((thread_us()? - before) / RENDERS as f64);
        }
    }
    Ok(times)
}

/// Writes a crate of `PAGES` pages and a binary that renders each; `edit` changes the words of one page.
fn lay_out(scratch: &Scratch, engine: &str, edit: usize) -> Result<(), Failure> {
    let source = match engine {
        "maud" => include_str!("../pages/with_maud.rs"),
        "askama" => include_str!("../pages/with_askama.rs"),
        _ => include_str!("../pages/with_minijinja.rs"),
    };
    let heading = |text: &str, page: usize| {
        let word = if page == 7 {
            format!("Traceability {edit} of ")
        } else {
            format!("Page {page} of ")
        };
        text.replace("Traceability of ", &word)
    };
    let mut main = String::from("mod model;\n");
    for page in 0..PAGES {
        let name = format!("page_{page:02}");
        writeln!(main, "mod {name};")?;
        if edit > 0 && page != 7 {
            continue;
        }
        match engine {
            "maud" => scratch.write(
                &format!("{engine}/src/{name}.rs"),
                &heading(source, page).replace("super::model", "crate::model"),
            )?,
            "askama" => {
                if edit == 0 {
                    let code = source
                        .replace("super::model", "crate::model")
                        .replace("askama_matrix.html", &format!("{name}.html"));
                    scratch.write(&format!("{engine}/src/{name}.rs"), &code)?;
                }
                let template = heading(include_str!("../../templates/askama_matrix.html"), page);
                scratch.write(&format!("{engine}/templates/{name}.html"), &template)?;
            }
            _ => {
                if edit == 0 {
                    let code = source
                        .replace("super::model", "crate::model")
                        .replace("../../templates", "../templates")
                        .replace("minijinja_matrix.html", &format!("{name}.html"));
                    scratch.write(&format!("{engine}/src/{name}.rs"), &code)?;
                }
                let template = heading(include_str!("../../templates/minijinja_matrix.html"), page);
                scratch.write(&format!("{engine}/templates/{name}.html"), &template)?;
            }
        }
    }
    if edit > 0 {
        return Ok(());
    }
    main.push_str("fn main() {\n    let page = model::matrix(2, 2);\n");
    for page in 0..PAGES {
        let call = match engine {
            "maud" => format!("page_{page:02}::render(&page)"),
            "askama" => format!("page_{page:02}::render(&page).expect(\"renders\")"),
            _ => format!(
                "page_{page:02}::render(&page_{page:02}::environment().expect(\"parses\"), &page).expect(\"renders\")"
            ),
        };
        writeln!(main, "    println!(\"{{}}\", {call}.len());")?;
    }
    main.push_str("}\n");
    scratch.write(&format!("{engine}/src/main.rs"), &main)?;
    let model = include_str!("../pages/model.rs");
    let (model, dependency) = match engine {
        // Only minijinja needs the model to be serialisable.
        "minijinja" => (
            model.to_owned(),
            "minijinja = { version = \"3\", features = [\"serde\"] }\nserde = { version = \"1\", features = [\"derive\"] }",
        ),
        "askama" => (without_serde(model), "askama = \"0.16\""),
        _ => (without_serde(model), "maud = \"0.27\""),
    };
    scratch.write(&format!("{engine}/src/model.rs"), &model)?;
    for (name, text) in [
        (
            "askama_layout.html",
            include_str!("../../templates/askama_layout.html"),
        ),
        (
            "askama_parts.html",
            include_str!("../../templates/askama_parts.html"),
        ),
        (
            "minijinja_layout.html",
            include_str!("../../templates/minijinja_layout.html"),
        ),
        (
            "minijinja_parts.html",
            include_str!("../../templates/minijinja_parts.html"),
        ),
    ] {
        if name.starts_with(engine) {
            scratch.write(&format!("{engine}/templates/{name}"), text)?;
        }
    }
    // Dependencies are not optimised: what is compared is the compiler's work on the candidates.
    let manifest = format!(
        "[package]\nname = \"pages_{engine}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n{dependency}\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n"
    );
    scratch.write(&format!("{engine}/Cargo.toml"), &manifest)
}

fn without_serde(model: &str) -> String {
    model
        .replace("use serde::Serialize;\n", "")
        .replace("#[derive(Serialize)]\n", "")
}

fn main() -> Result<(), Failure> {
    println!("{}", machine());
    let renders = render_rounds()?;
    println!(
        "| Engine | processor µs a page, release profile | ratio | spread of ratio |\n|---|---|---|---|"
    );
    for (engine, name) in ENGINES.iter().enumerate() {
        let ratios: Vec<f64> = renders[engine]
            .iter()
            .zip(&renders[0])
            .map(|(a, b)| a / b)
            .collect();
        let (low, high) = spread(&ratios);
        println!(
            "| {name} | {:.0} | {:.2} | {low:.2} to {high:.2} |",
            median(&renders[engine]),
            median(&ratios)
        );
    }

    let scratch = Scratch::new("page-templates")?;
    for engine in ENGINES {
        lay_out(&scratch, engine, 0)?;
        // Fetches what is missing, so that no round waits for the network.
        timed(&scratch.at(engine), "cargo", &["fetch", "--quiet"])?;
    }
    let mut figures: [[Vec<f64>; 3]; 3] = Default::default();
    for round in 0..CLEAN_ROUNDS {
        for turn in 0..3 {
            let engine = (turn + round) % 3;
            figures[engine][0].push(clean_build(&scratch.at(ENGINES[engine]))?);
        }
        eprintln!("clean round {} of {CLEAN_ROUNDS}", round + 1);
    }
    for engine in ENGINES {
        timed(&scratch.at(engine), "cargo", &["check", "--quiet"])?;
    }
    for round in 0..EDIT_ROUNDS {
        for turn in 0..3 {
            let engine = (turn + round) % 3;
            let directory = scratch.at(ENGINES[engine]);
            lay_out(&scratch, ENGINES[engine], 2 * round + 1)?;
            figures[engine][1].push(build(&directory)?);
            lay_out(&scratch, ENGINES[engine], 2 * round + 2)?;
            figures[engine][2].push(timed(&directory, "cargo", &["check", "--quiet"])?);
        }
    }
    println!(
        "\n{PAGES} pages, development profile, processor seconds; clean {CLEAN_ROUNDS} rounds, edit {EDIT_ROUNDS} rounds\n"
    );
    println!(
        "| Engine | clean build s | ratio | edit one page, build s | ratio | spread | edit one page, check s | ratio | packages in Cargo.lock |\n|---|---|---|---|---|---|---|---|---|"
    );
    for (engine, name) in ENGINES.iter().enumerate() {
        let ratio = |figure: usize| {
            figures[engine][figure]
                .iter()
                .zip(&figures[0][figure])
                .map(|(a, b)| a / b)
                .collect::<Vec<f64>>()
        };
        let (low, high) = spread(&ratio(1));
        let locked = fs::read_to_string(scratch.at(&format!("{name}/Cargo.lock")))?
            .matches("[[package]]")
            .count();
        println!(
            "| {name} | {:.1} | {:.2} | {:.2} | {:.2} | {low:.2} to {high:.2} | {:.2} | {:.2} | {locked} |",
            median(&figures[engine][0]),
            median(&ratio(0)),
            median(&figures[engine][1]),
            median(&ratio(1)),
            median(&figures[engine][2]),
            median(&ratio(2)),
        );
    }
    Ok(())
}
