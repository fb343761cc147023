//! Every named query of every domain, prepared and run against a fresh database as the role that serves requests.

#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use tokio_postgres::NoTls;

#[tokio::test]
async fn every_named_query_runs() {
    let database = testkit::Database::fresh().await.unwrap();
    let (client, connection) = database.application_config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let domains = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files: Vec<_> = fs::read_dir(domains)
        .unwrap()
        .filter_map(|domain| fs::read_dir(domain.unwrap().path().join("sql")).ok())
        .flatten()
        .map(|file| file.unwrap().path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    files.sort();
    assert!(files.len() >= 10, "only {} queries were found", files.len());
    let mut faults = Vec::new();
    for file in files {
        let sql = fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if !sql.starts_with("-- ") {
            faults.push(format!("{name} does not begin with a sentence on what it answers"));
        }
        let places = match client.prepare(&sql).await {
            Ok(statement) => statement.params().len(),
            Err(error) => {
                faults.push(format!("{name} cannot be prepared: {}", error.as_db_error().unwrap()));
                continue;
            }
        };
        let nothing = vec!["null"; places].join(", ");
        let call = if places == 0 { "execute query".to_owned() } else { format!("execute query({nothing})") };
        let run = format!(
            "begin; set local app.current_organization_id = '019aa000-0000-7000-8000-000000000000';
             set local app.current_user_id = '019aa000-0000-7000-8000-000000000001'; set local app.project_access = 'all';
             prepare query as {sql}; {call}; deallocate query; rollback"
        );
        if let Err(error) = client.batch_execute(&run).await {
            // A write of nothing that a rule of the table refuses did run.
            if !error.code().is_some_and(|code| code.code().starts_with("23")) {
                faults.push(format!("{name} fails: {}", error.as_db_error().unwrap()));
            }
            let _ = client.batch_execute("rollback").await;
            let _ = client.batch_execute("deallocate all").await;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
