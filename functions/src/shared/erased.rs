//! How a person who was erased is known again, and by nothing else: a keyed hash of each of their handles.

use domain::BusinessId;
use domain::contact::Handle;
use domain::token::TokenKey;
use stores::texts::ErasedHandle;

/// A business and a handle under the key of the deployment. Neither has a line break.
pub(crate) fn erased(key: &TokenKey, business: &BusinessId, handle: &Handle) -> ErasedHandle {
    ErasedHandle::new(key.derived_mac("erased person", format!("{business}\n{handle}").as_bytes()))
}
