//! `throughline config check`, and that what it says is in force is.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

/// The program with nothing in its environment but this.
fn program(data: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_throughline"))
        .env_clear()
        .env("THROUGHLINE_DATA", data)
        .envs(variables.iter().copied())
        .args(arguments)
        .output()
        .unwrap()
}

fn write(path: &Path, text: &str, mode: u32) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

struct Checked {
    code: Option<i32>,
    whole: String,
    told: Value,
}

impl Checked {
    fn setting(&self, name: &str) -> (&str, &str) {
        let one = self.told["settings"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
        (one["value"].as_str().unwrap(), one["from"].as_str().unwrap())
    }

    fn findings(&self) -> String {
        let all = self.told["findings"].as_array().unwrap().iter();
        all.map(|one| format!("{}: {}\n", one["level"].as_str().unwrap(), one["message"].as_str().unwrap())).collect()
    }
}

fn check(data: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Checked {
    let output = program(data, variables, &[&["config", "check", "--json"], arguments].concat());
    let whole = String::from_utf8(output.stdout).unwrap();
    let told = serde_json::from_str(&whole).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    Checked { code: output.status.code(), whole, told }
}

#[test]
fn what_is_in_force_is_told_with_where_it_comes_from_and_without_secrets() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path();
    let plain = check(data, &[], &[]);
    assert_eq!((plain.code, plain.findings().as_str()), (Some(0), ""), "on one machine nothing need be set");
    assert_eq!(plain.setting("port"), ("7400", "default"));

    let toml = data.join("throughline.toml");
    write(&toml, "port = 7401\nhost = \"127.0.0.2\"\nmetrics_token = \"a token that nobody guesses\"\n", 0o600);
    let secret = data.join("url");
    write(&secret, "postgres://application_user:very-secret@127.0.0.1/home\n", 0o600);
    let variables = [("THROUGHLINE_HOST", "127.0.0.3"), ("DATABASE_URL_FILE", secret.to_str().unwrap())];
    let set = check(data, &variables, &["--rate-limit-principal", "5/s"]);
    assert_eq!((set.code, set.findings().as_str()), (Some(0), ""));
    assert_eq!(set.setting("port"), ("7401", toml.to_str().unwrap()));
    assert_eq!(set.setting("host"), ("127.0.0.3", "THROUGHLINE_HOST"));
    assert_eq!(set.setting("rate_limit_principal"), ("5/s", "--rate-limit-principal"));
    assert_eq!(set.setting("database_url").0, "application_user at 127.0.0.1:5432/home");
    assert!(set.setting("database_url").1.starts_with("DATABASE_URL_FILE: "));
    assert_eq!(set.setting("metrics_token").0, "hidden, 27 characters");
    assert!(!set.whole.contains("very-secret") && !set.whole.contains("nobody guesses"), "{}", set.whole);
    let help = program(data, &variables, &["serve", "--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("--metrics-token") && !help.contains("nobody guesses"), "{help}");
    let url = program(data, &variables, &["db", "url"]);
    assert!(String::from_utf8(url.stdout).unwrap().contains("very-secret"), "what the file says is used");

    let table = String::from_utf8(program(data, &[], &["config", "check"]).stdout).unwrap();
    assert!(table.contains("Nothing is wrong") && table.contains("127.0.0.2"), "{table}");
}

#[test]
fn what_is_weak_or_wrong_is_told_with_what_to_do() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path();
    let toml = data.join("elsewhere.toml");
    write(
        &toml,
        "metrics_token = \"short\"\nrate_limit_sign_in = \"off\"\ntls_key = \"/no/such/key\"\nprot = 1\n",
        0o644,
    );
    let variables = [
        ("THROUGHLINE_CONFIG", toml.to_str().unwrap()),
        ("THROUGHLINE_HOST", "0.0.0.0"),
        ("DATABASE_URL", "postgres://someone:secret@db.example/home"),
        ("THROUGHLINE_OWNER_URL", "postgres://someone:secret@db.example/home"),
        ("THROUGHLINE_PORTT", "1"),
    ];
    let checked = check(data, &variables, &[]);
    let found = checked.findings();
    assert_eq!(checked.code, Some(1));
    for part in [
        "wrong: --tls-key needs its certificate",
        "weak: others reach the port at 0.0.0.0 without TLS",
        "weak: rate_limit_sign_in is off",
        "weak: metrics_token has fewer than 16 characters",
        "weak: database_url leads to db.example with sslmode=prefer",
        "weak: owner_url leads to db.example with sslmode=prefer",
        "weak: database_url and owner_url both sign in as someone",
        "can be read by other accounts of this machine: chmod 600",
        "wrong: THROUGHLINE_PORTT is no setting",
        "`prot` is no setting",
    ] {
        assert!(found.contains(part), "{part} is not in\n{found}");
    }
    assert!(!checked.whole.contains("secret@"), "{}", checked.whole);
    let flag = check(data, &[], &["--metrics-token", "a token that nobody guesses", "--trusted-proxy", "0.0.0.0/0"]);
    assert!(
        flag.findings().contains("everybody on this machine can read it")
            && flag.findings().contains("believes everybody")
    );

    // Whatever else is run refuses a file that it cannot use, before it does anything.
    let refused = program(data, &variables, &["serve"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(2) && said.contains("`prot` is no setting"), "{said}");
}

#[test]
fn a_database_elsewhere_is_to_be_told_from_who_passes_for_it() {
    let place = tempfile::tempdir().unwrap();
    let authority = place.path().join("authority.pem");
    let made = rcgen::generate_simple_self_signed(["db.example".to_owned()]).unwrap();
    write(&authority, &made.cert.pem(), 0o644);
    let found = |url: String| check(place.path(), &[("DATABASE_URL", &url)], &[]).findings();
    let root = authority.display();
    assert_eq!(found(format!("postgres://me@db.example/home?sslmode=verify-full&sslrootcert={root}")), "");
    for mode in ["disable", "prefer", "require"] {
        let weak = found(format!("postgres://me@db.example/home?sslmode={mode}"));
        assert!(weak.contains(&format!("weak: database_url leads to db.example with sslmode={mode}")), "{weak}");
        assert!(weak.contains("say sslmode=verify-full"), "{weak}");
    }
    let weak = found(format!("host=localhost hostaddr=10.0.0.7 sslmode=verify-ca sslrootcert='{root}'"));
    assert!(weak.contains("leads to 10.0.0.7 with sslmode=verify-ca"), "{weak}");
    let wrong = found("postgres://me@db.example/home?sslmode=verify-full&sslrootcert=/no/such/file".into());
    assert!(
        wrong.starts_with("wrong: database_url names the sslrootcert /no/such/file, which cannot be read"),
        "{wrong}"
    );
    let wrong = found("postgres://me:hidden@db.example/home?sslmode=verify".into());
    assert!(wrong.contains("none of disable, prefer, require") && !wrong.contains("hidden"), "{wrong}");
}
