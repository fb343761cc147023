//! The configuration that the private cluster runs with. Written anew at every start, so that an update of this
//! program also updates the settings; an operator's own choices belong into `ALTER SYSTEM`, which wins over these.

use crate::account::{Account, own_name};
use crate::layout::{PORT, SUPERUSER};
use std::path::Path;

/// Whether what was committed must survive a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Everything acknowledged is on disk. The only choice for real data.
    Durable,
    /// Nothing waits for the disk. For tests, where the data are thrown away.
    Throwaway,
}

/// The text of `postgresql.conf`.
///
/// `held_back_mb` bounds the log that is kept for an archive that does not take it, so that a failing archive never fills the disk.
pub(crate) fn postgresql_conf(
    socket_directory: &Path,
    durability: Durability,
    memory_bytes: u64,
    held_back_mb: u64,
) -> String {
    let sizes = Sizes::of(memory_bytes, durability);
    // A comma or a space would split the list of directories, so the name is quoted inside the quoted value.
    let socket = socket_directory.display().to_string().replace('"', "\"\"").replace('\'', "''");
    let mut text = format!(
        "# Written by Throughline at every start. Use ALTER SYSTEM for settings of your own.\n\
         listen_addresses = ''\n\
         port = {PORT}\n\
         unix_socket_directories = '\"{socket}\"'\n\
         unix_socket_permissions = 0700\n\
         password_encryption = 'scram-sha-256'\n\
         max_connections = {connections}\n\
         shared_buffers = {shared}MB\n\
         effective_cache_size = {cache}MB\n\
         work_mem = {work}MB\n\
         maintenance_work_mem = {maintenance}MB\n\
         jit = off\n\
         random_page_cost = 1.1\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'\n\
         log_line_prefix = '%m [%p] %q%u@%d '\n\
         log_checkpoints = off\n\
         restart_after_crash = on\n",
        connections = sizes.connections,
        shared = sizes.shared_mb,
        cache = sizes.cache_mb,
        work = sizes.work_mb,
        maintenance = sizes.maintenance_mb,
    );
    if cfg!(target_os = "linux") {
        // Recovery first brings every file to disk. Asking once for the file system instead of once for each of a
        // thousand files brings the server back seconds earlier.
        text.push_str("recovery_init_sync_method = 'syncfs'\n");
    }
    if durability == Durability::Durable {
        text.push_str(&format!("max_slot_wal_keep_size = {held_back_mb}MB\n"));
    }
    text.push_str(match durability {
        Durability::Durable => {
            "fsync = on\nsynchronous_commit = on\nfull_page_writes = on\nwal_level = replica\nwal_compression = on\n\
             max_wal_size = 2GB\nmin_wal_size = 128MB\ncheckpoint_timeout = '10min'\n"
        }
        Durability::Throwaway => {
            "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nwal_level = minimal\nmax_wal_senders = 0\n\
             max_wal_size = 4GB\ncheckpoint_timeout = '1h'\nautovacuum = off\n"
        }
    });
    text
}

/// The text of `pg_hba.conf`: no network at all; the superuser only for the operating system accounts that own the
/// files, told apart by the kernel (peer), who may also copy the whole (replication); every other role with its password,
/// never in clear (scram-sha-256).
pub(crate) fn pg_hba_conf() -> String {
    format!(
        "# Written by Throughline at every start.\n\
         local all {SUPERUSER} peer map=throughline\n\
         local replication {SUPERUSER} peer map=throughline\n\
         local all all scram-sha-256\n"
    )
}

/// The text of `pg_ident.conf`: which accounts may be the superuser.
pub(crate) fn pg_ident_conf(account: &Account) -> String {
    let mut names = vec![account.name.clone(), own_name()];
    names.dedup();
    names.iter().map(|name| format!("throughline \"{name}\" {SUPERUSER}\n")).collect()
}

struct Sizes {
    connections: u32,
    shared_mb: u64,
    cache_mb: u64,
    work_mb: u64,
    maintenance_mb: u64,
}

impl Sizes {
    /// A quarter of the memory for shared buffers, at least 128 MB and at most 1 GB: beyond that, the operating
    /// system's cache serves a single small server as well, and it can be given back.
    fn of(memory_bytes: u64, durability: Durability) -> Self {
        let memory_mb = memory_bytes / (1024 * 1024);
        match durability {
            Durability::Durable => Self {
                connections: 100,
                shared_mb: (memory_mb / 4).clamp(128, 1024),
                cache_mb: (memory_mb / 2).max(256),
                work_mb: (memory_mb / 512).clamp(4, 32),
                maintenance_mb: (memory_mb / 16).clamp(64, 512),
            },
            Durability::Throwaway => {
                Self { connections: 300, shared_mb: 128, cache_mb: 512, work_mb: 8, maintenance_mb: 64 }
            }
        }
    }
}

/// How much log may wait for the archive, in MB: a tenth of the disk that holds `directory`, at least 1 GB and at most 16 GB.
#[allow(clippy::unnecessary_cast, reason = "these numbers are not 64 bits wide on every system")]
pub(crate) fn held_back_mb(directory: &Path) -> u64 {
    let disk = nix::sys::statvfs::statvfs(directory);
    let megabytes = disk.map_or(0, |disk| disk.blocks() as u64 * disk.fragment_size() as u64 / (1024 * 1024));
    (megabytes / 10).clamp(1024, 16 * 1024)
}

/// The memory this process may use, in bytes: the machine's, or less when a control group limits it.
pub(crate) fn memory_bytes() -> u64 {
    let machine = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
            line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
        })
        // Not Linux: assume a small machine rather than ask for what may not be there.
        .map_or(2 * 1024 * 1024 * 1024, |kilobytes| kilobytes * 1024);
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    limits.fold(machine, u64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_buffers_follow_the_memory_within_bounds() {
        let shared = |gigabytes: u64| Sizes::of(gigabytes * 1024 * 1024 * 1024, Durability::Durable).shared_mb;
        assert_eq!((shared(0), shared(2), shared(64)), (128, 512, 1024));
    }

    #[test]
    fn a_socket_directory_with_quotes_and_commas_stays_one_directory() {
        let text = postgresql_conf(Path::new("/tmp/it's, a \"test\""), Durability::Durable, 1 << 30, 1024);
        assert!(text.contains(r#"unix_socket_directories = '"/tmp/it''s, a ""test"""'"#), "{text}");
        assert!(text.contains("listen_addresses = ''"));
    }
}
