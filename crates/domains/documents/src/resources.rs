//! The served tables of the schema `documents`.

use kernel::{Resource, StatusMoves, Verb};

const ROW: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Update, Verb::Delete];
const LINK: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Delete];
const KEPT: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Update];

/// Documents.
pub static DOCUMENTS: Resource = Resource::new("documents", "documents.documents", "document", "title")
    .expected(&["document_type", "priority_code"])
    .searched("content")
    .human_key("DOC")
    .create_only(&["project_id", "template_id"])
    .writable(&[
        "title",
        "content",
        "status",
        "document_type",
        "content_type",
        "language",
        "access_level",
        "owner_user_id",
        "is_template",
        "priority_code",
        "phase_code",
        "classification_id",
        "image_url",
        "custom_properties",
    ])
    .detail(&["content"])
    .status(StatusMoves {
        column: "status",
        initial: &["draft", "in_review", "published"],
        moves: &[
            ("draft", &["in_review", "archived"]),
            ("in_review", &["approved", "draft"]),
            ("approved", &["published", "draft", "archived"]),
            ("published", &["draft", "archived"]),
            ("archived", &["draft"]),
        ],
        stamps: &[],
    });

/// Versions of a document. Their content never changes; what was read out of it is added.
pub static DOCUMENT_VERSIONS: Resource =
    Resource::new("document-versions", "documents.document_versions", "document", "version_number")
        .child_of("document_id", "documents")
        .create_only(&["document_id", "file_id", "content", "change_summary"])
        .writable(&[
            "extracted_text",
            "extracted_metadata",
            "processing_status",
            "extraction_status",
            "page_count",
            "word_count",
            "processed_at",
        ])
        .filled(&["version_number"])
        .detail(&["content", "extracted_text"])
        .sorted_by("-version_number")
        .verbs(KEPT);

/// How a document stands to another document or to a test case.
pub static DOCUMENT_RELATIONS: Resource =
    Resource::new("document-relations", "documents.document_relations", "document", "relation_type")
        .child_of("document_id", "documents")
        .create_only(&["document_id", "related_document_id", "test_case_id", "relation_type"])
        .verbs(LINK);

/// Stored files. They are made by the operation `create`, which knows what is stored already.
pub static FILES: Resource = Resource::new("files", "documents.files", "file", "filename")
    .writable(&["filename", "filetype_code", "storage_location_id", "storage_path", "storage_metadata", "verified_at"])
    .detail(&["storage_metadata"])
    .verbs(&[Verb::List, Verb::Read, Verb::Update]);

/// Files that hang on a record, a test result or a message.
pub static ATTACHMENTS: Resource = Resource::new("attachments", "documents.attachments", "file", "attachment_kind")
    .create_only(&["project_id", "file_id", "entity_id", "test_result_id", "message_id"])
    .writable(&["caption", "attachment_kind", "position"])
    .verbs(ROW);

/// Work on documents that runs beside the request that asked for it.
pub static PROCESSING_JOBS: Resource =
    Resource::new("processing-jobs", "documents.processing_jobs", "document", "processing_type")
        .child_of("document_id", "documents")
        .create_only(&["document_id", "processing_type", "job_parameters", "model_id"])
        .writable(&["error_message", "status", "output_data", "tokens_used", "cost", "started_at", "completed_at"])
        .detail(&["output_data"])
        .status(StatusMoves {
            column: "status",
            initial: &["queued"],
            moves: &[("queued", &["running", "cancelled"]), ("running", &["completed", "failed", "cancelled"])],
            // Its times are stamped by the table itself, whatever door a change comes through.
            stamps: &[],
        })
        .verbs(KEPT);

/// Every resource of this domain.
pub static RESOURCES: [&Resource; 6] =
    [&DOCUMENTS, &DOCUMENT_VERSIONS, &DOCUMENT_RELATIONS, &FILES, &ATTACHMENTS, &PROCESSING_JOBS];
