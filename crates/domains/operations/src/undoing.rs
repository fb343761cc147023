//! Taking back what was done. The kernel does it; here it becomes an operation that every door mounts.

use kernel::{Operation, Read, UndoRequest, Undoing, undo};

/// The operation. It needs no permission of its own: only changes of what the actor may read are told, and each of them is
/// taken back by a write that needs its own permission.
pub(crate) fn operation() -> Operation {
    Operation::on_collection::<Read, UndoRequest, Undoing, _>(
        "change-sets",
        "undo",
        "Takes back changes, a change set, or all of a run, of a request, or of somebody in a time: the latest first, each by an ordinary \
         change under its ordinary rules.",
        |ctx, tx, input| Box::pin(async move { undo(ctx, tx, &input).await }),
    )
}
