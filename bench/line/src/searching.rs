//! P7: search over a million records with counts to narrow by and with permissions, held against PostgreSQL's full text alone.

use std::{
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use decisions::median;
use line::{
    Failure, http,
    instance::Instance,
    load,
    report::{Goal, Section, short},
    seed,
};
use tokio_postgres::Client;

use crate::{Plan, progress};

/// Connections, so that a time is one of searching and not of waiting for a processor.
const FEW: usize = 2;
/// Different questions of each kind.
const QUESTIONS: usize = 500;
/// Kinds of questions, and how many of ten in the mix are of it.
const KINDS: [(Kind, usize, &str); 5] = [
    (Kind::Word, 2, "one word"),
    (Kind::Together, 4, "three words of one record"),
    (Kind::Beginning, 1, "two words, the second only begun"),
    (Kind::Phrase, 1, "a phrase of two words"),
    (Kind::Narrowed, 2, "two words, in one project, of one type"),
];
/// What PostgreSQL alone does: everything that fits is ranked, nothing is counted, anybody may see all.
const BARE: &str = "select e.id, e.title, ts_rank_cd(e.search_vector, q.q) as rank from platform.entities e, (select to_tsquery('english', $1) as q) q \
    where e.search_vector @@ q.q order by rank desc limit 25";

#[derive(Clone, Copy)]
enum Kind {
    Word,
    Together,
    Beginning,
    Phrase,
    Narrowed,
}

/// A question as a person types it, with the parameters of its address, and as PostgreSQL takes it.
#[derive(Clone)]
struct Question {
    typed: String,
    narrowed: String,
    tsquery: String,
}

pub(crate) async fn measure(plan: &Plan) -> Result<Section, Failure> {
    let rows =
        plan.rows.iter().copied().find(|rows| *rows == 1_000_000).unwrap_or(*plan.rows.last().unwrap_or(&1_000_000));
    let instance = plan.start("searched").await?;
    progress(&format!("P7: storing {rows} records with words"));
    seed::searched(&instance, rows).await?;
    let viewer = seed::viewer(&instance).await?;
    let client = instance.superuser().await?;
    client.batch_execute("create index bench_words_idx on platform.entities using gin (search_vector)").await?;
    let mut section = Section::new("P7: search with counts and permissions");
    section.note(format!(
        "`GET /v1/search?q=…` over {rows} records of 26 words each (20,000 words, the n-th as frequent as 1/n; seven of ten a requirement, the others a \
         task), in 50 projects of which 10 are private: the best 25 with their words marked, and counts by type, project, status, owner, month and tag. \
         Words are taken from records by chance, so that frequent ones are asked for often. {FEW} connections. PostgreSQL alone ranks all that fits with \
         a plain index on the words and returns 25 titles: no counts, no marks, no permissions."
    ));

    let questions = questions(&client, rows).await?;
    progress("P7: searching");
    let mixed: Vec<Question> = (0..QUESTIONS)
        .flat_map(|n| {
            let slots: Vec<usize> = KINDS.iter().enumerate().flat_map(|(at, (_, share, _))| vec![at; *share]).collect();
            slots
                .into_iter()
                .enumerate()
                .map(move |(slot, kind)| (kind, (n * 10 + slot) % QUESTIONS))
                .collect::<Vec<_>>()
        })
        .map(|(kind, n)| questions[kind][n].clone())
        .collect();

    let everybody = [
        ("as a member, who sees 40 of the projects", &viewer),
        ("as the administrator, who sees all", &instance.token),
    ];
    for (who, token) in everybody {
        let (ours, theirs) = compare(plan, &instance, &mixed, token).await?;
        let reason = "see which kind of question takes it, below";
        let p95: Vec<f64> = ours.iter().map(|round| round.1).collect();
        section.figure(&format!("p95 of a mix, {who}"), &p95, " ms", Goal::AtMost(50.0), reason);
        let ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours.1 / theirs.1).collect();
        section.figure(&format!("the same, of PostgreSQL's alone, {who}"), &ratios, "×", Goal::None, "");
    }
    let mut table = Vec::new();
    for ((_, share, name), questions) in KINDS.iter().zip(&questions) {
        let (ours, theirs) = compare(plan, &instance, questions, &viewer).await?;
        let middle = |rounds: &[(f64, f64)], pick: fn(&(f64, f64)) -> f64| {
            short(median(&rounds.iter().map(pick).collect::<Vec<_>>()))
        };
        table.push(vec![
            (*name).to_owned(),
            share.to_string(),
            middle(&ours, |round| round.0),
            middle(&ours, |round| round.1),
            middle(&theirs, |round| round.0),
            middle(&theirs, |round| round.1),
        ]);
    }
    section.table(
        "By kind of question, as the member, in milliseconds:",
        &["Question", "Of ten", "p50", "p95", "PostgreSQL alone p50", "p95"],
        &table,
    );
    instance.stop().await?;
    Ok(section)
}

/// The p50 and p95 of each round, in milliseconds, of the server and of PostgreSQL alone, in turn.
async fn compare(
    plan: &Plan,
    instance: &Instance,
    questions: &[Question],
    token: &str,
) -> Result<(Vec<(f64, f64)>, Vec<(f64, f64)>), Failure> {
    let requests: Vec<Vec<u8>> = questions
        .iter()
        .map(|question| http::get(&format!("/v1/search?q={}{}", escaped(&question.typed), question.narrowed), token))
        .collect();
    let requests = Arc::new(requests);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=plan.rounds {
        let requests = requests.clone();
        let next = Arc::new(move |n: u64| requests[(n % requests.len() as u64) as usize].clone());
        let taken = load::run(instance.address, FEW, plan.time, next).await?;
        let alone = alone(instance, questions, plan.time).await?;
        // The first round only warms up.
        if round > 0 {
            ours.push((taken.p50_ms, taken.p95_ms));
            theirs.push(alone);
        }
    }
    Ok((ours, theirs))
}

/// PostgreSQL's p50 and p95 for the same questions.
async fn alone(instance: &Instance, questions: &[Question], time: Duration) -> Result<(f64, f64), Failure> {
    let until = Instant::now() + time;
    let mut tasks = Vec::new();
    for worker in 0..FEW {
        let client = instance.superuser().await?;
        let questions: Vec<String> = questions.iter().map(|question| question.tsquery.clone()).collect();
        tasks.push(tokio::spawn(async move {
            let statement = client.prepare(BARE).await?;
            let mut times = Vec::new();
            let mut at = worker * questions.len() / FEW;
            while Instant::now() < until {
                let sent = Instant::now();
                client.query(&statement, &[&questions[at % questions.len()]]).await?;
                times.push(sent.elapsed().as_secs_f64() * 1e3);
                at += 1;
            }
            Ok::<_, Failure>(times)
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    times.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    Ok((at(0.5), at(0.95)))
}

/// Questions of each kind, made of the words of records that are spread over all there are.
async fn questions(client: &Client, rows: u64) -> Result<Vec<Vec<Question>>, Failure> {
    // An odd step, so that it does not fall on the same projects again and again.
    let step = i64::try_from((rows / QUESTIONS as u64 * 4 / 5) | 1)?;
    let records = client
        .query(
            "select e.title, e.entity_type, p.slug from platform.entities e join work.projects p on p.id = e.project_id \
             where e.entry_number % $1 = 1 % $1 and p.visibility <> 'private' order by e.entry_number limit $2",
            &[&step, &i64::try_from(QUESTIONS)?],
        )
        .await?;
    if records.is_empty() {
        return Err("there is no record to ask for".into());
    }
    let mut all = Vec::new();
    for (kind, ..) in KINDS {
        let mut some = Vec::with_capacity(QUESTIONS);
        for n in 0..QUESTIONS {
            let row = &records[n % records.len()];
            let (title, entity_type, slug): (String, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let words: Vec<&str> = title.split(' ').collect();
            // Other words of a record than in the kinds before.
            let word = |at: usize| words[(n / records.len() + at) % words.len()];
            let both = format!("{} {}", word(0), word(1));
            some.push(match kind {
                Kind::Word => plain(word(0), ""),
                Kind::Together => plain(&format!("{} {} {}", word(0), word(2), word(4)), ""),
                Kind::Beginning => Question {
                    typed: format!("{} {}", word(3), &word(1)[..3]),
                    narrowed: String::new(),
                    tsquery: format!("{} & {}:*", word(3), &word(1)[..3]),
                },
                Kind::Phrase => Question {
                    typed: format!("\"{both}\""),
                    narrowed: String::new(),
                    tsquery: format!("{} <-> {}", word(0), word(1)),
                },
                Kind::Narrowed => plain(&both, &format!("&type={entity_type}&project={slug}")),
            });
        }
        all.push(some);
    }
    Ok(all)
}

/// Words that all have to be there. The blank behind them says that the last one is finished.
fn plain(words: &str, narrowed: &str) -> Question {
    Question { typed: format!("{words} "), narrowed: narrowed.to_owned(), tsquery: words.replace(' ', " & ") }
}

/// A text in an address: whatever is no letter or digit is escaped.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_escaped_for_an_address() {
        assert_eq!(escaped("two \"words\""), "two%20%22words%22");
    }

    #[test]
    fn the_mix_has_ten_parts() {
        assert_eq!(KINDS.iter().map(|(_, share, _)| share).sum::<usize>(), 10);
    }
}
