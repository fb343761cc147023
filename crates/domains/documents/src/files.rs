//! Recording a stored file. The same content is stored once in an organisation: whoever brings it again is told which
//! file it is, and refers to that.

use base::Problem;
use kernel::{Change, Create, Ctx, Error, Operation, Tx, permit, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::FILES;

const KNOWN: &str = include_str!("../sql/known_file.sql");
const STORE: &str = include_str!("../sql/store_file.sql");

/// A file whose content is in its storage.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewFile {
    /// SHA-256 of the content, as 64 hexadecimal digits.
    #[schemars(regex(pattern = r"^[0-9a-fA-F]{64}$"))]
    checksum_sha256: String,
    /// The size of the content in bytes.
    #[schemars(range(min = 0))]
    file_size: i64,
    /// What a reader's copy is called.
    #[schemars(length(min = 1, max = 255))]
    filename: String,
    /// Its name in the storage.
    #[schemars(length(min = 1, max = 2000))]
    storage_path: String,
    /// Where it is kept; the organisation's local disk when nothing is said.
    #[serde(default)]
    #[schemars(with = "Uuid")]
    storage_location_id: Option<Uuid>,
    /// What kind of file it is; worked out from the end of its name when nothing is said.
    #[serde(default)]
    #[schemars(with = "String")]
    filetype_code: Option<String>,
}

/// The file that holds this content.
#[derive(Debug, Serialize, JsonSchema)]
struct StoredFile {
    /// The file to refer to.
    id: Uuid,
    /// Whether the content was stored already; then nothing was recorded, and the copy just brought may go.
    already_stored: bool,
}

async fn create(ctx: &Ctx, tx: &mut Tx, input: NewFile) -> Result<StoredFile, Error> {
    // A file belongs to no project until something there refers to it.
    permit::<Create>(ctx, &FILES)?;
    let Some(checksum) = bytes_of(&input.checksum_sha256) else {
        return Err(Problem::invalid("The checksum does not fit.")
            .field("/checksum_sha256", "must be 64 hexadecimal digits")
            .into());
    };
    let texts = [
        ("/filename", Some(&input.filename)),
        ("/storage_path", Some(&input.storage_path)),
        ("/filetype_code", input.filetype_code.as_ref()),
    ];
    for (pointer, text) in texts {
        if text.is_some_and(|text| text.contains('\0')) {
            return Err(Problem::invalid("A text contains the character U+0000.")
                .field(pointer, "holds U+0000")
                .into());
        }
    }
    let known: Option<Uuid> = tx.query_one(KNOWN, &[&checksum, &input.file_size]).await?.try_get(0)?;
    if let Some(id) = known {
        return Ok(StoredFile { id, already_stored: true });
    }
    let ending = input.filename.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let id = ctx.new_id();
    tx.execute(
        STORE,
        &[
            &id,
            &input.storage_location_id,
            &input.storage_path,
            &input.filename,
            &input.filetype_code,
            &ending,
            &input.file_size,
            &checksum,
        ],
    )
    .await?;
    let change = Change {
        event: "file.created",
        resource_type: "file",
        resource_id: id.to_string(),
        resource_name: Some(input.filename.clone()),
        project: None,
        old: None,
        new: Some(json!({"filename": input.filename, "file_size": input.file_size,
            "checksum_sha256": input.checksum_sha256.to_ascii_lowercase(), "storage_path": input.storage_path})),
    };
    record(ctx, tx, &change).await?;
    Ok(StoredFile { id, already_stored: false })
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    (0..32).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()).collect()
}

/// The operations of this domain.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::on_collection::<Create, NewFile, StoredFile, _>(
            "files",
            "create",
            "Records a stored file, or says which stored file has this content already.",
            |ctx, tx, input| Box::pin(create(ctx, tx, input)),
        )
        .answering(201),
    ]
}
