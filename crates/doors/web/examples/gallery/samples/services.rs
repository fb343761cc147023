//! Services and what they offer.

use maud::Markup;
use web::components::{Filters, Pager};
use web::layout::Frame;
use web::views::{service, services};

use super::ODD;
use super::parts::*;

pub(super) fn render(name: &str, frame: &Frame) -> Option<Markup> {
    Some(match name {
        "services" => services::page(frame, &list()),
        "services-empty" => services::page(frame, &services::View { rows: vec![], ..list() }),
        "service" => service::page(frame, &one()),
        "service-empty" => service::page(frame, &service::View { documents: vec![], rows: vec![], ..one() }),
        "service-nothing-fits" => service::page(
            frame,
            &service::View { rows: vec![], filters: Filters { text: Some(s("xyzzy")), ..one().filters }, ..one() },
        ),
        _ => return None,
    })
}

fn only_text(action: &str) -> Filters {
    Filters { action: s(action), text: Some(String::new()), ..Filters::default() }
}

fn list() -> services::View {
    let row = |id: &str, name: &str, status: &str, operations: i64, described: bool| services::Row {
        id: s(id),
        name: s(name),
        kind: s("api"),
        status: s(status),
        team: (operations > 20).then(|| s("Payments")),
        operations,
        described: described.then(|| ago(operations)),
    };
    services::View {
        filters: only_text("/services"),
        rows: vec![
            row("1", "Payments API", "active", 43, true),
            row("2", ODD, "deprecated", 0, true),
            row("3", "Ledger", "planned", 0, false),
            row("4", "Old gateway", "retired", 12, true),
        ],
        pager: Pager { shown: s("4 services, by name"), first: None, next: None },
    }
}

fn one() -> service::View {
    let row = |method: &str, path: &str, summary: Option<&str>| service::Row {
        method: s(method),
        path: s(path),
        code: summary.map(|_| s("v1.message.create")),
        summary: summary.map(s),
        tags: summary.map(|_| vec![s("Message")]).unwrap_or_default(),
        is_deprecated: false,
        is_gone: false,
        takes: vec![s("application/json")],
        answers: vec![s("application/json"), s("application/problem+json")],
        changed: ago(90),
    };
    service::View {
        name: s("Payments API"),
        kind: s("api"),
        status: s("active"),
        description: Some(s("Takes payments, and tells what became of them.")),
        team: Some(s("Payments")),
        documents: vec![service::Document {
            title: s("Payments API"),
            version: Some(s("2.4.0")),
            specification: s("OpenAPI 3.1.0"),
            servers: vec![s("https://api.northwind.example/v2")],
            operations: 3,
            when: ago(90),
        }],
        filters: only_text("/services/1"),
        rows: vec![
            row("POST", "/payments/{payment_id}/refunds", Some("Gives money back")),
            service::Row { is_deprecated: true, ..row("GET", "/payments", Some(ODD)) },
            service::Row {
                is_gone: true,
                takes: vec![],
                answers: vec![],
                ..row("DELETE", "/payments/{payment_id}", None)
            },
        ],
        pager: Pager { shown: s("3 operations, by path"), first: None, next: None },
    }
}
