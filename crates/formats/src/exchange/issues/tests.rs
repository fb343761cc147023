#![allow(clippy::unwrap_used)]
use super::*;

fn document(format: Format, text: &str) -> Document {
    read(format, text.as_bytes(), &Profile::default(), &Limits::default()).unwrap()
}

/// Proves REQ-65.3.
#[test]
fn issues_keep_what_they_are_called_where_they_come_from() {
    let jira = document(
        Format::Jira,
        r#"{"total":1,"issues":[{"key":"P-1","self":"https://x.example/rest/api/2/issue/1","fields":{"summary":"S","description":{"type":"doc","content":[{"type":"paragraph","content":[{"type":"text","text":"one "},{"type":"text","text":"two"}]},
        {"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"item"}]}]}]}]},"issuetype":{"name":"Bug"},"status":{"name":"In Review"},"priority":{"name":"Major"},
        "assignee":{"displayName":"Ada","emailAddress":"ada@example.org"},"labels":["l"],"issuelinks":[{"type":{"name":"Blocks"},"inwardIssue":{"key":"P-2"}}],"comment":{"comments":[{"author":{"displayName":"Bo"},"created":"t","body":"said"}]},
        "customfield_1":13.0,"parent":{"key":"P-0"}}}]}"#,
    );
    let one = &jira.records[0];
    assert_eq!((one.identifier.as_str(), one.url.as_deref()), ("P-1", Some("https://x.example/browse/P-1")));
    assert_eq!(
        (one.text.as_str(), one.status.as_deref(), one.parent.as_deref()),
        ("one two\n\n- item", Some("In Review"), Some("P-0"))
    );
    assert_eq!(
        (one.links[0].is_inward, one.comments[0].text.as_str(), one.attribute("customfield_1").as_deref()),
        (true, "said", Some("13.0"))
    );
    let github = document(
        Format::GithubIssues,
        r#"[{"number":7,"title":"T","body":"B","state":"closed","state_reason":"not_planned","html_url":"https://github.com/o/r/issues/7","labels":[{"name":"bug"},{"name":"priority: high"}],"user":{"login":"ada"},"assignees":[{"login":"bo"}]},
        {"number":8,"title":"P","pull_request":{"url":"u"}}]"#,
    );
    let one = &github.records[0];
    assert_eq!(
        (github.records.len(), one.identifier.as_str(), one.status.as_deref()),
        (1, "o/r#7", Some("not_planned"))
    );
    assert_eq!((one.kind.as_deref(), one.priority.as_deref(), one.people.len()), (Some("bug"), Some("high"), 2));
    let gitlab = document(
        Format::GitlabIssues,
        "{\"iid\":3,\"title\":\"T\",\"state\":\"opened\",\"web_url\":\"https://gitlab.example/g/p/-/issues/3\",\"labels\":[\"severity::2\"],\"author\":{\"name\":\"Ada\"}}\n{\"iid\":4,\"title\":\"U\",\"state\":\"closed\",\"notes\":[{\"note\":\"n\",\"author\":{\"name\":\"Bo\"}}]}\n",
    );
    assert_eq!((gitlab.records[0].identifier.as_str(), gitlab.records[0].severity.as_deref()), ("g/p#3", Some("2")));
    assert_eq!((gitlab.records[1].identifier.as_str(), gitlab.records[1].line), ("#4", 2));
}

#[test]
fn both_shapes_of_bugzilla_and_redmine_say_the_same() {
    let json = document(
        Format::Bugzilla,
        r#"{"bugs":[{"id":5,"summary":"S","status":"RESOLVED","resolution":"WONTFIX","severity":"major","priority":"--","assigned_to":"ada@example.org","depends_on":[4],"keywords":["k"]}]}"#,
    );
    let xml = document(
        Format::BugzillaXml,
        r#"<bugzilla urlbase="https://b.example/"><bug><bug_id>5</bug_id><short_desc>S</short_desc><bug_status>RESOLVED</bug_status><resolution>WONTFIX</resolution><bug_severity>major</bug_severity><priority>--</priority>
        <assigned_to name="Ada">ada@example.org</assigned_to><dependson>4</dependson><keywords>k</keywords><long_desc><who>bo@example.org</who><thetext>What.</thetext></long_desc><long_desc><who name="Bo">bo@example.org</who><bug_when>t</bug_when><thetext>More.</thetext></long_desc></bug></bugzilla>"#,
    );
    for one in [&json.records[0], &xml.records[0]] {
        assert_eq!(
            (one.identifier.as_str(), one.status.as_deref(), one.priority.as_deref()),
            ("5", Some("WONTFIX"), None)
        );
        assert_eq!((one.links[0].target.as_str(), one.people[0].email.as_deref()), ("4", Some("ada@example.org")));
    }
    assert_eq!((xml.records[0].text.as_str(), xml.records[0].comments[0].author.as_deref()), ("What.", Some("Bo")));
    let json = document(
        Format::Redmine,
        r#"{"issues":[{"id":9,"subject":"S","tracker":{"id":1,"name":"Bug"},"status":{"name":"New"},"priority":{"name":"High"},"assigned_to":{"id":2,"name":"Ada"},"parent":{"id":8},"relations":[{"issue_id":9,"issue_to_id":7,"relation_type":"blocks"}],"custom_fields":[{"id":1,"name":"Area","value":"x"}]}],"total_count":2}"#,
    );
    let xml = document(
        Format::RedmineXml,
        r#"<issues total_count="2" type="array"><issue><id>9</id><subject>S</subject><tracker id="1" name="Bug"/><status id="1" name="New"/><priority id="1" name="High"/><assigned_to id="2" name="Ada"/><parent id="8"/><relations type="array"><relation issue_id="9" issue_to_id="7" relation_type="blocks"/></relations><custom_fields type="array"><custom_field id="1" name="Area"><value>x</value></custom_field></custom_fields></issue></issues>"#,
    );
    for document in [&json, &xml] {
        let one = &document.records[0];
        assert_eq!(
            (one.identifier.as_str(), one.parent.as_deref(), one.kind.as_deref()),
            ("9", Some("8"), Some("Bug"))
        );
        assert_eq!(
            (one.links[0].target.as_str(), one.attribute("Area").as_deref(), document.warnings.len()),
            ("7", Some("x"), 1)
        );
    }
}

#[test]
fn a_profile_gives_members_of_its_own_a_meaning() {
    let profile: Profile =
        serde_json::from_str(r#"{"columns":{"customfield_1":"severity"},"kinds":{"Task":"left_out"}}"#).unwrap();
    let text =
        r#"{"issues":[{"key":"P-1","fields":{"summary":"S","customfield_1":"Bad","issuetype":{"name":"Task"}}}]}"#;
    let document = read(Format::Jira, text.as_bytes(), &profile, &Limits::default()).unwrap();
    assert_eq!((document.records[0].severity.as_deref(), document.records[0].is_left_out), (Some("Bad"), true));
    assert!(read(Format::Jira, &b"{}"[..], &profile, &Limits::default()).is_ok_and(|one| one.records.is_empty()));
    assert!(read(Format::Redmine, &b"{}"[..], &profile, &Limits::default()).is_err());
    assert!(read(Format::Jira, &b""[..], &profile, &Limits::default()).is_err());
}
