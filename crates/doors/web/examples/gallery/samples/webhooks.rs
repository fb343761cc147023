//! Repository servers and their messages.

use maud::Markup;
use web::components::{FormErrors, Pager};
use web::layout::Frame;
use web::state::*;
use web::views::webhooks::{self, Connection, Entered, Message, One, Told, View};

use super::ODD;
use super::parts::*;

pub(super) fn render(name: &str, frame: &Frame) -> Option<Markup> {
    Some(match name {
        "webhooks" => webhooks::page(frame, &list(None)),
        "webhooks-empty" => {
            let form = Some((Entered::default(), FormErrors::default()));
            webhooks::page(frame, &View { form, ..View::default() })
        }
        "webhooks-refused" => webhooks::page(frame, &list(Some(refused("/repository", "must be owner and name")))),
        "webhook" => webhooks::one(frame, &one()),
        "webhook-new" => webhooks::one(
            frame,
            &One {
                line: Connection { server: Server::Gitlab, last: None, ..connection("a", "gitlab", true) },
                secret: Some(s("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")),
                messages: vec![],
                pager: Pager::default(),
                ..one()
            },
        ),
        "webhook-orphan" => webhooks::one(
            frame,
            &One {
                line: Connection { server: Server::Forgejo, ..connection("a", ODD, false) },
                acts_as: None,
                issue_label: None,
                secret_since: (ago(1), None),
                ..one()
            },
        ),
        "webhook-message" => webhooks::told(frame, &told()),
        "webhook-message-failed" => webhooks::told(
            frame,
            &Told {
                line: message("push", MessageStatus::Failed),
                did: vec![],
                error: Some(s("You may not create commits: no role of yours here may create a commit.")),
                repeat_of: Some(s("1")),
                attempts: (3, Some(ago(-2))),
                headers: vec![],
                payload: ODD.repeat(20),
                is_cut: true,
                ..told()
            },
        ),
        _ => return None,
    })
}

fn connection(id: &str, name: &str, is_active: bool) -> Connection {
    Connection {
        id: s(id),
        name: s(name),
        server: Server::Github,
        repository: is_active.then(|| s("acme/payments-gateway")),
        is_active,
        last: is_active.then(|| ago(4)),
        failed_and_waiting: [2, 1],
    }
}

fn message(event: &str, status: MessageStatus) -> Message {
    Message {
        id: s("1"),
        event: s(event),
        repository: (status != MessageStatus::Unused).then(|| s("acme/payments-gateway")),
        status,
        outcome: s(if status == MessageStatus::Unused {
            "the server tried whether this place answers"
        } else {
            "2 records created"
        }),
        when: ago(4),
    }
}

fn all() -> Vec<Message> {
    let events = ["push", "workflow_run: completed", "deployment_status: created", "ping", "issues: opened", ODD];
    events.iter().zip(MessageStatus::ALL).map(|(event, status)| message(event, *status)).collect()
}

fn list(errors: Option<FormErrors>) -> View {
    let entered = Entered { name: s("acme"), provider: s("gitlab"), repository: s("acme pay"), issue_label: s("bug") };
    View {
        connections: vec![connection("a", "acme on GitHub", true), connection("b", ODD, false)],
        messages: all(),
        form: Some((entered, errors.unwrap_or_default())),
    }
}

fn one() -> One {
    One {
        line: connection("a", "acme on GitHub", true),
        address: s("https://throughline.northwind.example/v1/webhooks/01998a44-7d21-7b3e-8c1f-2a4b6c8d0e1f"),
        secret: None,
        secret_since: (ago(3_000), Some(ago(-600))),
        issue_label: Some(s("bug")),
        acts_as: Some(s("Mira Holm")),
        version: s("3"),
        may_change: true,
        shown: s("failed"),
        messages: all(),
        pager: pager("6 messages, the latest first"),
        errors: FormErrors::default(),
    }
}

fn told() -> Told {
    let did = |what, kind: &str, name: &str, href: Option<&str>| (what, s(kind), s(name), href.map(s));
    Told {
        line: message("workflow_run: completed", MessageStatus::Done),
        connection: Some((s("a"), s("acme on GitHub"))),
        name: Some(s("72d3162e-cc78-11e3-81ab-4c9367dc0958")),
        did: vec![
            did(RecordedAs::Created, "build", "test #163", Some("/builds")),
            did(RecordedAs::Changed, "check", ODD, Some("/builds")),
            did(RecordedAs::Unchanged, "commit", "f95f852bd8fc Pay once", None),
            did(RecordedAs::Older, "deployment", "deployment to staging", Some("/deployments")),
            did(RecordedAs::Left, "deployment", "deployment to production", Some("/deployments")),
            did(RecordedAs::Deleted, "release", "v1.0.0", None),
        ],
        notes: vec![s("of 40 commits that were pushed, 20 are in the message"), s(ODD)],
        error: None,
        repeat_of: None,
        attempts: (1, None),
        headers: vec![(s("x-github-event"), s("workflow_run")), (s("user-agent"), s("GitHub-Hookshot/044aadd"))],
        payload: s("{\n  \"action\": \"completed\",\n  \"workflow_run\": { \"id\": 289782451 }\n}"),
        is_cut: false,
        may_again: true,
    }
}
