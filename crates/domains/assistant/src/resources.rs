//! The served tables of the schema `llm`.

use kernel::{Resource, StatusMoves, Verb};

const ROW: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Update, Verb::Delete];

/// Where language models are served.
pub static LLM_PROVIDERS: Resource = Resource::new("llm-providers", "llm.providers", "llm_provider", "name")
    .writable(&[
        "name",
        "provider_type",
        "api_base_url",
        "api_version",
        "default_model_id",
        "rate_limits",
        "pricing_config",
        "is_active",
        "health_status",
        "last_health_check_at",
        "metadata",
    ])
    .hidden(&["api_key_ciphertext"]);

/// Language models.
pub static LLM_MODELS: Resource = Resource::new("llm-models", "llm.models", "llm_provider", "model_name")
    .child_of("provider_id", "llm-providers")
    .create_only(&["provider_id"])
    .writable(&[
        "model_name",
        "display_name",
        "description",
        "max_tokens",
        "supports_functions",
        "supports_vision",
        "supports_streaming",
        "input_token_cost",
        "output_token_cost",
        "quality_score",
        "is_active",
        "deprecated_at",
        "metadata",
    ])
    .verbs(ROW);

/// Conversations with a model. Row security keeps those outside every project to their owner.
pub static CONVERSATIONS: Resource = Resource::new("conversations", "llm.conversations", "conversation", "title")
    .searched("description")
    .create_only(&["project_id"])
    .writable(&[
        "title",
        "description",
        "conversation_type",
        "context",
        "system_prompt",
        "state",
        "default_model_id",
        "model_parameters",
    ])
    .hidden(&["share_token_hash"])
    .detail(&["context", "system_prompt"])
    .personal(&["title", "description", "context", "system_prompt"])
    .status(StatusMoves {
        column: "state",
        initial: &["active"],
        moves: &[("active", &["archived"]), ("archived", &["active"])],
        stamps: &[("archived", "archived_at")],
    });

/// What was said. Never changed.
pub static MESSAGES: Resource = Resource::new("messages", "llm.messages", "conversation", "role")
    .child_of("conversation_id", "conversations")
    .create_only(&[
        "conversation_id",
        "role",
        "content",
        "content_type",
        "model_id",
        "model_parameters",
        "prompt_tokens",
        "completion_tokens",
        "estimated_cost",
        "response_time_ms",
        "processing_started_at",
        "processing_completed_at",
        "parent_message_id",
        "sentiment_score",
        "content_categories",
        "safety_flags",
        "metadata",
    ])
    .personal(&["content"])
    .sorted_by("id")
    .verbs(&[Verb::List, Verb::Read, Verb::Create]);

/// Prompt templates. Row security keeps a private one to its maker.
pub static PROMPT_TEMPLATES: Resource =
    Resource::new("prompt-templates", "llm.prompt_templates", "prompt_template", "name")
        .searched("description")
        .writable(&[
            "name",
            "display_name",
            "description",
            "category",
            "visibility",
            "is_active",
            "performance_metrics",
        ]);

/// The words of prompt templates, version by version.
pub static PROMPT_TEMPLATE_VERSIONS: Resource =
    Resource::new("prompt-template-versions", "llm.prompt_template_versions", "prompt_template", "version_number")
        .child_of("template_id", "prompt-templates")
        .create_only(&["template_id"])
        .writable(&[
            "template_content",
            "required_variables",
            "optional_variables",
            "variable_schemas",
            "default_parameters",
        ])
        .detail(&["variable_schemas"])
        .verbs(&[Verb::List, Verb::Read, Verb::Create, Verb::Update]);

/// Models that a prompt template is recommended for.
pub static PROMPT_TEMPLATE_MODELS: Resource =
    Resource::new("prompt-template-models", "llm.prompt_template_models", "prompt_template", "position")
        .key(&["template_id", "model_id"])
        .child_of("template_id", "prompt-templates")
        .create_only(&["template_id", "model_id"])
        .writable(&["position"])
        .sorted_by("position")
        .verbs(ROW);

/// Every resource of this domain.
pub static RESOURCES: [&Resource; 7] = [
    &LLM_PROVIDERS,
    &LLM_MODELS,
    &CONVERSATIONS,
    &MESSAGES,
    &PROMPT_TEMPLATES,
    &PROMPT_TEMPLATE_VERSIONS,
    &PROMPT_TEMPLATE_MODELS,
];
