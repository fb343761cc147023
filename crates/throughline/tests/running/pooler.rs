//! PgBouncer before the database of a server, as one would run it before a managed one: in transaction mode, with one connection to PostgreSQL a role.

use std::{
    fs::File,
    net::{TcpListener, TcpStream},
    os::unix::fs::{MetadataExt as _, chown},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::Server;

/// The bounds that the server asks for when it connects by itself, as docs/configuration.md has them.
const CONNECT: &str = "set statement_timeout = 30000; set lock_timeout = 1000; set idle_in_transaction_session_timeout = 60000; set timezone = UTC";

pub struct Pooler {
    child: Child,
    port: u16,
}

impl Pooler {
    /// Starts the program that `PGBOUNCER` names, or the one on the path.
    pub fn start(first: &Server, place: &Path) -> Self {
        let connections = cluster::Connections::read(&first.data).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let database = |name: &str, role| {
            let config = connections.config(role);
            let socket = first.data.join("socket");
            let password = String::from_utf8(config.get_password().unwrap().to_vec()).unwrap();
            format!(
                "{name} = host={} dbname={} user={} password={password} pool_size=1 connect_query='{CONNECT}'",
                socket.display(),
                config.get_dbname().unwrap(),
                config.get_user().unwrap()
            )
        };
        std::fs::create_dir_all(place).unwrap();
        let file = place.join("pgbouncer.ini");
        let settings = [
            "[databases]".to_owned(),
            database("serving", cluster::Role::Application),
            database("owning", cluster::Role::Owner),
            "[pgbouncer]\nlisten_addr = 127.0.0.1\nunix_socket_dir =\nauth_type = any\npool_mode = transaction"
                .to_owned(),
            // What docs/configuration.md says of PgBouncer.
            "max_prepared_statements = 500\nignore_startup_parameters = options".to_owned(),
            format!("listen_port = {port}\n"),
        ];
        std::fs::write(&file, settings.join("\n")).unwrap();
        let program = std::env::var_os("PGBOUNCER").unwrap_or_else(|| "pgbouncer".into());
        let mut command = Command::new(program);
        let owner = std::fs::metadata(first.data.join("socket")).unwrap();
        if nix::unistd::getuid().is_root() {
            // It refuses root, as PostgreSQL does, and the socket is its owner's alone.
            let account = nix::unistd::User::from_uid(owner.uid().into()).unwrap().unwrap();
            chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
            command.arg("-u").arg(account.name);
        }
        let log = File::create(place.join("pgbouncer.log")).unwrap();
        let child = command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let pooler = Self { child, port };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let said = || std::fs::read_to_string(place.join("pgbouncer.log")).unwrap();
            assert!(began.elapsed() < Duration::from_secs(10), "PgBouncer did not come up:\n{}", said());
            std::thread::sleep(Duration::from_millis(20));
        }
        pooler
    }

    /// Where the application and where the owner of the schema connect.
    pub fn urls(&self) -> [String; 2] {
        ["application_user@127.0.0.1:PORT/serving", "throughline_owner@127.0.0.1:PORT/owning"]
            .map(|rest| format!("postgres://{}", rest.replace("PORT", &self.port.to_string())))
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
