use std::io::BufReader;

use super::*;

fn read_text(text: &str) -> Result<Description, ReadError> {
    read(text.as_bytes(), &Limits::default())
}

fn told(description: &Description) -> Vec<String> {
    description
        .operations
        .iter()
        .map(|one| {
            format!(
                "{} {} {} [{}] {}->{}{}",
                one.method,
                one.path,
                one.operation_id.as_deref().unwrap_or("-"),
                one.tags.join(","),
                one.request_media_types.join(","),
                one.response_media_types.join(","),
                if one.is_deprecated { " deprecated" } else { "" }
            )
        })
        .collect()
}

const YAML: &str = "openapi: 3.1.0
info: {title: Shop, version: '2.0', summary: Sells things}
servers: [{url: https://shop.example/v2}]
paths:
  /orders:
    parameters: []
    get: {operationId: listOrders, tags: [orders, orders], summary: Lists, responses: {200: {content: {application/json: {}, text/csv: {}}}}}
    post:
      deprecated: true
      description: |
        Makes one.
        And more.
      requestBody: {$ref: '#/components/requestBodies/Order'}
      responses: {'201': {$ref: '#/components/responses/Made'}, default: {$ref: 'https://elsewhere/x.json'}}
  /kept: {$ref: '#/components/pathItems/Kept'}
  x-note: 1
webhooks: {paid: {post: {}}}
components:
  schemas: {A: {}, B: {type: object}}
  requestBodies: {Order: {content: {application/xml: {}}}}
  responses: {Made: {content: {Application/JSON: {}}}}
  pathItems: {Kept: {head: {operationId: keep}}}
";

#[test]
fn operations_of_openapi_as_yaml() {
    let read = read_text(YAML).expect("readable");
    assert_eq!(
        (read.title.as_str(), read.version.as_deref(), read.about.as_deref()),
        ("Shop", Some("2.0"), Some("Sells things"))
    );
    assert_eq!((read.specification.as_str(), read.paths, read.schemas, read.webhooks), ("3.1.0", 2, 2, 1));
    assert_eq!(read.servers, ["https://shop.example/v2"]);
    assert_eq!(
        told(&read),
        [
            "GET /orders listOrders [orders] ->application/json,text/csv",
            "POST /orders - [] application/xml->application/json deprecated",
            "HEAD /kept keep [] ->",
        ]
    );
    assert_eq!(read.operations[1].summary.as_deref(), Some("Makes one."));
    assert_eq!(read.warnings.len(), 2, "{:?}", read.warnings);
}

#[test]
fn components_may_stand_before_the_paths_that_refer_to_them_or_behind() {
    let before = r##"{"components":{"responses":{"R":{"content":{"text/plain":{}}}},"schemas":{"S":{"deep":[1]}},"links":{}},
        "info":{"title":"T","version":"1"},"openapi":"3.0.2","paths":{"/a":{"get":{"responses":{"200":{"$ref":"#/components/responses/R"}}}}}}"##;
    let behind = r##"{"openapi":"3.0.2","info":{"title":"T","version":"1"},"paths":{"/a":{"get":{"responses":{"200":{"$ref":"#/components/responses/R"}}}}},
        "components":{"responses":{"R":{"content":{"text/plain":{}}}},"schemas":{"S":{"deep":[1]}},"links":{}}}"##;
    let (before, behind) = (read_text(before).expect("readable"), read_text(behind).expect("readable"));
    assert_eq!(told(&before), ["GET /a - [] ->text/plain"]);
    assert_eq!(before, behind);
    assert_eq!(before.schemas, 1);
}

#[test]
fn swagger_2_names_types_for_all_operations() {
    let read = read_text(
        "swagger: 2.0\ninfo: {title: Old, version: 1}\nhost: old.example\nbasePath: /api/\nschemes: [http, https]\nconsumes: [application/json]\n\
         produces: [application/json, text/xml]\npaths:\n  /a:\n    post: {parameters: [{in: body, name: b}], responses: {200: {schema: {}}}}\n\
         \x20   get: {produces: [image/png], responses: {200: {schema: {}}}}\n    delete: {responses: {204: {}}}\ndefinitions: {A: {}}\n",
    )
    .expect("readable");
    assert_eq!(read.servers, ["http://old.example/api", "https://old.example/api"]);
    assert_eq!(
        told(&read),
        ["POST /a - [] application/json->application/json,text/xml", "GET /a - [] ->image/png", "DELETE /a - [] ->",]
    );
    assert_eq!((read.version.as_deref(), read.schemas), (Some("1"), 1));
}

#[test]
fn what_is_no_description_is_refused_with_a_reason() {
    let reason = |text: &str| read_text(text).expect_err("refused").reason;
    assert!(reason(r#"{"openapi":"4.0.0","info":{"title":"T"}}"#).contains("`4.0.0`"));
    assert!(reason(r#"{"info":{"title":"T"},"paths":{}}"#).contains("neither `openapi`"));
    assert!(reason(r#"{"openapi":"3.0.0","paths":{}}"#).contains("no title"));
    assert!(reason(r#"{"openapi":"3.0.0","paths":{"/a"#).contains("cut off"));
    assert!(reason(r#"{"openapi":"3.0.0","paths":{"/a":{"get":{}"#).contains("cut off"));
    assert!(reason("openapi: &a 3.0.0\n").contains("anchor"));
    assert!(reason("openapi: 3.0.0\n  bad: [\n").contains("YAML"));
}

#[test]
fn paths_that_cannot_be_kept_are_told_one_by_one() {
    let text = format!(
        "{{\"openapi\":\"3.0.0\",\"info\":{{\"title\":\"T\"}},\"paths\":{{\n\"a\":{{\"get\":{{}}}},\n\"/{}\":{{\"put\":{{}}}},\"/b\":{{\"get\":{{}}}},\"/b\":{{\"get\":{{}}}}}}}}",
        "x".repeat(600)
    );
    let read = read_text(&text).expect("readable");
    assert_eq!(read.errors.iter().map(|error| error.line).collect::<Vec<_>>(), [Some(2), Some(3)]);
    assert_eq!(told(&read), ["GET /b - [] ->"]);
    assert_eq!(read.warnings, ["1 operations are described twice; the first description counts"]);
}

#[test]
fn bounds_hold() {
    let limits = Limits { max_records: 1, ..Limits::default() };
    let two = "openapi: 3.0.0\ninfo: {title: T}\npaths: {/a: {get: {}, put: {}}}\n";
    assert!(read(two.as_bytes(), &limits).expect_err("refused").reason.contains("more than 1 operations"));
    let limits = Limits { max_exchange_bytes: 4_000, ..Limits::default() };
    let paths: Vec<String> = (0..20).map(|n| format!("\"/{n}\":{{\"get\":{{}}}}")).collect();
    let many = format!("{{\"openapi\":\"3.0.0\",\"info\":{{\"title\":\"T\"}},\"paths\":{{{}}}}}", paths.join(","));
    assert!(read(many.as_bytes(), &limits).expect_err("refused").reason.contains("operations and what they refer to"));
}

#[test]
fn what_stands_before_the_brace_is_passed_over_however_the_bytes_arrive() {
    let text =
        format!("\u{FEFF}{}{{\"openapi\":\"3.0.0\",\"info\":{{\"title\":\"T\"}},\"paths\":{{}}}}", " ".repeat(100));
    let whole = read(text.as_bytes(), &Limits::default());
    assert_eq!(whole.as_ref().map(|read| read.title.as_str()), Ok("T"));
    assert_eq!(whole, read(BufReader::with_capacity(1, text.as_bytes()), &Limits::default()));
    let zeros = [vec![0; 120], b"{}".to_vec()].concat();
    assert_eq!(read(&zeros[..], &Limits::default()), read(BufReader::with_capacity(1, &zeros[..]), &Limits::default()));
}
