use super::*;

const BUILD: &str = r##"{"_class":"org.jenkinsci.plugins.workflow.job.WorkflowRun","actions":[{"_class":"hudson.model.CauseAction"},{},
  {"_class":"hudson.plugins.git.util.BuildData","lastBuiltRevision":{"SHA1":"0123456789ABCDEF0123456789abcdef01234567","branch":[{"SHA1":"x","name":"refs/remotes/origin/feature/a"}]}}],
  "building":false,"displayName":"#12","duration":61000,"fullDisplayName":"shop » main #12","id":"12","number":12,"result":"UNSTABLE","timestamp":1700000000000,
  "url":"https://ci.example/job/shop/job/main/12/","changeSets":[{"items":[{"msg":"x"}]}]}"##;

#[test]
fn a_build_of_jenkins_has_its_commit_and_its_end() {
    let read = read(BUILD.as_bytes(), &Limits::default()).expect("readable");
    let [build] = &read.builds[..] else { panic!("one build: {read:?}") };
    assert_eq!(build.identifier, "https://ci.example/job/shop/job/main/12");
    assert_eq!(build.name.as_deref(), Some("shop » main #12"));
    assert_eq!(build.commit.as_deref(), Some("0123456789abcdef0123456789abcdef01234567"));
    assert_eq!((build.branch.as_deref(), build.standing), (Some("feature/a"), Standing::Failed));
    let span = build.started_at.zip(build.completed_at).map(|(from, to)| to.as_second() - from.as_second());
    assert_eq!(span, Some(61));
}

#[test]
fn a_job_tells_of_builds_and_of_some_only_the_number() {
    let text = format!(
        r#"{{"_class":"hudson.model.FreeStyleProject","name":"shop","builds":[{BUILD},{{"number":11,"url":"https://ci.example/11/"}},
            {{"number":13,"building":true,"result":null,"timestamp":1700000100000,"duration":0,"url":"https://ci.example/13/"}}],"nextBuildNumber":14}}"#
    );
    let read = read(text.as_bytes(), &Limits::default()).expect("readable");
    assert_eq!((read.builds.len(), read.named_only), (2, 1));
    assert_eq!((read.builds[1].standing, read.builds[1].completed_at), (Standing::Running, None));
    let limits = Limits { max_records: 1, ..Limits::default() };
    assert!(super::read(text.as_bytes(), &limits).expect_err("refused").reason.contains("more than 1 builds"));
    assert!(
        super::read(&b"{\"number\":1}"[..], &Limits::default()).expect_err("refused").reason.contains("when it began")
    );
    assert!(super::read(&BUILD.as_bytes()[..200], &Limits::default()).is_err());
}

#[test]
fn build_events_tell_of_their_build() {
    let events = concat!(
        "{\"id\":{\"started\":{}},\"started\":{\"uuid\":\"9b6c\",\"startTimeMillis\":\"1700000000000\",\"command\":\"test\"}}\n",
        "WARNING: something else\n",
        "{\"id\":{\"workspaceStatus\":{}},\"workspaceStatus\":{\"item\":[{\"key\":\"STABLE_GIT_COMMIT\",\"value\":\"0123456789abcdef0123456789abcdef01234567\"},{\"key\":\"BUILD_SCM_BRANCH\",\"value\":\"refs/heads/main\"}]}}\n",
        "{\"id\":{\"buildFinished\":{}},\"finished\":{\"exitCode\":{\"name\":\"TESTS_FAILED\",\"code\":3},\"finishTime\":\"2023-11-14T22:14:20Z\"}}\n"
    );
    let build = survey(Format::Bazel, events.as_bytes(), &Limits::default()).expect("readable");
    assert_eq!((build.identifier.as_str(), build.name.as_deref()), ("9b6c", Some("bazel test")));
    assert_eq!((build.branch.as_deref(), build.standing), (Some("main"), Standing::Failed));
    assert!(build.commit.is_some());
    let span = build.started_at.zip(build.completed_at).map(|(from, to)| to.as_second() - from.as_second());
    assert_eq!(span, Some(60));
    let begun = survey(Format::Bazel, events.lines().next().unwrap_or_default().as_bytes(), &Limits::default());
    assert_eq!(begun.expect("readable").standing, Standing::Running);
}
