//! Erasing a person: nothing names them any more, what was done is still told, and everything that was sealed is still proven.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use assurance::sealing;
use identity::SignIn;
use jiff::SignedDuration;
use kernel::Request;
use serde_json::{Value, json};
use testkit::{Person, World};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{sealing::Scene, serving::Serving, world};

const EMAIL: &str = "mira.holm@home.example";
const NAME: &str = "Mira Holm";
const ADDRESS: &str = "203.0.113.77";
const BROWSER: &str = "Mirabrowser/7";

/// Somebody who is invited, signs in and gets to work.
async fn mira(world: &World) -> Person {
    let body = json!({"email": EMAIL, "display_name": NAME, "role": "developer", "password": Person::PASSWORD});
    let made = world.post("/v1/memberships/invite", &body).by(&world.home.owner).send().await.expect(201).json();
    let input = SignIn { email: EMAIL.into(), password: Person::PASSWORD.into(), organization: None };
    let request = Request { address: ADDRESS.parse().ok(), user_agent: Some(BROWSER.into()), ..Request::default() };
    let signed_in = world.authenticator.sign_in(input, request).await.unwrap();
    Person {
        user_id: made["user_id"].as_str().unwrap().parse().unwrap(),
        email: EMAIL.into(),
        name: NAME.into(),
        token: signed_in.token.reveal().to_owned(),
    }
}

/// A request of hers, from where she is.
async fn hers(call: testkit::Call<'_>) -> testkit::Answer {
    call.from(ADDRESS.parse().unwrap()).header("user-agent", BROWSER).send().await
}

/// Every table of an organisation, and those of people, in which a row names her. Each way has a sign that keys, seals and other bytes
/// written as letters never hold, so that none is found in them by chance.
async fn named_in(client: &Client, organization: Uuid, person: Uuid) -> Vec<String> {
    let tables = "select format('%I.%I', n.nspname, c.relname),
                         exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped)
                    from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   where c.relkind in ('r', 'p') and not c.relispartition
                     and (exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped)
                          or n.nspname = 'identity' and c.relname in ('users', 'user_credentials', 'user_profiles', 'sign_in_failures'))
                   order by 1";
    let mut found = Vec::new();
    for row in client.query(tables, &[]).await.unwrap() {
        let (table, is_tenant): (String, bool) = (row.get(0), row.get(1));
        let id = if table == "identity.users" { "id" } else { "user_id" };
        let owner = if is_tenant {
            "t.organization_id = $1 or $2::uuid is null".to_owned()
        } else {
            format!("t.{id} = $2 or $1::uuid is null")
        };
        let sql = format!("select t::text from {table} t where ({owner}) and t::text ~* $3");
        let words = format!("mira[ .]holm|m\\.holm|mirabrowser/7|{}", ADDRESS.replace('.', "\\."));
        for row in client.query(&sql, &[&organization, &person, &words]).await.unwrap() {
            let text: String = row.get(0);
            found.push(format!("{table}: {}", text.chars().take(300).collect::<String>()));
        }
    }
    found
}

/// What others write of her where only they, or nobody, may change it: a comment, a version of a document, reviews of one pull request, and
/// an answer that was given.
async fn written_by_others(world: &World, client: &Client, requirement: &Value, repository: &str) {
    let developer = &world.home.developer;
    let comment = json!({"entity_id": requirement["id"], "body": format!("{NAME} wants refunds")});
    world.post("/v1/comments", &comment).by(developer).send().await.expect(201);
    let document = json!({"project_id": requirement["project_id"], "title": "Refunds"});
    let document = world.post("/v1/documents", &document).by(developer).send().await.expect(201).json();
    let version = json!({"document_id": document["id"], "content": format!("As {NAME} said."), "change_summary": NAME});
    world.post("/v1/document-versions", &version).by(developer).send().await.expect(201);
    let reviews = "with request as (
            insert into delivery.pull_requests (organization_id, project_id, repository_id, number, title)
            select $1, r.project_id, r.id, 4711, 'Refunds' from delivery.repositories r where r.id = $2 returning id, project_id)
        insert into delivery.pull_request_reviews (organization_id, project_id, pull_request_id, reviewer_name, verdict)
        select $1, q.project_id, q.id, n.name, 'approved' from request q, unnest(array['[erased]', $3, $4]) as n (name)";
    client.execute(reviews, &[&world.home.id, &Uuid::parse_str(repository).unwrap(), &NAME, &EMAIL]).await.unwrap();
    let asked = world.example(&world.home, "change-request-approvals", 0).await.unwrap();
    client.batch_execute("set session_replication_role = 'replica'").await.unwrap();
    let answer = "update work.change_request_approvals a set decision = 'approved', decided_at = now(), comment = $2 where a.id = $1";
    client.execute(answer, &[&Uuid::parse_str(&asked).unwrap(), &format!("{NAME} may")]).await.unwrap();
    client.batch_execute("reset session_replication_role").await.unwrap();
}

/// Proves REQ-68.3.
#[tokio::test]
async fn a_person_is_erased_and_every_proof_still_holds() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let client = world.superuser().await.unwrap();
    let owner = &world.home.owner;
    let mira = mira(world).await;
    let agent = world.home.agent(&world.kernel, &mira).await.unwrap();
    let project = world.example(&world.home, "projects", 0).await.unwrap();

    // What names her: her own work, what others wrote about her, a commit, a failed sign-in, a token.
    let body = json!({"project_id": project, "title": "Refunds as Mira Holm wished", "description": format!("Ask {EMAIL}."),
                      "assigned_to_user_id": mira.user_id});
    let made = hers(world.post("/v1/requirements", &body).by(&mira)).await.expect(201).json();
    let path = format!("/v1/requirements/{}", made["id"].as_str().unwrap());
    world.clock.advance(SignedDuration::from_secs(1));
    let before = world.clock.now();
    world.clock.advance(SignedDuration::from_secs(1));
    let patch = json!({"priority_code": "high"});
    hers(world.patch(&path, &patch).by(&mira).header("x-change-reason", "Mira Holm says so")).await.expect(200);
    world.clock.advance(SignedDuration::from_secs(1));
    let patch = json!({"description": "Mira Holm, or mira holm, knows more."});
    world.patch(&path, &patch).by(owner).send().await.expect(200);
    for _ in 0..2 {
        hers(world.get("/v1/audit-logs").by(&mira)).await.expect(403);
    }
    hers(world.post("/v1/api-tokens", &json!({"name": "Mira Holm's laptop", "scopes": ["*:read"]})).by(&mira))
        .await
        .expect(201);
    let repository = world.example(&world.home, "repositories", 0).await.unwrap();
    client
        .execute(
            "insert into delivery.commits (organization_id, project_id, repository_id, commit_hash, message, author_name, author_email, committed_at)
             select $1, r.project_id, r.id, repeat('a', 40), 'Refunds. Reviewed-by: Mira Holm', 'm.holm', $3, now()
               from delivery.repositories r where r.id = $2",
            &[&world.home.id, &Uuid::parse_str(&repository).unwrap(), &EMAIL],
        )
        .await
        .unwrap();
    written_by_others(world, &client, &made, &repository).await;
    world.kernel.notes_written().await;
    scene.seal().await.unwrap();

    // Proofs that somebody keeps.
    let row = "select a.id from audit.audit_logs a where a.user_id = $1 and a.event_type = 'requirement.updated'";
    let row: Uuid = client.query_one(row, &[&mira.user_id]).await.unwrap().get(0);
    let tx = scene.ctx().begin_read().await.unwrap();
    let (kept, payload) = sealing::prove(&scene.ctx(), &tx, row).await.unwrap();
    drop(tx);
    assert!(payload.is_some());
    // And what is not sealed yet when she goes.
    world.clock.advance(SignedDuration::from_secs(1));
    hers(world.patch(&path, &json!({"priority_code": "low"})).by(&mira)).await.expect(200);
    assert!(named_in(&client, world.home.id, mira.user_id).await.len() > 10, "the scene names her in many places");

    let erase = format!("/v1/users/{}/erase", mira.user_id);
    let reason = json!({"reason": "She asked for it by letter."});
    world.post(&erase, &reason).by(&world.home.admin).send().await.expect(403);
    world.post(&erase, &json!({"reason": "Mira Holm asked for it"})).by(owner).send().await.expect(422);
    world.post(&erase, &json!({"reason": "short"})).by(owner).send().await.expect(422);
    world.clock.advance(SignedDuration::from_secs(1));
    let answer = world.post(&erase, &reason).by(owner).send().await.expect(200).json();
    assert_eq!(answer["agents_ended"], 1);
    let erased = |what: &str| answer["erased"].as_array().unwrap().iter().any(|part| part["what"] == what);
    for what in [
        "identity.users",
        "identity.sessions",
        "identity.api_tokens",
        "identity.user_credentials",
        "audit.audit_logs",
        "delivery.commits",
    ] {
        assert!(erased(what), "{what} is not among what was erased: {answer}");
    }
    assert!(
        answer["kept"]
            .as_array()
            .unwrap()
            .iter()
            .all(|part| part["because"].as_str().is_some_and(|why| why.len() > 20))
    );

    let reviewers = "select r.reviewer_name from delivery.pull_request_reviews r where r.organization_id = $1 and r.reviewer_name ~ 'erased' order by 1";
    let reviewers: Vec<String> =
        client.query(reviewers, &[&world.home.id]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(reviewers.len(), 3, "no two reviewers of one request have one name: {reviewers:?}");
    let comment =
        "select c.body, c.edited_at is null from work.comments c where c.organization_id = $1 and c.body ~ 'refunds'";
    let comment = client.query_one(comment, &[&world.home.id]).await.unwrap();
    assert_eq!((comment.get::<_, &str>(0), comment.get::<_, bool>(1)), ("[erased] wants refunds", true));
    // What a rule of its table keeps as it is keeps nothing else from being erased, and is told.
    let is_kept =
        |what: &str| answer["kept"].as_array().unwrap().iter().any(|part| part["what"] == what && part["rows"] == 1);
    assert!(is_kept("work.change_request_approvals.comment"), "{answer}");
    client
        .batch_execute("set session_replication_role = 'replica'; update work.change_request_approvals set comment = null; reset session_replication_role")
        .await
        .unwrap();

    // Nothing of the organisation names her, nor anything of her account.
    let named = named_in(&client, world.home.id, mira.user_id).await;
    assert!(named.is_empty(), "{}", named.join("\n"));
    world.authenticator.forget();
    world.get("/v1/me").by(&mira).send().await.expect(401);
    world.get("/v1/me").by(&agent).send().await.expect(401);
    let again = SignIn { email: EMAIL.into(), password: Person::PASSWORD.into(), organization: None };
    assert!(world.authenticator.sign_in(again, Request::default()).await.is_err());

    // The end of a minute in which she was refused again says how often, and nothing of her.
    world.kernel.settle_notes().await;
    let repeats = "select count(*) from audit.audit_logs a where a.user_id = $1 and a.additional_data ? 'repeated'";
    assert_eq!(client.query_one(repeats, &[&mira.user_id]).await.unwrap().get::<_, i64>(0), 1);
    let named = named_in(&client, world.home.id, mira.user_id).await;
    assert!(named.is_empty(), "{}", named.join("\n"));

    // The trail is what was sealed, and the proofs that were handed out before hold, also against what came after.
    scene.seal().await.unwrap();
    let notes = scene.heads.read(world.home.id).await.unwrap();
    let verdict = sealing::verify(&scene.ctx(), &scene.keys, &notes).await.unwrap();
    assert!(verdict.is_sound(), "{:?}", verdict.findings);
    assert!(verdict.dropped > 3, "{verdict:?}");
    kept.check(world.home.id, &scene.keys).unwrap();
    let tx = scene.ctx().begin_read().await.unwrap();
    let (now, payload) = sealing::prove(&scene.ctx(), &tx, row).await.unwrap();
    now.check(world.home.id, &scene.keys).unwrap();
    assert_eq!(
        (now.leaf_hash.clone(), now.entry.clone(), payload.is_none()),
        (kept.leaf_hash.clone(), kept.entry.clone(), true)
    );
    let grown = sealing::prove_consistency(&scene.ctx(), &tx, kept.tree_size, None).await.unwrap();
    grown.check(world.home.id, &scene.keys).unwrap();
    drop(tx);

    // The story goes on without her name, and says what changed; what it cannot tell any more it does not make up.
    let history = world.get(format!("{path}/history")).by(owner).send().await.expect(200).json();
    let told: Vec<&Value> =
        history["data"].as_array().unwrap().iter().filter(|entry| entry["user_id"] == json!(mira.user_id)).collect();
    assert_eq!(told.len(), 3, "{history}");
    assert!(told.iter().all(|entry| entry["user"] == "Erased person"), "{history}");
    let changes = told.iter().flat_map(|entry| entry["changes"].as_array().unwrap());
    assert!(
        changes.into_iter().any(|change| change["field"] == "priority_code" && change["to"] == "high"),
        "{history}"
    );
    let then = world.get(&path).query(&[("as_of", &before.to_string())]).by(owner).send().await.expect(409);
    assert!(then.text().contains("cannot be told"), "{}", then.text());
    let then =
        world.get("/v1/requirements").query(&[("as_of", &before.to_string())]).by(owner).send().await.expect(409);
    assert!(then.text().contains("cannot be told"), "{}", then.text());
}

#[tokio::test]
async fn nobody_erases_themselves_an_agent_or_who_belongs_elsewhere_too() {
    let world = world().await;
    let (owner, reason) = (&world.home.owner, json!({"reason": "She asked for it by letter."}));
    let own = format!("/v1/users/{}/erase", owner.user_id);
    let refused = world.post(&own, &reason).by(owner).send().await.expect(409);
    assert!(refused.text().contains("ask another owner"), "{}", refused.text());
    let agent = world.home.agent(&world.kernel, &world.home.developer).await.unwrap();
    world.post(format!("/v1/users/{}/erase", agent.user_id), &reason).by(owner).send().await.expect(409);
    let client = world.superuser().await.unwrap();
    let join = "insert into identity.memberships (organization_id, user_id, status) values ($1, $2, 'active')";
    client.execute(join, &[&world.abroad.id, &world.home.viewer.user_id]).await.unwrap();
    let path = format!("/v1/users/{}/erase", world.home.viewer.user_id);
    let refused = world.post(&path, &reason).by(owner).send().await.expect(409);
    assert!(refused.text().contains("another organisation"), "{}", refused.text());
    let name = "select u.display_name from identity.users u where u.id = $1";
    let name: String = client.query_one(name, &[&world.home.viewer.user_id]).await.unwrap().get(0);
    assert_eq!(name, "viewer", "a refusal leaves everything as it was");
    // Abroad nobody knows of them at all.
    world.post(&path, &reason).by(&world.abroad.admin).send().await.expect(403);
    world
        .post(format!("/v1/users/{}/erase", world.home.admin.user_id), &reason)
        .by(&world.abroad.owner)
        .send()
        .await
        .expect(404);
}

/// Somebody whose name is a word of every record.
#[tokio::test]
async fn a_name_that_is_a_word_takes_no_words_away() {
    let world = world().await;
    let (client, owner) = (world.superuser().await.unwrap(), &world.home.owner);
    let email = "o.pen@home.example";
    let body = json!({"email": email, "display_name": "Open", "role": "developer", "password": Person::PASSWORD});
    let made = world.post("/v1/memberships/invite", &body).by(owner).send().await.expect(201).json();
    let repository = world.example(&world.home, "repositories", 0).await.unwrap();
    let repository = Uuid::parse_str(&repository).unwrap();
    let commit = "insert into delivery.commits (organization_id, project_id, repository_id, commit_hash, message, author_name, committed_at)
                  select $1, r.project_id, r.id, repeat('b', 40), 'Open', 'open', now() from delivery.repositories r where r.id = $2";
    client.execute(commit, &[&world.home.id, &repository]).await.unwrap();
    let role = json!({"name": "open", "display_name": "Open"});
    let role = world.post("/v1/roles", &role).by(owner).send().await.expect(201).json();
    let view = json!({"name": "Open", "resource": "requirements"});
    let view = world.post("/v1/saved-views", &view).by(owner).send().await.expect(201).json();
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let defect = json!({"project_id": project, "title": "Open"});
    let defect = world.post("/v1/defects", &defect).by(owner).send().await.expect(201).json();

    let erase = format!("/v1/users/{}/erase", made["user_id"].as_str().unwrap());
    world.post(&erase, &json!({"reason": "Asked for by letter."})).by(owner).send().await.expect(200);
    for (kind, before) in [("roles", &role), ("saved-views", &view), ("defects", &defect)] {
        let path = format!("/v1/{kind}/{}", before["id"].as_str().unwrap());
        assert_eq!(&world.get(&path).by(owner).send().await.expect(200).json(), before, "{kind}");
    }
    let commit = "select c.message, c.author_name from delivery.commits c where c.commit_hash = repeat('b', 40)";
    let commit = client.query_one(commit, &[]).await.unwrap();
    assert_eq!((commit.get::<_, &str>(0), commit.get::<_, &str>(1)), ("Open", "[erased]"));
    // The trail told what the account was called.
    let told = "select (select count(*) from audit.audit_logs a where a.resource_id = $1 and a::text ~ 'Open')
                     + (select count(*) from audit.activity_logs v where v.entity_id::text = $1 and v::text ~ 'Open')";
    let told = client.query_one(told, &[&made["user_id"].as_str().unwrap()]).await.unwrap();
    assert_eq!(told.get::<_, i64>(0), 0);
}

/// The command erases who it is told to, once it is meant, and leaves what any erasure leaves: one row that says who asked, why and how much.
#[tokio::test]
async fn the_command_erases_and_leaves_its_row() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let (client, owner) = (world.superuser().await.unwrap(), &world.home.owner);
    let mira = mira(world).await;
    let server = Serving::of(world).await;
    let url = server.url.clone();
    let place = tempfile::tempdir().unwrap();
    let command = |token: &str, reason: &str, more: &[&str], typed: &'static str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
        command.env_remove("THROUGHLINE_URL").env_remove("THROUGHLINE_TOKEN").env("THROUGHLINE_DATA", place.path());
        command
            .args(["erase", &mira.user_id.to_string(), "--reason", reason, "--url", &url, "--token", token])
            .args(more);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let told = async move {
            tokio::task::spawn_blocking(move || -> Output {
                let mut child = command.spawn().unwrap();
                // Whoever need not ask does not listen.
                let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
                child.wait_with_output().unwrap()
            })
            .await
            .unwrap()
        };
        async {
            let output = told.await;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (output.status.code(), text(&output.stdout), text(&output.stderr))
        }
    };
    let rows = "select a.user_id, a.business_context, a.new_values from audit.audit_logs a
                 where a.event_type = 'user.erased' and a.resource_id = $1";
    let id = mira.user_id.to_string();
    let reason = "Asked for by letter of 3 May.";

    // Not meant, not allowed, not said well: nothing happens.
    let (code, said, error) = command(&owner.token, reason, &[], "no\n").await;
    assert_eq!(code, Some(1), "{said} {error}");
    assert!(said.contains("nothing brings it back"), "{said}");
    let (code, _, error) = command(&world.home.admin.token, reason, &["--yes"], "").await;
    assert_eq!(code, Some(4), "{error}");
    let (code, _, error) = command(&owner.token, "short", &["--yes"], "").await;
    assert!(code == Some(2) && error.contains("characters"), "{code:?} {error}");
    let name = "select u.display_name from identity.users u where u.id = $1";
    assert_eq!(client.query_one(name, &[&mira.user_id]).await.unwrap().get::<_, &str>(0), NAME);
    assert!(client.query(rows, &[&id]).await.unwrap().is_empty());

    let (code, said, error) = command(&owner.token, reason, &[], "erase\n").await;
    assert_eq!(code, Some(0), "{said} {error}");
    assert!(said.contains(&format!("erased {id}; 0 agents of theirs ended")), "{said}");
    assert!(said.contains("  identity.sessions\n") && said.contains("\nkept:\n"), "{said}");
    assert_eq!(client.query_one(name, &[&mira.user_id]).await.unwrap().get::<_, &str>(0), "Erased person");
    let left = named_in(&client, world.home.id, mira.user_id).await;
    assert!(left.is_empty(), "{}", left.join("\n"));
    let found = client.query(rows, &[&id]).await.unwrap();
    assert_eq!(found.len(), 1, "one row for one erasure");
    assert_eq!(
        (found[0].get::<_, Uuid>(0), found[0].get::<_, &str>(1)),
        (owner.user_id, reason),
        "of whoever asked, and why"
    );
    let erased: Value = found[0].get(2);
    assert!(
        erased["erased"].as_array().is_some_and(|parts| parts.iter().any(|part| part["what"] == "identity.users")),
        "{erased}"
    );
    scene.seal().await.unwrap();
    let notes = scene.heads.read(world.home.id).await.unwrap();
    let verdict = sealing::verify(&scene.ctx(), &scene.keys, &notes).await.unwrap();
    assert!(verdict.is_sound(), "{:?}", verdict.findings);
    server.end().await;
}

/// What nobody but its owner reaches is not looked into, and whoever erases is told.
#[tokio::test]
async fn private_documents_are_left_and_told() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let mira = mira(world).await;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    for writer in [&mira, &world.home.developer] {
        for access in ["private", "shared"] {
            let title = format!("{access} notes of {NAME}");
            let mut document = json!({"project_id": project, "title": title, "access_level": access});
            document["owner_user_id"] = json!(writer.user_id);
            world.post("/v1/documents", &document).by(writer).send().await.expect(201);
        }
    }
    let reason = json!({"reason": "She asked for it by letter."});
    let erase = format!("/v1/users/{}/erase", mira.user_id);
    let answer = world.post(&erase, &reason).by(&world.home.owner).send().await.expect(200).json();
    let kept = answer["kept"].as_array().unwrap();
    assert!(kept.iter().any(|part| part["what"] == "private documents, those of the person too"), "{answer}");
    let sql = "select d.title from documents.documents d where d.organization_id = $1 and d.title like '%notes of%' order by 1";
    let titles = world.superuser().await.unwrap().query(sql, &[&world.home.id]).await.unwrap();
    let titles: Vec<String> = titles.iter().map(|row| row.get(0)).collect();
    let private = format!("private notes of {NAME}");
    assert_eq!(titles, [&*private, &*private, "shared notes of [erased]", "shared notes of [erased]"]);
}
